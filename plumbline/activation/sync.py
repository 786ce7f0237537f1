"""One sync: settle what the last one left open, compare, ask where it is too much, deliver."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from plumbline.activation import credentials
from plumbline.activation.csv_file import CsvFolder
from plumbline.activation.deliver import (
    LATER,
    Destination,
    Patience,
    Report,
    as_settled,
    deliver,
    hushed,
    read_patience,
)
from plumbline.activation.errors import Denied, Unreachable
from plumbline.activation.hubspot import BASE, Hubspot
from plumbline.activation.plan import Plan, make_plan, objections, read_ceiling
from plumbline.activation.salesforce import Salesforce
from plumbline.activation.wanted import Fields, Wanted, read_fields, read_wanted
from plumbline.activation.webhook import Webhook
from plumbline.config import Settings
from plumbline.errors import UserError
from plumbline.store import ops, outbox
from plumbline.store.connections import open_private, open_published
from plumbline.store.lock import run_lock
from plumbline.store.outbox import Settled

DESTINATIONS = ("salesforce", "hubspot", "webhook", "csv")
AGAIN = "run the same command again: it goes on where it stopped"


@dataclass(frozen=True)
class Asked:
    """What the user asked for."""

    destination: str
    folder: Path
    is_accepted: bool = False
    retry_dead: bool = False


@dataclass(frozen=True)
class Synced:
    """What a sync found and did.

    Attributes
    ----------
    objections : tuple of str
        Why it needed somebody's word.
    report : Report or None
        What became of what was sent; None where nothing was to be.
    """

    wanted: Wanted
    plan: Plan
    objections: tuple[str, ...]
    report: Report = field(default_factory=Report)


def look(settings: Settings, asked: Asked) -> Synced:
    """What a sync would do; nothing is sent or written.

    Raises
    ------
    UserError
        Nothing is published, or another run is at work.
    """
    wanted, fields = _read(settings, asked.destination)
    with run_lock(settings), open_private(settings) as connection:
        ops.create_tables(connection, settings.root)
        return _compared(settings, asked, connection, wanted, fields)


def run_sync(
    settings: Settings,
    asked: Asked,
    told: Callable[[float, float | None], None] | None = None,
) -> Synced:
    """Tell a destination what differs from what it holds.

    Raises
    ------
    UserError
        Nothing is published, credentials are missing, or too much would change without
        `is_accepted`: nothing was sent.
    """
    wanted, fields = _read(settings, asked.destination)
    patience = read_patience(settings)
    destination = connect(settings, asked, fields, patience)
    sync_id = outbox.new_sync_id()
    night = (wanted.run_id, wanted.as_of, wanted.model_version)
    with run_lock(settings), open_private(settings) as connection:
        ops.create_tables(connection, settings.root)

        def settle(outcomes: Sequence[Settled]) -> None:
            outbox.settle(connection, sync_id, outcomes)

        def record(state: str, detail: Mapping[str, object]) -> None:
            outbox.record_sync(connection, sync_id, asked.destination, night, state, detail)

        report = Report()
        _settle_jobs(connection, destination, patience, settle, report)
        found = _compared(settings, asked, connection, wanted, fields)
        if found.objections and not asked.is_accepted:
            record(outbox.HELD_BACK, {"cause": "; ".join(found.objections)})
            raise UserError(
                f"nothing was sent to {asked.destination}: {'; '.join(found.objections)}",
                "look at `plumbline sync --dry-run`, then run it with --accept-changes",
            )
        connection.execute("begin")
        outbox.append(connection, asked.destination, sync_id, found.plan.new)
        record(outbox.STARTED, {"rows": len(found.plan.entries)})
        connection.execute("commit")
        deliver(destination, found.plan.entries, patience, settle, report, told)
        counts = {"sent": report.sent, "failed": len(report.refused), "dead": report.died}
        if report.stopped:
            record(outbox.STOPPED, {**counts, "cause": report.stopped})
        else:
            record(outbox.FINISHED, counts)
    if report.stopped:
        rest = len(found.plan.entries) - report.sent - len(report.refused)
        raise UserError(
            f"{report.stopped}; {report.sent:,} rows were sent, {rest:,} wait",
            report.remedy or AGAIN,
        )
    return Synced(found.wanted, found.plan, found.objections, report)


def connect(settings: Settings, asked: Asked, fields: Fields, patience: Patience) -> Destination:
    """The destination, logged in where it has a login.

    Raises
    ------
    UserError
        Credentials are missing, or were refused.
    """
    if asked.destination == "csv":
        return CsvFolder(asked.folder, fields)
    if asked.destination == "webhook":
        url = credentials.required("PLUMBLINE_WEBHOOK_URL")
        return Webhook(url, credentials.required("PLUMBLINE_WEBHOOK_SECRET"), fields)
    if asked.destination == "hubspot":
        token = credentials.required("HUBSPOT_ACCESS_TOKEN")
        return Hubspot(token, fields, os.environ.get("HUBSPOT_BASE_URL") or BASE)
    bulk_from = int(settings.dbt_var("sync_bulk_from"))
    login = credentials.salesforce_login()
    return Salesforce(login, fields, bulk_from, patience.first_wait)


def _read(settings: Settings, destination: str) -> tuple[Wanted, Fields]:
    with open_published(settings) as connection:
        try:
            fields = read_fields(connection, destination)
            return read_wanted(connection, fields), fields
        except duckdb.CatalogException:
            raise UserError(
                "the published night is of a version that could not sync yet",
                "run `plumbline nightly` first",
            ) from None


def _compared(
    settings: Settings,
    asked: Asked,
    connection: duckdb.DuckDBPyConnection,
    wanted: Wanted,
    fields: Fields,
) -> Synced:
    records = outbox.read_records(connection, asked.destination)
    plan = make_plan(asked.destination, wanted, fields, records, asked.retry_dead)
    last = outbox.last_started(connection, asked.destination)
    return Synced(wanted, plan, tuple(objections(plan, wanted, last, read_ceiling(settings))))


def _settle_jobs(
    connection: duckdb.DuckDBPyConnection,
    destination: Destination,
    patience: Patience,
    settle: Callable[[Sequence[Settled]], None],
    report: Report,
) -> None:
    """Learn what became of jobs that a sync left behind, before anything newer is sent.

    Else an old value that still waits there could be written over a newer one.
    """
    if not isinstance(destination, Salesforce):
        return
    for job, entries in outbox.entries_of_jobs(connection, destination.name).items():
        try:
            outcomes = destination.settle_job(job, entries)
        except (Unreachable, Denied) as error:
            raise UserError(
                "what the last sync gave to Salesforce is not known yet: "
                f"{hushed(error.message, destination)}",
                "run the same command again later; nothing newer was sent",
            ) from None
        by_key = {entry.key: entry for entry in entries}
        settle(
            [
                # it may be sent again, and is no job's any more
                Settled(one.key, outbox.PENDING, 0, one.error)
                if one.state == LATER
                else as_settled(one, by_key[one.key], 0, patience, report)
                for one in outcomes
            ]
        )
