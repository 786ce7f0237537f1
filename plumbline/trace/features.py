"""From a feature of an account at a date to the rows that were known then."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import duckdb

from plumbline.errors import UserError
from plumbline.store.dbt import Dbt
from plumbline.trace.question import near, require_account

FEATURES, MODEL = "features.feat_accounts_daily", "feat_accounts_daily"
# What is no feature of that table.
NO_FEATURES = ("account_id", "as_of_date", "life_number", "is_paying", "is_trial")
INPUT = re.compile(r"\b(usage_windows|measures|days|renewals)\.(\w+)")
TOLERANCE = 1e-9
USAGE_DAYS = "intermediate.int_account_usage_days__counted"
USER_DAYS = "intermediate.int_user_days__counted"
CATEGORY_DAYS = "intermediate.int_category_days__counted"
EFFECTS = tuple(
    f"intermediate.int_{source_type}_measures__dated"
    for source_type in ("support", "sentiment", "preparedness", "engagement", "subscription")
)
# Sums over the days of a window, by what their names begin with: where from, and what of it.
WINDOWED = {
    "active_users": (USAGE_DAYS, "coalesce(sum(active_user_count), 0)"),
    "core_actions": (USAGE_DAYS, "coalesce(sum(core_action_count), 0)"),
    "events": (USAGE_DAYS, "coalesce(sum(event_count), 0)"),
    "invites": (USAGE_DAYS, "coalesce(sum(invite_count), 0)"),
    "distinct_active_users": (USER_DAYS, "count(distinct user_id)"),
    "distinct_commenting_users": (
        USER_DAYS,
        "count(distinct user_id) filter (where comment_count > 0)",
    ),
    "distinct_feature_categories": (CATEGORY_DAYS, "count(distinct feature_category)"),
    "category_events": (CATEGORY_DAYS, "coalesce(sum(event_count), 0)"),
    "first_active_date": (USAGE_DAYS, "min(event_date)"),
    "last_active_date": (USAGE_DAYS, "max(event_date)"),
}
# What other columns of the same row say of the day.
OF_THE_ROW = {
    "account_age_days": "account_age_days",
    "seat_count": "seats",
    "mrr_cents": "cast(round(mrr * 100) as bigint)",
    "as_of_date": "as_of_date",
}


@dataclass(frozen=True)
class Input:
    """What a feature is made of.

    Attributes
    ----------
    name : str
        As the feature's SQL calls it.
    value : float or None
        None where it is not known.
    rows : int or None
        Rows of `relation` that it is counted from; None where it is not counted anew here.
    """

    name: str
    value: Any
    relation: str
    rows: int | None
    window_days: int | None


@dataclass(frozen=True)
class TracedFeature:
    """A feature, its inputs and what they give.

    Attributes
    ----------
    expression : str
        SQL over the inputs.
    recomputed : float or None
        None where an input is not counted anew here, or nothing is known.
    is_recomputed : bool
        Whether `recomputed` says anything.
    """

    name: str
    value: float | None
    expression: str
    inputs: tuple[Input, ...]
    recomputed: float | None
    is_recomputed: bool

    @property
    def adds_up(self) -> bool:
        """Whether the inputs give the value."""
        if not self.is_recomputed:
            return True
        if self.value is None or self.recomputed is None:
            # (what was not watched yet counts 0 here, and is unknown there)
            return self.value is None or self.recomputed is self.value
        gap = abs(self.value - self.recomputed)
        return gap <= TOLERANCE * max(abs(self.value), abs(self.recomputed)) + 1e-12


def feature_expressions(dbt: Dbt) -> dict[str, str]:
    """SQL of every feature over its inputs, as dbt compiles it."""
    sql = dbt.compiled([MODEL])[MODEL]
    sql = re.sub(r"--[^\n]*", "", sql)
    listed = sql[sql.index("featured as") :]
    listed = listed[listed.index("select") + len("select") : listed.index("from days")]
    found = {}
    for one in _split(listed):
        text = " ".join(one.split())
        expression, sign, name = text.rpartition(" as ")
        if not sign:
            expression, name = text, text.rpartition(".")[2]
        found[name] = expression
    return found


def _split(listed: str) -> list[str]:
    """Split a select list at its commas, those within brackets left alone."""
    depth, start, parts = 0, 0, []
    for place, sign in enumerate(listed):
        depth += (sign == "(") - (sign == ")")
        if sign == "," and depth == 0:
            parts.append(listed[start:place])
            start = place + 1
    return [*parts, listed[start:]]


def read_feature(
    published: duckdb.DuckDBPyConnection, name: str, account: str, day: date
) -> tuple[float | None, dict[str, Any]]:
    """A feature's published value, and what else its row says.

    Raises
    ------
    UserError
        There is no such feature, account, or row.
    """
    columns = [row[0] for row in published.execute(f"describe {FEATURES}").fetchall()]
    known = [one for one in columns if one not in NO_FEATURES]
    if name not in known:
        raise UserError(f"there is no feature '{name}'", f"did you mean {near(name, known)}?")
    require_account(published, account)
    of_row = ", ".join(f"{sql} as {column}" for column, sql in OF_THE_ROW.items())
    row = published.execute(
        f"select {name}, life_number, {of_row} from {FEATURES}"
        " where account_id = ? and as_of_date = ?",
        [account, day],
    ).fetchone()
    if row is None:
        span = published.execute(
            f"select min(as_of_date), max(as_of_date) from {FEATURES} where account_id = ?",
            [account],
        ).fetchall()[0]
        raise UserError(
            f"{account} has no published features at {day}",
            f"it has them from {span[0]} to {span[1]}" if span[0] else "it has none at all",
        )
    value = None if row[0] is None else float(row[0])
    return value, dict(zip(("life_number", *OF_THE_ROW), row[1:], strict=True))


def trace_feature(
    private: duckdb.DuckDBPyConnection,
    name: str,
    value: float | None,
    of_row: Mapping[str, Any],
    expression: str,
    account: str,
) -> TracedFeature:
    """Count a feature's inputs anew, from what was known before the day, and put them together.

    Parameters
    ----------
    private : duckdb.DuckDBPyConnection
        On the private file.
    of_row : mapping
        What the feature's row says beside it (`read_feature`).
    """
    found = [
        _input(private, part, column, of_row, account)
        for part, column in dict.fromkeys(INPUT.findall(expression))
    ]
    is_recomputed = bool(found) and all(one.rows is not None for one in found)
    recomputed = None
    if is_recomputed:
        relations: dict[str, dict[str, Any]] = {}
        for one in found:
            part, _, column = one.name.partition(".")
            relations.setdefault(part, {})[column] = one.value
        relations.setdefault("days", {}).setdefault("account_age_days", of_row["account_age_days"])
        sources = ", ".join(
            f"(select {', '.join(f'${part}_{c} as {c}' for c in columns)}) as {part}"
            for part, columns in relations.items()
        )
        asked = {f"{p}_{c}": v for p, columns in relations.items() for c, v in columns.items()}
        got = private.execute(f"select {expression} from {sources}", asked).fetchall()[0][0]
        recomputed = None if got is None else float(got)
    return TracedFeature(name, value, expression, tuple(found), recomputed, is_recomputed)


def _input(
    private: duckdb.DuckDBPyConnection,
    part: str,
    column: str,
    of_row: Mapping[str, Any],
    account: str,
) -> Input:
    name, day = f"{part}.{column}", of_row["as_of_date"]
    window = re.search(r"_(\d+)d$", column)
    days = int(window[1]) if window else None
    if part == "days" and column in of_row:
        return Input(name, of_row[column], FEATURES, 1, None)
    if part == "measures":
        relation = " union all ".join(
            f"select *, '{one}' as relation_ from {one}" for one in EFFECTS
        )
        value, rows, source = private.execute(
            f"select coalesce(sum(amount), 0)::double, count(*), min(relation_) from ({relation})"
            " join intermediate.int_account_lives__numbered l using (account_id)"
            " where account_id = $account and measure = $measure"
            " and effective_from_date <= $day and effective_until_date > $day"
            " and happened_date < $day and l.life_number = $life"
            " and happened_date >= l.life_started_date"
            " and happened_date < l.next_life_started_date",
            {"account": account, "measure": column, "day": day, "life": of_row["life_number"]},
        ).fetchall()[0]
        return Input(name, value, source or EFFECTS[0], rows, days)
    kind = column.removesuffix(f"_{days}d")
    if part == "usage_windows" and kind in WINDOWED:
        relation, sql = WINDOWED[kind]
        first = date.min if days is None else day - timedelta(days=days)
        value, rows = private.execute(
            f"select {sql}, count(*) from {relation}"
            " join intermediate.int_account_lives__numbered l using (account_id)"
            " where account_id = $account and event_date >= $first and event_date < $day"
            " and known_date < $day and l.life_number = $life"
            " and event_date >= l.life_started_date"
            " and event_date < l.next_life_started_date",
            {"account": account, "first": first, "day": day, "life": of_row["life_number"]},
        ).fetchall()[0]
        return Input(name, value, relation, rows, days)
    return Input(name, None, "", None, days)


def source_types_of(traced: TracedFeature) -> set[str]:
    """Source types whose rows a feature is made of."""
    found = set()
    for one in traced.inputs:
        if one.relation in EFFECTS:
            found.add(one.relation.removeprefix("intermediate.int_").split("_")[0])
        elif one.name.startswith("usage_windows"):
            found.add("usage")
        elif one.name.startswith(("days", "renewals")):
            found.add("subscription")
    return found
