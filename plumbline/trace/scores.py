"""From a score of an account at a date to the parts that it is the sum of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import exp
from typing import Any

import duckdb

from plumbline.errors import UserError
from plumbline.trace.question import near, require_account

TOLERANCE = 1e-6


@dataclass(frozen=True)
class TracedScore:
    """A score, and its parts in log-odds.

    Attributes
    ----------
    parts : tuple
        Feature, its value when scored, what the published features say now, contribution; the
        largest first.
    is_explained : bool
        Whether parts are on file: the account was among those that have reasons.
    """

    probability: float
    log_odds: float
    baseline: float
    model_version: str
    run_id: str
    parts: tuple[tuple[str, float | None, float | None, float], ...]

    @property
    def is_explained(self) -> bool:
        """Whether its parts are on file."""
        return bool(self.parts)

    @property
    def summed(self) -> float:
        """The baseline and all parts."""
        return self.baseline + sum(part[3] for part in self.parts)

    @property
    def adds_up(self) -> bool:
        """Whether the parts give the log-odds, and every feature is what it was."""
        if not self.is_explained:
            return True
        return abs(self.summed - self.log_odds) <= TOLERANCE and not self.moved

    @property
    def moved(self) -> tuple[str, ...]:
        """Features whose published value is another than the scored one."""
        return tuple(
            name
            for name, scored, now, _ in self.parts
            if (scored is None) != (now is None)
            or (scored is not None and now is not None and abs(scored - now) > TOLERANCE)
        )

    @property
    def odds(self) -> float:
        """The probability that the log-odds are of, before it was calibrated where it was."""
        return 1 / (1 + exp(-self.log_odds))


def trace_score(
    published: duckdb.DuckDBPyConnection, target: str, account: str, day: date
) -> TracedScore:
    """Read a score with its parts.

    Raises
    ------
    UserError
        There is no such target or account, or it was not scored that night.
    """
    targets = [
        one for (one,) in published.execute("select distinct target from ml.predictions").fetchall()
    ]
    if target not in targets:
        raise UserError(f"nothing is scored for '{target}'", f"scored is {near(target, targets)}")
    require_account(published, account)
    asked: dict[str, Any] = {"target": target, "account": account, "day": day}
    row = published.execute(
        "select probability, log_odds, baseline_log_odds, model_version, run_id"
        " from ml.predictions where target = $target and account_id = $account"
        " and as_of_date = $day order by run_id desc limit 1",
        asked,
    ).fetchone()
    if row is None:
        days = published.execute(
            "select max(as_of_date), min(as_of_date) from ml.predictions"
            " where target = $target and account_id = $account",
            {"target": target, "account": account},
        ).fetchall()[0]
        raise UserError(
            f"{account} has no score of {target} at {day}",
            f"it has scores of nights from {days[1]} to {days[0]}" if days[0] else "it has none",
        )
    return TracedScore(*row, _parts(published, asked, row[4]))


def _parts(
    published: duckdb.DuckDBPyConnection, asked: dict[str, Any], run_id: str
) -> tuple[tuple[str, float | None, float | None, float], ...]:
    rows = published.execute(
        "select feature_name, feature_value, contribution from ml.prediction_reasons"
        " where target = $target and account_id = $account and as_of_date = $day"
        " and run_id = $run order by abs(contribution) desc, feature_name",
        {**asked, "run": run_id},
    ).fetchall()
    if not rows:
        return ()
    found = published.execute(
        "select * from features.feat_accounts_daily where account_id = ? and as_of_date = ?",
        [asked["account"], asked["day"]],
    )
    names = [column[0] for column in found.description]
    now = dict(zip(names, found.fetchone() or [None] * len(names), strict=True))
    return tuple(
        (name, value, None if now.get(name) is None else float(now[name]), contribution)
        for name, value, contribution in rows
    )
