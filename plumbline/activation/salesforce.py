"""Salesforce accounts: composite upsert for few rows, Bulk API 2.0 for many, by external id.

**Source.** Salesforce developer guides: sObject Collections upsert (200 rows a request, results in
the order of the rows) and Bulk API 2.0 ingest. `simple_salesforce` 1.12 logs in and keeps the
session; its bulk upsert gives counts alone and loses the job where a poll breaks off, its errors
drop Retry-After: hence the requests by hand here.
"""

from __future__ import annotations

import contextlib
import csv
import io
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from plumbline.activation import web
from plumbline.activation.deliver import LATER, Outcome
from plumbline.activation.errors import Denied, Missing, Unreachable
from plumbline.activation.wanted import Fields
from plumbline.errors import UserError
from plumbline.store import outbox
from plumbline.store.outbox import Entry

INSTALL = "pip install 'plumbline[salesforce]'"
OBJECT = "Account"
COLLECTION, JOB_ROWS = 200, 50_000
EMPTIED = "#N/A"
CREDENTIALS = "check the SALESFORCE_ variables (docs/crm-sync.md)"
LIMIT = "REQUEST_LIMIT_EXCEEDED"
# Errors of a row that pass by themselves: another transaction, or a busy moment.
PASSING = (
    "UNABLE_TO_LOCK_ROW",
    "QUERY_TIMEOUT",
    "SERVER_UNAVAILABLE",
    "TXN_SECURITY_METERING_ERROR",
)
RUNNING, GIVEN_UP = ("UploadComplete", "InProgress"), ("Failed", "Aborted")
# Arguments of a login that nothing may show.
SECRET = ("session_id", "consumer_secret", "password", "security_token")
LONGEST_POLL_SECONDS, LONGEST_JOB_SECONDS = 10.0, 1800.0


