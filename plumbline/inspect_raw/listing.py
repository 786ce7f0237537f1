"""Which files lie in a folder, in which form, and which of them are one table."""

from __future__ import annotations

import gzip
import os
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from plumbline.inspect_raw.knowledge import Knowledge
from plumbline.store.raw import landed_day

EXTENSIONS = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
}
COMPRESSIONS = (".gz", ".gzip")
UNZIP_ERRORS = (OSError, EOFError, zlib.error)
ZIPPED = b"\x1f\x8b"
HEAD = 4096


@dataclass(frozen=True)
class RawFile:
    """One file with rows.

    Attributes
    ----------
    shown : str
        Path below the folder that is looked at.
    form : str
        `parquet`, `csv` or `json`.
    folder, table : str
        Where the table lies, below the same folder, and what it is called.
    """

    path: str
    shown: str
    form: str
    is_zipped: bool
    byte_count: int
    folder: str
    table: str

    @property
    def landed(self) -> str:
        """Landing day of the native layout, empty elsewhere."""
        return landed_day(self.shown)


@dataclass(frozen=True)
class Unreadable:
    """A file that cannot be read, and why."""

    shown: str
    reason: str


@dataclass(frozen=True)
class Listing:
    """What lies in the folder.

    Attributes
    ----------
    tables : tuple of tuple of RawFile
        The files of each table.
    superseding : mapping
        Folder to the table format whose log says which of its files count.
    finished_loads, begun_loads : frozenset of str
        Load packages of dlt that its own folder calls complete, and those that files come from.
    """

    tables: tuple[tuple[RawFile, ...], ...]
    unreadable: tuple[Unreadable, ...]
    superseding: dict[str, str]
    finished_loads: frozenset[str]
    begun_loads: frozenset[str]
    no_export_count: int


LOAD = re.compile(r"(?:^|[._])(\d{10}(?:\.\d+)?)(?:\.|$)")


def list_folder(root: Path, known: Knowledge) -> Listing:
    """Walk the folder; every file is in a table, unreadable, bookkeeping or no export."""
    files: list[RawFile] = []
    unreadable: list[Unreadable] = []
    superseding: dict[str, str] = {}
    finished: set[str] = set()
    has_loads, no_exports = False, 0
    bookkeeping = re.compile(known.folder["bookkeeping"])
    walked: set[str] = set()
    for folder, names, entries in os.walk(root, followlinks=True):
        if os.path.realpath(folder) in walked:  # noqa: PTH118 -- a link to a folder above
            names.clear()
            continue
        walked.add(os.path.realpath(folder))
        below = Path(folder).relative_to(root).as_posix()
        for name, table_format in known.folder["superseding"].items():
            if name in names and _is_log(Path(folder, name)):
                superseding["" if below == "." else below] = table_format
                names.remove(name)
        if "_dlt_loads" in names:
            has_loads = True
            finished.update(_loads(path.name for path in Path(folder, "_dlt_loads").iterdir()))
        names[:] = sorted(name for name in names if not bookkeeping.match(name))
        for entry in sorted(entries):
            file = _read_head(Path(folder, entry), root, known)
            if isinstance(file, RawFile):
                files.append(file)
            elif isinstance(file, Unreadable):
                unreadable.append(file)
            else:
                no_exports += 1
    tables: dict[tuple[str, str, str], list[RawFile]] = {}
    for file in files:
        tables.setdefault((file.folder, file.table, file.form), []).append(file)
    begun = _loads(Path(file.path).name for file in files) if has_loads else set()
    return Listing(
        tables=tuple(tuple(members) for members in tables.values()),
        unreadable=tuple(unreadable),
        superseding=superseding,
        finished_loads=frozenset(finished),
        begun_loads=frozenset(begun),
        no_export_count=no_exports,
    )


def _is_log(folder: Path) -> bool:
    ends = (".json",) if folder.name.startswith("_") else (".metadata.json", ".avro")
    return any(path.name.endswith(ends) for path in folder.iterdir())


def _loads(names: Iterable[str]) -> set[str]:
    found = (LOAD.search(name) for name in names)
    return {match[1] for match in found if match}


def _read_head(path: Path, root: Path, known: Knowledge) -> RawFile | Unreadable | None:
    shown = path.relative_to(root).as_posix()
    name = path.name
    if re.match(known.folder["no_export"], name):
        return None
    for ending in COMPRESSIONS:
        name = name[: -len(ending)] if name.lower().endswith(ending) else name
    stem, extension = os.path.splitext(name)  # noqa: PTH122 -- a dot in a dlt load id is no suffix
    form = EXTENSIONS.get(extension.lower())
    if form is None:
        stem = name
    try:
        size = path.stat().st_size
        with path.open("rb") as handle:
            head = handle.read(HEAD)
        is_zipped = head.startswith(ZIPPED)
        if is_zipped:
            with gzip.open(path) as handle:
                head = handle.read(HEAD)
    except UNZIP_ERRORS as error:
        return Unreadable(shown, _reason(error))
    form = _form(form, head) if size else form
    if form is None:
        return None if name == stem and not head.strip() else Unreadable(shown, "no known format")
    if not head.strip():
        return Unreadable(shown, "empty file, without even a header")
    folder, table = _table(Path(shown).parent.parts, stem, known)
    return RawFile(str(path), shown, form, is_zipped, size, folder, table)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error).splitlines()[0]


def _form(named: str | None, head: bytes) -> str | None:
    """The form that the content has, where it says so; else the one that the name says."""
    if head.startswith(b"PAR1"):
        return "parquet"
    if named in ("csv", "json"):
        return named
    if named is None and head.lstrip()[:1] in (b"{", b"["):
        return "json"
    return named


def _table(folders: tuple[str, ...], stem: str, known: Knowledge) -> tuple[str, str]:
    inside = re.compile(known.folder["inside_a_table"])
    parts = list(folders)
    while parts and inside.match(parts[-1]):
        parts.pop()
    for pattern in known.file_names:
        match = pattern.match(stem)
        if match and "table" in pattern.groupindex:
            return "/".join(parts), match["table"]
        if match and parts:
            return "/".join(parts[:-1]), parts[-1]
    return "/".join(parts), stem
