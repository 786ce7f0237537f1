"""Checks of feature frames before a model sees them; each fault ends in one clear line."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd

from ml.contract import FeatureContract
from plumbline.errors import UserError

KEYS = ("account_id", "as_of_date")
NUMERIC_TYPES = (
    "DOUBLE",
    "FLOAT",
    "REAL",
    "DECIMAL",
    "NUMERIC",
    "BIGINT",
    "INTEGER",
    "SMALLINT",
    "TINYINT",
    "HUGEINT",
)


def check_columns(types: Mapping[str, str], contract: FeatureContract, relation: str) -> None:
    """Check that every feature is a numeric column of the relation.

    Parameters
    ----------
    types : Mapping[str, str]
        Column name to database type.
    contract : FeatureContract
        The features that must be there.
    relation : str
        Name of the relation, for the message.

    Raises
    ------
    UserError
        Naming the first feature that is missing or mistyped.
    """
    for name in contract.names:
        if name not in types:
            raise UserError(
                f"feature {name} is not a column of {relation}",
                "rebuild the feature mart, or retrain if the feature was renamed or removed",
            )
        if not types[name].upper().startswith(NUMERIC_TYPES):
            raise UserError(
                f"feature {name} in {relation} has type {types[name]}, not DOUBLE",
                "cast it to double in the feature mart",
            )


def check_values(frame: pd.DataFrame, contract: FeatureContract) -> None:
    """Check keys, unexpected nulls and infinite values.

    Parameters
    ----------
    frame : pd.DataFrame
        Columns ``account_id``, ``as_of_date`` and the features (float64); one row per key.

    Raises
    ------
    UserError
        Naming the feature and the first row that is wrong.
    """
    duplicated = frame.duplicated(list(KEYS)).to_numpy()
    if duplicated.any():
        raise UserError(
            f"{int(duplicated.sum())} rows repeat a key, first {_place(frame, duplicated)}",
            "the feature mart must have one row per account and day",
        )
    for feature in contract.features:
        values = frame[feature.name].to_numpy()
        infinite = np.isinf(values)
        if infinite.any():
            raise UserError(
                f"feature {feature.name} has {int(infinite.sum())} infinite values, "
                f"first {_place(frame, infinite)}",
                "guard the division in the feature mart (a zero denominator gives NULL)",
            )
        unknown = np.isnan(values)
        if unknown.any() and not feature.may_be_missing:
            raise UserError(
                f"feature {feature.name} has {int(unknown.sum())} nulls, "
                f"first {_place(frame, unknown)}, and its contract says missing: never",
                f"repair its input, or switch the type {feature.source_type} off "
                "(source_types_off)",
            )


def check_not_all_null(
    frame: pd.DataFrame,
    contract: FeatureContract,
    missing_shares: Mapping[str, float],
    min_accounts: int,
) -> None:
    """Check that no feature which training mostly knew is unknown for every account.

    Parameters
    ----------
    missing_shares : Mapping[str, float]
        Share of unknown values by feature in training, 0 to 1.
    min_accounts : int
        With fewer accounts than this nothing is concluded.

    Raises
    ------
    UserError
        Naming the feature.
    """
    if len(frame) < min_accounts:
        return
    for feature in contract.features:
        if missing_shares[feature.name] < 0.5 and frame[feature.name].isna().all():
            raise UserError(
                f"feature {feature.name} is null for all {len(frame)} accounts, though training "
                f"knew it for {1 - missing_shares[feature.name]:.0%} of its rows",
                f"repair its input, or switch the type {feature.source_type} off "
                "(source_types_off) and retrain",
            )


def check_not_gone_dark(
    frame: pd.DataFrame, contract: FeatureContract, learnt: Collection[str]
) -> None:
    """Check that no feature which the champion learnt from is unknown in every training row.

    Parameters
    ----------
    learnt : Collection[str]
        Features of the champion; empty where there is none.

    Raises
    ------
    UserError
        Naming the feature.
    """
    for feature in contract.features:
        if feature.name in learnt and len(frame) and frame[feature.name].isna().all():
            raise UserError(
                f"feature {feature.name} is null in all {len(frame)} training rows, though the "
                "champion learnt from it",
                f"repair its input, or switch the type {feature.source_type} off "
                "(source_types_off)",
            )


def constant_features(frame: pd.DataFrame, names: Sequence[str]) -> tuple[str, ...]:
    """Return the features without any variation, where unknown counts as a value of its own."""
    constant = []
    for name in names:
        values = frame[name].to_numpy()
        unknown = np.isnan(values)
        known = values[~unknown]
        if known.size == 0 or (not unknown.any() and known.min() == known.max()):
            constant.append(name)
    return tuple(constant)


def check_labels(frame: pd.DataFrame, label: str, enough: int) -> None:
    """Check that labels are 0 and 1, and not 1 alone.

    Parameters
    ----------
    enough : int
        With fewer accounts than this, labels of 1 alone are too little data, not a fault.

    Raises
    ------
    UserError
        Where there is another value than 0 and 1, or no row with label 0.
    """
    values = frame[label].to_numpy()
    if not np.isin(values, (0.0, 1.0)).all():
        raise UserError(f"label {label} holds values other than 0 and 1", "repair the label model")
    if frame["account_id"].nunique() >= enough and values.min() == 1.0:
        raise UserError(
            f"label {label} has a single class: all {len(values)} rows are 1",
            "repair the label model; accounts that stayed must be in it too",
        )


def _place(frame: pd.DataFrame, mask: np.ndarray) -> str:
    row = frame.iloc[int(np.flatnonzero(mask)[0])]
    return f"account {row['account_id']} on {pd.Timestamp(row['as_of_date']):%Y-%m-%d}"
