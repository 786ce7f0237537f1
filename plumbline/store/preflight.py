"""Checks before a run: everything that can be known to fail is said before work begins."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb

from plumbline.config import Settings
from plumbline.errors import UserError
from plumbline.store.json_columns import check_json
from plumbline.store.landings import FileFacts, Landing, landings_of, latest_landed
from plumbline.store.parquet_files import check_values, read_facts
from plumbline.store.raw import read_contract
from plumbline.store.text_files import check_text, read_text_facts

DISK_RESERVE_BYTES = 200 * 1024**2
DISK_FACTOR = 2  # the private file may be rewritten once, and its marts are copied
Progress = Callable[[float, float | None], None]


@dataclass(frozen=True)
class RawState:
    """What lies in the raw folder, checked against the contract.

    Attributes
    ----------
    told : tuple of str
        A sentence for each column with values that were put aside.
    """

    landings: tuple[Landing, ...]
    file_count: int
    byte_count: int
    row_count: int
    told: tuple[str, ...]


def check_disk(settings: Settings) -> None:
    """Refuse to begin where the run would fill the disk.

    Raises
    ------
    UserError
        Less is free than twice the private file plus 200 MB.
    """
    size = settings.build_file.stat().st_size if settings.build_file.exists() else 0
    needed = DISK_FACTOR * size + DISK_RESERVE_BYTES
    free = shutil.disk_usage(settings.build_file.parent).free
    if free < needed:
        raise UserError(
            f"not enough disk space in {settings.build_file.parent}: "
            f"{free / 1e6:,.0f} MB free, {needed / 1e6:,.0f} MB needed",
            "free some space, or set PLUMBLINE_WAREHOUSE to a folder on a larger disk",
        )


def check_raw(settings: Settings, progress: Progress | None = None) -> RawState:
    """Check every raw table of the switched-on vendors against the contract.

    Parameters
    ----------
    progress : callable, optional
        Called with the number of files done and in all.

    Raises
    ------
    UserError
        A folder, table, file, column or row is missing or not what the contract says.
    """
    setting = f"plumbline.toml [source.{settings.source}]"
    tables = read_contract(
        settings.root, settings.raw, settings.vendors, setting, settings.landed_by
    )
    if not settings.raw.is_dir():
        raise UserError(
            f"there is no raw folder {settings.raw}",
            "create the demo world with `plumbline demo`, or give --raw PATH"
            if settings.source == "demo"
            else f"give --raw PATH, or set raw in {setting}",
        )
    files = {table: table.files() for table in tables}
    for table in tables:
        if not files[table] and not table.may_be_absent:
            raise UserError(
                f"raw table {table.label} has no file ({table.pattern})",
                "land its files, or switch the vendor off in plumbline.toml",
            )
    total, done = sum(len(paths) for paths in files.values()), 0
    landings: list[Landing] = []
    told: list[str] = []
    row_count = byte_count = 0
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for table, paths in files.items():
            if not paths:
                continue
            facts: list[FileFacts] = []
            for path in paths:
                facts.append(read_facts(table, path) if table.is_parquet else read_text_facts(path))
                done += 1
                if progress is not None and done % 50 == 0:
                    progress(done, total)
            if table.is_parquet:
                check_values(connection, table, facts)
                rows = sum(file.rows for file in facts)
            else:
                rows = sum(check_text(connection, table, path) for path in paths)
            if rows == 0:
                raise UserError(
                    f"raw table {table.label} is empty: {len(paths)} file(s), no row",
                    "land it again, or switch the vendor off in plumbline.toml",
                )
            told.extend(check_json(connection, table, paths))
            row_count += rows
            byte_count += sum(file.byte_count for file in facts)
            landings.extend(landings_of(table.vendor, table.name, facts))
    return RawState(tuple(landings), total, byte_count, row_count, tuple(told))


def default_as_of(settings: Settings, raw: RawState) -> date:
    """The day after the latest landed day, or what plumbline.toml says.

    Raises
    ------
    UserError
        Neither is known.
    """
    last = latest_landed(raw.landings)
    if last is not None:
        return last + timedelta(days=1)
    if settings.default_as_of is not None:
        return settings.default_as_of
    raise UserError(
        f"the raw files of source '{settings.source}' do not say when they landed",
        "give --as-of DATE, or set as_of in plumbline.toml",
    )


def check_as_of(settings: Settings, as_of: date, raw: RawState) -> None:
    """Refuse a T of which the raw files tell nothing: before their first day, or long after.

    What a source is late by is the input gate's matter, up to the longest lag that it allows any.
    A folder whose files do not say when they landed is not judged; nor is the first day where a
    sync tool lands, whose first landing may tell of earlier days.

    Raises
    ------
    UserError
        Names the days that the files cover.
    """
    last = latest_landed(raw.landings)
    if last is None:
        return
    days = [date.fromisoformat(landing.landed) for landing in raw.landings if landing.landed]
    extracted = [landing.first_extracted_at for landing in raw.landings]
    first = min([*days, *(moment.date() for moment in extracted if moment is not None)])
    is_early = as_of <= first and not settings.landed_by
    if is_early or as_of > last + timedelta(days=1) + _longest_lag(settings):
        raise UserError(
            f"the raw files cover {first} to {last}, and --as-of {as_of} lies outside",
            f"give a date from {first + timedelta(days=1)} to {last + timedelta(days=1)}",
        )


def _longest_lag(settings: Settings) -> timedelta:
    file = settings.root / "seeds" / "reference" / "gate_thresholds.csv"
    with file.open(newline="", encoding="utf-8") as stream:
        limits = {row["check_name"]: float(row["limit_value"]) for row in csv.DictReader(stream)}
    return timedelta(hours=max(v for name, v in limits.items() if name.endswith("_lag_hours")))


def check_label(settings: Settings) -> None:
    """Refuse a label that the training examples do not have.

    Raises
    ------
    UserError
        Names the labels that there are.
    """
    labels = settings.dbt_var("labels")
    if settings.label not in labels:
        raise UserError(
            f"plumbline.toml [source.{settings.source}]: label = {settings.label!r} is no label of"
            " the training examples",
            f"known: {', '.join(labels)}",
        )
