"""Rolling origins: a model judged again and again, each time on what came after its training.

Decided: D114.
"""

from dataclasses import dataclass

import numpy as np

from ml.fitting.splits import REMEDY
from plumbline.errors import TooLittleDataError


@dataclass(frozen=True)
class Origin:
    """Grid dates of one fit, ``datetime64[D]``, ascending.

    Every label of ``train`` was known on the first date of ``test``.
    """

    train: np.ndarray
    test: np.ndarray


def rolling_origins(
    dates: np.ndarray, count: int, embargo_days: int, min_train_dates: int
) -> tuple[Origin, ...]:
    """Cut matured dates into test windows that follow each other, each behind its own training.

    The test windows do not overlap and reach to the last date; they are as long as the history
    allows, so that the first origin still has ``min_train_dates``. Training grows from origin to
    origin.

    Parameters
    ----------
    dates : np.ndarray
        Matured as-of dates, ``datetime64``; repeated values are allowed.
    count : int
        Number of origins.
    embargo_days : int
        Days until a label is known: the gap between a training and its test window.
    min_train_dates : int
        Grid dates that the first training needs at least.

    Returns
    -------
    tuple[Origin, ...]
        From the earliest to the latest.

    Raises
    ------
    TooLittleDataError
        Where there are too few dates for so many origins.

    Examples
    --------
    >>> days = np.arange("2025-01-01", "2025-01-09", dtype="datetime64[D]")
    >>> [(len(o.train), list(o.test.astype(object))[0].day) for o in rolling_origins(days, 2, 2, 2)]
    [(3, 5), (5, 7)]
    """
    unique = np.unique(np.asarray(dates, dtype="datetime64[D]"))
    embargo = np.timedelta64(embargo_days, "D")
    judged = np.array([np.sum(unique <= day - embargo) >= min_train_dates for day in unique])
    length = int(judged.sum()) // count
    if length < 1:
        raise TooLittleDataError(
            f"the history is too short for {count} origins: {unique.size} matured dates, of which "
            f"{int(judged.sum())} have {min_train_dates} training dates {embargo_days} days or "
            "more before them",
            REMEDY,
        )
    starts = unique.size - length * np.arange(count, 0, -1)
    return tuple(
        Origin(unique[unique <= unique[start] - embargo], unique[start : start + length])
        for start in starts
    )


def known_before(origins: tuple[Origin, ...], number: int, embargo_days: int) -> list[int]:
    """Return the earlier origins whose test labels were all known when one's test begins."""
    first = origins[number].test[0] - np.timedelta64(embargo_days, "D")
    return [other for other in range(number) if origins[other].test[-1] <= first]
