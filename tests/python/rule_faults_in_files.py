"""Planted faults in names, documentation and text; see `rule_faults`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from project_types import Model, Seed, Source
from rule_faults import (
    BASE,
    FACT,
    PERSONS_FILE,
    PERSONS_HEADER,
    READ_FAULTS,
    REPORT,
    SEED,
    SOUND,
    SOURCE,
    STAGED,
    STEP,
    Fault,
    planted,
)
from rule_faults_in_house import HOUSE_FAULTS


def _changed(rule: str, model: Model, node: str = "", **changes: object) -> Fault:
    """A fault of a model's own data."""
    return Fault(rule, node or model.name, planted(replace(model, **changes)))


def _named(model: Model, name: str) -> Fault:
    file = model.file.replace(model.name, name)
    renamed = replace(model, name=name, file=file)
    return Fault("names_say_the_room", name, planted(renamed))


def _sql(rule: str, text: str, path: str = FACT.file, node: str = "") -> Fault:
    """A fault of a file's text."""
    return Fault(rule, node or path, planted(files={path: text}))


def _described(rule: str, node: str, *described: Seed | Source) -> Fault:
    seeds = tuple(d for d in described if isinstance(d, Seed)) or SOUND.seeds
    sources = tuple(d for d in described if isinstance(d, Source)) or SOUND.sources
    return Fault(rule, node, replace(SOUND, seeds=seeds, sources=sources))


def _returned(rule: str, model: Model, column: str, *columns: str) -> Fault:
    found = {**SOUND.found_columns, model.name: dict.fromkeys(columns, "VARCHAR")}
    return Fault(rule, f"{model.name}.{column}", replace(SOUND, found_columns=found))


def _published(node: str, columns: Mapping[str, frozenset[str]]) -> Fault:
    personal = {**SOUND.personal_columns, "core.fct_things_daily": columns}
    return Fault(
        "published_columns_lead_to_nobody", node, replace(SOUND, personal_columns=personal)
    )


_REACHED = f"{PERSONS_HEADER}risk.rpt_things,reached_by,"
MODEL_FAULTS = (
    _named(BASE, "base_zendesk__things"),
    _named(STAGED, "stg_support__things"),
    _named(STAGED, "staged_things"),
    _named(STEP, "int_things"),
    _named(STEP, "int_things__counts"),
    _named(FACT, "things"),
    _named(FACT, "mart_things_new"),
    _named(FACT, "fct_daily_things"),
    _named(REPORT, "feat_things"),
    _changed("has_own_yaml", FACT, yaml_file="models/marts/core/core.yml"),
    _changed("has_own_yaml", FACT, yaml_file=""),
    _changed("description_says_grain", FACT, description="All things, one row per thing."),
    _changed("description_says_grain", FACT, description=""),
    _changed("columns_are_described", FACT, f"{FACT.name}.thing_id", columns={}),
    _changed("columns_are_described", FACT, f"{FACT.name}.note", columns={"note": " "}),
    *(
        _returned("columns_are_described", model, "amount", "thing_id", "amount")
        for model in (BASE, STEP, FACT)
    ),
    *(
        _changed("columns_are_said_once", m, f"{m.name}.thing_id", columns={"thing_id": " Thing."})
        for m in (BASE, STEP)
    ),
    _returned("columns_are_those_returned", FACT, "thing_id"),
    _changed("key_is_tested", FACT, keys=()),
    _changed("key_is_tested", FACT, keys=(("thing_id", "gone_id"),)),
    *(_changed("contract_is_enforced", m, has_contract=False) for m in (STAGED, FACT, REPORT)),
    *(
        _changed("no_personal_data", FACT, f"{FACT.name}.{column}", columns={column: "A text."})
        for column in ("name", "email", "contact_email", "body", "ticket_subject", "first_name")
    ),
    *(
        _described(
            "personal_data_is_declared",
            f"{SOURCE.name}.{column}",
            replace(SOURCE, columns={column: "A text."}),
        )
        for column in ("Email", "ownerid", "OwnerId", "user_id", "comment", "name")
    ),
    _changed("personal_data_is_declared", BASE, f"{BASE.name}.csm_id", columns={"csm_id": "A."}),
    _changed("personal_data_is_declared", FACT, f"{FACT.name}.a", personal={"a": False}),
    # a mart that publishes an address, under its own name and under another
    *(
        _published(f"core.fct_things_daily.{column}", {column: frozenset(origins)})
        for column, origins in (
            ("contact_email", ()),
            ("user_id", ()),
            ("way_to_reach", ("raw_salesforce.contact.Email",)),
        )
    ),
    *(
        Fault("published_columns_lead_to_nobody", node, planted(files={PERSONS_FILE: rows}))
        for node, rows in (
            ("risk.rpt_things.reached_by", PERSONS_HEADER),
            ("risk.rpt_things.reached_by", f"{_REACHED}user,,Because\n"),
            ("risk.rpt_things.reached_by", f"{_REACHED}dog,,A manager must call them\n"),
            ("core.fct_gone.owner", f"{PERSONS_HEADER}core.fct_gone,owner,employee,,It was once\n"),
        )
    ),
    _described("seeds_are_described", "tiers", replace(SEED, description="Tiers.")),
    _described("seeds_are_described", "tiers.tier", replace(SEED, columns={})),
    _described(
        "seeds_are_described", "tiers.old", replace(SEED, columns={"tier": "T.", "old": "O."})
    ),
    _described("sources_are_described", SOURCE.name, replace(SOURCE, description="Things.")),
    _described("sources_are_described", SOURCE.name, replace(SOURCE, columns={})),
    _described("sources_are_described", f"{SOURCE.name}.id", replace(SOURCE, columns={"id": ""})),
    _described("sources_are_described", f"{SOURCE.name}.id", replace(SOURCE, types={})),
)

