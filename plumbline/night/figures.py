"""Reads from the private file what the summary tells."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import duckdb

TOP = 10
AUC = "auc_roc"


@dataclass(frozen=True)
class Account:
    """One line of the ten that are shown; `rank` is its place among them."""

    rank: int
    account: str
    probability: float
    arr_usd: float
    reason: str


@dataclass(frozen=True)
class ModelQuality:
    """The model on the last period, which it never saw.

    Attributes
    ----------
    auc, lower, upper : float or None
        Area under the ROC curve and its interval, 0 to 1.
    """

    version: str
    kind: str
    auc: float | None
    lower: float | None
    upper: float | None
    positives: int | None


@dataclass(frozen=True)
class Label:
    """A label of the training examples: how often it is 1 among its mature rows."""

    name: str
    positives: int
    examples: int


@dataclass(frozen=True)
class Contradiction:
    """A rule of the quality report that found rows."""

    rule: str
    failing: int
    checked: int


@dataclass(frozen=True)
class Doubt:
    """Subscriptions whose MRR the input does not fully support, for one reason.

    Attributes
    ----------
    doubt : str
        As in ``quality.rpt_doubtful_subscriptions``.
    told_usd : float
        What their last invoices bill a month; of one without invoices, what it counts with.
    mrr_usd : float
        What they count with, kept or in doubt.
    example : str
        Id of the one with the most money.
    """

    doubt: str
    subscriptions: int
    told_usd: float
    mrr_usd: float
    example: str


@dataclass(frozen=True)
class UnmappedWord:
    """A vendor's word that the seed ``reported_values`` does not hold."""

    field: str
    word: str
    rows: int
    example: str


@dataclass(frozen=True)
class Invoiced:
    """MRR of the last complete month beside what invoices billed.

    Attributes
    ----------
    share : float
        Share of it that agrees or differs for a named reason, 1 at most.
    unexplained_usd : float
        The rest, over accounts, without signs.
    accounts : int
        Accounts with a dollar or more of the rest.
    """

    share: float
    unexplained_usd: float
    accounts: int


@dataclass(frozen=True)
class Standing:
    """Alerts of one incident and target that stand; of the gravest the severity."""

    severity: str
    incident: str
    target: str
    count: int
    since: date


@dataclass(frozen=True)
class FixedCut:
    """What the reference case's fixed threshold would flag, beside the worklist."""

    threshold: float
    flagged: int


def read_fixed_cut(connection: duckdb.DuckDBPyConnection) -> FixedCut:
    """Accounts of the night at or above the fixed threshold."""
    row = connection.execute(
        "select max(rules.rule_value),"
        " (select count(*) from risk.rpt_at_risk_accounts where is_above_fixed_threshold)"
        " from reference.worklist_rules as rules where rules.rule_name = 'fixed_threshold'"
    ).fetchone() or (0.0, 0)
    return FixedCut(float(row[0]), int(row[1]))


