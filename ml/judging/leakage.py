"""Leakage gates: what must not be among the rows that a model learns from (D100, D101).

A model that has seen the answer looks excellent until it is used. Each gate ends in one clear line.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ml import warehouse
from ml.checks import NUMERIC_TYPES
from ml.config import Settings, TargetSettings
from ml.fitting.splits import Split, rows_of
from plumbline.errors import UserError

OUTCOME_NAME = re.compile(
    r"_within_\d+d$|(^|_)(label|outcome|target|churn|churned|converted|expanded)(_|$)"
)
MEASURED = (*NUMERIC_TYPES, "BOOLEAN")
ALL_ROWS = "all rows"
CHURN = "churn"  # the one target that no source can switch off


@dataclass(frozen=True)
class Alone:
    """How well one feature alone ranks the positives, in whichever direction.

    ``auc`` is 0.5 to 1, below ``limit``.
    """

    feature: str
    slice_name: str
    auc: float
    limit: float


def mart_types(database: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Return column to type of the training examples and of the feature mart, as they are built."""
    found: dict[str, dict[str, str]] = {warehouse.EXAMPLES: {}, warehouse.DAILY: {}}
    rows = warehouse.query(
        database,
        "select schema_name || '.' || table_name, column_name, data_type from duckdb_columns() "
        "where database_name = current_database() and schema_name = 'features' "
        "order by column_index",
        [],
    )
    for relation, column, kind in rows:
        if relation in found:
            found[relation][column] = kind
    return found[warehouse.EXAMPLES], found[warehouse.DAILY]


def check_schemas(
    examples: Mapping[str, str], daily: Mapping[str, str], labels: Collection[str]
) -> None:
    """Check that what is learnt from and what is scored are one schema, without an outcome in it.

    Parameters
    ----------
    examples, daily : Mapping[str, str]
        Column name to database type of the training examples and of the feature mart.
    labels : Collection[str]
        Labels of all targets.

    Raises
    ------
    UserError
        Naming the first column that only the mart has, that differs in its type, or whose name is
        that of an outcome.
    """
    for name, kind in daily.items():
        if name in labels or OUTCOME_NAME.search(name):
            raise UserError(
                f"column {name} of {warehouse.DAILY} is named like an outcome",
                "labels belong in feat_training_examples alone: take it out of the feature mart",
            )
        if name not in examples:
            raise UserError(
                f"column {name} of {warehouse.DAILY} is not in {warehouse.EXAMPLES}",
                "training and scoring must read the same columns: rebuild both (`dbt build`)",
            )
        if examples[name] != kind:
            raise UserError(
                f"column {name} is {kind} in {warehouse.DAILY} and {examples[name]} in "
                f"{warehouse.EXAMPLES}",
                "training and scoring must read the same types: cast it in the feature mart",
            )


def check_mart(database: Path, settings: Settings) -> None:
    """Check the feature mart and the training examples themselves: schemas, and copies of labels.

    Raises
    ------
    UserError
        As ``check_schemas`` and ``check_likeness``.
    """
    examples, daily = mart_types(database)
    check_schemas(examples, daily, [aim.label for aim in settings.target.values()])
    check_likeness(database, examples, daily, settings)


def check_likeness(
    database: Path, examples: Mapping[str, str], daily: Mapping[str, str], settings: Settings
) -> None:
    """Check that no column of the mart, whatever its name, is a copy of a label.

    Labels are the columns that only the training examples have. Where fewer than
    ``leaking_min_accounts`` accounts of either label have a value, likeness may be chance.

    Parameters
    ----------
    examples, daily : Mapping[str, str]
        Column to type, as of ``mart_types``.

    Raises
    ------
    UserError
        Naming the column and the label that it follows.
    """
    measured = [name for name, kind in examples.items() if kind.startswith(MEASURED)]
    labels = [name for name in measured if name not in daily]
    pairs = [(name, label) for label in labels for name in measured if name in daily]
    if not pairs:
        return
    chosen = ", ".join(
        f'corr(cast("{name}" as double), cast("{label}" as double))' for name, label in pairs
    )
    [likeness] = warehouse.query(database, f"select {chosen} from {warehouse.EXAMPLES}", [])
    for (name, label), value in zip(pairs, likeness, strict=True):
        # (NaN where a column is constant)
        is_alike = value is not None and abs(value) >= settings.evaluation.leaking_correlation
        if is_alike and _accounts_of_either_label(database, name, label) >= (
            settings.evaluation.leaking_min_accounts
        ):
            raise UserError(
                f"column {name} of {warehouse.DAILY} is nearly the label {label} "
                f"(correlation {value:.2f})",
                "a feature must not know the outcome: take it out of the feature mart",
            )


