"""From which day on a run recomputes, and what a raw file says about itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import ROOT

from plumbline.store import ops
from plumbline.store.landings import (
    BuiltState,
    Landing,
    changed_since,
    landings_of,
    latest_landed,
    read_parquet_facts,
    type_name,
)
from plumbline.store.parquet_files import Fit, fit

DAY = date(2026, 2, 20)


def landing(day: str, fingerprint: str = "a", first: datetime | None = None) -> Landing:
    return Landing(
        "segment", "events", day, 1, 100, fingerprint, first or datetime.fromisoformat(day)
    )


def keyed(*landings: Landing) -> dict[tuple[str, str, str], Landing]:
    return {row.key: row for row in landings}


OLD = keyed(landing("2026-02-18"), landing("2026-02-19"))


@pytest.mark.parametrize(
    ("as_of", "current", "expected"),
    [
        # the same night again: nothing is new
        (DAY, OLD, "2026-02-20"),
        # the next night, one more partition: everything from the last T on
        (date(2026, 2, 21), keyed(*OLD.values(), landing("2026-02-20")), "2026-02-20"),
        # a partition landed late, with rows that were extracted earlier
        (
            date(2026, 2, 21),
            keyed(*OLD.values(), landing("2026-02-20", first=datetime(2026, 2, 5, 8))),
            "2026-02-05",
        ),
        # an old partition was replaced, its first row is later than before
        (
            date(2026, 2, 21),
            keyed(landing("2026-02-18", "b", datetime(2026, 2, 18, 12)), landing("2026-02-19")),
            "2026-02-18",
        ),
        # an old partition is gone
        (date(2026, 2, 21), keyed(landing("2026-02-19")), "2026-02-18"),
        # back in time
        (date(2026, 2, 10), OLD, "2026-02-09"),
    ],
)
def test_changed_since(
    as_of: date, current: dict[tuple[str, str, str], Landing], expected: str
) -> None:
    assert changed_since(as_of, current, [BuiltState(DAY, OLD)]) == expected


def test_without_an_earlier_build_everything_is_built() -> None:
    assert changed_since(DAY, OLD, []) == ""


def test_files_that_do_not_say_when_they_were_extracted_mean_everything() -> None:
    flat = Landing("ravenstack", "accounts", "", 1, 10, "a", None)
    same = [BuiltState(DAY, keyed(flat))]
    assert changed_since(DAY, keyed(flat), same) == "2026-02-20"
    assert changed_since(DAY, keyed(replace(flat, fingerprint="b")), same) == ""


def test_a_run_that_died_counts_too() -> None:
    """It may have left rows of a file that is gone again, and of days after T."""
    late = landing("2026-02-21", first=datetime(2026, 1, 7))
    died = BuiltState(date(2026, 2, 22), keyed(*OLD.values(), late))
    assert changed_since(DAY, OLD, [BuiltState(DAY, OLD), died]) == "2026-01-07"
    no_files = BuiltState(date(2026, 2, 22), OLD)
    assert changed_since(DAY, OLD, [BuiltState(DAY, OLD), no_files]) == "2026-02-19"


def write(file: Path, first: datetime = datetime(2026, 2, 18, 6), event: str = "e1") -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    table = pa.table(
        {
            "event_id": [event, event],
            "_extracted_at": pa.array([first, datetime(2026, 2, 19)], pa.timestamp("us")),
        }
    )
    pq.write_table(table, file)
    return file


def test_facts_of_a_parquet_file(tmp_path: Path) -> None:
    facts = read_parquet_facts(str(write(tmp_path / "landed=2026-02-19" / "part-0.parquet")))
    assert facts.landed == "2026-02-19"
    assert facts.rows == 2
    assert facts.columns == {"event_id": "varchar", "_extracted_at": "timestamp"}
    assert facts.first_extracted_at == datetime(2026, 2, 18, 6)


def test_fingerprint_follows_content_and_not_the_clock(tmp_path: Path) -> None:
    def fingerprint(file: Path) -> str:
        return landings_of("s", "e", [read_parquet_facts(str(file))])[0].fingerprint

    one = fingerprint(write(tmp_path / "a" / "part-0.parquet"))
    assert fingerprint(write(tmp_path / "b" / "part-0.parquet")) == one
    # the same size, another value
    assert fingerprint(write(tmp_path / "c" / "part-0.parquet", event="e2")) != one
    assert fingerprint(write(tmp_path / "d" / "part-1.parquet")) != one


def test_partitions_are_folded(tmp_path: Path) -> None:
    files = [
        write(tmp_path / "landed=2026-02-19" / "part-0.parquet"),
        write(tmp_path / "landed=2026-02-19" / "part-1.parquet", datetime(2026, 2, 3)),
        write(tmp_path / "landed=2026-02-18" / "part-0.parquet"),
    ]
    rows = landings_of("s", "e", [read_parquet_facts(str(file)) for file in files])
    assert [(row.landed, row.file_count) for row in rows] == [("2026-02-18", 1), ("2026-02-19", 2)]
    assert rows[1].first_extracted_at == datetime(2026, 2, 3)
    assert latest_landed(rows) == date(2026, 2, 19)


@pytest.mark.parametrize(
    ("declared", "found", "expected"),
    [
        ("varchar", "varchar", Fit.YES),
        ("json", "varchar", Fit.YES),
        ("varchar", "bigint", Fit.YES),
        ("varchar", "double", Fit.NO),
        ("varchar", "null", Fit.YES),
        ("bigint", "integer", Fit.YES),
        ("bigint", "uinteger", Fit.YES),
        ("bigint", "ubigint", Fit.BY_VALUE),
        ("integer", "bigint", Fit.BY_VALUE),
        ("bigint", "double", Fit.BY_VALUE),
        ("bigint", "varchar", Fit.NO),
        ("double", "float", Fit.YES),
        ("double", "decimal", Fit.YES),
        ("double", "bigint", Fit.BY_VALUE),
        ("date", "timestamp", Fit.BY_VALUE),
        ("timestamp", "date", Fit.NO),
        ("timestamp", "varchar", Fit.NO),
        ("timestamp", "timestamp with time zone", Fit.YES),
        ("boolean", "bigint", Fit.NO),
    ],
)
def test_fitting_types(declared: str, found: str, expected: Fit) -> None:
    assert fit(declared, found) is expected


@pytest.mark.parametrize(
    ("declared", "found", "expected"),
    [
        ("varchar", "null", Fit.NO),
        ("bigint", "double", Fit.NO),
        ("bigint", "integer", Fit.YES),
        ("timestamp", "timestamp with time zone", Fit.YES),
    ],
)
def test_fitting_types_where_the_first_file_decides(
    declared: str, found: str, expected: Fit
) -> None:
    assert fit(declared, found, is_united=False) is expected


def test_type_names() -> None:
    assert type_name(pa.dictionary(pa.int32(), pa.string())) == "varchar"
    assert type_name(pa.timestamp("ns", "UTC")) == "timestamp with time zone"
    assert type_name(pa.int64()) == "bigint"


@pytest.fixture
def private() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    ops.create_tables(connection, ROOT)
    return connection


def start(con: duckdb.DuckDBPyConnection, run: str, day: date, code: str = "c") -> None:
    ops.record_start(con, run, day, "demo", {"code_fingerprint": code}, OLD.values())


def test_built_states_are_the_last_published_run_and_those_since(
    private: duckdb.DuckDBPyConnection,
) -> None:
    assert ops.built_states(private, "c", ops.PUBLISHED) == []
    start(private, "r1", date(2026, 2, 18))
    assert ops.built_states(private, "c", ops.PUBLISHED) == []
    ops.record(private, "r1", date(2026, 2, 18), "demo", ops.PUBLISHED)
    start(private, "r2", date(2026, 2, 19))
    ops.record(private, "r2", date(2026, 2, 19), "demo", ops.PUBLISHED)
    start(private, "r3", date(2026, 2, 25))
    states = ops.built_states(private, "c", ops.PUBLISHED)
    assert [state.as_of for state in states] == [date(2026, 2, 19), date(2026, 2, 25)]
    assert states[0].landings == OLD
    assert ops.last_published(private) == ("r2", date(2026, 2, 19))
    assert ops.published_run_ids(private) == ["r1", "r2"]


def test_features_outlast_a_run_that_stopped_after_them(
    private: duckdb.DuckDBPyConnection,
) -> None:
    start(private, "r1", date(2026, 2, 18))
    ops.record(private, "r1", date(2026, 2, 18), "demo", ops.BUILT)
    ops.record(private, "r1", date(2026, 2, 18), "demo", ops.FAILED)
    assert ops.built_states(private, "c", ops.PUBLISHED) == []
    [state] = ops.built_states(private, "c", ops.BUILT, ops.PUBLISHED)
    assert state.as_of == date(2026, 2, 18)
    # the next one stopped while it built: both may have left rows
    start(private, "r2", date(2026, 2, 19))
    states = ops.built_states(private, "c", ops.BUILT, ops.PUBLISHED)
    assert [state.as_of for state in states] == [date(2026, 2, 18), date(2026, 2, 19)]
    assert ops.built_states(private, "d", ops.BUILT, ops.PUBLISHED) == []


def test_other_code_means_everything(private: duckdb.DuckDBPyConnection) -> None:
    start(private, "r1", DAY)
    ops.record(private, "r1", DAY, "demo", ops.PUBLISHED)
    assert len(ops.built_states(private, "c", ops.PUBLISHED)) == 1
    assert ops.built_states(private, "d", ops.PUBLISHED) == []
    # a dead run with other code has left other tables
    start(private, "r2", DAY, "d")
    assert ops.built_states(private, "c", ops.PUBLISHED) == []
    assert ops.built_states(private, "d", ops.PUBLISHED) == []


def test_run_ids_sort_by_as_of_date() -> None:
    early, late = ops.new_run_id(date(2026, 2, 27)), ops.new_run_id(date(2026, 2, 28))
    assert early < late
    assert early.startswith("20260227T0-")
    assert len({ops.new_run_id(DAY) for _ in range(50)}) == 50
