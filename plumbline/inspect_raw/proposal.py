"""The section of plumbline.toml that fits what was seen, and how it is written there."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from plumbline.config import SOURCE_TYPES, load_settings
from plumbline.errors import UserError
from plumbline.inspect_raw.contract import NATIVE
from plumbline.inspect_raw.knowledge import PLAIN
from plumbline.inspect_raw.look import Look, TableLook

LABEL = "churned_within_60d"
ALWAYS_ON = ("master_records", "subscription")
NAME = re.compile(r"^[a-z][a-z0-9_]*$")


def propose(look: Look, name: str, project: Path) -> str:
    """The section as TOML, with a comment wherever it was not simply read off the files.

    Parameters
    ----------
    look : Look
        What was seen.
    name : str
        Name of the source.
    project : Path
        The project: a raw folder inside it is written relative to it.
    """
    read = [table for table in look.tables if table.seen.is_read]
    vendors = list(dict.fromkeys(table.seen.vendor for table in read))
    lines = [f"[source.{name}]", f"raw = {_text(_raw(look, read, project))}"]
    if not vendors:
        lines += [
            f"# No vendor here is known: write models/base/{name}/ first, as",
            "# docs/bring-your-own-data.md says.",
            f"vendors = [{_text(name)}]",
        ]
    else:
        lines.append(f"vendors = {_texts(vendors)}")
    lines += _landed_by(read)
    off = _types_off(look, read)
    if vendors and off:
        lines.append("# No table here feeds these.")
        lines.append(f"source_types_off = {_texts(off)}")
    if any(table.seen.object_name == "churn_events" for table in read):
        lines.append("# The vendor keeps churn events: vendor_churned_within_60d is a label, too.")
    lines.append(f"label = {_text(LABEL)}")
    if look.last_landed is None:
        clocks = [table.read_at or table.clock for table in read or look.tables]
        ends = [clock.end for clock in clocks if clock]
        if ends:
            lines.append("# The day after the newest row: nothing says when the files landed.")
            lines.append(f"as_of = {max(ends) + timedelta(days=1)}")
    return "\n".join(lines)


def source_name(look: Look, asked: str | None) -> str:
    """The name that was asked for, or one made of the folder's.

    Raises
    ------
    UserError
        The name is none that a folder, a model and a TOML key can have.
    """
    if asked is None:
        made = re.sub(r"\W+", "_", look.root.resolve().name.lower()).strip("_")
        return made if NAME.match(made) else "my_company"
    if not NAME.match(asked):
        raise UserError(
            f"'{asked}' cannot name a source",
            "write small letters, digits and underscores, a letter first: --source my_company",
        )
    return asked


def write_section(
    section: str, name: str, project: Path, environ: Mapping[str, str] = os.environ
) -> Path:
    """Append the section to plumbline.toml; an existing one is never touched.

    Raises
    ------
    UserError
        A section of that name is there, or the file would not be valid with it.
    """
    file = Path(environ.get("PLUMBLINE_CONFIG", project / "plumbline.toml"))
    try:
        before = file.read_text(encoding="utf-8") if file.exists() else ""
        there = tomllib.loads(before).get("source", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{file.name} is not valid TOML: {error}", "mend that line") from None
    if name in there:
        raise UserError(
            f"{file.name} has a section [source.{name}] already, and it stays as it is",
            "give another --source NAME, or edit the section by hand",
        )
    draft = file.with_name(f".{file.name}.draft")
    draft.write_text(f"{before.rstrip()}\n\n{section}\n".lstrip(), encoding="utf-8")
    try:
        load_settings(name, root=project, environ={**environ, "PLUMBLINE_CONFIG": str(draft)})
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
    return file


def _raw(look: Look, read: list[TableLook], project: Path) -> str:
    """The folder from which the models find their tables, where they do."""
    roots = {table.seen.root for table in read if table.seen.root is not None}
    folder = look.root.resolve()
    if len(roots) == 1:
        folder = folder / next(iter(roots))
    inside = folder.is_relative_to(project.resolve())
    return (folder.relative_to(project.resolve()) if inside else folder).as_posix()


def _landed_by(read: list[TableLook]) -> list[str]:
    tools: dict[str, Counter[str]] = {}
    for table in read:
        tools.setdefault(table.seen.vendor, Counter())[table.seen.tool.name] += 1
    chosen = {vendor: counts.most_common(1)[0][0] for vendor, counts in tools.items()}
    lines = [
        f"# {vendor} comes in several layouts: {', '.join(sorted(counts))}."
        for vendor, counts in tools.items()
        if len(counts) > 1
    ]
    entries = [
        f"{vendor} = {_text(tool)}"
        for vendor, tool in chosen.items()
        if tool not in (NATIVE, PLAIN)
    ]
    return [*lines, f"landed_by = {{ {', '.join(entries)} }}"] if entries else lines


def _types_off(look: Look, read: list[TableLook]) -> list[str]:
    found = {(table.seen.vendor, table.seen.object_name) for table in read}
    fed = {name for name, tables in look.known.tables_of.items() if tables & found}
    return [name for name in SOURCE_TYPES if name not in fed and name not in ALWAYS_ON]


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _texts(values: list[str]) -> str:
    listed = f"[{', '.join(map(_text, values))}]"
    if len(listed) <= 70:
        return listed
    return "[\n" + "".join(f"    {_text(value)},\n" for value in values) + "]"
