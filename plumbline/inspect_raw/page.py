"""What a look saw, in the terminal: vendors, findings by gravity, the proposed section."""

from __future__ import annotations

from collections import Counter
from datetime import date
from itertools import groupby
from pathlib import PurePosixPath

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from plumbline.inspect_raw.checks_of_shape import listed
from plumbline.inspect_raw.kinds import KNOW, STOPS, WRONG, Finding
from plumbline.inspect_raw.look import Look, TableLook
from plumbline.inspect_raw.recognise import UNKNOWN

LOOKS = {
    STOPS: ("✗", "bold red", "Stops a night"),
    WRONG: ("!", "bold yellow", "Makes figures wrong, or leaves rows out"),
    KNOW: ("·", "bold cyan", "Worth knowing"),
}
COUNTED = {STOPS: "stops a night", WRONG: "makes figures wrong", KNOW: "worth knowing"}
SHOWN_LINES = 6
LONGEST_NAME = 29
WIDE = 110  # columns from which the object has a column of its own
SHOWN_NAMES = 4


def print_look(look: Look, section: str, console: Console) -> None:
    """Print the page; it fits 80 columns and uses more where there are more."""
    console.print()
    title = Text.assemble(("Plumbline · raw exports · ", "bold"), (str(look.root), "bold"))
    console.rule(title, align="left")
    for line in _counts(look):
        console.print(Text(line))
    console.print()
    console.print(_vendors(look))
    console.print()
    console.print(_tables(look, console.width))
    if any(table.clock and table.clock.is_of_sample for table in look.tables):
        console.print(Text("* of the sampled rows", "dim"))
    for gravity in (STOPS, WRONG, KNOW):
        _print_findings([f for f in look.findings if f.kind.gravity == gravity], gravity, console)
    if not look.findings:
        console.print(Text("Nothing found that needs a word.", "green"))
    console.print()
    console.print(Text("For plumbline.toml", "bold"))
    console.print(Text(section), soft_wrap=True)


def _counts(look: Look) -> list[str]:
    units = ((1e9, "GB"), (1e6, "MB"), (1e3, "KB"))
    unit, word = next((u for u in units if look.byte_count >= u[0]), units[-1])
    other = f" and {look.no_export_count:,} that are no exports" if look.no_export_count else ""
    counts = Counter(kind.gravity for kind in {finding.kind for finding in look.findings})
    found = ", ".join(f"{told} {counts[gravity]}" for gravity, told in COUNTED.items())
    return [
        f"{look.file_count:,} files{other}, {look.byte_count / unit:,.1f} {word},"
        f" {len(look.tables):,} tables, looked at in {look.seconds:.1f} s.",
        f"Kinds of findings: {found}.",
    ]


def _vendors(look: Look) -> Table:
    table = _columns("vendor", "landed by", "tables", "rows", "files", "dates")
    for (_, vendor, tool), members in groupby(sorted(look.tables, key=_group), key=_group):
        tables = list(members)
        clocks = [member.clock for member in tables if member.clock]
        begin = min((clock.begin for clock in clocks), default=None)
        end = max((clock.end for clock in clocks), default=None)
        reads = [member.seen.read for member in tables]
        table.add_row(
            Text(vendor, "bold"),
            Text(tool),
            f"{len(tables):,}",
            _rows(sum(read.rows for read in reads), any(read.is_estimate for read in reads)),
            f"{sum(len(read.files) for read in reads):,}",
            _dates(begin, end, any(clock.is_of_sample for clock in clocks)),
        )
    return table


def _tables(look: Look, width: int) -> Table:
    """A row per table, with the object that it holds where there is room."""
    is_wide = width >= WIDE
    table = _columns("table", *(["holds"] if is_wide else []), "rows", "files", "dates", "by")
    if not is_wide:
        longest = max(
            max(2 + len(member.seen.read.name), len(" ".join(_group(member)[1:])))
            for member in look.tables
        )
        counts = max(len(_rows(m.seen.read.rows, m.seen.read.is_estimate)) for m in look.tables)
        table.columns[0].width = min(longest, LONGEST_NAME)
        # the rest of the line: files, dates and four gaps take 35
        table.columns[-1].max_width = max(8, width - table.columns[0].width - counts - 35)
    for (_, vendor, tool), members in groupby(sorted(look.tables, key=_group), key=_group):
        table.add_row(Text.assemble((vendor, "bold"), (f" {tool}", "dim")))
        for member in members:
            read, name, clock = member.seen.read, member.seen.object_name, member.clock
            table.add_row(
                Text(f"  {read.name}"),
                *([Text(name or "no known object", "" if name else "dim")] if is_wide else []),
                _rows(read.rows, read.is_estimate),
                f"{len(read.files):,}",
                _dates(clock.begin, clock.end, clock.is_of_sample) if clock else "",
                Text(clock.column if clock else "", "dim"),
            )
    return table


def _columns(*names: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name in names:
        is_count = name in ("tables", "rows", "files")
        table.add_column(
            name,
            justify="right" if is_count else "left",
            no_wrap=is_count or name == "dates",
            overflow="fold",
        )
    return table


def _group(table: TableLook) -> tuple[bool, str, str]:
    return table.seen.vendor == UNKNOWN, table.seen.vendor, table.seen.tool.name


def _rows(count: int, is_estimate: bool) -> str:
    return f"{'about ' if is_estimate else ''}{count:,}"


def _dates(begin: date | None, end: date | None, is_of_sample: bool) -> str:
    if begin is None or end is None:
        return ""
    return (f"{begin}–{end}" if begin != end else str(begin)) + "*" * is_of_sample


def _print_findings(findings: list[Finding], gravity: str, console: Console) -> None:
    if not findings:
        return
    mark, style, title = LOOKS[gravity]
    console.print()
    console.print(Text(title, style))
    kinds = {finding.kind.name: finding.kind for finding in findings}
    for name, kind in kinds.items():
        console.print(Text.assemble((f"{mark} ", style), (kind.title, "bold")))
        lines = _lines([finding for finding in findings if finding.kind.name == name])
        if len(lines) > SHOWN_LINES:
            lines = [*lines[:SHOWN_LINES], f"and {len(lines) - SHOWN_LINES} more"]
        for line in lines:
            console.print(Padding(Text(line), (0, 0, 0, 4), expand=False))
        console.print(Padding(Text(f"→ {kind.remedy}", "dim"), (0, 0, 0, 2), expand=False))


def _lines(findings: list[Finding]) -> list[str]:
    """A line per place and its words; a line for all places that have the same words."""
    places: dict[str, list[str]] = {}
    own: dict[str, list[str]] = {}
    for finding in findings:
        own.setdefault(finding.where, []).append(finding.text)
    for where, texts in own.items():
        places.setdefault("; ".join(texts), []).append(where)
    lines = []
    for text, names in places.items():
        folders = {PurePosixPath(name).parent for name in names}
        short = names
        if len(names) > 1 and len(folders) == 1:
            short = [names[0], *(PurePosixPath(name).name for name in names[1:])]
        lines.append(f"{listed(short, SHOWN_NAMES)}: {text}")
    return lines
