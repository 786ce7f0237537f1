"""Every mistake of a user ends in one clear line, exit code 1, and nothing published."""

from __future__ import annotations

import fcntl
import os
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import COMMAND, ROOT, World, digest

from plumbline.config import load_settings
from plumbline.store.raw import read_contract

TYPES = {
    "varchar": (pa.string(), "x"),
    "bigint": (pa.int64(), 1),
    "integer": (pa.int32(), 1),
    "double": (pa.float64(), 1.0),
    "boolean": (pa.bool_(), False),
    "date": (pa.date32(), date(2026, 2, 1)),
    "timestamp": (pa.timestamp("us"), datetime(2026, 2, 1)),
}
PUBLISHED_MODEL = """
    create schema ml;
    create table ml.model_runs as
    select
        'churn' as target, 'c-1' as model_version, date '2026-02-01' as as_of_date,
        timestamp '2026-02-01' as trained_at, 'additive' as model_kind,
        '{"verdict": "ok", "decision": "the first model"}'::json as metrics;
    create table ml.model_performance as
    select
        'c-1' as model_version, 'additive' as model_kind, 'test' as slice,
        'auc_roc' as metric_name, 0.9 as metric_value, 0.8 as lower_bound, 0.95 as upper_bound;
    create table ml.model_stages as
    select
        'c-1' as model_version, 'churn' as target, 'champion' as stage,
        date '2026-02-01' as since_date, timestamp '2026-02-01' as recorded_at, 'first' as reason;
"""
CONFIG = '[source.demo]\nraw = "data/raw"\nvendors = ["product", "segment"]\nlabel = "x"\n'


def tiny_table(columns: tuple[tuple[str, str], ...], rows: int = 1) -> pa.Table:
    """A table of the contract with `rows` equal rows."""
    fields = {name: TYPES[kind] for name, kind in columns if name != "landed"}
    return pa.table({n: pa.array([value] * rows, kind) for n, (kind, value) in fields.items()})


@pytest.fixture
def tiny(tmp_path: Path) -> World:
    """Raw exports of one row a table, and a published file that must stay as it is."""
    world = World(tmp_path, tmp_path / "raw")
    settings = load_settings(raw=world.raw)
    for table in read_contract(ROOT, world.raw, settings.vendors, "the test", {}):
        file = world.raw / table.vendor / table.name / "landed=2026-02-27" / "part-0.parquet"
        file.parent.mkdir(parents=True)
        pq.write_table(tiny_table(table.columns), file)
    world.warehouse.mkdir()
    world.published_file.write_bytes(b"what people read")
    return world


def events_file(world: World) -> Path:
    """The one file of the event stream."""
    return next((world.raw / "segment" / "events").rglob("*.parquet"))


def expect_one_line(
    done: subprocess.CompletedProcess[str], world: World, before: str, *words: str
) -> None:
    """Exit code 1, one error line with these words and a remedy, the published file untouched."""
    assert done.returncode == 1, done.stdout + done.stderr
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, done.stderr
    assert re.match(r"error: .+ — .+", lines[0])
    for word in words:
        assert word in lines[0]
    assert "Traceback" not in done.stdout + done.stderr
    assert digest(world.published_file) == before
    assert not list(world.warehouse.glob("*.tmp"))


def lose_raw_folder(world: World) -> None:
    shutil.rmtree(world.raw)


def lose_table(world: World) -> None:
    shutil.rmtree(world.raw / "segment" / "events")


def truncate_file(world: World) -> None:
    file = events_file(world)
    file.write_bytes(file.read_bytes()[:-20])


def write_garbage(world: World) -> None:
    events_file(world).write_bytes(b"this is not a Parquet file, whatever its name says")


def make_file_zero_bytes(world: World) -> None:
    events_file(world).write_bytes(b"")


def drop_column(world: World) -> None:
    file = events_file(world)
    pq.write_table(pq.read_table(file, partitioning=None).drop_columns(["event_type"]), file)


