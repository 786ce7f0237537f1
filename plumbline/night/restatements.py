"""Values of closed periods that are no longer what was last published, each with its causes.

What was published last is read from the published file, before it is replaced. A difference goes
to the accounts whose facts differ, and from them to what became known of them since; the parts of
a value are then moved cause by cause, so that the differences add up to the whole one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import duckdb

from plumbline.config import Settings
from plumbline.night.gate import Night
from plumbline.night.masking import Masking, read_masking
from plumbline.store import ops
from plumbline.store.definitions import Definition, Definitions, Measure
from plumbline.store.landings import BuiltState, changed_since
from plumbline.store.staging import StagingTable, staging_tables

TABLE, PUBLISHED_TABLE = "ops.metric_restatements", "catalogue.metric_restatements"
RATE, DELETION, CORRECTION = "rate", "deletion", "correction"
LATE, DEFINITION, UNEXPLAINED = "late rows", "definition", "unexplained"
# The order in which the causes of one value are put in, and in which evidence of an account counts.
ORDER = (RATE, DELETION, CORRECTION, LATE)
USAGE = "usage"
TOLERANCE = 1e-9
KEY = "metric_name, grain, period_start_date, dimension_name, dimension_value"
DIMENSIONS = ("plan", "segment", "industry", "country", "owner", "signup_cohort")
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
    _list_parts(connection, metrics)
    _find_moved_parts(connection, metrics, definitions.measures, masking)
    _find_moved_sides(connection)
    _find_causes(connection, _known_since(connection, night))
    _evaluate(connection, metrics)
    _complete(connection, _is_other_code(connection, night))


def _list_parts(connection: duckdb.DuckDBPyConnection, metrics: Sequence[Definition]) -> None:
    connection.execute(
        "create or replace temp table metric_parts (metric_name varchar, part_name varchar,"
        " over_time varchar, source_type varchar, is_of_day boolean)"
    )
    rows = [
        (metric.name, part, metric.over_time, metric.source_type, metric.grains == ("day",))
        for metric in metrics
        for part in metric.parts
    ]
    if rows:
        connection.executemany("insert into metric_parts values (?, ?, ?, ?, ?)", rows)
    # the months of which a restated period is made, a day being one of its own
    connection.execute(
        """
        create or replace temp table periods_of as
        with asked as (
            select distinct grain, period_start_date from restated where not is_redefined
        )
        select p.grain, p.period_start_date, p.period_end_date,
            coalesce(m.period_start_date, p.period_start_date) as start_date,
            p.grain = 'day' or m.period_end_date = p.period_end_date as is_last
        from asked a
        join catalogue.int_metric_periods__listed p using (grain, period_start_date)
        left join catalogue.int_metric_periods__listed m
            on p.grain <> 'day' and m.grain = 'month'
            and m.period_start_date between p.period_start_date and p.period_end_date
            and m.period_end_date <= p.period_end_date
        """
    )


def _find_moved_parts(
    connection: duckdb.DuckDBPyConnection,
    metrics: Sequence[Definition],
    measures: Mapping[str, Measure],
    masking: Masking,
) -> None:
    """Parts of an account's period that are others than they were, or stand in another cut."""
    attributes = ", ".join(f"o.{name} as old_{name}, n.{name} as new_{name}" for name in DIMENSIONS)
    moved = " or ".join(f"o.{name} is distinct from n.{name}" for name in DIMENSIONS)
    selected, parameters = masking.selected("core", "dim_account_months")
    connection.execute(
        f"""
        create or replace temp table cut_months as
        select coalesce(n.account_month_id, o.account_month_id) as row_key,
            coalesce(n.account_id, o.account_id) as account_id,
            coalesce(n.month_start_date, o.month_start_date) as start_date,
            'total' as old_total, 'total' as new_total, {attributes}, {moved} as is_recut,
            o.account_id is not null as was_there, n.account_id is not null as is_there
        from (from earlier.core.dim_account_months where month_start_date in
            (select start_date from periods_of where grain <> 'day')) o
        full join (select {selected} from core.dim_account_months where month_start_date in
            (select start_date from periods_of where grain <> 'day')) n
            using (account_month_id)
        """,
        parameters,
    )
    selected, parameters = masking.selected("catalogue", "metric_values")
    connection.execute(
        f"""
        create or replace temp table part_sums as
        with asked as (
            select {selected} from catalogue.int_metric_parts__summed
            semi join (select distinct part_name from metric_parts) using (part_name)
            semi join periods_of using (grain, period_start_date)
        )
        select * exclude (amount, last_amount), 'sum' as over_time, amount from asked
        union all
        select * exclude (amount, last_amount), 'last', last_amount from asked
        """,
        parameters,
    )
    connection.execute(
        """
        create or replace temp table moved_parts (row_key varchar, account_id varchar,
            start_date date, part_name varchar, is_of_day boolean,
            old_amount decimal(38, 12), new_amount decimal(38, 12))
        """
    )
    asked: dict[tuple[str, bool], dict[str, Measure]] = {}
    for metric in metrics:
        for part in metric.parts:
            one = measures[part]
            asked.setdefault((one.relation, metric.grains == ("day",)), {})[part] = one
    for (relation, is_of_day), listed in asked.items():
        _compare_fact(connection, relation, is_of_day, list(listed.values()))