class Salesforce:
    """Sends accounts.

    Parameters
    ----------
    login : mapping of str to str
        Arguments of `simple_salesforce.Salesforce`.
    bulk_from : int
        Rows in all from which on they go as jobs of the Bulk API.
    first_wait : float
        Seconds between the first two looks at a job.

    Raises
    ------
    UserError
        simple-salesforce is not installed, the address is not https, or the login fails.
    """

    name = "salesforce"

    def __init__(
        self, login: Mapping[str, str], fields: Fields, bulk_from: int, first_wait: float
    ) -> None:
        self.fields, self.bulk_from, self.first_wait = fields, bulk_from, first_wait
        self.client = _connected(login)
        hidden = (login[name] for name in SECRET if name in login)
        self.secrets = (*hidden, str(self.client.session_id))
        # The job that carries a batch whose fate is not known yet, by the batch's keys.
        self.jobs: dict[tuple[str, ...], str] = {}

    def batch_size(self, total: int) -> int:
        """Rows of one request, or of one job."""
        return COLLECTION if total < self.bulk_from else JOB_ROWS

    def send(self, entries: Sequence[Entry], tell_job: Callable[[str], None]) -> Iterable[Outcome]:
        """Send one batch."""
        if len(entries) < self.bulk_from and len(entries) <= COLLECTION:
            return self._send_collection(entries)
        return self._send_job(entries, tell_job)

    def settle_job(self, job: str, entries: Sequence[Entry]) -> list[Outcome]:
        """What became of the entries that a job of an earlier sync carries.

        Raises
        ------
        Unreachable
            The job is still at work.
        """
        try:
            state = self._look(job)["state"]
        except Missing:
            return [Outcome(entry.key, LATER, "the job is not there any more") for entry in entries]
        if state == "Open":  # its rows were never handed over
            self._abort(job)
            return [Outcome(entry.key, LATER, "the job was never begun") for entry in entries]
        return self._outcomes(job, entries)[1]

    def _send_collection(self, entries: Sequence[Entry]) -> list[Outcome]:
        records = [
            {
                "attributes": {"type": OBJECT},
                self.fields.key: entry.record_id,
                # in JSON a null empties a field
                **(dict.fromkeys(self.fields.names) if entry.is_blank else entry.values),
            }
            for entry in entries
        ]
        told = self._call(
            "PATCH",
            f"composite/sobjects/{OBJECT}/{self.fields.key}",
            json={"allOrNone": False, "records": records},
        )
        if not isinstance(told, list) or len(told) != len(entries):
            raise Unreachable("Salesforce's answer is not one result a row")
        return [_outcome(entry, one) for entry, one in zip(entries, told, strict=True)]

    def _send_job(self, entries: Sequence[Entry], tell_job: Callable[[str], None]) -> list[Outcome]:
        keys = tuple(entry.key for entry in entries)
        if keys not in self.jobs:
            self.jobs[keys] = self._begin_job(entries, tell_job)
        job = self.jobs[keys]
        # where a close broke off, the answer may have been lost, and not the request
        if self._look(job)["state"] == "Open":
            self._call("PATCH", f"jobs/ingest/{job}", json={"state": "UploadComplete"})
        told, outcomes = self._outcomes(job, entries)
        del self.jobs[keys]
        if told["state"] in GIVEN_UP and all(one.state == LATER for one in outcomes):
            said = web.shortened(str(told.get("errorMessage") or "without a word"))
            raise Denied(f"Salesforce gave up job {job}: {said}", "mend what it says")
        return outcomes

    def _begin_job(self, entries: Sequence[Entry], tell_job: Callable[[str], None]) -> str:
        asked = {
            "object": OBJECT,
            "operation": "upsert",
            "externalIdFieldName": self.fields.key,
            "contentType": "CSV",
            "lineEnding": "LF",
        }
        made = self._call("POST", "jobs/ingest", json=asked)
        if not isinstance(made, dict) or not made.get("id"):
            raise Unreachable("Salesforce's answer names no job")
        job = str(made["id"])
        tell_job(job)
        self._request("PUT", f"jobs/ingest/{job}/batches", data=self._as_csv(entries))
        return job

    def _look(self, job: str) -> Mapping[str, Any]:
        told = self._call("GET", f"jobs/ingest/{job}")
        if not isinstance(told, dict) or not told.get("state"):
            raise Unreachable(f"Salesforce's answer has no state of job {job}")
        return told

    def _as_csv(self, entries: Sequence[Entry]) -> bytes:
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([self.fields.key, *self.fields.names])
        for entry in entries:
            # an empty cell leaves a field as it is
            blank = EMPTIED if entry.is_blank else ""
            writer.writerow(
                [entry.record_id, *(entry.values.get(name, blank) for name in self.fields.names)]
            )
        return stream.getvalue().encode()

    def _outcomes(
        self, job: str, entries: Sequence[Entry]
    ) -> tuple[Mapping[str, Any], list[Outcome]]:
        """Wait for a job, and read what became of each row."""
        told = self._wait(job)
        by_record = {entry.record_id: entry for entry in entries}
        found: dict[str, Outcome] = {}
        for row in self._results(job, "successfulResults"):
            entry = by_record.get(row.get(self.fields.key, ""))
            if entry:
                is_new = row.get("sf__Created", "").lower() == "true"
                found[entry.key] = Outcome(entry.key, outbox.SENT, is_new=is_new)
        for row in self._results(job, "failedResults"):
            entry = by_record.get(row.get(self.fields.key, ""))
            if entry:
                found[entry.key] = _refused(entry, row.get("sf__Error", ""))
        rest = [entry for entry in entries if entry.key not in found]
        if rest:
            unprocessed = {
                row.get(self.fields.key) for row in self._results(job, "unprocessedrecords")
            }
            for entry in rest:
                is_told = entry.record_id in unprocessed
                error = f"job {job} did not process it" if is_told else f"job {job} leaves it out"
                found[entry.key] = Outcome(entry.key, LATER, error)
        return told, list(found.values())

    def _wait(self, job: str) -> Mapping[str, Any]:
        waited, pause = 0.0, self.first_wait
        while True:
            told = self._look(job)
            if told["state"] not in RUNNING:
                return told
            if waited > LONGEST_JOB_SECONDS:
                raise Unreachable(f"Salesforce still works on job {job}", LONGEST_JOB_SECONDS)
            time.sleep(pause)
            waited, pause = waited + pause, min(pause * 1.5, LONGEST_POLL_SECONDS)

    def _results(self, job: str, kind: str) -> list[dict[str, str]]:
        text = self._request("GET", f"jobs/ingest/{job}/{kind}/").content.decode("utf-8")
        return list(csv.DictReader(io.StringIO(text)))

    def _abort(self, job: str) -> None:
        # an open job of nothing does no harm, and is dropped after a week
        with contextlib.suppress(Unreachable, Denied):
            self._call("PATCH", f"jobs/ingest/{job}", json={"state": "Aborted"})

    def _call(self, method: str, path: str, **more: Any) -> Any:
        """A request, and the JSON that came back."""
        answer = self._request(method, path, **more)
        try:
            return answer.json()
        except ValueError:
            raise Unreachable("Salesforce's answer broke off") from None

    def _request(self, method: str, path: str, **more: Any) -> Any:
        import requests

        client = self.client
        is_csv = "data" in more
        headers = {
            **client.headers,
            "Content-Type": "text/csv; charset=UTF-8" if is_csv else "application/json",
        }
        try:
            answer = client.session.request(
                method,
                client.base_url + path,
                headers=headers,
                timeout=web.TIMEOUT_SECONDS,
                allow_redirects=False,
                **more,
            )
        except requests.RequestException as error:
            raise Unreachable(f"Salesforce did not answer ({web.named(error)})") from None
        if answer.status_code < 300:
            return answer
        said = _said(answer)
        if answer.status_code in web.LATER:
            asked = web.seconds_asked(answer.headers.get("Retry-After"))
            raise Unreachable(f"Salesforce answered {answer.status_code}: {said}", asked)
        if LIMIT in said:
            raise Denied(
                "Salesforce takes no more requests today (REQUEST_LIMIT_EXCEEDED)",
                "run the same command again tomorrow: it goes on where it stopped",
            )
        kind = Missing if answer.status_code == 404 else Denied
        raise kind(f"Salesforce refused the request ({answer.status_code}): {said}", CREDENTIALS)


