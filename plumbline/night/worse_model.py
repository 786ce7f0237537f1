"""A model that suddenly reads worse: how far it fell, and what else moved since the one before.

Decided: D117.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

import duckdb
import numpy as np

from plumbline.config import Settings
from plumbline.night.figures import AUC, read_rule_counts
from plumbline.night.scoring import knobs

# Shares below which a cause is what any two trainings differ by.
LEAST_LABELS = 0.02
LEAST_ROWS = 0.1
LEAST_RULE = 0.01
SHOWN = 3

TRAININGS = f"""
    select
        runs.model_version, runs.as_of_date, runs.label_name, performance.metric_value,
        performance.lower_bound, performance.upper_bound, performance.positives,
        runs.parameters
    from ml.model_runs as runs
    inner join ml.model_performance as performance
        on
            runs.model_version = performance.model_version
            and runs.model_kind = performance.model_kind
            and performance.slice = 'test'
            and performance.metric_name = '{AUC}'
    where runs.target = ? and runs.as_of_date <= ?
    order by runs.as_of_date desc, runs.trained_at desc
"""
BINS = """
    select
        bins.feature_name,
        list(bins.lower_bound order by bins.bin_number) filter (bins.lower_bound is not null),
        any_value(importance.importance)
            / sum(any_value(importance.importance)) over ()
    from ml.feature_bins as bins
    inner join ml.feature_importance as importance
        on
            bins.model_version = importance.model_version
            and bins.feature_name = importance.feature_name
    where bins.model_version = ?
    group by bins.feature_name
