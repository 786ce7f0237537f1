"""From a value to the rows of facts that it is the sum of, or the ratio of sums of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import duckdb

from plumbline.store.definitions import Definition, Definitions, Measure
from plumbline.trace.question import Period, Question, Value

TOLERANCE = 1e-9
MONTHS = "core.dim_account_months"
# A measure that is recomputed from the scores of all judged accounts.
PLACEMENT = "positive_placement"
AUC = """
    with judged as (
        select f.churn_probability, f.churned_count, {cut} as is_asked
        from monitoring.fct_account_risk_monthly f
        join core.dim_account_months m using (account_month_id)
        where m.month_start_date = $month and f.judged_count = 1
    )
    select avg(case when s.churn_probability < c.churn_probability then 1.0
            when s.churn_probability = c.churn_probability then 0.5 else 0.0 end),
        count(distinct c.rowid_), count(distinct s.rowid_)
    from (select *, row_number() over () as rowid_ from judged) c
    cross join (select *, row_number() over () as rowid_ from judged) s
    where c.churned_count = 1 and c.is_asked and s.churned_count = 0
"""


@dataclass(frozen=True)
class Part:
    """A sum over the rows of one fact.

    Attributes
    ----------
    amount : Decimal or None
        None where no row has a figure.
    rows, accounts : int
        Rows that put something other than 0 into it, and whose they are.
    """

    measure: Measure
    amount: Decimal | None
    rows: int
    accounts: int


@dataclass(frozen=True)
class Fact:
    """The rows of one fact that a value is made of.

    Attributes
    ----------
    names, rows : sequences
        Columns and rows that are shown, those that weigh most first.
    count : int
        Rows in all.
    """

    relation: str
    key: str
    parts: tuple[Part, ...]
    names: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    count: int


@dataclass(frozen=True)
class Sums:
    """A value put together again from rows of facts.

    Attributes
    ----------
    value : float or None
        Of the account alone, where one was asked for.
    whole : float or None
        Of all rows: the value of the catalogue, where they add up.
    ranked : tuple or None
        The AUC counted pair by pair, the churned and the stayed accounts; None for other metrics.
    """

    facts: tuple[Fact, ...]
    value: float | None
    whole: float | None
    ranked: tuple[float, int, int] | None

    def adds_up(self, published: Value) -> bool:
        """Whether the rows give the published value, counted pair by pair, too."""
        given = [self.whole, *(self.ranked[:1] if self.ranked else ())]
        return all(_is_equal(one, published.value) for one in given)


def _is_equal(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= TOLERANCE * max(abs(one), abs(other)) + 1e-12


def sum_facts(
    connection: duckdb.DuckDBPyConnection, definitions: Definitions, question: Question, limit: int
) -> Sums:
    """Sum the rows of the facts below a value.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        On the published file.
    limit : int
        Rows of each fact that are shown.
    """
    listed: dict[str, list[Measure]] = {}
    definition = definitions.metrics[question.metric]
    for part in definition.parts:
        measure = definitions.measures[part]
        listed.setdefault(measure.relation, []).append(measure)
    facts = tuple(
        _read_fact(connection, question, definition, measures, limit)
        for measures in listed.values()
    )
    own = {part.measure.name: part.amount for fact in facts for part in fact.parts}
    whole = own
    if question.account is not None:
        everyone = Question(question.metric, question.period, question.dimension, question.cut)
        whole = {
            part.measure.name: part.amount
            for measures in listed.values()
            for part in _parts(connection, everyone, definition, measures)
        }
    return Sums(
        facts,
        evaluate(connection, definition, question.period, own),
        evaluate(connection, definition, question.period, whole),
        _ranked(connection, definitions, question),
    )


def evaluate(
    connection: duckdb.DuckDBPyConnection,
    definition: Definition,
    period: Period,
    parts: Mapping[str, Decimal | None],
) -> float | None:
    """A metric's value, by its own expression, of amounts by part."""
    columns = ", ".join(f"cast(${name} as double) as {name}" for name in parts)
    row = connection.execute(
        f"select {definition.expression} from"
        f" (select {columns}, cast($period_days as bigint) as period_days)",
        {**parts, "period_days": (period.end - period.start).days},
    ).fetchall()[0]
    return None if row[0] is None else float(row[0])