def _connected(login: Mapping[str, str]) -> Any:
    try:
        import requests
        from simple_salesforce import Salesforce as Client
        from simple_salesforce.exceptions import SalesforceError
    except ImportError:
        raise UserError("the sync to Salesforce needs simple-salesforce", INSTALL) from None
    address = login.get("instance_url")
    if address:
        web.check_url(address, "SALESFORCE_INSTANCE_URL")
    try:
        client = Client(**login)
    except SalesforceError as error:
        # its text may quote what was sent
        raise UserError(
            f"Salesforce refused the login ({type(error).__name__})", CREDENTIALS
        ) from None
    except requests.RequestException as error:
        raise UserError(
            f"Salesforce did not answer the login ({web.named(error)})", "try again later"
        ) from None
    if address and urlsplit(address).scheme == "http":
        client.base_url = client.base_url.replace("https://", "http://", 1)
    return client


def _said(answer: Any) -> str:
    try:
        told = answer.json()
    except ValueError:
        return web.shortened(answer.text)
    first = told[0] if isinstance(told, list) and told else told
    if not isinstance(first, dict):
        return web.shortened(answer.text)
    return web.shortened(f"{first.get('errorCode', '')} {first.get('message', '')}")


def _outcome(entry: Entry, told: Mapping[str, Any]) -> Outcome:
    if told.get("success"):
        return Outcome(entry.key, outbox.SENT, is_new=bool(told.get("created")))
    errors = told.get("errors") or [{}]
    first = errors[0]
    return _refused(entry, f"{first.get('statusCode', '')}: {first.get('message', '')}")


def _refused(entry: Entry, said: str) -> Outcome:
    state = LATER if any(word in said for word in PASSING) else outbox.REFUSED
    return Outcome(entry.key, state, web.shortened(said))
