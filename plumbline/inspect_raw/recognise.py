"""Whose tables these are: which tool landed each, and which object of which vendor it holds."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from plumbline.inspect_raw.contract import NATIVE, ContractTable
from plumbline.inspect_raw.knowledge import PLAIN, Knowledge, KnownObject, Tool, plain, singular
from plumbline.inspect_raw.reading import TableRead

CERTAIN = 0.5  # share of an object's telling columns that says it is that object
FEWEST = 3  # and so many of them at least
LIKELY = 0.4  # the same share, where the name of the table says so too
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Seen:
    """A table, recognised as far as can be.

    Attributes
    ----------
    vendor : str
        `unknown` where nothing tells.
    object_name : str
        As in the contract, or empty.
    contract : ContractTable or None
        What the project's models read of that object as this tool lands it.
    root : str or None
        Folder from which the contract's pattern fits the files; None where it does not.
    is_read : bool
        Whether a model reads the object, in this layout or in the native one.
    """

    read: TableRead
    tool: Tool
    vendor: str = UNKNOWN
    object_name: str = ""
    contract: ContractTable | None = None
    root: str | None = None
    is_read: bool = False

    @property
    def label(self) -> str:
        """What the table is called in messages: where it lies."""
        return self.read.path

    def column(self, *names: str) -> str | None:
        """The table's own name of the first of these columns that it has."""
        own = {plain(name): name for name in reversed(self.read.columns)}
        return next((own[plain(name)] for name in names if plain(name) in own), None)


def recognise(tables: Iterable[TableRead], known: Knowledge) -> list[Seen]:
    """Recognise every table: by its columns and names first, then by its neighbours."""
    seen = [_alone(table, known) for table in tables]
    return [_with_contract(table, known) for table in _by_neighbours(seen, known)]


def tool_of(table: TableRead, known: Knowledge) -> Tool:
    """The tool that marked most columns; `plain files` where none did."""
    columns = set(map(plain, table.columns))
    counts = {tool.name: sum(plain(mark) in columns for mark in tool.marks) for tool in known.tools}
    best = max(counts, key=lambda name: counts[name])
    return known.tool(best if counts[best] else PLAIN)


def _alone(table: TableRead, known: Knowledge) -> Seen:
    columns = frozenset(map(plain, table.columns)) - known.all_marks
    words = " ".join((*PurePosixPath(table.folder).parts, table.name)).lower()
    best, points = None, 0.0
    for known_object in known.objects:
        found = _points(known_object, table.name, columns, words, known)
        if found > points:
            best, points = known_object, found
    tool = tool_of(table, known)
    if best is None:
        return Seen(table, tool)
    return Seen(table, tool, best.vendor, best.name)


def _points(
    candidate: KnownObject, table: str, columns: frozenset[str], words: str, known: Knowledge
) -> float:
    """How well an object fits a table; 0 where it does not."""
    # Fivetran says customer_id where the vendor says customer
    found = [
        (count / len(marks), count)
        for marks in candidate.marks
        if (count := sum(name in columns or f"{name}id" in columns for name in marks))
    ]
    share, count = max(found, default=(0.0, 0))
    is_hinted = candidate.vendor.replace("_", "") in words.replace("_", "")
    is_named = bool(names_of(table, candidate.vendor, known) & candidate.names)
    if (share >= CERTAIN and count >= FEWEST) or (is_named and (share >= LIKELY or is_hinted)):
        return share + 0.35 * is_named + 0.25 * is_hinted
    return 0.0


def names_of(table: str, vendor: str, known: Knowledge) -> set[str]:
    """What a table may be called, without the words that say nothing of the object."""
    affixes = {*known.folder["affixes"], vendor}
    words = [word for word in re.split(r"[^A-Za-z0-9]+", table) if word]
    bare = [word for word in words if word.lower() not in affixes] or words
    return {singular(table), singular("_".join(bare)), singular(f"{vendor}_{'_'.join(bare)}")}


def _by_neighbours(seen: list[Seen], known: Knowledge) -> list[Seen]:
    """Child tables take their parent's vendor, others that of all known tables beside them."""
    beside: dict[str, Counter[str]] = {}
    for table in seen:
        if table.vendor != UNKNOWN:
            beside.setdefault(table.read.folder, Counter())[table.vendor] += 1
    by_path = {table.read.path: table for table in seen}
    hints = {known_object.vendor for known_object in known.objects}
    found = []
    for table in seen:
        parent, _, child = table.read.name.partition("__")
        above = by_path.get(f"{table.read.folder}/{parent}".lstrip("/")) if child else None
        if above is not None and above.object_name:
            name = f"{above.object_name}__{child}"
            table = replace(table, vendor=above.vendor, object_name=name)
        elif table.vendor == UNKNOWN:
            vendors = beside.get(table.read.folder, Counter())
            named = [name for name in hints if name in table.read.path.lower()]
            if len(vendors) == 1 or len(named) == 1:
                table = replace(table, vendor=next(iter(vendors if len(vendors) == 1 else named)))
        found.append(table)
    return found


def _with_contract(table: Seen, known: Knowledge) -> Seen:
    tool = table.tool.name
    native = known.contract_table(table.vendor, table.object_name, NATIVE)
    shown = table.read.files[0].shown
    if tool == PLAIN and native and root_of(native.pattern, shown) is not None:
        # the contract itself reads these files where they lie
        table, tool = replace(table, tool=known.tool(NATIVE)), NATIVE
    contract = known.contract_table(table.vendor, table.object_name, tool)
    contract = contract or known.contract_table(table.vendor, table.read.name, tool)
    root = root_of(contract.pattern, shown) if contract else None
    is_read = bool(native or contract)
    return replace(table, contract=contract, root=root, is_read=is_read)


def root_of(pattern: str, shown: str) -> str | None:
    """The folder from which a contract's pattern finds a file, empty for the top; else None."""
    parts = []
    for part in pattern.split("/"):
        parts.append(
            r"(?:[^/]+/)*" if part == "**" else re.escape(part).replace(r"\*", "[^/]*") + "/"
        )
    fits = re.fullmatch(rf"(?P<root>(?:.*/)?){''.join(parts)}", f"{shown}/")
    return fits["root"].rstrip("/") if fits and pattern else None