def _scope(
    question: Question, definition: Definition, relation: str, day: str
) -> tuple[str, dict[str, Any]]:
    """Rows of a fact that belong to a value: what comes after `from`, and its parameters."""
    period = question.period
    asked: dict[str, Any] = {"start": period.start, "end": period.end}
    if period.grain == "day":
        scope = f"{relation} f where f.{day} >= $start and f.{day} < $end"
    else:
        # a state is that of the period's last month
        if definition.over_time != "sum":
            asked["start"] = period.last_month
        scope = (
            f"{relation} f join {MONTHS} m using (account_month_id)"
            " where m.month_start_date >= $start and m.month_start_date < $end"
        )
        if question.dimension != "total":
            scope += f" and m.{question.dimension} = $cut"
            asked["cut"] = question.cut
    if question.account is not None:
        scope += " and f.account_id = $account"
        asked["account"] = question.account
    return scope, asked


def _operand(measure: Measure) -> str:
    return f"cast({measure.operand} as decimal(38, 12))"


def _source(measures: Sequence[Measure]) -> str:
    # in a subquery, so that a measure's own column names mean the fact's
    sums = ", ".join(f"{_operand(one)} as part_{one.name}" for one in measures)
    return f"(select *, {sums} from {measures[0].relation})"


def _parts(
    connection: duckdb.DuckDBPyConnection,
    question: Question,
    definition: Definition,
    measures: Sequence[Measure],
) -> tuple[Part, ...]:
    scope, asked = _scope(question, definition, _source(measures), measures[0].time_column)
    columns = ", ".join(
        f"sum(part_{m.name}), count(*) filter (where part_{m.name} <> 0),"
        f" count(distinct f.account_id) filter (where part_{m.name} <> 0)"
        for m in measures
    )
    row = connection.execute(f"select {columns} from {scope}", asked).fetchall()[0]
    return tuple(
        Part(measure, *row[place * 3 : place * 3 + 3]) for place, measure in enumerate(measures)
    )


def _read_fact(
    connection: duckdb.DuckDBPyConnection,
    question: Question,
    definition: Definition,
    measures: Sequence[Measure],
    limit: int,
) -> Fact:
    relation, day = measures[0].relation, measures[0].time_column
    columns = [row[0] for row in connection.execute(f"describe {relation}").fetchall()]
    keys = [
        name
        for name in columns
        if (name.endswith("_id") and name != "account_month_id") or name in (day, "movement")
    ]
    names = ", ".join(f"f.{name}" for name in keys)
    amounts = ", ".join(f"part_{one.name} as {one.name}" for one in measures)
    moved = " or ".join(f"part_{one.name} <> 0" for one in measures)
    scope, asked = _scope(question, definition, _source(measures), day)
    weight = ", ".join(f"abs(coalesce(part_{one.name}, 0)) desc" for one in measures)
    found = connection.execute(
        f"select {names}, {amounts}, count(*) over () as count_ from {scope} and ({moved})"
        f" order by {weight}, {names} limit {int(limit)}",
        asked,
    )
    shown = [column[0] for column in found.description[:-1]]
    rows = found.fetchall()
    return Fact(
        relation,
        measures[0].key,
        _parts(connection, question, definition, measures),
        tuple(shown),
        tuple(row[:-1] for row in rows),
        rows[0][-1] if rows else 0,
    )


def _ranked(
    connection: duckdb.DuckDBPyConnection, definitions: Definitions, question: Question
) -> tuple[float, int, int] | None:
    operands = {definitions.measures[p].operand for p in definitions.metrics[question.metric].parts}
    if PLACEMENT not in operands:
        return None
    cut = "true" if question.dimension == "total" else f"m.{question.dimension} = $cut"
    asked: dict[str, Any] = {"month": question.period.last_month}
    if question.dimension != "total":
        asked["cut"] = question.cut
    row = connection.execute(AUC.format(cut=cut), asked).fetchall()[0]
    return None if row[0] is None else (float(row[0]), int(row[1]), int(row[2]))
