"""Rules about the text of files: size, clocks, casts, refs, traces of a machine.

Each rule is a pure function from a `Project` to the violations it finds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from project_types import Project, Violation

LINE_LENGTH = 100

# Strings are matched too, so that a dash in one does not begin a comment.
STRING_OR_COMMENT = re.compile(
    r"('(?:[^'\n]|'')*'|\"[^\"\n]*\")|--[^\n]*|/\*.*?\*/|\{#.*?#\}", re.DOTALL
)
CLOCK = re.compile(
    r"\b(current_(date|time|timestamp)|local(time|timestamp)|sysdate|run_started_at"
    r"|(now|today|utcnow|getdate|get_current_(time|timestamp)"
    r"|(clock|statement|transaction)_timestamp|unix_timestamp)\s*\(\s*\))",
    re.IGNORECASE,
)
NUMBERING = re.compile(r"\brow_number\s*\(\s*\)\s*over\s*(\(|\w+)", re.IGNORECASE)
REF = re.compile(r"\b(ref|source)\s*\(")
MACHINE_PATH = re.compile(r"(?<![\w.}/-])/(work|root|home|Users)/")
# Written so that this file does not hold what it looks for.
REGISTRY = re.compile(
    r"https?://\S*(pypi|pythonhosted|artifactory|nexus|devpi|conda|npmjs|/simple/)\S*"
    r"|(?<=\s)--(extra-)?index-url\b|(?<=\s)--find-links\b",
    re.IGNORECASE,
)


def without_comments(sql: str) -> str:
    """SQL or Jinja text without its comments; lines keep their numbers."""
    return STRING_OR_COMMENT.sub(lambda m: m.group(1) or "\n" * m.group().count("\n"), sql)


def line_of(text: str, position: int) -> str:
    """The line, counted from 1, that a position lies on."""
    return f"line {text.count(chr(10), 0, position) + 1}"


def inside_parentheses(code: str, start: int) -> str:
    """Text from the opening parenthesis at `start` to the one that closes it."""
    depth, position = 1, start + 1
    while depth and position < len(code):
        depth += {"(": 1, ")": -1}.get(code[position], 0)
        position += 1
    return code[start:position]


def _matches(rule: str, pattern: re.Pattern[str], files: dict[str, str]) -> Iterator[Violation]:
    for path, text in files.items():
        code = without_comments(text)
        for match in pattern.finditer(code):
            yield Violation(rule, path, f"{line_of(code, match.start())}: {match.group().strip()}")


def sql_lines_are_short(project: Project) -> Iterator[Violation]:
    """Lines of SQL as it is written; sqlfluff reads it compiled."""
    for path, text in project.sql_files("models", "macros", "tests").items():
        for number, line in enumerate(text.splitlines(), start=1):
            if len(line) > LINE_LENGTH:
                yield Violation("sql_lines_are_short", path, f"line {number}: {len(line)}")


def no_clock(project: Project) -> Iterator[Violation]:
    """Time is `as_of_date`, so that a replay is a run."""
    return _matches("no_clock", CLOCK, project.sql_files("models", "macros", "tests"))


def no_colon_cast(project: Project) -> Iterator[Violation]:
    """`cast()` reads the same on every engine."""
    files = project.sql_files("models", "macros", "tests")
    return _matches("no_colon_cast", re.compile("::"), files)


def row_numbers_are_ordered(project: Project) -> Iterator[Violation]:
    """A number without an order is another one on every run."""
    for path, text in project.sql_files("models", "macros", "tests").items():
        code = without_comments(text)
        for match in NUMBERING.finditer(code):
            if not re.search(r"\border\s+by\b", _window(code, match), re.IGNORECASE):
                yield Violation("row_numbers_are_ordered", path, line_of(code, match.start()))


def _window(code: str, numbering: re.Match[str]) -> str:
    """Text of the window that a row_number() goes over, given in place or by name."""
    start = numbering.end()
    if numbering.group(1) != "(":
        named = re.compile(rf"\b{numbering.group(1)}\s+as\s*\(", re.IGNORECASE).search(code)
        if not named:
            return ""
        start = named.end()
    return inside_parentheses(code, start - 1)


def refs_only_in_models(project: Project) -> Iterator[Violation]:
    """A macro hides no part of the graph; two say in their names what they read."""
    files = project.sql_files("macros", "tests/generic")
    files.pop("macros/union_vendors.sql", None)
    files.pop("macros/landed.sql", None)
    return _matches("refs_only_in_models", REF, files)


def no_machine_traces(project: Project) -> Iterator[Violation]:
    """No absolute path and no address of a package index: a clone runs elsewhere."""
    for path, text in project.files.items():
        for pattern in (MACHINE_PATH, REGISTRY):
            for match in pattern.finditer(text):
                found = f"{line_of(text, match.start())}: {match.group()[:60]}"
                yield Violation("no_machine_traces", path, found)


def notebooks_have_no_outputs(project: Project) -> Iterator[Violation]:
    """Outputs hold customers' figures, and differ after every run."""
    for path, text in project.files.items():
        if path.endswith(".ipynb"):
            for number, cell in enumerate(json.loads(text)["cells"], start=1):
                if cell.get("outputs") or cell.get("execution_count") is not None:
                    found = f"cell {number}: clear its outputs"
                    yield Violation("notebooks_have_no_outputs", path, found)


FILE_RULES = (
    sql_lines_are_short,
    no_clock,
    no_colon_cast,
    row_numbers_are_ordered,
    refs_only_in_models,
    no_machine_traces,
    notebooks_have_no_outputs,
)