def _compare_fact(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    is_of_day: bool,
    measures: Sequence[Measure],
) -> None:
    sums = ", ".join(
        f"sum(cast({one.operand} as decimal(38, 12))) as {one.name}" for one in measures
    )
    day = measures[0].time_column
    rows = (
        (
            f"select account_id || '|' || {day} as row_key, account_id, {day} as start_date, {sums}"
            " from {0}" + f" where {day} in (select start_date from periods_of where grain = 'day')"
            " group by all"
        )
        if is_of_day
        else (
            f"select account_month_id as row_key, {sums} from {{0}} where account_month_id in"
            " (select row_key from cut_months where {1}) group by all"
        )
    )
    columns = (
        "coalesce(n.account_id, o.account_id), coalesce(n.start_date, o.start_date)"
        if is_of_day
        else "m.account_id, m.start_date"
    )
    joined = "" if is_of_day else "join cut_months m using (row_key)"
    kept = "false" if is_of_day else "m.is_recut"
    parts = " union all ".join(
        f"select row_key, {columns}, '{one.name}', {is_of_day}, o.{one.name}, n.{one.name}"
        f" from old_rows o full join new_rows n using (row_key) {joined}"
        f" where {kept} or coalesce(o.{one.name}, 0) <> coalesce(n.{one.name}, 0)"
        for one in measures
    )
    try:
        connection.execute(
            f"insert into moved_parts with old_rows as materialized"
            f" ({rows.format('earlier.' + relation, 'was_there')}), new_rows as materialized"
            f" ({rows.format(relation, 'is_there')}) {parts}"
        )
    except (duckdb.BinderException, duckdb.CatalogException):
        # the published file is of a project that had no such fact or column: what remains of the
        # difference is that of another definition
        return


def _find_moved_sides(connection: duckdb.DuckDBPyConnection) -> None:
    """What each account moves the parts of a restated value by."""
    cuts = " union all ".join(
        f"select row_key, '{name}' as dimension_name, old_{name} as old_cut, new_{name} as new_cut"
        " from cut_months where row_key in (select row_key from moved_parts)"
        for name in ("total", *DIMENSIONS)
    )
    connection.execute(
        f"""
        create or replace temp table moved_sides as
        with cuts as ({cuts}),
        monthly as (
            select r.metric_name, r.grain, r.period_start_date, r.dimension_name,
                r.dimension_value, p.source_type, d.period_end_date, m.account_id, m.part_name,
                sum(if(c.new_cut = r.dimension_value, coalesce(m.new_amount, 0), 0)
                    - if(c.old_cut = r.dimension_value, coalesce(m.old_amount, 0), 0)) as delta
            from moved_parts m
            join metric_parts p on p.part_name = m.part_name and p.is_of_day = m.is_of_day
            join periods_of d on d.start_date = m.start_date and d.grain <> 'day'
                and (p.over_time = 'sum' or d.is_last)
            join cuts c on c.row_key = m.row_key
            join restated r on r.metric_name = p.metric_name and r.grain = d.grain
                and r.period_start_date = d.period_start_date
                and r.dimension_name = c.dimension_name
                and r.dimension_value in (c.old_cut, c.new_cut)
            where not m.is_of_day
            group by all
        ),
        daily as (
            select r.metric_name, r.grain, r.period_start_date, r.dimension_name,
                r.dimension_value, p.source_type, d.period_end_date, m.account_id, m.part_name,
                sum(coalesce(m.new_amount, 0) - coalesce(m.old_amount, 0)) as delta
            from moved_parts m
            join metric_parts p on p.part_name = m.part_name and p.is_of_day
            join periods_of d on d.start_date = m.start_date and d.grain = 'day'
            join restated r on r.metric_name = p.metric_name and r.grain = d.grain
                and r.period_start_date = d.period_start_date
            where m.is_of_day
            group by all
        )
        select * from monthly where delta <> 0
        union all
        select * from daily where delta <> 0
        """
    )


