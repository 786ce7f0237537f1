"""The subscription book: current rows and the log of their versions."""

from __future__ import annotations

import numpy as np

from plumbline.demo.accounts import INTERVAL_MONTHS
from plumbline.demo.config import NONE, add_months, day_of_month

TRIALING, ACTIVE, PAST_DUE, PAUSED, CANCELED = range(5)
STATUS = ("trialing", "active", "past_due", "paused", "canceled")
REASONS = ("cancellation_requested", "payment_failed", "trial_expired", "late_renewal", "pause")

ROW = np.dtype(
    [
        ("sub", "i4"),
        ("account", "i4"),
        ("status", "i1"),
        ("quantity", "i8"),
        ("plan", "i1"),
        ("interval", "i1"),
        ("currency", "i1"),
        ("vintage", "i1"),
        ("discount", "i1"),
        ("start", "i4"),
        ("trial_start", "i4"),
        ("trial_end", "i4"),
        ("period_start", "i4"),
        ("period_end", "i4"),
        ("anchor", "i1"),
        ("will_cancel", "?"),
        ("canceled", "i4"),
        ("ended", "i4"),
        ("reason", "i1"),
        ("paused", "?"),
        ("resumes", "i4"),
        ("addon", "?"),
        ("day", "i4"),
        ("second", "i4"),
        ("created", "i4"),
        ("kind", "i1"),
    ]
)

KINDS = (
    "opened",
    "converted",
    "renewed",
    "changed",
    "past_due",
    "recovered",
    "requested",
    "ended",
    "paused",
    "resumed",
    "initial",
)
(
    OPENED,
    CONVERTED,
    RENEWED,
    CHANGED,
    FAILED,
    RECOVERED,
    REQUESTED,
    ENDED,
    PAUSE,
    RESUME,
    INITIAL,
) = range(11)


def next_end(start: np.ndarray, interval: np.ndarray, anchor: np.ndarray) -> np.ndarray:
    """Day on which a period that begins on `start` ends (exclusive)."""
    by_month = add_months(start, INTERVAL_MONTHS[interval], anchor)
    return np.where(interval == 0, start + 7, by_month)


class Book:
    """Current subscriptions in one structured array, and the log of every version.

    Rows are opened once and changed in place; `log` copies the rows named, so that the log holds
    one version per change with the day and second at which it took effect.
    """

    def __init__(self, capacity: int) -> None:
        self.rows = np.zeros(capacity, dtype=ROW)
        self.count = 0
        self._versions: list[np.ndarray] = []
        self.touched: list[np.ndarray] = []

    def open(self, account: np.ndarray, day: np.ndarray | int, **values: object) -> np.ndarray:
        """Open one subscription per account and return their numbers."""
        ids = np.arange(self.count, self.count + len(account))
        self.count += len(account)
        rows = np.zeros(len(account), dtype=ROW)
        for name in ("trial_start", "trial_end", "canceled", "ended", "resumes"):
            rows[name] = NONE
        rows["reason"] = -1
        rows["sub"], rows["account"], rows["start"], rows["created"] = ids, account, day, day
        for name, value in values.items():
            rows[name] = value
        self.rows[ids] = rows
        return ids

    def begin_period(self, ids: np.ndarray, day: int | np.ndarray) -> None:
        """Start a new paid period on `day`."""
        rows = self.rows
        rows["period_start"][ids] = day
        rows["period_end"][ids] = next_end(
            rows["period_start"][ids].astype(np.int64),
            rows["interval"][ids],
            rows["anchor"][ids],
        )

    def log(self, ids: np.ndarray, day: np.ndarray | int, second: np.ndarray | int, kind: int):
        """Append a version of the rows named."""
        if len(ids) == 0:
            return
        version = self.rows[ids]
        version["day"], version["second"], version["kind"] = day, second, kind
        self._versions.append(version)
        self.touched.append(ids)

    def versions(self) -> np.ndarray:
        """Every version, in the order of subscription, then of the log."""
        log = np.empty(sum(map(len, self._versions)), dtype=ROW)
        at = 0
        for part in self._versions:
            log[at : at + len(part)] = part
            at += len(part)
        return log[np.argsort(log["sub"], kind="stable")]


def anchor_of(day: np.ndarray) -> np.ndarray:
    """Billing anchor (day of the month) of subscriptions that start on `day`."""
    return day_of_month(day)
