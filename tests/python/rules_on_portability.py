"""Rules that keep SQL portable where a parser cannot tell: functions, types and literals.

A grammar takes any function name and most type names. Outside macros/dialect, SQL uses what
DuckDB, PostgreSQL and Spark all have under the same name and with the same meaning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from project_types import Project, Violation
from rules_on_files import inside_parentheses, line_of, without_comments

PORTABLE = """
    abs avg cast ceil coalesce count dense_rank exp extract first_value floor greatest lag
    last_value lead least length ln lower max min mod ntile nullif percent_rank power rank replace
    round row_number sign split_part sqrt stddev_pop stddev_samp substring sum trim upper var_pop
    var_samp
"""
# Words that an opening parenthesis may follow without being a call.
WORDS = """
    all and any as by case distinct else except exists filter from group having in intersect is join
    not on or over select then union values when where with
"""
KNOWN = frozenset(f"{PORTABLE} {WORDS} jinja".split())
TYPES = re.compile(
    r"(date|timestamp|boolean|smallint|integer|bigint|(decimal|numeric)\(\d+, ?\d+\)"
    r"|varchar\(\d+\)|jinja)$"
)
OWN_SYNTAX = re.compile(r"[\[{]|->|\b(qualify|exclude|ilike|using|asof|positional|pivot)\b|\*\*|//")
JINJA = re.compile(r"\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
STRING = re.compile(r"'(?:[^']|'')*'")
CALL = re.compile(r"\b([a-z_][a-z0-9_]*)\s*\(", re.IGNORECASE)


def _plain_sql(text: str) -> str:
    """SQL without comments, Jinja and the content of strings; lines keep their numbers."""

    def blank(match: re.Match[str]) -> str:
        return "jinja" + "\n" * match.group().count("\n")

    return STRING.sub("''", JINJA.sub(blank, without_comments(text)))


def _sql(project: Project) -> Iterator[tuple[str, str]]:
    for path, text in project.sql_files("models", "macros", "tests").items():
        if not path.startswith("macros/dialect/"):
            yield path, _plain_sql(text)


def functions_are_portable(project: Project) -> Iterator[Violation]:
    """A function that not every engine has is called by a dispatched macro."""
    for path, code in _sql(project):
        for match in CALL.finditer(code):
            name = match.group(1).lower()
            is_type = TYPES.match(name + inside_parentheses(code, match.end() - 1))
            if name not in KNOWN and not is_type:
                place = line_of(code, match.start())
                yield Violation("functions_are_portable", path, f"{place}: {name}()")


def types_are_portable(project: Project) -> Iterator[Violation]:
    """A type that has another name elsewhere is given by the macro `column_type`."""
    for path, code in _sql(project):
        for match in re.finditer(r"\bcast\s*(?=\()", code, re.IGNORECASE):
            cast = inside_parentheses(code, match.end())[1:-1]
            kind = " ".join(re.split(r"\bas\b", cast, flags=re.IGNORECASE)[-1].split()).lower()
            if not TYPES.match(kind):
                place = line_of(code, match.start())
                yield Violation("types_are_portable", path, f"{place}: {kind}")


def syntax_is_portable(project: Project) -> Iterator[Violation]:
    """List and struct literals, lambdas and one engine's clauses lie in dispatched macros."""
    for path, code in _sql(project):
        for match in OWN_SYNTAX.finditer(code):
            place = line_of(code, match.start())
            yield Violation("syntax_is_portable", path, f"{place}: {match.group()}")


PORTABILITY_RULES = (functions_are_portable, types_are_portable, syntax_is_portable)
