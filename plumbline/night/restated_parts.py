"""What accounts moved the parts of restated values by: facts as they were published, and now.

Works on temporary tables of a connection to the private file, with the published one as `earlier`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from plumbline.night.masking import Masking
from plumbline.store.definitions import Definition, Measure

KEY = "metric_name, grain, period_start_date, dimension_name, dimension_value"
DIMENSIONS = ("plan", "segment", "industry", "country", "owner", "signup_cohort")


def list_parts(connection: duckdb.DuckDBPyConnection, metrics: Sequence[Definition]) -> None:
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


def find_moved_parts(
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


def find_moved_sides(connection: duckdb.DuckDBPyConnection) -> None:
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
