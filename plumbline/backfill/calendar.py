"""Which past nights a backfill replays, and on which it may train."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from datetime import date, timedelta

from plumbline.errors import UserError
from plumbline.replay.dates import NIGHT_DAYS, Dates, check_dates, dates_between

WEEKS = 20  # of 90 days, a month of outcomes, and the weeks that a churn takes to show


@dataclass(frozen=True)
class Asked:
    """What the user asks for.

    Attributes
    ----------
    begin, end : date or None
        First and last night; None takes the last 20 weeks before the first published night.
    every : int
        Days between two nights.
    """

    begin: date | None = None
    end: date | None = None
    every: int = NIGHT_DAYS


def lay_out(asked: Asked, known: tuple[date, date] | None, first: date, done: Set[date]) -> Dates:
    """Lay the nights that are not there yet, all before the first published one.

    Parameters
    ----------
    known : tuple of date, optional
        First and last date of the features.
    first : date
        The first published night.
    done : set of date
        Nights that were replayed before.

    Raises
    ------
    UserError
        The dates are in the wrong order, there are no features for them, or a night was published.

    Examples
    --------
    >>> features = (date(2025, 1, 1), date(2026, 2, 28))
    >>> asked = Asked(begin=date(2026, 1, 31))
    >>> dates = lay_out(asked, features, date(2026, 2, 28), {date(2026, 2, 7)})
    >>> [str(night) for night in dates.nights]
    ['2026-01-31', '2026-02-14', '2026-02-21']
    """
    end = asked.end or first - timedelta(days=1)
    if end >= first:
        raise UserError(
            f"the night of {first} was published, and --to {end} does not lie before it: a backfill"
            " never goes over nights that people saw",
            f"give --to {first - timedelta(days=1)} or earlier",
        )
    begin = asked.begin or _default_begin(asked, known, first)
    check_dates(begin, end, known)
    nights = tuple(n for n in dates_between(begin, end, asked.every) if n not in done)
    # a model is sought once a week at the most
    step = 1 if asked.every >= NIGHT_DAYS else NIGHT_DAYS
    origins = tuple(night for night in nights if (night - begin).days % step == 0)
    return Dates(nights, origins)


def _default_begin(asked: Asked, known: tuple[date, date] | None, first: date) -> date:
    # (the last night is a step before the first published one)
    days = WEEKS * NIGHT_DAYS
    if known is not None:
        days = min(days, (first - known[0]).days)
    return first - timedelta(days=max(1, days // asked.every) * asked.every)


def blocks(nights: tuple[date, ...], days: int) -> list[tuple[date, ...]]:
    """Nights in groups that each span fewer than some days: what a stop loses at the most.

    Examples
    --------
    >>> found = blocks(dates_between(date(2026, 1, 3), date(2026, 2, 7), 7), 28)
    >>> [len(group) for group in found]
    [4, 2]
    """
    groups: dict[int, list[date]] = {}
    for night in nights:
        groups.setdefault((night - nights[0]).days // days, []).append(night)
    return [tuple(group) for group in groups.values()]