"""


@dataclass(frozen=True)
class Training:
    """A training and what it read on the last period, which it had not seen."""

    version: str
    as_of: date
    label: str
    auc: float
    lower: float
    upper: float
    positives: int
    first_test: str
    last_test: str


@dataclass(frozen=True)
class Cause:
    """What moved between two trainings.

    Attributes
    ----------
    weight : float
        Share of what it touches, 0 to 1: positives whose label changed; rows of a feature that
        lie elsewhere, times the feature's share of the scores; rows that a rule counts anew.
    """

    weight: float
    text: str


def sentences(
    connection: duckdb.DuckDBPyConnection, settings: Settings, as_of: date
) -> Iterator[str]:
    """One sentence a target whose training of this night reads worse beyond noise.

    Worse is an AUC that lies below the interval of the training before, whose own AUC lies above
    the interval of this one.
    """
    for target, aim in knobs(settings).target.items():
        trainings = [
            _training(row) for row in connection.execute(TRAININGS, [target, as_of]).fetchall()
        ]
        if target in settings.targets_off or not trainings or trainings[0].as_of != as_of:
            continue
        now = trainings[0]
        before = next((t for t in trainings if t.as_of < as_of and t.label == now.label), None)
        if before and now.auc < before.lower and before.auc > now.upper:
            causes = [
                *_labels(connection, before, now, aim.population),
                *_features(connection, before, now, aim.population),
                *_rules(connection, before),
            ]
            yield told(target, before, now, causes)


def told(target: str, before: Training, now: Training, causes: Iterable[Cause]) -> str:
    """The fall and its causes, the likeliest first.

    Examples
    --------
    >>> from datetime import date
    >>> old = Training("a", date(2026, 1, 3), "x", 0.91, 0.88, 0.94, 196, "", "")
    >>> new = Training("b", date(2026, 1, 31), "x", 0.76, 0.71, 0.81, 206, "", "")
    >>> told("churn", old, new, [Cause(0.05, "10 labels of the past changed")])
    'churn: the model trained on 2026-01-31 reads worse than that of 2026-01-03: test AUC 0.910, \
now 0.760 (0.710 to 0.810). Likeliest cause: 10 labels of the past changed.'
    """
    fall = (
        f"{target}: the model trained on {now.as_of} reads worse than that of {before.as_of}: test"
        f" AUC {before.auc:.3f}, now {now.auc:.3f} ({now.lower:.3f} to {now.upper:.3f})."
    )
    ranked = sorted(causes, key=lambda cause: -cause.weight)
    if not ranked:
        return (
            f"{fall} Neither labels of the past, nor features, nor rules of the quality report"
            f" moved: look at the {now.positives:,} positives from {now.first_test} to"
            f" {now.last_test} in features.feat_training_examples."
        )
    also = "; ".join(cause.text for cause in ranked[1:SHOWN])
    return f"{fall} Likeliest cause: {ranked[0].text}." + (f" Also moved: {also}." if also else "")


def _training(row: tuple) -> Training:
    version, as_of, label, auc, lower, upper, positives, parameters = row
    first, last = json.loads(parameters)["slices"]["test"]["dates"]
    return Training(version, as_of, label, auc, lower, upper, positives, first, last)


def _labels(
    connection: duckdb.DuckDBPyConnection, before: Training, now: Training, population: str
) -> Iterator[Cause]:
    """Labels of dates that the training before was tested on, as they read now."""
    (positives,) = connection.execute(
        f"select count(*) filter ({now.label} = 1) from features.feat_training_examples"
        f" where {population} and as_of_date between ? and ?",
        [before.first_test, before.last_test],
    ).fetchone() or (0,)
    weight = abs(positives - before.positives) / max(before.positives, 1)
    if weight >= LEAST_LABELS:
        yield Cause(
            weight,
            f"labels of the past changed, {before.positives:,} positives from {before.first_test}"
            f" to {before.last_test} are {positives:,} now: look at the churns that are new there"
            " (core.fct_account_churns)",
        )


def _features(
    connection: duckdb.DuckDBPyConnection, before: Training, now: Training, population: str
) -> Iterator[Cause]:
    """Features that lie elsewhere on this test period than on that of the training before."""
    bins = connection.execute(BINS, [before.version]).fetchall()
    have = {
        name
        for (name,) in connection.execute(
            "select column_name from information_schema.columns where table_schema = 'features'"
            " and table_name = 'feat_training_examples'"
        ).fetchall()
    }
    bins = [one for one in bins if one[0] in have]
    if not bins:
        return
    names = ", ".join(f'cast("{name}" as double) as "{name}"' for name, _, _ in bins)
    then_rows, now_rows = (
        connection.execute(
            f"select {names} from features.feat_training_examples where {population}"
            f" and {now.label} is not null and as_of_date between ? and ?",
            [training.first_test, training.last_test],
        ).df()
        for training in (before, now)
    )
    if then_rows.empty or now_rows.empty:
        return
    for name, edges, importance in bins:
        then_values, now_values = then_rows[name].to_numpy(), now_rows[name].to_numpy()
        moved = np.abs(_shares(then_values, edges) - _shares(now_values, edges)).sum() / 2
        if moved >= LEAST_ROWS:
            weight = float(moved) * float(importance or 0)
            yield Cause(weight, _moved(name, then_values, now_values))


def _shares(values: np.ndarray, edges: list[float] | None) -> np.ndarray:
    known = values[~np.isnan(values)]
    places = np.searchsorted(edges or [], known, side="right") + 1
    counts = np.bincount(places, minlength=len(edges or []) + 2)
    counts[0] = values.size - known.size
    return counts / values.size


def _moved(name: str, then_values: np.ndarray, now_values: np.ndarray) -> str:
    """The plainest of the three figures that moved most: unknown, zero, or the mean."""
    shares = {
        "unknown": (np.isnan(then_values).mean(), np.isnan(now_values).mean()),
        "0": ((then_values == 0).mean(), (now_values == 0).mean()),
    }
    word, (was, is_now) = max(shares.items(), key=lambda item: abs(item[1][1] - item[1][0]))
    if abs(is_now - was) >= LEAST_ROWS:
        return f"{name} is {word} in {is_now:.0%} of rows, before in {was:.0%}"
    was, is_now = (np.nanmean(values) for values in (then_values, now_values))
    return f"{name} is {is_now:.3g} on average, before {was:.3g}"


def _rules(connection: duckdb.DuckDBPyConnection, before: Training) -> Iterator[Cause]:
    """Rules of the quality report that count more than on the night of the training before."""
    row = connection.execute(
        "select detail from ops.runs where state = 'published' and as_of_date <= ?"
        " order by as_of_date desc, recorded_at desc limit 1",
        [before.as_of],
    ).fetchone()
    past = json.loads(row[0]).get("rules", {}) if row else {}
    for rule, (failing, checked) in read_rule_counts(connection).items():
        if rule not in past:
            continue
        were, then_checked = past[rule]
        weight = failing / max(checked, 1) - were / max(then_checked, 1)
        if weight >= LEAST_RULE:
            yield Cause(
                weight,
                f"{rule} counts {failing:,} of {checked:,}, then {were:,} of {then_checked:,}"
                " (quality.rpt_source_contradictions)",
            )
