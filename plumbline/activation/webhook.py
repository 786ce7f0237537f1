"""Any system that takes JSON: each batch is one signed POST."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterable, Sequence

from plumbline.activation import web
from plumbline.activation.deliver import Outcome
from plumbline.activation.errors import Denied
from plumbline.activation.wanted import Fields
from plumbline.store import outbox
from plumbline.store.outbox import Entry

BATCH = 100
SIGNATURE = "X-Plumbline-Signature"


class Webhook:
    """Sends batches to one address.

    The receiver answers 2xx for all rows; where it does not take some, the body of the answer says
    `{"failed": [{"idempotency_key": ..., "error": ...}]}`. It knows by the key what it has had.

    Parameters
    ----------
    url : str
        May hold a secret of its own; it is never shown.
    secret : str
        What the signature is made with.
    """

    name = "webhook"

    def __init__(self, url: str, secret: str, fields: Fields) -> None:
        self.url = web.check_url(url, "PLUMBLINE_WEBHOOK_URL")
        self.secret, self.fields = secret, fields
        self.secrets = (secret, url)

    def batch_size(self, total: int) -> int:
        """Rows of one request."""
        return BATCH

    def send(self, entries: Sequence[Entry], tell_job: Callable[[str], None]) -> Iterable[Outcome]:
        """Send one batch."""
        rows = [
            {
                "idempotency_key": entry.key,
                self.fields.key: entry.record_id,
                "is_blank": entry.is_blank,
                "as_of_date": entry.as_of.isoformat(),
                "values": {name: None for name in self.fields.names}
                if entry.is_blank
                else dict(entry.values),
            }
            for entry in entries
        ]
        body = json.dumps({"type": "accounts", "rows": rows}, ensure_ascii=False).encode()
        batch = hashlib.sha256("".join(entry.key for entry in entries).encode()).hexdigest()[:32]
        answer = web.post(
            self.url,
            body,
            {
                "Content-Type": "application/json; charset=utf-8",
                "Idempotency-Key": batch,
                SIGNATURE: sign(self.secret, body, int(time.time())),
            },
        )
        web.refuse_denied(answer, "the webhook", "check PLUMBLINE_WEBHOOK_URL and its secret")
        if not 200 <= answer.status < 300:
            raise Denied(
                f"the webhook refused the batch ({answer.status}): {answer.text}",
                "mend the receiver, then run the same command again",
            )
        told = answer.json()
        failed = (told.get("failed") or ()) if isinstance(told, dict) else ()
        errors = {
            one.get("idempotency_key"): str(one.get("error") or "")
            for one in failed
            if isinstance(one, dict)
        }
        return [
            Outcome(entry.key, outbox.REFUSED, web.shortened(errors[entry.key]) or None)
            if entry.key in errors
            else Outcome(entry.key, outbox.SENT)
            for entry in entries
        ]


def sign(secret: str, body: bytes, at: int) -> str:
    """The signature header: when, and HMAC-SHA256 over `<when>.<body>`.

    Examples
    --------
    >>> sign("secret", b"{}", 0)[:9]
    't=0,v1=4b'
    """
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"