def _accounts_of_either_label(database: Path, name: str, label: str) -> int:
    """Accounts with a value of the column, of the label that fewer of them have."""
    rows = warehouse.query(
        database,
        f'select count(distinct account_id) filter ("{label}" = 1), '
        f'count(distinct account_id) filter ("{label}" = 0) '
        f'from {warehouse.EXAMPLES} where "{name}" is not null',
        [],
    )
    return int(min(rows[0]))


def auc_alone(values: np.ndarray, labels: np.ndarray) -> float:
    """Return the AUC of one feature as it is, in the better of both directions.

    Unknown values stand below all known ones or above them, whichever ranks better: that a value is
    missing can tell the outcome too. Ties count half.

    Parameters
    ----------
    values, labels : np.ndarray
        Shape (rows,); NaN where unknown; 0 or 1.

    Examples
    --------
    >>> auc_alone(np.array([3.0, 2.0, 1.0, 1.0]), np.array([0, 0, 1, 0]))
    0.8333333333333334
    >>> auc_alone(np.array([np.nan, 2.0, 1.0]), np.array([1, 0, 0]))
    1.0
    """
    known, positive = ~np.isnan(values), labels == 1
    ones, zeros = np.sort(values[known & positive]), values[known & ~positive]
    below = np.searchsorted(ones, zeros, "left"), np.searchsorted(ones, zeros, "right")
    # zeros above which a positive lies, half of the ties
    wins = zeros.size * ones.size - (below[0].sum() + below[1].sum()) / 2
    dark_ones, dark_zeros = (~known & positive).sum(), (~known & ~positive).sum()
    pairs = float(positive.sum()) * float((~positive).sum())
    lowest = wins + ones.size * dark_zeros + dark_ones * dark_zeros / 2
    highest = wins + dark_ones * zeros.size + dark_ones * dark_zeros / 2
    return float(max(max(won, pairs - won) for won in (lowest, highest)) / pairs)


def slices_of(frame: pd.DataFrame, split: Split) -> dict[str, pd.DataFrame]:
    """Return the rows of each slice, and all rows."""
    named = {name: rows_of(frame, getattr(split, name)) for name in ("train", "validation", "test")}
    return {**named, ALL_ROWS: frame}


def strongest_alone(
    slices: Mapping[str, pd.DataFrame], names: Iterable[str], label: str, settings: Settings
) -> Alone | None:
    """Return the feature that alone ranks best on a slice; None where every slice is too small.

    A slice with fewer than ``leaking_min_accounts`` accounts of either label is not judged: there a
    strong feature reaches a high AUC by chance.
    """
    found: Alone | None = None
    min_accounts = settings.evaluation.leaking_min_accounts
    for slice_name, rows in slices.items():
        labels = rows[label].to_numpy()
        if min(rows.loc[labels == kind, "account_id"].nunique() for kind in (0, 1)) < min_accounts:
            continue
        for name in names:
            auc = auc_alone(rows[name].to_numpy(), labels)
            if found is None or auc > found.auc:
                found = Alone(name, slice_name, auc, settings.evaluation.leaking_auc)
    return found


def check_alone(
    slices: Mapping[str, pd.DataFrame],
    names: Iterable[str],
    target: TargetSettings,
    settings: Settings,
) -> Alone | None:
    """Check that no feature alone tells the outcome; return the strongest one.

    Parameters
    ----------
    slices : Mapping[str, pd.DataFrame]
        Labelled rows by the slice's name.
    names : Iterable[str]
        Features.

    Raises
    ------
    UserError
        Naming feature, slice and AUC.
    """
    found = strongest_alone(slices, names, target.label, settings)
    if found is not None and found.auc >= found.limit:
        other = (
            ""
            if CHURN in settings.target
            else (
                "; where it rightly decides, as a fixed term does a change of price, name the "
                "target in targets_off of plumbline.toml"
            )
        )
        raise UserError(
            f"feature {found.feature} alone ranks {target.positives} with AUC {found.auc:.3f} "
            f"({found.slice_name}; {found.limit} is the limit): it knows the outcome",
            "find what it reads from after the date (`plumbline verify point-in-time`), or take it "
            f"out of the contract (feature: true) in feat_accounts_daily.yml{other}",
        )
    return found
