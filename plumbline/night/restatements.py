"""Values of closed periods that are no longer what was last published, each with its causes.

What was published last is read from the published file, before it is replaced. A difference goes
to the accounts whose facts differ, and from them to what became known of them since; the parts of
a value are then moved cause by cause, so that the differences add up to the whole one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import duckdb

from plumbline.config import Settings
from plumbline.night.gate import Night
from plumbline.night.masking import Masking, read_masking
from plumbline.night.restated_causes import (
    TOLERANCE,
    UNEXPLAINED,
    complete,
    evaluate,
    find_causes,
)
from plumbline.night.restated_parts import (
    KEY,
    find_moved_parts,
    find_moved_sides,
    list_parts,
)
from plumbline.store import ops
from plumbline.store.definitions import Definitions
from plumbline.store.landings import BuiltState, changed_since

TABLE, PUBLISHED_TABLE = "ops.metric_restatements", "catalogue.metric_restatements"
DIFFERS = (
    "({0} is null) <> ({1} is null)"
    f" or abs({{0}} - {{1}}) > {TOLERANCE} * greatest(abs({{0}}), abs({{1}}))"
)


@dataclass(frozen=True)
class Restated:
    """What was restated, as the summary tells it.

    Attributes
    ----------
    count : int
        Values of closed periods that differ, cuts included.
    unexplained : int
        Of these, the ones with a part that nothing explains.
    """

    count: int
    unexplained: int
    metric_name: str
    label: str
    unit: str
    grain: str
    period_start_date: date
    old_value: float | None
    new_value: float | None
    causes: tuple[str, ...]


def record(
    connection: duckdb.DuckDBPyConnection, settings: Settings, night: Night, manifest: Any
) -> Restated | None:
    """Append what a night restates to `ops.metric_restatements`, before it is published.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        Open on the private file.
    manifest : dbt.contracts.graph.manifest.Manifest
        What dbt parsed.

    Returns
    -------
    Restated or None
        None where nothing was published before, or nothing differs.
    """
    if not settings.published_file.exists():
        return None
    try:
        connection.execute(f"attach '{settings.published_file}' as earlier (read_only)")
    except duckdb.Error:
        # (no database: the publication that follows replaces it)
        return None
    try:
        if not _has(connection, "catalogue", "metric_values"):
            return None
        _keep_published(connection)
        masking = read_masking(settings)
        _find(connection, masking)
        if not connection.execute("select count(*) from restated").fetchall()[0][0]:
            return None
        _explain(connection, night, Definitions(manifest), masking)
        _append(connection, night)
        return _told(connection)
    finally:
        for table in TEMPORARY:
            connection.execute(f"drop table if exists {table}")
        connection.execute("detach earlier")


TEMPORARY = (
    "restated",
    "periods_of",
    "metric_parts",
    "cut_months",
    "moved_parts",
    "moved_sides",
    "evidence",
    "fresh",
    "account_causes",
    "part_sums",
    "deltas",
    "steps",
    "amounts",
    "evaluated",
    "explained",
)


def _has(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> bool:
    found = connection.execute(
        "select 1 from duckdb_tables() where database_name = 'earlier' and schema_name = ?"
        " and table_name = ?",
        [schema, table],
    ).fetchone()
    return found is not None


def _keep_published(connection: duckdb.DuckDBPyConnection) -> None:
    """Private rows are those that were published: others go, and lost ones return."""
    newest = "select max(recorded_at) from earlier.ops.runs where state = 'published'"
    if _has(connection, *PUBLISHED_TABLE.split(".")):
        connection.execute(
            f"insert into {TABLE} by name select * from earlier.{PUBLISHED_TABLE}"
            f" where recorded_at not in (select recorded_at from {TABLE})"
        )
        newest = (
            f"select greatest(({newest}), (select max(recorded_at) from earlier.{PUBLISHED_TABLE}))"
        )
    connection.execute(f"delete from {TABLE} where recorded_at > ({newest})")


def _find(connection: duckdb.DuckDBPyConnection, masking: Masking) -> None:
    # Masked names stand in the published file: the new ones are masked in the same way.
    selected, parameters = masking.selected("catalogue", "metric_values")
    connection.execute(
        f"""
        create or replace temp table restated as
        with present as (select {selected} from catalogue.metric_values),
        earlier_values as (from earlier.catalogue.metric_values),
        shared_periods as (
            select metric_name, grain, period_start_date from present
            where dimension_name = 'total'
            intersect
            select metric_name, grain, period_start_date from earlier_values
            where dimension_name = 'total'
        ),
        joined as (
            select {KEY}, o.additivity <> 'not_additive' as is_sum,
                if(is_sum, coalesce(o.value, if(o.metric_name is null, 0, null)), o.value) as old,
                if(n.additivity <> 'not_additive' or is_sum,
                    coalesce(n.value, if(n.metric_name is null, 0, null)), n.value) as new
            from earlier_values o
            full join present n using ({KEY})
            semi join shared_periods using (metric_name, grain, period_start_date)
        )
        select {KEY}, old as old_value, new as new_value,
            coalesce(a.version <> b.version, false) as is_redefined
        from joined
        left join earlier.catalogue.metrics_catalogue a using (metric_name)
        left join catalogue.metrics_catalogue b using (metric_name)
        where {DIFFERS.format("old", "new")}
        """,
        parameters,
    )


def _explain(
    connection: duckdb.DuckDBPyConnection,
    night: Night,
    definitions: Definitions,
    masking: Masking,
) -> None:
    asked = {
        name
        for (name,) in connection.execute(
            "select distinct metric_name from restated where not is_redefined"
        ).fetchall()
    }
    metrics = [definitions.metrics[name] for name in sorted(asked & definitions.metrics.keys())]
    list_parts(connection, metrics)
    find_moved_parts(connection, metrics, definitions.measures, masking)
    find_moved_sides(connection)
    find_causes(connection, _known_since(connection, night))
    evaluate(connection, metrics)
    complete(connection, _is_other_code(connection, night))


def _known_since(connection: duckdb.DuckDBPyConnection, night: Night) -> date:
    """First day of which rows may be new since the last publication."""
    run_id, as_of = _previous(connection)
    current = ops.landings_of_run(connection, night.run_id)
    before = BuiltState(as_of, ops.landings_of_run(connection, run_id))
    since = changed_since(night.as_of, current, [before]) if before.landings else ""
    return date.fromisoformat(since) if since else as_of - timedelta(days=1)


def _previous(connection: duckdb.DuckDBPyConnection) -> tuple[str, date]:
    """Run and as-of date of the last publication."""
    home = connection.execute("select current_database()").fetchall()[0][0]
    connection.execute("use earlier")
    try:
        return ops.last_published(connection) or ("", date.min)
    finally:
        connection.execute(f"use {home}")


def _is_other_code(connection: duckdb.DuckDBPyConnection, night: Night) -> bool:
    prints = [
        connection.execute(
            f"select max(detail ->> 'code_fingerprint') from {runs}"
            f" where state = '{ops.STARTED}' and run_id = ?",
            [run_id],
        ).fetchall()
        for runs, run_id in (
            ("ops.runs", night.run_id),
            ("earlier.ops.runs", _previous(connection)[0]),
        )
    ]
    return prints[0] != prints[1]


def _append(connection: duckdb.DuckDBPyConnection, night: Night) -> None:
    before, before_as_of = _previous(connection)
    connection.execute(
        f"""
        insert into {TABLE} by name
        select $run_id as run_id, $as_of as as_of_date, $moment as recorded_at,
            $before as previous_run_id, $before_as_of as previous_as_of_date,
            r.* exclude (is_redefined), c.unit, x.cause, x.difference, x.account_count,
            x.row_count
        from explained x
        join restated r using ({KEY})
        left join catalogue.metrics_catalogue c using (metric_name)
        order by {KEY}, x.cause
        """,
        {
            "run_id": night.run_id,
            "as_of": night.as_of,
            "moment": ops.now(),
            "before": before,
            "before_as_of": before_as_of,
        },
    )


def _told(connection: duckdb.DuckDBPyConnection) -> Restated:
    # totals before cuts, then the largest change
    row = connection.execute(
        f"""
        select count(*) over () as values_, count(*) filter (where
                list_contains(causes, '{UNEXPLAINED}')) over () as unexplained,
            metric_name, label, unit, grain, period_start_date, old_value, new_value, causes
        from restated
        join (
            select {KEY}, list(cause order by abs(difference) desc) as causes from explained
            group by all
        ) using ({KEY})
        left join catalogue.metrics_catalogue using (metric_name)
        order by dimension_name <> 'total', coalesce(
            abs(new_value - old_value) / nullif(greatest(abs(old_value), abs(new_value)), 0), 1
        ) desc, {KEY}
        limit 1
        """
    ).fetchall()[0]
    return Restated(*row[:-1], tuple(row[-1]))
