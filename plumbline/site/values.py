"""The latest values of the metrics, from the published file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

TOTAL = "total"
GRAINS = ("month", "day", "week", "quarter", "year")
SHOWN_PERIODS = 24


@dataclass(frozen=True)
class Point:
    """One period's value; NULL where the definition gives none."""

    period: date
    value: float | None


@dataclass(frozen=True)
class Series:
    """A metric's total over its last periods, oldest first.

    Attributes
    ----------
    target, warning, critical, status : float or None, str
        Of the last period; the limits are the grain's own.
    """

    grain: str
    points: tuple[Point, ...]
    target: float | None
    warning: float | None
    critical: float | None
    status: str

    @property
    def last(self) -> Point:
        """The latest period."""
        return self.points[-1]


@dataclass(frozen=True)
class Published:
    """What the published file says of itself and of the metrics."""

    run_id: str = ""
    as_of: date | None = None
    series: tuple[tuple[str, Series], ...] = ()


def read_published(file: Path) -> Published:
    """Read the file; what it does not hold stays empty."""
    if not file.exists():
        return Published()
    with duckdb.connect(str(file), read_only=True) as connection:
        run = connection.execute(
            "select run_id, as_of_date from ops.runs where state = 'published'"
            " order by recorded_at desc, run_id desc limit 1"
        ).fetchone()
        has_values = connection.execute(
            "select 1 from information_schema.tables"
            " where table_schema = 'catalogue' and table_name = 'metric_values'"
        ).fetchone()
        rows = connection.execute(SERIES, [TOTAL]).fetchall() if has_values else []
    run_id, as_of = run or ("", None)
    return Published(run_id, as_of, tuple(_series(rows)))


SERIES = """
select
    metric_values.metric_name, metric_values.grain, metric_values.period_start_date,
    metric_values.value, metric_values.target_value, metric_targets.warning_value,
    metric_targets.critical_value, metric_values.status
from catalogue.metric_values
left join reference.metric_targets
    on
        metric_values.metric_name = metric_targets.metric_name
        and metric_values.grain = metric_targets.grain
where metric_values.dimension_name = ?
order by metric_values.metric_name, metric_values.grain, metric_values.period_start_date
"""


def _series(rows: Iterable[tuple]) -> Iterable[tuple[str, Series]]:
    found: dict[str, dict[str, list[tuple]]] = {}
    for metric, grain, *rest in rows:
        found.setdefault(metric, {}).setdefault(grain, []).append(tuple(rest))
    for metric, grains in found.items():
        grain = next((g for g in GRAINS if g in grains), min(grains))
        kept = grains[grain][-SHOWN_PERIODS:]
        points = tuple(Point(row[0], row[1]) for row in kept)
        *limits, status = kept[-1][2:]
        yield metric, Series(grain, points, *limits, str(status or ""))
