"""Time-ordered slices with an embargo: no label of one slice reaches into the next."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.config import SplitSettings, TargetSettings
from plumbline.errors import TooLittleDataError, UserError

REMEDY = "wait for more history, or lower the minimums in ml/model.toml"


@dataclass(frozen=True)
class Split:
    """Grid dates of each slice, ``datetime64[D]``, ascending.

    ``before_test`` are all dates whose labels are known on the first test date: train, validation,
    and the dates between them that the first embargo sets aside.
    """

    train: np.ndarray
    validation: np.ndarray
    before_test: np.ndarray
    test: np.ndarray

    def describe(self) -> dict[str, list[str]]:
        """Return first and last date of each slice as text."""
        return {
            name: [str(dates[0]), str(dates[-1])]
            for name, dates in (
                ("train", self.train),
                ("validation", self.validation),
                ("test", self.test),
            )
        }


def check_any(frame: pd.DataFrame, target: TargetSettings) -> None:
    """Check that there is a labelled row at all.

    Raises
    ------
    TooLittleDataError
        Where there is none: a company without trials has none of theirs.
    """
    if frame.empty:
        raise TooLittleDataError(
            f"no row with {target.population} has a known label {target.label}",
            "wait for more history; where the company has no such accounts, name the target in "
            "targets_off of plumbline.toml",
        )


def split_dates(dates: np.ndarray, settings: SplitSettings, embargo_days: int) -> Split:
    """Cut grid dates into train, validation and test with an embargo before each of the last two.

    Parameters
    ----------
    dates : np.ndarray
        Matured as-of dates, ``datetime64``; repeated values are allowed.
    settings : SplitSettings
        Shares and minimums. Shares are of the dates that are left after the two embargoes.
    embargo_days : int
        Days until a label is known.

    Returns
    -------
    Split
        The last dates are the test slice. Between the last date of a slice and the first of the
        next lie at least ``embargo_days`` days, so that every label of the earlier slice was known
        when the later one begins.

    Raises
    ------
    TooLittleDataError
        Where there are too few dates.

    Examples
    --------
    Two weeks pass between the slices, in which the labels of the earlier one become known.

    >>> weeks = np.arange("2025-01-01", "2025-05-21", 7, dtype="datetime64[D]")
    >>> settings = SplitSettings(0.25, 0.25, 2, 2, 2, 1, 1, 1)
    >>> for slice_of, days in split_dates(weeks, settings, embargo_days=14).describe().items():
    ...     print(slice_of, *days)
    train 2025-01-01 2025-03-05
    validation 2025-03-19 2025-04-09
    test 2025-04-23 2025-05-14
    """
    unique = np.unique(np.asarray(dates, dtype="datetime64[D]"))
    embargo = np.timedelta64(embargo_days, "D")
    minimum = settings.min_train_dates + settings.min_validation_dates + settings.min_test_dates
    steps = np.diff(unique).astype(int)
    step = int(np.median(steps)) if steps.size else max(embargo_days, 1)
    lost = 2 * (-(-embargo_days // step) - 1)
    usable = unique.size - lost
    if usable >= minimum:
        tests = max(settings.min_test_dates, round(settings.test_share * usable))
        validations = max(settings.min_validation_dates, round(settings.validation_share * usable))
        test = unique[-tests:]
        before_test = unique[unique <= test[0] - embargo]
        validation = before_test[-validations:]
        if validation.size >= settings.min_validation_dates:
            train = before_test[before_test <= validation[0] - embargo]
            if train.size >= settings.min_train_dates:
                return Split(train, validation, before_test, test)
    raise TooLittleDataError(
        f"the history is too short to judge a model: {unique.size} matured dates, and with two "
        f"embargoes of {embargo_days} days at least {minimum + lost} are needed",
        REMEDY,
    )


def rows_of(frame: pd.DataFrame, dates: np.ndarray) -> pd.DataFrame:
    """Return the rows of a frame whose ``as_of_date`` is one of the dates."""
    days = frame["as_of_date"].to_numpy().astype("datetime64[D]")
    return frame.loc[np.isin(days, dates)]


def check_positives(
    frame: pd.DataFrame, split: Split, target: TargetSettings, settings: SplitSettings
) -> dict[str, dict[str, int]]:
    """Count rows, positives and churned accounts of each slice, and check the minimums.

    Returns
    -------
    dict
        Slice to ``examples``, ``positives`` (rows) and ``positive_accounts``.

    Raises
    ------
    TooLittleDataError
        Where a slice has too few accounts of either kind. Accounts are counted, because the grid
        shows one event on several dates.
    """
    counts = {}
    for name, minimum in (
        ("train", settings.min_train_positive_accounts),
        ("validation", settings.min_validation_positive_accounts),
        ("test", settings.min_test_positive_accounts),
    ):
        rows = rows_of(frame, getattr(split, name))
        positive = rows.loc[rows[target.label] == 1.0, "account_id"]
        negatives = int(rows.loc[rows[target.label] == 0.0, "account_id"].nunique())
        counts[name] = {
            "examples": len(rows),
            "positives": len(positive),
            "positive_accounts": int(positive.nunique()),
        }
        if counts[name]["positive_accounts"] < minimum:
            raise TooLittleDataError(
                f"too few {target.positives} to judge a model: {counts[name]['positive_accounts']} "
                f"in the {name} slice, at least {minimum} are needed",
                REMEDY,
            )
        if negatives < minimum:
            raise TooLittleDataError(
                f"too few accounts that are none of the {target.positives} to judge a model: "
                f"{negatives} in the {name} slice, at least {minimum} are needed",
                REMEDY,
            )
    return counts


def check_split_rows(frame: pd.DataFrame, split: Split, embargo_days: int) -> None:
    """Check the rows of the slices themselves, as they are fitted and judged.

    Raises
    ------
    UserError
        As ``check_rows_apart``.
    """
    for names in (("train", "validation"), ("before_test", "test")):
        earlier, later = (rows_of(frame, getattr(split, name)) for name in names)
        check_rows_apart(earlier, later, embargo_days, names)


def check_rows_apart(
    earlier: pd.DataFrame, later: pd.DataFrame, embargo_days: int, names: tuple[str, str]
) -> None:
    """Check on the rows themselves that no account is on both sides within the embargo.

    Parameters
    ----------
    earlier, later : pd.DataFrame
        ``account_id`` and ``as_of_date`` of what is fitted, and of what is judged.
    embargo_days : int
        Days until the label of a row is known.
    names : tuple[str, str]
        Of the two sides, for the message.

    Raises
    ------
    UserError
        Naming the first account whose label window reaches into its rows of the other side, and the
        dates.
    """
    last = earlier.groupby("account_id")["as_of_date"].max()
    both = pd.DataFrame({"last": last, "first": later.groupby("account_id")["as_of_date"].min()})
    close = both[both["last"] + pd.Timedelta(days=embargo_days) > both["first"]].sort_index()
    if not close.empty:
        row = close.iloc[0]
        raise UserError(
            f"account {close.index[0]} is in {names[0]} on {row['last']:%Y-%m-%d} and in "
            f"{names[1]} from {row['first']:%Y-%m-%d} on, within the {embargo_days} days until its "
            f"label is known (as {len(close)} accounts are)",
            "report this: the split is wrong",
        )


def check_embargo(split: Split, embargo_days: int) -> None:
    """Check that no slice begins before the labels of the slice in front of it are known.

    Raises
    ------
    UserError
        Where two slices are closer than the embargo.
    """
    for earlier, later in ((split.train, split.validation), (split.before_test, split.test)):
        days = int((later[0] - earlier[-1]).astype(int))
        if days < embargo_days:
            raise UserError(
                f"slices are {days} days apart, less than the embargo of {embargo_days}",
                "report this: the split is wrong",
            )