# Put together, so that this file does not hold what the rule looks for.
MACHINE_PATHS = tuple("/" + folder + "/x/file.csv" for folder in ("work", "root", "home"))
REGISTRIES = ("https://py" + "pi.org/simple/x", "http://host.example/art" + "ifactory/x")
SINGULAR = "tests/singular/assert_x.sql"
FILE_FAULTS = (
    _sql("sql_lines_are_short", "select" + " " * 100 + "1\n"),
    *(
        _sql("no_clock", f"select {clock} as today\n", path)
        for clock in ("current_date", "NOW()", "current_timestamp", "getdate ( )", "today()")
        for path in (FACT.file, "macros/as_of.sql", SINGULAR)
    ),
    _sql("no_clock", "select '{{ run_started_at }}' as x\n"),
    _sql("no_clock", "select '--' as x, now() as y\n"),
    _sql("no_colon_cast", "select things.x::date as y\n"),
    _sql("no_colon_cast", "select {{ ratio('things.x::double', 'y') }} as y\n"),
    _sql("row_numbers_are_ordered", "select row_number() over () as n\n"),
    _sql(
        "row_numbers_are_ordered", "select row_number() over (\n  partition by x) as n order by 1\n"
    ),
    _sql(
        "row_numbers_are_ordered", "select row_number() over w as n window w as (partition by x)\n"
    ),
    _sql("refs_only_in_models", "{% macro x() %}{{ ref('y') }}{% endmacro %}\n", "macros/x.sql"),
    _sql("refs_only_in_models", "{{ source('a', 'b') }}\n", "tests/generic/x.sql"),
    *(_sql("no_machine_traces", f"raw = '{path}'\n", "plumbline.toml") for path in MACHINE_PATHS),
    *(_sql("no_machine_traces", f"see {url}\n", "docs/x.md") for url in REGISTRIES),
    _sql("no_machine_traces", "pip install --index" + "-url x y\n", "Makefile"),
    *(
        _sql("notebooks_have_no_outputs", json.dumps({"cells": [{}, cell]}), "notebooks/x.ipynb")
        for cell in ({"outputs": [{"text": "1"}]}, {"outputs": [], "execution_count": 1})
    ),
)
PORTABILITY_FAULTS = (
    _sql("functions_are_portable", "select list_transform(x) as y\n"),
    _sql("functions_are_portable", "select {{ y }}, strptime(x, '') as y\n", "macros/x.sql"),
    _sql("types_are_portable", "select cast(round(x) as double) as y\n"),
    _sql("types_are_portable", "select cast(x as varchar) as y\n"),
    _sql("types_are_portable", "select CAST(x AS text) as y\n", SINGULAR),
    _sql("syntax_is_portable", "select [1, 2] as y\n"),
    _sql("syntax_is_portable", "select {'a': 1} as y\n"),
    _sql("syntax_is_portable", "select x from y qualify z\n"),
    _sql("syntax_is_portable", "select * exclude (x) from y\n"),
)

ALL_FAULTS = (*READ_FAULTS, *MODEL_FAULTS, *FILE_FAULTS, *PORTABILITY_FAULTS, *HOUSE_FAULTS)