def change_type(world: World) -> None:
    file = events_file(world)
    table = pq.read_table(file, partitioning=None)
    index = table.column_names.index("timestamp")
    pq.write_table(table.set_column(index, "timestamp", pa.array(["2026-02-01"])), file)


def empty_table(world: World) -> None:
    file = events_file(world)
    pq.write_table(pq.read_table(file, partitioning=None).slice(0, 0), file)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lose_raw_folder, ["no raw folder", "plumbline demo"]),
        (lose_table, ["segment.events", "no file"]),
        (truncate_file, ["part-0.parquet", "cannot be read"]),
        (write_garbage, ["part-0.parquet", "cannot be read"]),
        (make_file_zero_bytes, ["part-0.parquet", "cannot be read"]),
        (drop_column, ["part-0.parquet", "lacks the column event_type"]),
        (change_type, ["part-0.parquet", "timestamp is varchar", "says timestamp"]),
        (empty_table, ["segment.events", "empty"]),
    ],
)
def test_spoilt_raw_file(tiny: World, spoil: Callable[[World], None], words: list[str]) -> None:
    spoil(tiny)
    before = digest(tiny.published_file)
    expect_one_line(tiny.run("nightly"), tiny, before, *words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (CONFIG.replace('"segment"', '"sigment"'), ["'sigment'", "known: academy", "segment"]),
        (CONFIG.replace('"segment"]', '"segment"'), ["not valid TOML", "line "]),
        (CONFIG.replace('["product", "segment"]', '"product"'), ["vendors", "a list of texts"]),
        (CONFIG.replace("vendors", "venders"), ["'venders'", "known:"]),
        (CONFIG.replace('label = "x"\n', ""), ["does not set label"]),
        (CONFIG + 'source_types_off = ["usages"]\n', ["'usages'", "known: master_records"]),
        (CONFIG + 'targets_off = ["trials"]\n', ["'trials'", "known: expansion, conversion"]),
        (CONFIG + 'targets_off = ["churn"]\n', ["'churn'", "known: expansion, conversion"]),
        (CONFIG.replace("source.demo", "source.other"), ["source 'demo'", "known sources: other"]),
        (CONFIG + 'masked = ["dog"]\n', ["'dog'", "known: employee, user, contact"]),
        (CONFIG + 'masked = ["user"]\n', ["PLUMBLINE_MASK_KEY is not set", "take masked out"]),
        (CONFIG + 'as_of = "soon"\n', ["as_of", "a date"]),
        (CONFIG + 'landed_by = "dlt"\n', ["landed_by", "a table"]),
        (CONFIG + 'landed_by = { stripe = "dlt" }\n', ["'stripe'", "vendors does not"]),
        (CONFIG + 'landed_by = { segment = "stitch" }\n', ["'stitch'", "known: native, airbyte"]),
        (CONFIG + 'landed_by = { segment = "dlt" }\n', ["segment as dlt", "known: native"]),
        ("threads = 2\n" + CONFIG, ["unknown setting 'threads'"]),
    ],
)
def test_malformed_config(tiny: World, text: str, words: list[str]) -> None:
    config = tiny.folder / "plumbline.toml"
    config.write_text(text, encoding="utf-8")
    before = digest(tiny.published_file)
    done = tiny.run("nightly", PLUMBLINE_CONFIG=str(config))
    expect_one_line(done, tiny, before, *words)


def test_missing_config(tiny: World) -> None:
    before = digest(tiny.published_file)
    done = tiny.run("nightly", PLUMBLINE_CONFIG=str(tiny.folder / "none.toml"))
    expect_one_line(done, tiny, before, "none.toml", "missing")


def test_date_that_is_none(tiny: World) -> None:
    before = digest(tiny.published_file)
    done = tiny.run("nightly", "--as-of", "2026-02-30")
    expect_one_line(done, tiny, before, "2026-02-30", "YYYY-MM-DD")


@pytest.mark.parametrize("command", ["train", "score", "verify", "docs"])
def test_step_without_a_build(tiny: World, command: str) -> None:
    before = digest(tiny.published_file)
    done = tiny.run(command)
    expect_one_line(done, tiny, before, "nothing is built", "plumbline nightly")


