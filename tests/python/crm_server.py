"""A CRM on this machine: speaks what `plumbline sync` uses of Salesforce, HubSpot and a webhook.

It keeps what it was told, counts how often a record's values changed, and fails as it is asked to:
connections dropped before or after a request was carried out, throttling, rows that it refuses.
"""

from __future__ import annotations

import csv
import io
import json
import socket
import threading
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "token-that-nobody-may-see"
KEY, HUBSPOT_KEY = "Plumbline_Account_Id__c", "plumbline_account_id"
DROP_BEFORE, DROP_AFTER, THROTTLE, BUSY = "drop before", "drop after", "throttle", "busy"


@dataclass
class Job:
    """A job of the Bulk API."""

    rows: list[dict[str, str]] = field(default_factory=list)
    state: str = "Open"
    looks: int = 0
    results: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    error: str = ""


@dataclass
class Crm:
    """What the system holds, and how it behaves.

    Attributes
    ----------
    records : dict
        Fields by external id.
    changed, carried : Counter
        How often a record's values changed, and how often a request carried it.
    faults : deque of str
        What happens to the next requests that write, one each.
    refused : dict of str to list of str
        Errors that the next tries of a record end in, one each; the last one stays.
    looks_per_job : int
        Looks at a job before it has run.
    unprocessed : set of str
        Records that the next job leaves unprocessed.
    on_applied : callable or None
        Called once a write was carried out, before it is answered.
    """

    records: dict[str, dict[str, Any]] = field(default_factory=lambda: defaultdict(dict))
    known: set[str] | None = None
    changed: Counter[str] = field(default_factory=Counter)
    carried: Counter[str] = field(default_factory=Counter)
    writes: list[int] = field(default_factory=list)
    faults: deque[str] = field(default_factory=deque)
    refused: dict[str, list[str]] = field(default_factory=dict)
    invalid: set[str] = field(default_factory=set)
    looks_per_job: int = 1
    unprocessed: set[str] = field(default_factory=set)
    failing_job: str = ""
    jobs: dict[str, Job] = field(default_factory=dict)
    received: list[tuple[Mapping[str, str], bytes]] = field(default_factory=list)
    on_applied: Callable[[], None] | None = None
    url: str = ""

    def error_of(self, record: str) -> str:
        """The error that this try of a record ends in, empty where it is taken."""
        errors = self.refused.get(record, [])
        return errors.pop(0) if len(errors) > 1 else (errors[0] if errors else "")

    def write(self, record: str, values: Mapping[str, Any]) -> str:
        """Take a row; an error where it is refused."""
        self.carried[record] += 1
        error = self.error_of(record)
        if not error:
            before = dict(self.records[record])
            self.records[record].update(values)
            self.changed[record] += self.records[record] != before
        return error


