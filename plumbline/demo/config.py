"""Sizes, calendar and random streams of the demo world."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

START = np.datetime64("2024-09-01", "D")
"""First day of the observed window (day 0)."""

END = 545
"""Days observed: the last landed day is day 544, 2026-02-27; the default as-of date is day 545."""

DAYS = END + 100
"""Days simulated: the futures beyond the window give outcomes to the truth tables only."""

DAY_US = 86_400_000_000
NONE = -99_999
"""Stands for "no such day" in integer day columns."""

SEGMENTS = ("Enterprise", "Mid-Market", "SMB", "Self-Serve")
CATEGORIES = (
    "kanban_boards",
    "team_invites",
    "dashboards",
    "forms",
    "timelines",
    "reports",
    "integrations",
    "automations",
    "gantt_charts",
    "api_access",
)
"""Feature categories, the ones that every plan has first (see `accounts.ENTITLED`)."""

CURRENCIES = ("usd", "eur", "gbp")
USD_PER_UNIT = np.array([1.0, 1.08, 1.27])


@dataclass(frozen=True)
class Size:
    """How large a world is.

    Parameters
    ----------
    name : str
        The name on the command line.
    accounts : int
        Accounts that ever appear.
    user_scale : float
        Users (and seats) per account relative to the `demo` size; seat prices shrink by as much.
    events_per_user_day : float
        Mean events on a day on which a user is active.
    event_days : int
        Last days of the window for which events are written.
    """

    name: str
    accounts: int
    user_scale: float
    events_per_user_day: float
    event_days: int


SIZES = {
    "tiny": Size("tiny", 60, 0.5, 3.2, 70),
    "ci": Size("ci", 400, 1.0, 3.2, END),
    "demo": Size("demo", 4200, 1.0, 4.2, END),
    "full": Size("full", 4200, 6.0, 177.0, 90),
}


@dataclass(frozen=True)
class Config:
    """One world: its size, its seed and the days that get events."""

    size: Size
    seed: int
    event_days: int

    @property
    def first_event_day(self) -> int:
        """First day (index) with events."""
        return END - self.event_days


def make_config(size: str = "demo", seed: int = 7, days: int | None = None) -> Config:
    """Check the arguments and return the world's configuration.

    Raises
    ------
    ValueError
        If the size is unknown or `days` is outside 1..545.
    """
    if size not in SIZES:
        raise ValueError(f"unknown size {size!r}: choose one of {', '.join(SIZES)}")
    if days is not None and not 1 <= days <= END:
        raise ValueError(f"days must be between 1 and {END}, not {days}")
    if seed < 0:
        raise ValueError(f"seed must not be negative, not {seed}")
    return Config(SIZES[size], seed, days or SIZES[size].event_days)


def stream(config: Config, part: str) -> np.random.Generator:
    """Return the random stream of one part, independent of every other part's."""
    return np.random.default_rng([config.seed, zlib.crc32(part.encode())])


_MONTHS = np.arange(np.datetime64("2015-01", "M"), np.datetime64("2040-01", "M"))
_FIRST = (_MONTHS.astype("M8[D]") - START).astype(np.int64)
_LENGTH = np.diff(np.append(_FIRST, _FIRST[-1] + 31))
_BASE_MONTH = _MONTHS[0].astype(np.int64)


def dates(day: np.ndarray) -> np.ndarray:
    """Day indices to datetime64[D]; `NONE` becomes NaT."""
    day = np.asarray(day)
    out = START + day.astype("m8[D]")
    return np.where(day == NONE, np.datetime64("NaT", "D"), out)


def month_of(day: np.ndarray) -> np.ndarray:
    """Calendar month (1..12) of day indices."""
    return (START + np.asarray(day).astype("m8[D]")).astype("M8[M]").astype(np.int64) % 12 + 1


def day_of_month(day: np.ndarray) -> np.ndarray:
    """Day of the month (1..31) of day indices."""
    date = START + np.asarray(day).astype("m8[D]")
    return (date - date.astype("M8[M]").astype("M8[D]")).astype(np.int64) + 1


def add_months(day: np.ndarray, months: np.ndarray | int, anchor: np.ndarray) -> np.ndarray:
    """Day indices moved by calendar months, on the anchor day or the month's last day."""
    date = START + np.asarray(day).astype("m8[D]")
    month = date.astype("M8[M]").astype(np.int64) - _BASE_MONTH + months
    return _FIRST[month] + np.minimum(anchor, _LENGTH[month]) - 1


def weekday(day: np.ndarray | int) -> np.ndarray:
    """Weekday of day indices, Monday = 0 (2024-09-01 was a Sunday)."""
    return (np.asarray(day) + 6) % 7


def holiday_factor(day: np.ndarray | int) -> np.ndarray:
    """Activity multiplier: the year-end dip, and a slight one in August."""
    day = np.asarray(day)
    month, dom = month_of(day), day_of_month(day)
    dip = ((month == 12) & (dom >= 22)) | ((month == 1) & (dom <= 2))
    return np.where(dip, 0.5, np.where(month == 8, 0.93, 1.0))