def _find_causes(connection: duckdb.DuckDBPyConnection, since: date) -> None:
    """Which cause an account's difference of a period has, by what became known of it."""
    connection.execute(
        "create or replace temp table evidence (account_id varchar, source_type varchar,"
        " cause varchar, happened_date date, row_count bigint)"
    )
    connection.execute(
        f"""
        insert into evidence
        with moved as (
            select currency from reference.currency_rates n
            full join earlier.reference.currency_rates o using (currency)
            where o.usd_per_unit is distinct from n.usd_per_unit
        )
        select account_id, 'subscription', '{RATE}', cast(min(created_at) as date),
            count(distinct subscription_id)
        from staging.stg_subscription__subscription_versions semi join moved using (currency)
        group by account_id
        """
    )
    # (of events there are too many to look through: their days are counted)
    tables: dict[str, list[StagingTable]] = {USAGE: []}
    for table in staging_tables(connection):
        if table.source_type != USAGE:
            tables.setdefault(table.source_type, []).append(table)
    own = connection.execute("select distinct source_type from moved_sides").fetchall()
    first = {source_type for (source_type,) in own} & tables.keys()
    # the rows of other types explain what those of the metric's own do not
    for source_types in (first, tables.keys() - first):
        for source_type in sorted(source_types):
            for table in tables[source_type]:
                _collect(connection, table, since)
            if source_type == USAGE:
                connection.execute(
                    f"insert into evidence select account_id, '{USAGE}', '{LATE}', event_date,"
                    " sum(event_count) from intermediate.int_account_usage_days__counted"
                    " where known_date >= $since group by all",
                    {"since": since},
                )
        if _choose_causes(connection):
            break
    connection.execute(
        f"""
        create or replace temp table deltas as
        select {KEY}, coalesce(c.cause, '') as cause, s.part_name, sum(s.delta) as delta
        from moved_sides s
        left join account_causes c using (account_id, source_type, grain, period_start_date)
        group by all
        """
    )


def _collect(connection: duckdb.DuckDBPyConnection, table: StagingTable, since: date) -> None:
    """Evidence of one table: what became known of an account, and what was known of it before."""
    connection.execute(
        f"create or replace temp table fresh as select * from {table.relation}"
        " where known_at >= $since",
        {"since": since},
    )
    if not connection.execute("select count(*) from fresh").fetchall()[0][0]:
        return
    gone = " or ".join(
        f"coalesce(r.{name}, false)"
        for name in ("is_deleted", "is_merged")
        if name in table.columns
    )
    owners, account, key = "", "r.account_id", table.keys[0]
    if table.owners:
        account = "o.account_id"
        owners = (
            f"join (select distinct {table.link}, account_id from {table.owners}) o"
            f" using ({table.link})"
        )
    connection.execute(
        f"""
        insert into evidence
        with before as (
            select distinct {", ".join(table.keys)}, {table.changed} as said_at
            from {table.relation}
            where known_at < $since and {key} in (select {key} from fresh)
        )
        select {account}, '{table.source_type}',
            case when {gone or "false"} then '{DELETION}'
                when b.said_at is not null then '{CORRECTION}' else '{LATE}' end as cause,
            cast(r.{table.begins} as date), count(*)
        from fresh r {owners}
        left join before b on {" and ".join(f"r.{name} = b.{name}" for name in table.keys)}
            and r.{table.changed} = b.said_at
        group by all
        """,
        {"since": since},
    )


def _choose_causes(connection: duckdb.DuckDBPyConnection) -> bool:
    """Choose among the evidence; whether no account's difference is left without a cause."""
    placed = " ".join(f"when '{cause}' then {place}" for place, cause in enumerate(ORDER))
    # an account's own rows of the metric's source type first, then what happened in the period
    connection.execute(
        f"""
        create or replace temp table account_causes as
        with asked as (
            select distinct account_id, source_type, grain, period_start_date, period_end_date
            from moved_sides
        ),
        found as (
            select a.account_id, a.source_type, a.grain, a.period_start_date, e.cause,
                e.cause <> '{RATE}' and e.source_type <> a.source_type as is_of_others,
                e.happened_date < a.period_start_date as is_older,
                sum(e.row_count) as row_count
            from asked a
            join evidence e on e.account_id = a.account_id
                and e.happened_date < a.period_end_date
                and (e.cause <> '{RATE}' or a.source_type = 'subscription')
            group by all
        )
        select account_id, source_type, grain, period_start_date, cause, row_count
        from found
        qualify row_number() over (
            partition by account_id, source_type, grain, period_start_date
            order by cause <> '{RATE}', is_of_others, is_older, case cause {placed} end
        ) = 1
        """
    )
    left = connection.execute(
        "select count(*) from moved_sides"
        " anti join account_causes using (account_id, source_type, grain, period_start_date)"
    ).fetchall()
    return not left[0][0]


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