def test_unknown_proof(tiny: World) -> None:
    before = digest(tiny.published_file)
    done = tiny.run("verify", "everything-is-fine")
    expect_one_line(done, tiny, before, "no proof 'everything-is-fine'", "reasons-add-up")


def test_demo_does_not_replace_a_folder_that_is_not_its_own(tiny: World) -> None:
    before = digest(tiny.published_file)
    done = tiny.run("demo", "--size", "ci", "--raw", str(tiny.raw))
    expect_one_line(done, tiny, before, "did not write")
    assert events_file(tiny).exists()


def test_build_file_is_open_in_another_program(tiny: World) -> None:
    tiny.build_file.parent.mkdir()
    code = f"import duckdb; c = duckdb.connect({str(tiny.build_file)!r}); print('open'); input()"
    holder = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        before = digest(tiny.published_file)
        done = tiny.run("nightly")
        expect_one_line(done, tiny, before, str(tiny.build_file), f"PID {holder.pid}")
    finally:
        holder.communicate("\n", timeout=20)


def test_another_run_is_at_work(tiny: World) -> None:
    """Nothing is written under it, no demo world either; the models are those it published."""
    lock = tiny.warehouse / "build" / "run.lock"
    lock.parent.mkdir()
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        handle.write("4711")
        handle.flush()
        before = digest(tiny.published_file)
        for command in (["nightly"], ["demo", "--size", "ci"], ["train"]):
            expect_one_line(tiny.run(*command), tiny, before, "another run", "4711")
        damaged = tiny.run("models")
        expect_one_line(damaged, tiny, before, str(tiny.published_file), "cannot be opened")
        tiny.published_file.unlink()
        with duckdb.connect(str(tiny.published_file)) as connection:
            connection.execute(PUBLISHED_MODEL)
        done = tiny.run("models")
        assert done.returncode == 0, done.stderr
        assert "A run is at work (process 4711)" in done.stdout and "c-1" in done.stdout
    assert events_file(tiny).exists() and not tiny.build_file.exists()


@pytest.mark.parametrize("place", ["a file", "a folder of the system"])
def test_a_warehouse_that_cannot_be_written(tiny: World, place: str) -> None:
    warehouse = tiny.folder / "file"
    if place == "a file":
        warehouse.write_text("no folder", encoding="utf-8")
    else:
        warehouse = Path("/proc/plumbline")
    before = digest(tiny.published_file)
    for command in ("nightly", "models", "verify"):
        done = tiny.run(command, PLUMBLINE_WAREHOUSE=str(warehouse))
        expect_one_line(done, tiny, before, f"warehouse {warehouse} cannot be written")


def test_build_file_is_no_database(tiny: World) -> None:
    tiny.build_file.parent.mkdir()
    tiny.build_file.write_bytes(b"not a database" * 1000)
    before = digest(tiny.published_file)
    expect_one_line(tiny.run("nightly"), tiny, before, str(tiny.build_file), "move it away")


def test_disk_too_small_to_begin(tiny: World) -> None:
    disk = tiny.folder / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(disk)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip("this user may not mount a small disk")
    try:
        before = digest(tiny.published_file)
        done = tiny.run("nightly", PLUMBLINE_WAREHOUSE=str(disk))
        expect_one_line(done, tiny, before, "not enough disk space", "MB needed")
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_disk_fills_up_during_the_run(ci_first_night: World, tmp_path: Path) -> None:
    world = ci_first_night.copy(tmp_path)
    shutil.rmtree(world.warehouse / "build")
    before = digest(world.published_file)
    limit = 6 * 1024**2
    done = subprocess.run(
        [*COMMAND, "nightly", "--no-docs"],
        cwd=ROOT,
        env=world.environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    expect_one_line(done, world, before, "the disk is full", "free some space")


def test_no_permission(tiny: World) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    events_file(tiny).chmod(0)
    before = digest(tiny.published_file)
    expect_one_line(tiny.run("nightly"), tiny, before, "part-0.parquet", "cannot be read")