class Handler(BaseHTTPRequestHandler):
    """Routes requests; `self.server.crm` is the system."""

    protocol_version = "HTTP/1.1"

    @property
    def crm(self) -> Crm:
        return self.server.crm  # type: ignore[attr-defined]

    def log_message(self, *args: Any) -> None:
        return

    def do_GET(self) -> None:
        self.serve(b"")

    def do_POST(self) -> None:
        self.serve(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    do_PUT = do_PATCH = do_POST

    def serve(self, body: bytes) -> None:
        with self.server.turn:  # type: ignore[attr-defined]
            if self.path != "/hook" and self.headers.get("Authorization") != f"Bearer {TOKEN}":
                quoted = f"not valid: {self.headers.get('Authorization')}"
                return self.answer(401, [{"errorCode": "INVALID_SESSION_ID", "message": quoted}])
            if "/jobs/ingest" in self.path:
                return self.serve_job(body)
            return self.serve_write(body)

    def serve_write(self, body: bytes) -> None:
        fault = self.crm.faults.popleft() if self.crm.faults else ""
        if self.faulty(fault):
            return None
        told = json.loads(body)
        if "/composite/sobjects/Account/" in self.path:
            status, said = 200, self.collection(told)
        elif "/companies/batch/upsert" in self.path:
            status, said = self.companies(told)
        else:
            status, said = 200, self.hook(told, body)
        if self.crm.on_applied:
            self.crm.on_applied()
        return self.drop() if fault == DROP_AFTER else self.answer(status, said)

    def faulty(self, fault: str) -> bool:
        """Whether a fault has answered a request that is not to be carried out."""
        if fault == DROP_BEFORE:
            self.drop()
        elif fault == THROTTLE:
            self.answer(429, {"message": "slow down"}, {"Retry-After": "0"})
        elif fault == BUSY:
            self.answer(503, {"message": "busy"})
        return fault in (DROP_BEFORE, THROTTLE, BUSY)

    def collection(self, told: Mapping[str, Any]) -> list[dict[str, Any]]:
        rows = told["records"]
        assert len(rows) <= 200 and told["allOrNone"] is False
        assert len({row[KEY] for row in rows}) == len(rows)
        self.crm.writes.append(len(rows))
        found = []
        for row in rows:
            values = {k: v for k, v in row.items() if k not in ("attributes", KEY)}
            error = self.crm.write(row[KEY], values)
            code, _, message = error.partition(": ")
            errors = [{"statusCode": code, "message": message, "fields": []}] if error else []
            found.append({"id": row[KEY], "success": not error, "created": False, "errors": errors})
        return found

    def companies(self, told: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        rows = told["inputs"]
        assert len(rows) <= 100 and {row["idProperty"] for row in rows} == {HUBSPOT_KEY}
        assert all(isinstance(v, str) for row in rows for v in row["properties"].values())
        wrong = [row["id"] for row in rows if row["id"] in self.crm.invalid]
        if wrong:
            said = {"category": "VALIDATION_ERROR", "message": f"{wrong[0]} is not valid"}
            return 400, {"status": "error", **said}
        self.crm.writes.append(len(rows))
        results, errors = [], []
        for row in rows:
            error = self.crm.write(row["id"], row["properties"])
            trace = row["objectWriteTraceId"]
            if error:
                category, _, message = error.partition(": ")
                context = {"objectWriteTraceId": [trace]}
                errors.append({"category": category, "message": message, "context": context})
            else:
                results.append({"id": "1", "objectWriteTraceId": trace, "new": False})
        said = {"status": "COMPLETE", "results": results}
        return (207, {**said, "errors": errors}) if errors else (200, said)

    def hook(self, told: Mapping[str, Any], body: bytes) -> dict[str, Any]:
        self.crm.received.append((dict(self.headers), body))
        rows = told.get("rows", [])
        self.crm.writes.append(len(rows))
        failed = []
        for row in rows:
            error = self.crm.write(row["crm_account_id"], row["values"])
            if error:
                failed.append({"idempotency_key": row["idempotency_key"], "error": error})
        return {"failed": failed} if failed else {}

    def serve_job(self, body: bytes) -> None:
        _, _, rest = self.path.partition("/jobs/ingest")
        name, _, kind = rest.strip("/").partition("/")
        crm = self.crm
        if not name:
            asked = json.loads(body)
            assert (asked["operation"], asked["externalIdFieldName"]) == ("upsert", KEY)
            name = f"750{len(crm.jobs):012}"
            crm.jobs[name] = Job()
            return self.answer(200, {"id": name, "state": "Open"})
        if name not in crm.jobs:
            return self.answer(404, [{"errorCode": "NOT_FOUND", "message": "no such job"}])
        job = crm.jobs[name]
        if kind == "batches":
            job.rows = list(csv.DictReader(io.StringIO(body.decode())))
            crm.writes.append(len(job.rows))
            return self.answer(201, None)
        if kind:
            return self.answer_csv(job.results.get(kind.lower(), []))
        if self.command == "PATCH":
            job.state = json.loads(body)["state"]
            fault = crm.faults.popleft() if crm.faults else ""
            if crm.on_applied:
                crm.on_applied()
            return self.drop() if fault == DROP_AFTER else self.answer(200, self.told(name, job))
        fault = crm.faults.popleft() if crm.faults else ""
        if self.faulty(fault):
            return None
        job.looks += 1
        if job.state == "UploadComplete" and job.looks > crm.looks_per_job:
            self.run(job)
        return self.answer(200, self.told(name, job))

    def run(self, job: Job) -> None:
        """Carry a job out, once."""
        crm, done = self.crm, defaultdict(list)
        if crm.failing_job:
            job.state, job.error = "Failed", crm.failing_job
            job.results = {"unprocessedrecords": job.rows}
            return
        for row in job.rows:
            record = row[KEY]
            if record in crm.unprocessed:
                crm.unprocessed.discard(record)
                done["unprocessedrecords"].append(row)
                continue
            values = {k: None if v == "#N/A" else v for k, v in row.items() if k != KEY and v != ""}
            error = crm.write(record, values)
            if error:
                done["failedresults"].append({"sf__Id": "", "sf__Error": error, **row})
            else:
                done["successfulresults"].append({"sf__Id": "1", "sf__Created": "false", **row})
        job.state, job.results = "JobComplete", dict(done)

    @staticmethod
    def told(name: str, job: Job) -> dict[str, Any]:
        return {"id": name, "state": job.state, "errorMessage": job.error}

    def drop(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def answer_csv(self, rows: list[dict[str, str]]) -> None:
        stream = io.StringIO()
        if rows:
            writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        self.send(200, stream.getvalue().encode(), {"Content-Type": "text/csv"})

    def answer(self, status: int, said: Any, headers: Mapping[str, str] | None = None) -> None:
        body = b"" if said is None else json.dumps(said).encode()
        self.send(status, body, {"Content-Type": "application/json", **(headers or {})})

    def send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    """Serves one `Crm`, one request at a time."""

    daemon_threads = True

    def __init__(self, crm: Crm) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.crm, self.turn = crm, threading.Lock()
        crm.url = f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *args: Any) -> None:
        """A client that was killed is no fault of the server."""


@contextmanager
def running() -> Iterator[Crm]:
    """A CRM that is up, until the block ends."""
    crm = Crm()
    server = Server(crm)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield crm
    server.shutdown()
    server.server_close()
