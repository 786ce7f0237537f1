"""Compares what a world's tables say with what a case says is right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import duckdb

from plumbline.proofs.exports.cases import Case, is_steady

# What must be 0 in a sound world: rules of severity error, and those that put a row aside.
PUT_ASIDE = (
    "reported_value_unmapped",
    "subscription_version_unreadable",
    "price_unknown",
    "discount_unreadable",
    "discount_in_unknown_currency",
    "scheduled_phase_unreadable",
    "subscription_date_unreadable",
    "subscription_in_unknown_currency",
    "subscription_stale",
    "subscription_items_truncated",
)
CENT = 0.005


@dataclass
class World:
    """What the tables of a built world say: by account, by rule, and what is held by case."""

    connection: duckdb.DuckDBPyConnection
    mrr: dict[str, dict[str, float]] = field(default_factory=dict)
    churns: dict[str, list[tuple[str, str | None]]] = field(default_factory=dict)
    movements: dict[str, dict[str, str]] = field(default_factory=dict)
    rates: dict[str, float] = field(default_factory=dict)
    rules: dict[str, tuple[int, str]] = field(default_factory=dict)
    held: dict[str, float] = field(default_factory=dict)


def read_world(connection: duckdb.DuckDBPyConnection) -> World:
    """Read the published relations once for all cases."""
    world = World(connection)

    def rows(sql: str) -> list[tuple[Any, ...]]:
        return connection.execute(sql).fetchall()

    for account, month, mrr in rows(
        "select account_id, strftime(month_start_date, '%Y-%m'), cast(mrr_usd as double)"
        " from revenue.fct_account_mrr_monthly where mrr_usd > 0"
    ):
        world.mrr.setdefault(account, {})[month] = mrr
    for account, churned, returned in rows(
        "select account_id, cast(churn_date as varchar), cast(returned_date as varchar)"
        " from core.fct_account_churns order by all"
    ):
        world.churns.setdefault(account, []).append((churned, returned))
    for account, month, movement in rows(
        "select account_id, strftime(month_start_date, '%Y-%m'),"
        " format('{} {:.2f}{}', movement, cast(amount_usd as double),"
        " case when is_late_renewal then ' late renewal' else '' end)"
        " from revenue.fct_mrr_movements"
    ):
        world.movements.setdefault(account, {})[month] = movement
    world.rates = dict(rows("select currency, usd_per_unit from reference.currency_rates"))
    world.rules = {
        rule: (count or 0, severity)
        for rule, count, severity in rows(
            "select rule_name, rows_failing, severity from quality.rpt_source_contradictions"
        )
    }
    if rows("from duckdb_tables() where table_name = 'rpt_doubtful_subscriptions'"):
        for name, held in rows(
            "select split_part(subscription_id, '-', 1), sum(cast(mrr_usd as double))"
            " from quality.rpt_doubtful_subscriptions group by all"
        ):
            world.held[name] = held or 0.0
    return world


def value_problems(case: Case, world: World) -> list[str]:
    """What the world says that is not what the case says is right."""
    problems: list[str] = []
    for account, months in case.mrr.items():
        wanted = {month: in_usd(amount, world.rates) for month, amount in months.items()}
        unknown = sorted({str(months[m]) for m, usd in wanted.items() if usd is None})
        if unknown:
            problems.append(f"no rate for {unknown[0].split()[1]} in currency_rates")
            continue
        found = world.mrr.get(account, {})
        for month in sorted({*wanted, *found}):
            right, is_ = wanted.get(month, 0.0), found.get(month, 0.0)
            if abs(right - is_) > CENT:
                problems.append(f"{short(case, account)} {month}: MRR {right:.2f}, is {is_:.2f}")
                break
        if account not in case.churns and is_steady(months) and world.churns.get(account):
            problems.append(f"{short(case, account)}: no churn, is {world.churns[account][0][0]}")
    for account, churns in case.churns.items():
        found = world.churns.get(account, [])
        if found != churns:
            problems.append(f"{short(case, account)}: churns {churns}, are {found}")
    for account, movements in case.movements.items():
        found = world.movements.get(account, {})
        if found != movements:
            problems.append(f"{short(case, account)}: movements {movements}, are {found}")
    for sql, right in case.answers.items():
        problems.extend(_answer(case, world.connection, sql, right))
    return problems


def _answer(
    case: Case, connection: duckdb.DuckDBPyConnection, sql: str, right: Any
) -> Iterable[str]:
    try:
        row = connection.execute(sql).fetchone()
    except duckdb.Error as error:
        yield f"{short(case, sql)}: {str(error).splitlines()[0]}"
        return
    found = row[0] if row else None
    if isinstance(right, (int, float)) and found is not None and not isinstance(right, bool):
        same = abs(float(found) - right) <= CENT
    else:
        same = (found if isinstance(found, (bool, type(None))) else str(found)) == right
    if not same:
        yield f"{short(case, sql)}: {right}, is {found}"


def in_usd(amount: float | str, rates: Mapping[str, float]) -> float | None:
    """An amount in USD at the seed's rate; None where the seed has none."""
    if not isinstance(amount, str):
        return float(amount)
    value, currency = amount.split()
    rate = rates.get(currency)
    return None if rate is None else round(float(value) * float(rate) + 1e-9, 2)


def counted_problems(
    cases: Iterable[Case], world: World, sound: Mapping[str, int]
) -> dict[str, list[str]]:
    """By case, rules that do not count what the cases of a world planted, no less and no more.

    Parameters
    ----------
    sound : mapping of rule to rows
        What each rule counts in the sound world.

    Returns
    -------
    dict of str to list of str
        Under an empty name: rules that count what no case planted.
    """
    problems: dict[str, list[str]] = {}
    wanted: Counter[str] = Counter()
    planted: dict[str, list[tuple[Case, float | None]]] = {}
    for case in cases:
        for entry in case.counted:
            if entry.rule not in world.rules:
                problems.setdefault(case.name, []).append(f"there is no rule {entry.rule}")
                continue
            wanted[entry.rule] += entry.rows
            planted.setdefault(entry.rule, []).append((case, entry.held_usd))
    for rule, (count, severity) in world.rules.items():
        more = count - sound.get(rule, 0)
        if rule in planted:
            told = f"{rule} counts {more}, {wanted[rule]} are planted by {len(planted[rule])} cases"
            unseen = [case for case, _ in planted[rule] if case.name not in world.held]
            for case, held in planted[rule]:
                # where too few are counted, it is those that nothing doubts
                if more > wanted[rule] or (more < wanted[rule] and (case in unseen or not unseen)):
                    problems.setdefault(case.name, []).append(told)
                is_held = world.held.get(case.name, 0.0)
                if held is not None and abs(held - is_held) > CENT:
                    problems.setdefault(case.name, []).append(
                        f"{held:.2f} is held, {is_held:.2f} is told"
                    )
        elif more > 0 and (severity == "error" or rule in PUT_ASIDE):
            problems.setdefault("", []).append(f"{rule} counts {more} rows that nobody planted")
    return problems


def short(case: Case, text: str) -> str:
    """A text with `@` in the place of the case's name."""
    return text.replace(f"{case.name}-", "@")
