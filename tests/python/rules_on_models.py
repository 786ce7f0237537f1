"""Rules about models, seeds and sources: names, documentation, keys, contracts.

Each rule is a pure function from a `Project` to the violations it finds.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from project_types import Model, Project, Violation

from plumbline.site.columns import inherited, neighbours_of

# A verb that says what was done: one that ends in -ed, or one of the few that do not.
DONE = re.compile(r"ed(_|$)|(^|_)(known|cut|split|kept|held|told|built)(_|$)")
PERIOD_WITHIN = re.compile(r"_(daily|weekly|monthly|quarterly)_")
MART_NAMES = {
    "core": r"(dim|fct|rpt)_",
    "revenue": r"(dim|fct|rpt)_",
    "features": r"feat_",
    "outlook": r"(fct|rpt)_|revenue_health_drivers$",
    "activation": r"(fct|rpt)_|sync_[a-z0-9]+__",
    "catalogue": r"(dim|fct|rpt)_|metrics?_",
    "semantic": r"(dim|fct)_|time_spine_",
}
CONTRACTED = ("stg_", "feat_", "rpt_", "dim_", "fct_", "sync_")


def _name_pattern(model: Model) -> str:
    if model.room == "base":
        return rf"base_{model.folder}__{f'{model.tool}_' if model.tool else ''}[a-z0-9_]+$"
    if model.room == "staging":
        return rf"stg_{model.folder}__[a-z0-9_]+$"
    if model.room == "intermediate" or model.is_private:
        return r"int_[a-z0-9]+(_[a-z0-9]+)*__[a-z0-9]+(_[a-z0-9]+)*$"
    return MART_NAMES.get(model.room, r"(fct|rpt)_")


def names_say_the_room(project: Project) -> Iterator[Violation]:
    """A model's prefix is its room's; a periodic grain comes last; steps say what was done."""
    for model in project.models:
        fault = ""
        if not re.match(_name_pattern(model), model.name):
            fault = f"not a name for {PurePosixPath(model.file).parent}"
        elif model.name.startswith("int_") and not DONE.search(model.name.split("__")[1]):
            fault = "does not end in what was done, such as __counted"
        elif PERIOD_WITHIN.search(model.name):
            fault = "periodic grain is not last"
        if fault:
            yield Violation("names_say_the_room", model.name, fault)


def has_own_yaml(project: Project) -> Iterator[Violation]:
    """One YAML a model, beside it and of its name."""
    for model in project.models:
        if model.yaml_file != str(PurePosixPath(model.file).with_suffix(".yml")):
            yield Violation("has_own_yaml", model.name, model.yaml_file or "none")


def description_says_grain(project: Project) -> Iterator[Violation]:
    """A model's description opens "One row per"."""
    for model in project.models:
        if not model.description.strip().startswith("One row per "):
            yield Violation("description_says_grain", model.name, model.description[:60])


def _said(project: Project) -> tuple[dict[str, Mapping[str, str]], dict[str, list[str]]]:
    """Descriptions of columns by table, and where a model's columns come from."""
    tables = (*project.sources, *project.seeds, *project.models)
    reads = {model.name: (*model.reads, *model.sources) for model in project.models}
    return {table.name: table.columns for table in tables}, neighbours_of(reads)


def columns_are_described(project: Project) -> Iterator[Violation]:
    """Every column is described: by its model, or, where no contract lists it, where it is from."""
    described, neighbours = _said(project)
    found = {
        model.name: {*model.columns, *map(str.lower, project.found_columns.get(model.name, ()))}
        for model in project.models
    }
    explained = inherited(described, found, neighbours)
    for name, columns in found.items():
        elsewhere = {} if project.by_name[name].has_contract else explained.get(name, {})
        for column in sorted(columns - elsewhere.keys()):
            if not described[name].get(column, "").strip():
                yield Violation("columns_are_described", f"{name}.{column}")


def columns_are_said_once(project: Project) -> Iterator[Violation]:
    """A base model or a step does not repeat what is said of a column where it comes from."""
    described, neighbours = _said(project)
    for model in project.models:
        if not model.name.startswith(CONTRACTED) and not model.has_contract:
            others = {**described, model.name: {}}
            texts = inherited(others, {model.name: list(model.columns)}, neighbours)
            for column, text in texts.get(model.name, {}).items():
                if text.split() == model.columns[column].split():
                    yield Violation("columns_are_said_once", f"{model.name}.{column}")


def columns_are_those_returned(project: Project) -> Iterator[Violation]:
    """The YAML has no column that the SQL does not return."""
    for model in project.models:
        if model.name in project.found_columns:
            # (DuckDB spells a column as its source does, whatever the SQL says)
            found = {column.lower() for column in project.found_columns[model.name]}
            for column in sorted(set(model.columns) - found):
                yield Violation("columns_are_those_returned", f"{model.name}.{column}")


def key_is_tested(project: Project) -> Iterator[Violation]:
    """A test holds each model's primary key unique, over columns that the model has."""
    for model in project.models:
        columns = {*model.columns, *map(str.lower, project.found_columns.get(model.name, ()))}
        if not any(columns.issuperset(key) for key in model.keys):
            yield Violation("key_is_tested", model.name)


def contract_is_enforced(project: Project) -> Iterator[Violation]:
    """Staging and what people or tools read has its columns and types by contract."""
    for model in project.models:
        if model.name.startswith(CONTRACTED) and not model.has_contract:
            yield Violation("contract_is_enforced", model.name)


def seeds_are_described(project: Project) -> Iterator[Violation]:
    """Every seed has a grain, and a description for each column of its file."""
    for seed in project.seeds:
        if not seed.description.strip().startswith("One row per "):
            yield Violation("seeds_are_described", seed.name, "no grain")
        header = set(next(csv.reader(project.files.get(seed.file, "").splitlines()), []))
        described = {column for column, text in seed.columns.items() if text.strip()}
        for column in sorted(header ^ described):
            fault = "no description" if column in header else "no such column"
            yield Violation("seeds_are_described", f"{seed.name}.{column}", fault)


def sources_are_described(project: Project) -> Iterator[Violation]:
    """Every source table has a grain and columns, each with a description and a type."""
    for source in project.sources:
        if not source.description.strip().startswith("One row per "):
            yield Violation("sources_are_described", source.name, "no grain")
        if not source.columns:
            yield Violation("sources_are_described", source.name, "no columns")
        for column, description in source.columns.items():
            if not description.strip() or not source.types.get(column):
                yield Violation("sources_are_described", f"{source.name}.{column}")


MODEL_RULES = (
    names_say_the_room,
    has_own_yaml,
    description_says_grain,
    columns_are_described,
    columns_are_said_once,
    columns_are_those_returned,
    key_is_tested,
    contract_is_enforced,
    seeds_are_described,
    sources_are_described,
)
