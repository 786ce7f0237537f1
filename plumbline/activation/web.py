"""JSON over HTTP, with the standard library: bounded in time, never redirected, never quoting."""

from __future__ import annotations

import email.utils
import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from plumbline.activation.errors import Denied, Unreachable
from plumbline.errors import UserError

TIMEOUT_SECONDS = 60
LONGEST_ERROR = 300
# May work later: the server's trouble, or ours for having been too fast.
LATER = frozenset({408, 425, 429, 500, 502, 503, 504})
LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Answer:
    """Status and body of an answer."""

    status: int
    body: bytes

    def json(self) -> Any:
        """The body as JSON; None where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def text(self) -> str:
        """The beginning of the body, on one line."""
        return shortened(self.body.decode("utf-8", "replace"))


class _NotRedirected(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the credentials somewhere else."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


OPENER = urllib.request.build_opener(_NotRedirected)


def check_url(url: str, name: str) -> str:
    """A URL that credentials may be sent to, without a slash at its end.

    Raises
    ------
    UserError
        It is no https URL; plain http is for this machine alone.
    """
    parts = urllib.parse.urlsplit(url)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if not is_safe or not parts.hostname:
        raise UserError(
            f"{name} is no https address", f"set {name} to one that begins with https://"
        )
    return url.rstrip("/")


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Send a POST and return what came, if it was not an answer to come back later.

    Raises
    ------
    Unreachable
        No answer, or one that asks for patience.
    """
    host = urllib.parse.urlsplit(url).hostname or ""
    request = urllib.request.Request(url, body, dict(headers), method="POST")
    try:
        with OPENER.open(request, timeout=TIMEOUT_SECONDS) as opened:
            answer, wait = Answer(opened.status, opened.read()), None
    except urllib.error.HTTPError as error:
        with error:
            answer = Answer(error.code, _read(error))
            wait = seconds_asked(error.headers.get("Retry-After"))
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable(f"{host} did not answer ({named(error)})") from None
    if answer.status in LATER:
        raise Unreachable(f"{host} answered {answer.status}: {answer.text}", wait)
    return answer


def _read(error: urllib.error.HTTPError) -> bytes:
    try:
        return error.read()
    except (OSError, http.client.HTTPException):
        return b""


def refuse_denied(answer: Answer, system: str, credentials: str) -> None:
    """Stop where an answer is about the whole request, and not about its rows.

    Raises
    ------
    Denied
        The credentials, the address or the request itself were refused.
    """
    if answer.status in (401, 403):
        raise Denied(f"{system} refused access ({answer.status}): {answer.text}", credentials)
    if answer.status == 404 or 300 <= answer.status < 400:
        raise Denied(f"{system} has nothing at that address ({answer.status})", credentials)


def seconds_asked(text: str | None, now: datetime | None = None) -> float | None:
    """Seconds that a Retry-After header asks to wait; it holds seconds or a date.

    Examples
    --------
    >>> seconds_asked("12"), seconds_asked(None), seconds_asked("soon")
    (12.0, None, None)
    """
    if not text:
        return None
    try:
        return max(float(text), 0.0)
    except ValueError:
        pass
    try:
        then = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    if then.tzinfo is None:
        then = then.replace(tzinfo=UTC)
    return max((then - (now or datetime.now(UTC))).total_seconds(), 0.0)


def named(error: BaseException) -> str:
    """What went wrong on the way, without addresses: those may hold a secret."""
    reason = getattr(error, "reason", None)
    inner = reason if isinstance(reason, BaseException) else error
    said = getattr(inner, "strerror", None)
    return f"{type(inner).__name__}: {said}" if said else type(inner).__name__


def shortened(text: str) -> str:
    """The beginning of a text, on one line.

    Examples
    --------
    >>> shortened("not  so\\nfast")
    'not so fast'
    """
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_ERROR else line[: LONGEST_ERROR - 1] + "…"
