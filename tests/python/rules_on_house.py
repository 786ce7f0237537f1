"""Rules about what stands around the code: continuous integration, owners, the architecture page.

Each rule is a pure function from a `Project` to the violations it finds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from project_types import Project, Violation
from rules_on_reads import IMPORTED_BY_ROOM, TOLD

PAGE = "docs/architecture.md"
OWNERS = ".github/CODEOWNERS"
DECISIONS = "DECISIONS.md"
CODE = ("plumbline/", "ml/", "macros/", "models/", "bench/", "tests/python/plain_")
CALLERS = ("Jenkinsfile", ".ci/", ".github/workflows/", ".github/ISSUE_TEMPLATE/")
CALLERS += (".github/pull_request_template.md", ".pre-commit-config.yaml")
COMMENT = re.compile(r"(^|\s)(#|//)\s.*$", re.MULTILINE)
CALL = re.compile(r"\b(make|plumbline) ([a-z][\w-]*)")
TARGET = re.compile(r"^([a-z][\w-]*):", re.MULTILINE)
COMMAND = re.compile(r"^from plumbline\.commands\.\w+ import (\w+)$", re.MULTILINE)
PLACE = re.compile(r"`((?:models|plumbline|ml|seeds|macros|tests|bench|docs|warehouse)/[\w./]*)`")
# Rows of a table: a name, then names in backticks.
ROW = re.compile(r"^\| `([\w./]+)` \| ([^|]*) \|", re.MULTILINE)
NAME = re.compile(r"`([\w./]+)`")
ENTRY = re.compile(r"\*\*(D\d{3}) \(\d{4}-\d\d-\d\d\)\. ")
ID = re.compile(r"\bD\d{3}\b")


def ci_calls_what_exists(project: Project) -> Iterator[Violation]:
    """Make targets and commands that files outside of the code name are there to be called."""
    there = {
        "make": set(TARGET.findall(project.files.get("Makefile", ""))),
        "plumbline": set(COMMAND.findall(project.files.get("plumbline/cli.py", ""))),
    }
    for path, text in project.files.items():
        if path.startswith(CALLERS):
            for tool, name in CALL.findall(COMMENT.sub("", text)):
                if name not in there[tool]:
                    yield Violation("ci_calls_what_exists", path, f"{tool} {name}")


def _folders(project: Project) -> set[str]:
    return {str(p) for path in project.files for p in PurePosixPath(path).parents if str(p) != "."}


def _rooms_on_disk(folders: set[str]) -> set[str]:
    """Folders that a newcomer looks for: the layers, the marts, the rooms of Python."""
    return {
        folder
        for folder in folders
        if PurePosixPath(folder).match("models/marts/*")
        or str(PurePosixPath(folder).parent) in ("models", "plumbline", "ml")
    }


def page_names_every_room(project: Project) -> Iterator[Violation]:
    """The architecture page names every room that is there, and none that is not."""
    page, folders = project.files.get(PAGE), _folders(project)
    if page is None:
        return
    named = {place.rstrip("/") for place in PLACE.findall(page)}
    for room in sorted(_rooms_on_disk(folders) - named):
        yield Violation("page_names_every_room", PAGE, f"leaves out {room}/")
    there = folders | set(project.files)
    for place in sorted(named - there):
        if not place.startswith("warehouse"):
            yield Violation("page_names_every_room", PAGE, f"{place} is not there")


def _told(page: str, heading: str) -> dict[str, set[str]]:
    """Rows of the table below a heading: the first cell, and the names in the second."""
    _, _, rest = page.partition(f"## {heading}\n")
    section = rest.partition("\n## ")[0]
    return {name: set(NAME.findall(cell)) for name, cell in ROW.findall(section)}


def page_says_who_reads_whom(project: Project) -> Iterator[Violation]:
    """The two tables of the architecture page are the rules themselves."""
    page = project.files.get(PAGE)
    if page is None:
        return
    rooms = {model.room for model in project.models} | TOLD
    modules = {
        PurePosixPath(path).parts[1] for path in project.files if path.startswith("plumbline/")
    }
    modules = {"ml", *(module.removesuffix(".py") for module in modules)}
    for heading, rule, there in (
        ("What a room of models reads", project.rooms, rooms),
        ("What a room of Python imports", IMPORTED_BY_ROOM, modules),
    ):
        wanted = {room: set(rule[room]) & there - {room} for room in rule.keys() & there}
        told = _told(page, heading)
        for room in sorted(wanted.keys() | told.keys()):
            if wanted.get(room) != told.get(room):
                reads = ", ".join(sorted(wanted.get(room, ()))) or "nothing"
                yield Violation("page_says_who_reads_whom", PAGE, f"{room} reads {reads}")


def owners_have_every_room(project: Project) -> Iterator[Violation]:
    """Each room of models has an owner, the one it is declared with; nobody owns what is gone."""
    text, folders = project.files.get(OWNERS), _folders(project)
    if text is None:
        return
    lines = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    owned = {line[0].strip("/") for line in lines if len(line) > 1} - {"*"}
    for place in sorted(owned - folders - set(project.files)):
        yield Violation("owners_have_every_room", OWNERS, f"{place} is not there")
    rooms = {f for f in _rooms_on_disk(folders) if f.startswith("models/") and f != "models/marts"}
    for room in sorted(rooms - owned):
        yield Violation("owners_have_every_room", OWNERS, f"nobody owns {room}/")
    teams = {line[0].strip("/"): line[1:] for line in lines}
    for room, owner in project.owners.items():
        for place in (f"models/{room}", f"models/marts/{room}"):
            named = {team.rpartition("/")[2] for team in teams.get(place, ())}
            if named and named != {owner.replace(" ", "-")}:
                yield Violation("owners_have_every_room", OWNERS, f"{place}/ is owned by {owner}")


def decisions_have_ids(project: Project) -> Iterator[Violation]:
    """Each decision has an id of its own and a date; what names a decision names one there is."""
    _, _, entries = project.files.get(DECISIONS, "").partition("\n## ")
    known: set[str] = set()
    for paragraph in re.split(r"\n\s*\n", entries)[1:]:
        if not paragraph.strip() or paragraph.startswith("## "):
            continue
        entry = ENTRY.match(paragraph)
        if entry is None or entry[1] in known:
            yield Violation("decisions_have_ids", DECISIONS, paragraph[:60])
        else:
            known.add(entry[1])
    for path, text in project.files.items():
        if path.endswith((".py", ".sql", ".yml", ".md")) and path.startswith(CODE):
            for name in sorted(set(ID.findall(text)) - known):
                yield Violation("decisions_have_ids", path, f"{name} is not there")


HOUSE_RULES = (
    ci_calls_what_exists,
    page_names_every_room,
    page_says_who_reads_whom,
    owners_have_every_room,
    decisions_have_ids,
)
