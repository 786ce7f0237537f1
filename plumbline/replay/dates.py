"""Which dates a replay scores, trains on and reads (D120)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from plumbline.errors import UserError

NIGHT_DAYS = 7  # a manager's slots are for a week: one list each
YEAR_DAYS = 364  # the weekday of a year before, as monitoring compares


@dataclass(frozen=True)
class Dates:
    """The replay's calendar.

    Attributes
    ----------
    nights : tuple of date
        Scored, ascending.
    origins : tuple of date
        Nights on which a model is trained before anything is scored.
    """

    nights: tuple[date, ...]
    origins: tuple[date, ...]

    def nights_of(self, origin: date) -> tuple[date, ...]:
        """Nights from an origin up to the next one."""
        later = [other for other in self.origins if other > origin]
        return tuple(n for n in self.nights if n >= origin and (not later or n < later[0]))

    def read(self, first: date, grid_days: int) -> list[date]:
        """Dates whose features are needed: nights, those of a year before, training grids."""
        wanted = {*self.nights, *(night - timedelta(days=YEAR_DAYS) for night in self.nights)}
        for origin in self.origins:
            steps = (origin - first).days // grid_days
            wanted |= {origin - timedelta(days=grid_days * step) for step in range(steps + 1)}
        return sorted(day for day in wanted if day >= first)


def plan_dates(begin: date, end: date, known: tuple[date, date] | None, origin_days: int) -> Dates:
    """Lay nights and origins between two dates, both included.

    Parameters
    ----------
    known : tuple of date, optional
        First and last date of the features.
    origin_days : int
        Days between trainings; taken up to whole weeks.

    Raises
    ------
    UserError
        The dates are in the wrong order, or there are no features for them.

    Examples
    --------
    >>> features = (date(2025, 1, 1), date(2026, 2, 28))
    >>> dates = plan_dates(date(2026, 1, 3), date(2026, 1, 31), features, origin_days=14)
    >>> [night.day for night in dates.nights], [origin.day for origin in dates.origins]
    ([3, 10, 17, 24, 31], [3, 17, 31])
    """
    check_dates(begin, end, known)
    nights = dates_between(begin, end, NIGHT_DAYS)
    step = max(1, -(-origin_days // NIGHT_DAYS))
    return Dates(nights, nights[::step])


def dates_between(begin: date, end: date, every: int) -> tuple[date, ...]:
    """Dates some days apart, from the first one on; the last one only where it falls on a step."""
    count = (end - begin).days // every + 1
    return tuple(begin + timedelta(days=every * number) for number in range(count))


def check_dates(begin: date, end: date, known: tuple[date, date] | None) -> None:
    """Check that there are features for the first and the last date.

    Raises
    ------
    UserError
        The dates are in the wrong order, or there are no features for them.
    """
    if begin > end:
        raise UserError(f"--from {begin} lies after --to {end}", "swap the two dates")
    if known is None:
        raise UserError("there are no features yet", "run `plumbline nightly` first")
    for option, day in (("--from", begin), ("--to", end)):
        if not known[0] <= day <= known[1]:
            raise UserError(
                f"there are no features as of {option} {day}: they reach from {known[0]} to"
                f" {known[1]}",
                f"give dates between, or run `plumbline nightly --as-of {day}` first"
                if day > known[1]
                else "give dates between",
            )
