"""How a notice reaches people: Slack, e-mail, a file."""

from __future__ import annotations

import json
import os
import re
import smtplib
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Protocol

from plumbline.activation import web
from plumbline.activation.credentials import required
from plumbline.activation.errors import Denied, Unreachable
from plumbline.activation.incidents import Notice
from plumbline.errors import UserError

SLACK_URL = "PLUMBLINE_SLACK_URL"
MAIL_TO, MAIL_FROM = "PLUMBLINE_ALERT_TO", "PLUMBLINE_ALERT_FROM"
SMTP_HOST, SMTP_PORT = "PLUMBLINE_SMTP_HOST", "PLUMBLINE_SMTP_PORT"
SMTP_USER, SMTP_PASSWORD = "PLUMBLINE_SMTP_USER", "PLUMBLINE_SMTP_PASSWORD"
TITLE_LENGTH, SECTION_LENGTH, SUBJECT_LENGTH = 150, 3000, 200
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
TLS_PORT = 465


class Channel(Protocol):
    """A way to tell; `secrets` are texts that nothing it says may show."""

    name: str
    secrets: tuple[str, ...]

    def tell(self, notice: Notice) -> None:
        """Tell one notice.

        Raises
        ------
        Unreachable, Denied
            It did not go out.
        """


class Slack:
    """An incoming webhook of Slack, or of what takes its format."""

    name = "slack"

    def __init__(self, url: str) -> None:
        self.url = web.check_url(url, SLACK_URL)
        self.secrets = (url,)

    def tell(self, notice: Notice) -> None:
        """Send one message."""
        body = json.dumps(slack_message(notice), ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json; charset=utf-8"}
        answer = web.post(self.url, body, headers)
        if not 200 <= answer.status < 300:
            said = f"Slack refused the message ({answer.status}): {answer.text}"
            raise Denied(said, f"check {SLACK_URL}")


def slack_message(notice: Notice) -> dict[str, object]:
    """The message of a notice; plain text, so that nothing in it is a link, a style or a call."""
    title = escaped(notice.title)[:TITLE_LENGTH]
    blocks: list[dict[str, object]] = [{"type": "header", "text": _plain(title)}]
    blocks += [
        {"type": "section", "text": _plain(escaped(line)[:SECTION_LENGTH])} for line in notice.lines
    ]
    return {"text": title, "blocks": blocks}


def _plain(text: str) -> dict[str, object]:
    return {"type": "plain_text", "text": text, "emoji": False}


def escaped(text: str) -> str:
    """A text in which Slack finds no mention and no link.

    Examples
    --------
    >>> escaped("<!channel> R&D")
    '&lt;!channel&gt; R&amp;D'
    """
    whole = CONTROL.sub(" ", text)
    return whole.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class Mail:
    """An SMTP server; over TLS, but on this machine."""

    name = "mail"

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self.host = required(SMTP_HOST, environ)
        self.sender, self.to = required(MAIL_FROM, environ), required(MAIL_TO, environ)
        try:
            self.port = int(environ.get(SMTP_PORT) or 587)
        except ValueError:
            raise UserError(f"{SMTP_PORT} is no number", "give a port, such as 587") from None
        self.user = environ.get(SMTP_USER, "")
        self.password = environ.get(SMTP_PASSWORD, "")
        self.secrets = tuple(text for text in (self.password,) if text)

    def tell(self, notice: Notice) -> None:
        """Send one mail; its id is the notice's, so that a second one is known for the same."""
        message = mail_message(notice, self.sender, self.to)
        try:
            with self._connected() as server:
                server.send_message(message)
        except smtplib.SMTPResponseException as error:
            words = web.shortened(_text(error.smtp_error))
            said = f"{self.host} answered {error.smtp_code}: {words}"
            if 400 <= error.smtp_code < 500:
                raise Unreachable(said) from None
            raise Denied(said, f"check the PLUMBLINE_SMTP_ variables and {MAIL_FROM}") from None
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            said = f"{self.host} takes none of the recipients ({min(codes)})"
            if all(400 <= code < 500 for code in codes):
                raise Unreachable(said) from None
            raise Denied(said, f"check {MAIL_TO}") from None
        except (smtplib.SMTPException, OSError) as error:
            raise Unreachable(f"{self.host} did not take the mail ({web.named(error)})") from None

    def _connected(self) -> smtplib.SMTP:
        timeout = web.TIMEOUT_SECONDS
        if self.port == TLS_PORT:
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, timeout=timeout, context=ssl.create_default_context()
            )
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=timeout)
            if self.host not in web.LOOPBACK:
                server.starttls(context=ssl.create_default_context())
        if self.user:
            server.login(self.user, self.password)
        return server


def _text(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said


def mail_message(notice: Notice, sender: str, to: str) -> EmailMessage:
    """The mail of a notice; a header is one line, whatever is in it."""
    message = EmailMessage()
    message["Subject"] = header(notice.title)[:SUBJECT_LENGTH]
    message["From"], message["To"] = header(sender), header(to)
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = f"<{notice.id}@plumbline.invalid>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n".join(CONTROL.sub(" ", line) for line in notice.lines) + "\n")
    return message


def header(text: str) -> str:
    """A text that begins no other header.

    Examples
    --------
    >>> header("Acme\\r\\nBcc: x@example.com")
    'Acme Bcc: x@example.com'
    """
    return CONTROL.sub(" ", text).strip()


class NoticeFile:
    """A file of JSON lines that grows, for what reads logs."""

    name = "file"
    secrets = ()

    def __init__(self, file: Path) -> None:
        self.file = file

    def tell(self, notice: Notice) -> None:
        """Append one line."""
        row = {
            "notice_id": notice.id,
            "kind": notice.told.kind,
            "severity": notice.told.severity,
            "incident": notice.told.incident,
            "target": notice.told.target,
            "since_date": notice.told.since.isoformat(),
            "as_of_date": notice.as_of.isoformat(),
            "title": notice.title,
            "lines": list(notice.lines),
        }
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with self.file.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(row, ensure_ascii=False) + "\n")
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise Denied(
                f"{self.file} cannot be written ({error.strerror})", "give another --to-file"
            ) from None


def configured(file: Path | None, environ: Mapping[str, str] = os.environ) -> list[Channel]:
    """The channels that the environment and the command name.

    Raises
    ------
    UserError
        None is named, or one has not all that it needs.
    """
    found: list[Channel] = []
    if environ.get(SLACK_URL):
        found.append(Slack(environ[SLACK_URL]))
    if environ.get(SMTP_HOST):
        found.append(Mail(environ))
    if file is not None:
        found.append(NoticeFile(file))
    if not found:
        raise UserError(
            "nothing says whom to tell",
            f"set {SLACK_URL}, or {SMTP_HOST}, {MAIL_FROM} and {MAIL_TO}, or give --to-file",
        )
    return found
