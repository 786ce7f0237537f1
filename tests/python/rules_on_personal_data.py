"""Rules about personal data: where it begins, and that it is published for a reason or not at all.

`config.meta.pii` declares it where it begins; `personal_lineage` follows it from there.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

from project_types import Project, Violation

from plumbline.config import PERSONS
from plumbline.night.masking import SEED
from plumbline.night.publish import is_written_by_python

# What people are called, reached by or have written; and ids that stand for one of them.
PERSONAL = re.compile(
    r"^name$|(^|_)(e_?mail|body|subject|phone|(first|last|full|user|person|contact|owner)_name)$"
)
PERSONS_KEY = re.compile(
    r"(user|person|contact|owner|csm|agent|author|assignee|requester|viewer|who)_?id$"
)
WRITTEN = re.compile(r"(^|_)(comment|feedback_text)$")


def looks_personal(column: str) -> bool:
    """Whether a column's name alone says that it may lead to a person."""
    name = column.lower()
    is_flag = name.startswith(("is_", "has_"))
    return not is_flag and any(w.search(name) for w in (PERSONAL, PERSONS_KEY, WRITTEN))


def no_personal_data(project: Project) -> Iterator[Violation]:
    """Names, e-mail addresses and texts that people wrote stay in the raw tables."""
    for model in project.models:
        for column in sorted({*model.columns, *project.found_columns.get(model.name, ())}):
            if PERSONAL.search(column.lower()):
                yield Violation("no_personal_data", f"{model.name}.{column}")


def personal_data_is_declared(project: Project) -> Iterator[Violation]:
    """Where a name says that a column may lead to a person, its YAML says whether it does (`pii`).

    In base that is not needed where the source says it under the same name, or the column comes
    from one that is declared. Below staging nothing is said: there lineage knows.
    """
    said = {source.name: {name.lower() for name in source.personal} for source in project.sources}
    for source in project.sources:
        for column in source.columns:
            if looks_personal(column) and column not in source.personal:
                yield Violation("personal_data_is_declared", f"{source.name}.{column}")
    for model in project.models:
        carried = project.personal_columns.get(f"base.{model.name}", {})
        for column in model.columns if model.room == "base" else ():
            is_said = any(column.lower() in said.get(source, ()) for source in model.sources)
            is_known = column in model.personal or is_said or carried.get(column.lower())
            if looks_personal(column) and not is_known:
                yield Violation("personal_data_is_declared", f"{model.name}.{column}")
        for column in model.personal if model.room not in ("base", "staging") else ():
            yield Violation("personal_data_is_declared", f"{model.name}.{column}", "not here")


def published_columns_lead_to_nobody(project: Project) -> Iterator[Violation]:
    """A published column leads to a person only with its reason in the seed.

    By its name, or by where it comes from, under whatever name.
    """
    rule = "published_columns_lead_to_nobody"
    rows = list(csv.DictReader(project.files.get(str(SEED), "").splitlines()))
    excused = {f"{row['relation']}.{row['column_name']}" for row in rows}
    public = {f"{m.room}.{m.name}" for m in project.models if m.access == "public"}
    public |= {f"reference.{seed.name}" for seed in project.seeds}
    found = {
        f"{relation}.{column}": ", ".join(sorted(origins)) or "its name"
        for relation, columns in project.personal_columns.items()
        if relation in public or is_written_by_python(*relation.split(".", 1))
        for column, origins in columns.items()
        if origins or looks_personal(column)
    }
    for column in sorted(found.keys() - excused):
        yield Violation(rule, column, f"leads to a person by {found[column]}; see {SEED}")
    for column in sorted(excused - found.keys()):
        yield Violation(rule, column, "the row is no longer needed")
    for row in rows:
        if row["person"] not in PERSONS or len(row["reason"].split()) < 4:
            yield Violation(rule, f"{row['relation']}.{row['column_name']}", "whose, and why?")


PERSONAL_RULES = (
    no_personal_data,
    personal_data_is_declared,
    published_columns_lead_to_nobody,
)
