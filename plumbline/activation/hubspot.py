"""HubSpot companies: batch upsert by a unique property.

**Source.** HubSpot CRM API v3, `companies/batch/upsert`: 100 rows a request; 207 where some failed;
a row that fails validation fails its whole batch with 400; `objectWriteTraceId` comes back with
results and errors.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from plumbline.activation import web
from plumbline.activation.deliver import LATER, Outcome
from plumbline.activation.errors import Denied
from plumbline.activation.wanted import Fields
from plumbline.store import outbox
from plumbline.store.outbox import Entry

BATCH = 100
BASE = "https://api.hubapi.com"
PATH = "/crm/v3/objects/companies/batch/upsert"
# Categories of errors of a row that may pass by themselves.
PASSING = frozenset({"RATE_LIMITS", "SERVICE_UNAVAILABLE", "TIMEOUT", "CONFLICT"})
CREDENTIALS = "check HUBSPOT_ACCESS_TOKEN and its scope crm.objects.companies.write"


class Hubspot:
    """Sends batches of companies.

    Parameters
    ----------
    token : str
        Of a private app.
    """

    name = "hubspot"

    def __init__(self, token: str, fields: Fields, base: str = BASE) -> None:
        self.url = web.check_url(base, "HUBSPOT_BASE_URL") + PATH
        self.token, self.fields = token, fields
        self.secrets = (token,)

    def batch_size(self, total: int) -> int:
        """Rows of one request."""
        return BATCH

    def send(self, entries: Sequence[Entry], tell_job: Callable[[str], None]) -> Iterable[Outcome]:
        """Send one batch; one that is refused for a row of it is sent in halves."""
        body = json.dumps({"inputs": [self._input(entry) for entry in entries]}).encode()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        answer = web.post(self.url, body, headers)
        web.refuse_denied(answer, "HubSpot", CREDENTIALS)
        if answer.status in (400, 409):
            if len(entries) == 1:
                said = web.shortened(_words(answer.json()) or answer.text)
                return [Outcome(entries[0].key, outbox.REFUSED, said)]
            middle = len(entries) // 2
            return [
                *self.send(entries[:middle], tell_job),
                *self.send(entries[middle:], tell_job),
            ]
        told = answer.json()
        if not 200 <= answer.status < 300 or not isinstance(told, dict):
            raise Denied(f"HubSpot refused the batch ({answer.status}): {answer.text}", CREDENTIALS)
        return _outcomes(entries, told)

    def _input(self, entry: Entry) -> dict[str, Any]:
        # an empty text empties a property
        values = dict.fromkeys(self.fields.names, "") if entry.is_blank else entry.values
        return {
            "id": entry.record_id,
            "idProperty": self.fields.key,
            "objectWriteTraceId": entry.key,
            "properties": {name: str(value) for name, value in values.items()},
        }


def _outcomes(entries: Sequence[Entry], told: dict[str, Any]) -> list[Outcome]:
    results = {one.get("objectWriteTraceId"): one for one in told.get("results") or ()}
    errors: dict[str, dict[str, Any]] = {}
    for error in told.get("errors") or ():
        context = error.get("context") or {}
        for key in (*(context.get("objectWriteTraceId") or ()), *(context.get("ids") or ())):
            errors[key] = error
    # Without trace ids in an answer of full success, there is nobody whom it could leave out.
    is_whole = not errors and len(told.get("results") or ()) == len(entries)
    found = []
    for entry in entries:
        error = errors.get(entry.key) or errors.get(entry.record_id)
        if error is not None:
            state = LATER if error.get("category") in PASSING else outbox.REFUSED
            found.append(Outcome(entry.key, state, web.shortened(_words(error))))
        elif entry.key in results or is_whole:
            is_new = bool(results.get(entry.key, {}).get("new"))
            found.append(Outcome(entry.key, outbox.SENT, is_new=is_new))
        else:
            found.append(Outcome(entry.key, LATER, "HubSpot's answer leaves it out"))
    return found


def _words(told: Any) -> str:
    if not isinstance(told, dict):
        return ""
    return " ".join(str(told[name]) for name in ("category", "message") if told.get(name))