def _evaluate(connection: duckdb.DuckDBPyConnection, metrics: Iterable[Definition]) -> None:
    """The value of each restated key, cause after cause, from that of the new parts back."""
    placed = " ".join(f"when '{cause}' then {place}" for place, cause in enumerate(ORDER, start=1))
    connection.execute(
        f"""
        create or replace temp table steps as
        select distinct {KEY}, cause, case cause {placed} else {len(ORDER) + 1} end as step
        from deltas
        union all
        select {KEY}, '', 0 from restated where not is_redefined;
        create or replace temp table amounts as
        select s.*, m.part_name,
            case
                when any_value(p.amount) is null and count(d.delta) = 0 then null
                else coalesce(any_value(p.amount), 0)
                    - coalesce(sum(d.delta) filter (where d.step > s.step), 0)
            end as amount
        from steps s
        join metric_parts m using (metric_name)
        left join part_sums p using (part_name, over_time, {KEY.partition(", ")[2]})
        left join (select * from deltas join steps using ({KEY}, cause) where step > 0) d
            using (part_name, {KEY})
        group by all;
        create or replace temp table evaluated as
        select {KEY}, cause, step, cast(null as double) as value from steps limit 0
        """
    )
    for metric in metrics:
        parts = ", ".join(
            f"cast(max(case when part_name = '{part}' then amount end) as double) as {part}"
            for part in metric.parts
        )
        connection.execute(
            f"""
            insert into evaluated
            with pivoted as (
                select {KEY}, cause, step, {parts} from amounts
                where metric_name = $name group by all
            )
            select {KEY}, cause, step, {metric.expression}
            from pivoted
            join catalogue.int_metric_periods__listed using (grain, period_start_date)
            """,
            {"name": metric.name},
        )


def _complete(connection: duckdb.DuckDBPyConnection, is_other_code: bool) -> None:
    """The differences by cause, so that those of a value add up to the whole one."""
    rest = DEFINITION if is_other_code else UNEXPLAINED
    connection.execute(
        f"""
        create or replace temp table explained as
        with counted as (
            select {KEY}, cause, count(*) as account_count, sum(row_count) as row_count
            from (
                select distinct {KEY}, account_id, coalesce(c.cause, '') as cause,
                    coalesce(c.row_count, 0) as row_count
                from moved_sides s
                left join account_causes c
                    using (account_id, source_type, grain, period_start_date)
            )
            group by all
        ),
        stepped as (
            select *, value - lag(value) over per_key as moved, count(*) over all_of_key
                > count(value) over all_of_key as is_broken
            from evaluated
            window per_key as (partition by {KEY} order by step),
                all_of_key as (partition by {KEY})
        ),
        -- where a value between the two is undefined, the first cause has the whole difference
        shared as (
            select {KEY}, cause, step,
                case when not is_broken then moved
                    when step = min(step) over (partition by {KEY}) then r.new_value - r.old_value
                    else 0 end as difference,
                r.new_value - r.old_value as whole,
                greatest(abs(r.old_value), abs(r.new_value)) as size
            from stepped join restated r using ({KEY})
            where step > 0
        ),
        summed as (
            select {KEY}, any_value(whole) - sum(difference) as remainder,
                max(step) as last_step, any_value(size) as scale
            from shared group by all
        ),
        told as (
            select {KEY}, cause,
                difference + if(step = last_step
                    and abs(remainder) <= {TOLERANCE} * scale, remainder, 0) as difference
            from shared join summed using ({KEY})
            union all
            select {KEY}, '-', remainder from summed where abs(remainder) > {TOLERANCE} * scale
            union all
            select {KEY}, '-', new_value - old_value
            from restated anti join summed using ({KEY})
            where not is_redefined
        ),
        -- what others did moves an account's place in a ranking
        rankings as (
            select {KEY}, max(if(cause = '', null, cause)) as others_cause
            from counted
            semi join (from metric_parts where source_type = 'predictions') using (metric_name)
            group by all
        ),
        named as (
            select t.* replace (case when t.cause not in ('', '-') then t.cause
                    else coalesce(p.others_cause, k.late_nights, '{rest}') end as cause),
                n.account_count, n.row_count
            from told t
            left join counted n using ({KEY}, cause)
            left join rankings p using ({KEY})
            left join (
                select distinct metric_name, '{LATE}' as late_nights from metric_parts
                where source_type = 'predictions' and exists (
                    select 1 from ops.runs where state = '{ops.REPLAYED}'
                        and run_id not in (select run_id from earlier.ops.runs)
                )
            ) k using (metric_name)
        )
        select {KEY}, cause, sum(difference) as difference,
            coalesce(sum(account_count), 0)::bigint as account_count,
            coalesce(sum(row_count), 0)::bigint as row_count
        from named group by all
        union all
        select {KEY}, '{DEFINITION}', new_value - old_value, 0, 0 from restated where is_redefined
        """
    )


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
