"""A new user's first night, and the night after it, in processes of their own."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import duckdb

from bench.record import Figure, Measured, run_child

TARGETS = {"ci": 30.0, "demo": 90.0}
FIRST_NIGHT, SECOND_NIGHT = date(2026, 2, 27), date(2026, 2, 28)


def environment(folder: Path) -> dict[str, str]:
    """Environment in which the command works in a folder outside the project."""
    return {
        "PLUMBLINE_RAW": str(folder / "raw"),
        "PLUMBLINE_WAREHOUSE": str(folder / "warehouse"),
        "DBT_TARGET_PATH": str(folder / "target"),
    }


def build_file(folder: Path) -> Path:
    """The private database of a world's nights."""
    return folder / "warehouse" / "build" / "plumbline.duckdb"


def make_world(folder: Path, size: str) -> Measured:
    """Generate a world, as `make run` does."""
    return run_child(["-m", "plumbline", "demo", f"--size={size}"], environment(folder))


def run_night(folder: Path, as_of: date) -> Measured:
    """Run one night."""
    return run_child(["-m", "plumbline", "nightly", f"--as-of={as_of}"], environment(folder))


def stage_seconds(folder: Path, as_of: date) -> dict[str, float]:
    """Seconds of each stage up to the publish gate, as the run wrote them down."""
    with duckdb.connect(str(build_file(folder)), read_only=True) as connection:
        row = connection.execute(
            "select detail from ops.runs where state = 'published' and as_of_date = ?"
            " order by recorded_at desc limit 1",
            [as_of],
        ).fetchone()
    return json.loads(row[0])["seconds"] if row else {}


def run(folder: Path, size: str) -> list[Figure]:
    """Measure generation, the first night and an incremental night.

    Parameters
    ----------
    folder : Path
        An empty folder; the world and the build stay in it.
    size : str
        `ci` or `demo`.
    """
    world = make_world(folder, size)
    first = run_night(folder, FIRST_NIGHT)
    stages = stage_seconds(folder, FIRST_NIGHT)
    second = run_night(folder, SECOND_NIGHT)
    both = Measured(
        world.seconds + first.seconds,
        world.cpu_seconds + first.cpu_seconds,
        max(world.peak_bytes, first.peak_bytes),
        "",
    )
    return [
        *both.figures("make run after installation", TARGETS[size]),
        *world.figures("generation"),
        *first.figures("first night"),
        *(Figure(f"  {name}", seconds, "s") for name, seconds in stages.items()),
        *second.figures("second night"),
        *(
            Figure(f"  {name}", seconds, "s")
            for name, seconds in stage_seconds(folder, SECOND_NIGHT).items()
        ),
    ]