def read_cut(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """By which rule the worklist is cut, and why the riskiest account is not on it."""
    rules = connection.execute(
        "select rule_name, source from reference.worklist_rules where kind = 'list' and is_in_use"
    ).fetchall()
    left_out = connection.execute(
        "select coalesce(account_name, account_id), churn_probability, worklist_status"
        " from risk.rpt_at_risk_accounts where risk_rank = 1 and not is_on_worklist"
    ).fetchall()
    waiting = connection.execute(
        "select worklist_status, count(*) from risk.rpt_at_risk_accounts where worklist_status in"
        " ('contacted lately', 'suppressed', 'no slot left') group by all order by 2 desc, 1"
    ).fetchall()
    counted = ", ".join(f"{status} {count:,}" for status, count in waiting)
    return (
        *(f"Rule {name}: {words}." for name, words in rules),
        *((f"Worth a contact, and not on it: {counted}.",) if counted else ()),
        *(
            f"The riskiest account, {name} ({probability:.1%}), is not on it: {status}."
            for name, probability, status in left_out
        ),
    )


def read_figures(
    connection: duckdb.DuckDBPyConnection,
) -> tuple[int, int, float, float, tuple[Account, ...]]:
    """Accounts scored, on the worklist, their ARR, ARR at risk, and ten accounts to show.

    Of all managers' lists together, the first ten in the order of the rule in use; where nobody is
    on a list, the ten riskiest.
    """
    row = connection.execute(
        "select count(*), count(*) filter (where is_on_worklist), coalesce(sum(arr_usd), 0),"
        " coalesce(sum(arr_at_risk_usd), 0) from risk.rpt_at_risk_accounts"
    ).fetchone() or (0, 0, 0.0, 0.0)
    first = connection.execute(
        "select coalesce(account_name, account_id), churn_probability, arr_usd, reason_1"
        " from risk.rpt_at_risk_accounts left join reference.worklist_rules as rules"
        " on rules.rule_name = 'expected_value' and rules.is_in_use and is_on_worklist"
        " order by is_on_worklist desc,"
        " case when rules.rule_name is not null then expected_saved_usd end desc,"
        f" risk_rank limit least({TOP}, ?)",
        [int(row[1]) or TOP],
    ).fetchall()
    accounts = tuple(
        Account(place, account, probability, float(arr or 0), reason or "")
        for place, (account, probability, arr, reason) in enumerate(first, start=1)
    )
    return int(row[0]), int(row[1]), float(row[2]), float(row[3]), accounts


def read_model_quality(
    connection: duckdb.DuckDBPyConnection, model_version: str | None
) -> ModelQuality | None:
    """How well the model did on its test slice, None without a model."""
    if model_version is None:
        return None
    row = connection.execute(
        "select runs.model_kind, performance.metric_value, performance.lower_bound,"
        " performance.upper_bound, performance.positives"
        " from ml.model_runs as runs left join ml.model_performance as performance"
        " on runs.model_version = performance.model_version"
        " and runs.model_kind = performance.model_kind"
        " and performance.slice = 'test' and performance.metric_name = ?"
        " where runs.model_version = ?",
        [AUC, model_version],
    ).fetchone()
    return ModelQuality(model_version, *row) if row else None


def read_labels(connection: duckdb.DuckDBPyConnection, names: Iterable[str]) -> tuple[Label, ...]:
    """Those of some labels of the training examples that are ever 1, with their counts."""
    found: list[Label] = []
    for name in names:
        rows = connection.execute(
            f"select coalesce(sum({name}), 0), count({name}) from features.feat_training_examples"
        ).fetchall()
        found.append(Label(name, int(rows[0][0]), int(rows[0][1])))
    return tuple(label for label in found if label.positives)


def read_contradictions(connection: duckdb.DuckDBPyConnection) -> tuple[Contradiction, ...]:
    """Rules of the quality report that found rows, the largest first."""
    rows = connection.execute(
        "select rule_name, rows_failing, rows_checked from quality.rpt_source_contradictions"
        " where rows_failing > 0 order by rows_failing desc, rule_name"
    ).fetchall()
    return tuple(Contradiction(*row) for row in rows)


def read_rule_counts(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[int, int]]:
    """Rows that each rule of the quality report counts, of how many it looked at."""
    rows = connection.execute(
        "select rule_name, coalesce(rows_failing, 0), coalesce(rows_checked, 0)"
        " from quality.rpt_source_contradictions"
    ).fetchall()
    return {rule: (failing, checked) for rule, failing, checked in rows}


def read_doubts(connection: duckdb.DuckDBPyConnection) -> tuple[Doubt, ...]:
    """Why billing's rows are in doubt at T, the most money first."""
    rows = connection.execute(
        "select doubt, count(*), cast(sum(coalesce(billed_usd, mrr_usd)) as double),"
        " cast(sum(mrr_usd) as double), arg_max(subscription_id, coalesce(billed_usd, mrr_usd))"
        " from quality.rpt_doubtful_subscriptions group by doubt order by 3 desc, 1"
    ).fetchall()
    return tuple(Doubt(*row) for row in rows)


def read_unmapped_words(connection: duckdb.DuckDBPyConnection) -> tuple[UnmappedWord, ...]:
    """Words of vendors that put their rows aside, the most frequent first."""
    rows = connection.execute(
        "select field, reported_value, row_count, example_id"
        " from quality.int_reported_values__counted where not is_mapped"
        " order by row_count desc, field, reported_value"
    ).fetchall()
    return tuple(UnmappedWord(*row) for row in rows)


@dataclass(frozen=True)
class HealthCoverage:
    """For how many accounts health could be scored tonight.

    Attributes
    ----------
    unscored : int
        Of the accounts, those of which too little is known.
    coverage_pct : float
        Mean share of the weights that is known, percent.
    idle_overrides : int
        Overrides that stand tonight for accounts that do not pay.
    """

    accounts: int
    unscored: int
    coverage_pct: float
    idle_overrides: int


def read_health(connection: duckdb.DuckDBPyConnection, as_of: date) -> HealthCoverage:
    """What is known of accounts at T, for their health score."""
    row = connection.execute(
        "select count(*), count(*) filter (computed_score is null),"
        " coalesce(avg(coverage_pct), 0), ("
        "  select count(*) from reference.health_overrides o"
        "  where ? >= o.from_date and ? < o.expires_date and not exists ("
        "   select 1 from health.rpt_account_health h where h.account_id = o.account_id)"
        " ) from health.rpt_account_health",
        [as_of, as_of],
    ).fetchone()
    return HealthCoverage(*row) if row else HealthCoverage(0, 0, 0.0, 0)


def read_invoiced(connection: duckdb.DuckDBPyConnection) -> Invoiced | None:
    """How far invoices explain MRR at the end of the last month on file, None without invoices."""
    row = connection.execute(
        "select 1 - sum(abs(unexplained_usd)) / greatest(sum(mrr_usd), 0.01),"
        " sum(abs(unexplained_usd)), count(*) filter (where abs(unexplained_usd) >= 1)"
        " from revenue.rpt_mrr_against_invoices where month_start_date ="
        " (select max(month_start_date) from revenue.rpt_mrr_against_invoices)"
    ).fetchone()
    if row is None or row[0] is None:
        return None
    return Invoiced(float(row[0]), float(row[1]), int(row[2]))


def read_standing(connection: duckdb.DuckDBPyConnection) -> tuple[Standing, ...]:
    """What stands of the alerts, by incident, the gravest first."""
    rows = connection.execute(
        "select min(severity), incident, target, count(*), min(first_seen_date)"
        " from monitoring.rpt_alerts where is_standing group by incident, target order by 1, 2, 3"
    ).fetchall()
    return tuple(Standing(*row) for row in rows)


@dataclass(frozen=True)
class Outlook:
    """How the revenue-health index stands, and where ARR is going.

    Attributes
    ----------
    index, index_before : float or None
        0-100, tonight and a month before; None where nothing of it is known.
    driver, driver_points : str and float, or None
        What moved it most within the month, and by how many points.
    days, expected_usd, share, lower_usd, upper_usd : int and float, or None
        The forecast of ARR for the middle horizon, with its interval and what share of forecasts
        that is to hold; None without scores.
    """

    index: float | None
    index_before: float | None
    driver: str | None
    driver_points: float | None
    days: int | None
    expected_usd: float | None
    share: float | None
    lower_usd: float | None
    upper_usd: float | None


def read_outlook(connection: duckdb.DuckDBPyConnection, as_of: date) -> Outlook:
    """The company's index with its largest driver, and the forecast of 60 days."""
    index = connection.execute(
        "select index_to, index_from, driver, contribution from outlook.revenue_health_drivers"
        " where level_name = 'company' and period_name = 'month'"
        " order by abs(contribution) desc, driver limit 1"
    ).fetchone() or (None, None, None, None)
    ahead = connection.execute(
        "select horizon_days, expected_arr_usd, interval_share, lower_arr_usd, upper_arr_usd"
        " from outlook.fct_arr_forecast where as_of_date = ? and horizon_days = 60",
        [as_of],
    ).fetchone() or (None, None, None, None, None)
    return Outlook(
        *(None if value is None else float(value) for value in index[:2]),
        index[2],
        None if index[3] is None else float(index[3]),
        ahead[0],
        *(None if value is None else float(value) for value in ahead[1:]),
    )
