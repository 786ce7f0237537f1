"""The metrics catalogue: building all of it, and reading a year of one metric."""

from __future__ import annotations

import json
import statistics
import time
from pathlib import Path

import duckdb

from bench import night
from bench.record import Figure, run_child

BUILD_TARGET = 10.0
READ_TARGET = 0.050
REPEATS = 25
ROOM = "path:models/marts/catalogue"
# A year's monthly values of one metric by one dimension.
READ = """
    select period_start_date, dimension_value, value
    from catalogue.metric_values
    where metric_name = ? and grain = 'month' and dimension_name = 'segment'
        and period_start_date >= ?
    order by period_start_date, dimension_value
"""


def build_seconds(folder: Path) -> tuple[dict[str, float], float]:
    """Seconds of each model of the catalogue, and CPU seconds of the dbt process that builds it."""
    variables = {"as_of_date": night.SECOND_NIGHT.isoformat(), "run_id": "bench"}
    process = run_child(
        [
            "-m",
            "dbt.cli.main",
            "--quiet",
            "run",
            "--select",
            ROOM,
            "--vars",
            json.dumps(variables),
        ],
        {**night.environment(folder), "PLUMBLINE_BUILD": str(night.build_file(folder))},
    )
    results = json.loads((folder / "target" / "run_results.json").read_text(encoding="utf-8"))
    seconds = {
        entry["unique_id"].split(".")[-1]: entry["execution_time"] for entry in results["results"]
    }
    return seconds, process.cpu_seconds


def read_seconds(published: Path) -> tuple[list[float], int]:
    """Seconds of each read in a fresh connection, and the rows of one."""
    taken = []
    rows: list[tuple[object, ...]] = []
    for _ in range(REPEATS):
        with duckdb.connect(str(published), read_only=True) as connection:
            began = time.perf_counter()
            rows = connection.execute(READ, ["mrr", "2025-02-01"]).fetchall()
            taken.append(time.perf_counter() - began)
    return taken, len(rows)


def run(folder: Path, size: str) -> list[Figure]:
    """Measure on the world of `bench.night`; it is made where it is not there.

    Parameters
    ----------
    folder : Path
        Where the world and its nights lie.
    size : str
        `ci` or `demo`.
    """
    if not night.build_file(folder).exists():
        night.make_world(folder, size)
        night.run_night(folder, night.SECOND_NIGHT)
    seconds, cpu = build_seconds(folder)
    taken, rows = read_seconds(folder / "warehouse" / "plumbline.duckdb")
    if not rows:
        raise RuntimeError("the published catalogue has no such rows")
    slowest = sorted(seconds.items(), key=lambda item: -item[1])[:4]
    return [
        Figure("whole catalogue: the models' own time", sum(seconds.values()), "s", BUILD_TARGET),
        *(Figure(f"  {name}", value, "s") for name, value in slowest),
        Figure("whole catalogue: CPU of the dbt process, parsing included", cpu, "s"),
        Figure(
            "a year of mrr by segment, published file (median)",
            statistics.median(taken),
            "s",
            READ_TARGET,
        ),
        Figure("  slowest of the reads", max(taken), "s"),
        Figure("  rows", rows, "rows"),
    ]
