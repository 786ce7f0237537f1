"""Lands a raw folder night by night, and with it files that come late."""

from __future__ import annotations

import os
import shutil
from datetime import date
from pathlib import Path

import duckdb

EVENTS, SUBSCRIPTIONS, TICKETS = "segment/events", "stripe/subscriptions", "zendesk/tickets"
# Subscriptions that nothing was heard of since 8 February, numbered: the cheapest first, so that
# what is corrected stays small beside what invoices billed.
QUIET = """
    select *, row_number() over (
        order by cast(nullif(regexp_extract(items, '"unit_amount":([0-9]+)', 1), '') as bigint), id
    ) as place
    from (
        select * from {table}
        qualify row_number() over (partition by id order by _extracted_at desc, updated desc) = 1
    )
    where status = 'active' and not _is_deleted and _extracted_at < timestamp '2026-02-08'
"""


def land(source: Path, raw: Path, first: date, until: date) -> None:
    """Link the partitions of all tables that landed on `first` or later and before `until`."""
    for folder in sorted(source.glob("*/*/landed=*")):
        landed = date.fromisoformat(folder.name.removeprefix("landed="))
        if first <= landed < until:
            shutil.copytree(folder, raw / folder.relative_to(source), copy_function=os.link)


def write(raw: Path, table: str, landed: str, query: str, name: str = "late") -> None:
    """Add a file to a partition; `{table}` in the query is all that the table holds so far."""
    file = raw / table / f"landed={landed}" / f"part-{name}.parquet"
    query = query.replace("{table}", f"read_parquet('{raw}/{table}/*/*.parquet')")
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"copy (select * exclude (landed) from ({query}) order by all)"
            f" to '{file}' (format parquet)"
        ).fetchone()
    assert rows is not None and rows[0] > 0, f"nothing to land late in {file}"


def event_copies(landed: str, changes: str, share: int, where: str = "true") -> str:
    """One in `share` of a day's events, with changed columns."""
    return (
        f"select * replace ({changes}) from {{table}} where landed = date '{landed}'"
        f" and hash(event_id) % {share} = 0 and {where}"
    )


def known(moment: str) -> str:
    """Another time of extraction."""
    return f"timestamp '{moment}' as _extracted_at"


def named(prefix: str) -> str:
    """Other event ids, so that these are other events."""
    return f"'{prefix}' || event_id as event_id"


def land_late_files(raw: Path) -> None:
    """What a night may find three weeks late: known since 5 February, or only since the 26th."""
    write(
        raw,
        EVENTS,
        "2026-02-05",
        " union all ".join(
            [
                # events of the week, fetched then
                event_copies(
                    "2026-02-12",
                    f"{named('week-')}, timestamp - interval 7 day as timestamp,"
                    " _extracted_at - interval 7 day as _extracted_at",
                    3,
                ),
                # events that were weeks old then
                event_copies("2026-01-15", f"{named('old-')}, {known('2026-02-05 21:00:00')}", 20),
                # deliveries of events that had been delivered three landing days before
                event_copies("2026-02-02", known("2026-02-05 22:00:00"), 10),
                # first deliveries of events that so far were known from a later one
                *(
                    event_copies(
                        day, known("2026-02-05 23:00:00"), 1, "timestamp < date '2026-02-05'"
                    )
                    for day in ("2026-02-06", "2026-02-07", "2026-02-08")
                ),
            ]
        ),
    )
    write(
        raw,
        EVENTS,
        "2026-02-26",
        " union all ".join(
            [
                event_copies(
                    "2026-02-03", f"{named('weeks-')}, {known('2026-02-26 06:00:00')}", 10
                ),
                event_copies("2026-02-23", known("2026-02-26 07:00:00"), 5),
                # delivered again after 17 and after 60 days, and a whole day again
                event_copies("2026-02-09", known("2026-02-26 08:00:00"), 5),
                event_copies("2025-12-28", known("2026-02-26 08:00:00"), 5),
                event_copies("2026-02-10", known("2026-02-26 09:00:00"), 1),
                # a whole day, for the first time
                event_copies(
                    "2026-02-11", f"{named('backfilled-')}, {known('2026-02-26 10:00:00')}", 1
                ),
                # ids of other events
                event_copies(
                    "2026-02-16",
                    f"'task_created' as event_type, {known('2026-02-26 11:00:00')}",
                    10,
                    "event_type <> 'task_created'",
                ),
                # fetched long ago, held back until now
                event_copies("2026-02-13", named("held-"), 10),
            ]
        ),
    )
    quantity = "regexp_replace(items, '\"quantity\":[0-9]+', '\"quantity\":{}') as items"
    changed = "cast(epoch(timestamp '{}') as bigint) as {}"
    write(
        raw,
        SUBSCRIPTIONS,
        "2026-02-10",
        (
            f"select * exclude (place) replace ({quantity.format(1)},"
            f" {changed.format('2026-02-09', 'updated')}, {known('2026-02-10 12:00:00')})"
            f" from ({QUIET}) where place <= 6"
        ),
    )
    ends = [changed.format("2026-02-01", name) for name in ("updated", "canceled_at", "ended_at")]
    write(
        raw,
        SUBSCRIPTIONS,
        "2026-02-26",
        (
            # corrected, as if it had been so from the start
            f"select * exclude (place) replace ({quantity.format(4)},"
            f" {known('2026-02-26 12:00:00')})"
            f" from ({QUIET}) where place between 7 and 12 union all"
            # ended weeks before anyone was told
            f" select * exclude (place) replace ('canceled' as status, {', '.join(ends)},"
            f" {known('2026-02-26 12:00:00')}) from ({QUIET}) where place between 13 and 15"
        ),
    )
    tickets = (
        "select * replace ({}) from {{table}} where landed = date '{}'"
        " qualify row_number() over (partition by id order by _extracted_at desc) = 1"
    )
    write(
        raw,
        TICKETS,
        "2026-02-10",
        " union all ".join(
            [
                tickets.format("id + 900000 as id, 'urgent' as priority", "2026-02-10"),
                tickets.format(
                    "'solved' as status, timestamp '2026-02-10 12:00:00' as updated_at,"
                    f" {known('2026-02-10 13:00:00')}",
                    "2026-02-09",
                ),
            ]
        ),
    )
    write(
        raw,
        TICKETS,
        "2026-02-26",
        " union all ".join(
            [
                tickets.format(
                    f"true as _is_deleted, {known('2026-02-26 12:00:00')}", "2026-02-20"
                ),
                # deleted after the month in which they were opened was over
                "select * replace (true as _is_deleted,"
                " timestamp '2026-02-26 11:00:00' as updated_at,"
                f" {known('2026-02-26 12:00:00')}) from {{table}} where created_at"
                " between timestamp '2026-01-10' and timestamp '2026-01-20'"
                " qualify row_number() over (partition by id order by _extracted_at desc) = 1",
                # a version that is older than the newest one
                tickets.format(
                    "'[\"escalated\"]' as tags, updated_at - interval 1 hour as updated_at,"
                    f" {known('2026-02-26 13:00:00')}",
                    "2026-02-19",
                ),
            ]
        ),
    )


def land_redelivered_events(raw: Path) -> None:
    """Deliver events again that first landed days and months before the last landed day."""
    again = " union all ".join(
        event_copies(day, known("2026-02-27 07:00:00"), 5)
        for day in ("2025-11-03", "2026-02-05", "2026-02-10", "2026-02-24")
    )
    write(raw, EVENTS, "2026-02-27", again, name="again")
