"""Why values are restated: what became known of the accounts that moved, and what it comes to.

Works on the temporary tables that `restated_parts` leaves.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import duckdb

from plumbline.night.restated_parts import KEY
from plumbline.store import ops
from plumbline.store.definitions import Definition
from plumbline.store.staging import StagingTable, staging_tables

RATE, DELETION, CORRECTION = "rate", "deletion", "correction"
LATE, DEFINITION, UNEXPLAINED = "late rows", "definition", "unexplained"
# The order in which the causes of one value are put in, and in which evidence of an account counts.
ORDER = (RATE, DELETION, CORRECTION, LATE)
USAGE = "usage"
# What cuts and seats come from.
OF_ACCOUNTS = {"subscription", "master_records"}
TOLERANCE = 1e-9


def find_causes(connection: duckdb.DuckDBPyConnection, since: date) -> None:
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
    rest = tables.keys() - first
    for source_types in (first, rest & OF_ACCOUNTS, rest - OF_ACCOUNTS):
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
    """Choose among the evidence; whether all differences have a cause of their period or before."""
    placed = " ".join(f"when '{cause}' then {place}" for place, cause in enumerate(ORDER))
    # an account's rows of the metric's source type first, those of the period before older ones;
    # what happened after the period, such as a rating of one of its tickets, where nothing else is
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
                e.cause <> '{RATE}' and e.happened_date >= a.period_end_date as is_later,
                sum(e.row_count) as row_count
            from asked a
            join evidence e on e.account_id = a.account_id
                and (e.cause <> '{RATE}' or a.source_type = 'subscription')
            group by all
        )
        select account_id, source_type, grain, period_start_date, cause, row_count, is_later
        from found
        qualify row_number() over (
            partition by account_id, source_type, grain, period_start_date
            order by cause <> '{RATE}', is_later, is_of_others, is_older, case cause {placed} end
        ) = 1
        """
    )
    left = connection.execute(
        "select count(*) from moved_sides"
        " anti join (from account_causes where not is_later)"
        " using (account_id, source_type, grain, period_start_date)"
    ).fetchall()
    return not left[0][0]


def evaluate(connection: duckdb.DuckDBPyConnection, metrics: Iterable[Definition]) -> None:
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


def complete(connection: duckdb.DuckDBPyConnection, is_other_code: bool) -> None:
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
