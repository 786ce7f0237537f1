"""Real processes: a killed run changes nothing anyone reads, and the next one makes it good."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import FIRST_NIGHT, LAST_NIGHT, WITHOUT_TESTS, World, digest
from test_bi_reading import nights_of, reading

Row = dict[str, Any]

# Differ from run to run by their nature: the run's name, and when things were done.
OF_THE_RUN = {"run_id", "recorded_at", "detail", "trained_at", "parameters", "metrics"}
NIGHT = ["nightly", "--as-of", LAST_NIGHT.isoformat(), "--no-docs"]


def kill_at(world: World, is_time: Callable[[str], bool], delay: float = 0.0) -> str:
    """Start a night and kill it `delay` seconds after `is_time` holds for its output so far."""
    process = world.start(*NIGHT, command=WITHOUT_TESTS)
    output: list[str] = []
    assert process.stdout is not None
    stream = process.stdout
    reader = threading.Thread(target=lambda: output.extend(iter(stream.readline, "")))
    reader.start()
    deadline = time.monotonic() + 1200  # a guard against hanging, no measurement
    while not is_time("".join(output)):
        assert process.poll() is None, "the run ended before it was killed: " + "".join(output)
        assert time.monotonic() < deadline
        time.sleep(0.002)
    time.sleep(delay)
    process.kill()
    process.wait()
    reader.join()
    return "".join(output)


def stage(title: str) -> Callable[[str], bool]:
    """Whether a stage has begun."""
    return lambda output: f"] {title}" in output


def differences(one: Path, other: Path) -> list[str]:
    """Tables of two published files that do not hold the same rows."""
    found: list[str] = []
    with duckdb.connect() as connection:
        connection.execute(f"attach '{one}' as one (read_only)")
        connection.execute(f"attach '{other}' as other (read_only)")
        tables = [
            {
                (schema, table)
                for schema, table in connection.execute(
                    "select schema_name, table_name from duckdb_tables() where database_name = ?",
                    [name],
                ).fetchall()
            }
            for name in ("one", "other")
        ]
        found.extend(f"{schema}.{table} is missing" for schema, table in tables[0] ^ tables[1])
        for schema, table in sorted(tables[0] & tables[1] - {("ops", "runs")}):
            columns = connection.execute(
                "select column_name from duckdb_columns() where database_name = 'one'"
                " and schema_name = ? and table_name = ?",
                [schema, table],
            ).fetchall()
            kept = ", ".join(f'"{name}"' for (name,) in columns if name not in OF_THE_RUN)
            sides = [f'select {kept} from {side}.{schema}."{table}"' for side in ("one", "other")]
            row = connection.execute(
                f"select (select count(*) from ({sides[0]} except all {sides[1]})),"
                f" (select count(*) from ({sides[1]} except all {sides[0]}))"
            ).fetchone()
            if row != (0, 0):
                found.append(f"{schema}.{table}: {row} rows differ")
    return found


def published_runs(world: World, *, private: bool) -> list[str]:
    """Runs that a file says were published, in order."""
    rows = world.read(
        "select run_id from ops.runs where state = 'published' order by recorded_at",
        private=private,
    )
    return [row[0] for row in rows]


def assert_whole_nights(kept: Sequence[Row], fresh: Sequence[Row]) -> None:
    """Who read saw one night and then the other, each whole, through runs that were killed."""
    before, after = FIRST_NIGHT.isoformat(), LAST_NIGHT.isoformat()
    assert len(fresh) > 20
    assert all(len(nights_of(row)) == 1 for row in fresh)
    seen = [nights_of(row).pop() for row in fresh]
    assert seen == sorted(seen)
    assert set(seen) == {before, after}
    # The same night is the same numbers, whoever reads them and when.
    for part in (before, after):
        rows = [row for row, night in zip(fresh, seen, strict=True) if night == part]
        assert all(row == rows[0] for row in rows)
    # A connection that stays open keeps its night to the end.
    assert len(kept) > 20
    assert all(row == kept[0] for row in kept)
    assert nights_of(kept[0]) == {before}


def test_kills_at_any_moment_change_nothing_and_the_next_run_completes(
    ci_first_night: World, ci_world: World, tmp_path: Path
) -> None:
    world = ci_first_night.copy(tmp_path)
    before = digest(world.published_file)
    moments = [
        ("Build to the features", 4.0),
        ("Score and explain", 0.1),
        ("Publish", 0.05),
    ]
    with (
        reading(world.published_file, "keeps-open") as kept,
        reading(world.published_file, "comes-and-goes") as fresh,
    ):
        for title, delay in moments:
            kill_at(world, stage(title), delay)
            assert digest(world.published_file) == before, f"killed in {title}"
        # The last kill comes as soon as the new file has its name, before that is written down.
        for _ in range(3):
            old = world.published_file.stat().st_ino
            kill_at(world, lambda _, old=old: world.published_file.stat().st_ino != old)
            visible = published_runs(world, private=False)[-1]
            hit = visible not in published_runs(world, private=True)
            if hit:
                break
    after = digest(world.published_file)
    assert differences(ci_world.published_file, world.published_file) == []
    done = world.run("verify", "reasons-add-up")
    assert done.returncode == 0, done.stderr
    assert digest(world.published_file) == after
    assert published_runs(world, private=True)[-1] == visible
    assert [file.name for file in world.warehouse.iterdir() if file.is_file()] == [
        "plumbline.duckdb"
    ]
    assert_whole_nights(kept, fresh)
    if not hit:
        pytest.skip("all else held, but no kill fell between rename and record on this machine")


def test_a_training_that_fails_leaves_the_build_to_the_next_run(
    ci_raw: World, ci_first_night: World, tmp_path: Path
) -> None:
    world = replace(ci_raw, folder=tmp_path)
    ci_first_night.hand_down_parsed(tmp_path)
    models = world.warehouse / "models"
    models.parent.mkdir()
    models.write_text("no folder")
    first_night = ["nightly", "--as-of", FIRST_NIGHT.isoformat(), "--no-docs"]
    failed = world.run(*first_night, command=WITHOUT_TESTS)
    assert failed.returncode == 1, failed.stdout
    assert "the finished build is kept, the next run goes on from it" in failed.stderr
    assert not world.published_file.exists()
    models.unlink()
    done = world.run(*first_night, command=WITHOUT_TESTS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"go on from features that a stopped run built, from {FIRST_NIGHT} on" in done.stdout
    assert differences(ci_first_night.published_file, world.published_file) == []
