"""Planted faults: for each rule, a small project that breaks it, and one that breaks none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from project_types import Model, Project, Seed, Source

FOLDERS = {
    "base": "base/stripe",
    "tool": "base/stripe/fivetran",
    "staging": "staging/subscription",
    "intermediate": "intermediate/subscription",
}
GRAIN = "One row per thing."


@dataclass(frozen=True)
class Fault:
    """A project with one fault, and the node that the rule must name."""

    rule: str
    node: str
    project: Project = field(repr=False)


def _model(name: str, room: str = "core", **changes: object) -> Model:
    """A model without fault, in a room or in `staging/<type>`, with `changes`."""
    folder = FOLDERS.get(room, room if "/" in room else f"marts/{room}")
    source = {
        "base/stripe": ("stripe.things",),
        "base/stripe/fivetran": ("stripe_fivetran.thing", "stripe_fivetran.thing_item"),
    }.get(folder, ())
    parts = folder.split("/")
    is_step = name.startswith(("base_", "int_"))
    sound = Model(
        name=name,
        file=f"models/{folder}/{name}.sql",
        yaml_file=f"models/{folder}/{name}.yml",
        sources=source,
        description=GRAIN,
        # base models and steps do not repeat what staging says
        columns={} if is_step else {"thing_id": "Thing."},
        keys=(("thing_id",),),
        has_contract=not is_step,
        group=parts[1] if parts[0] == "marts" else parts[0],
        access="protected" if parts[0] != "marts" else "private" if is_step else "public",
    )
    return replace(sound, **changes)


BASE = _model("base_stripe__things", "base")
LANDED = _model("base_stripe__fivetran_others", "tool")
BASE_OF_TOOL = _model("base_stripe__others", "base", sources=(), reads=(LANDED.name,))
STAGED = _model("stg_subscription__things", "staging", reads=(BASE.name, BASE_OF_TOOL.name))
STEP = _model("int_things__counted", "intermediate", reads=(STAGED.name, "tiers"))
FACT = _model("fct_things_daily", reads=(STEP.name,))
FEATURES = _model("feat_things_daily", "features", reads=(FACT.name,))
PREDICTED = _model("stg_ml__predictions", "staging/ml", sources=("ml.predictions",))
RANKED = _model("int_things__ranked", "risk", reads=(FEATURES.name, PREDICTED.name))
REPORT = _model("rpt_things", "risk", reads=(RANKED.name,))
LABELLED = _model("feat_training_examples", "features", reads=("fct_churns", FEATURES.name))
CHURNS = _model("fct_churns", reads=(STEP.name,))
SEED = Seed("tiers", "seeds/reference/tiers.csv", GRAIN, {"tier": "Tier."})
PERSONS_FILE = "seeds/reference/published_personal_columns.csv"
PERSONS_HEADER = "relation,column_name,person,only_where,reason\n"
SOURCE = Source("stripe.things", GRAIN, {"id": "Thing."}, {"id": "varchar"})

SOUND_MODELS = (
    *(BASE, LANDED, BASE_OF_TOOL, STAGED, STEP, FACT, FEATURES),
    *(PREDICTED, RANKED, REPORT, LABELLED, CHURNS),
)
SOUND_SQL = """-- never current_date or x::date: a comment may say so
select
    things.thing_id,
    'current_date -- ' as note,
    row_number() over (partition by (things.a) order by things.thing_id) as thing_number,
    row_number() over w as other_number,
    cast(round(things.amount) as decimal(18, 2)) as amount,
    cast(null as {{ column_type('double') }}) as share
from {{ ref('things') }} as things
window w as (order by things.thing_id)
"""
SOUND_FILES = {
    **{model.file: SOUND_SQL.replace("current_date -- ", "") for model in SOUND_MODELS},
    SEED.file: "tier\nhigh\n",
    PERSONS_FILE: f"{PERSONS_HEADER}risk.rpt_things,reached_by,user,,A manager must call them\n",
    "macros/union_vendors.sql": "{% macro union_vendors(a) %}{{ ref(a) }}{% endmacro %}\n",
    "macros/dialect/each.sql": "unnest([1, 2])\n",
    "ml/read.py": '"""Reads no fct_things_daily."""\nQUERY = "select * from features.feat_x_y"\n',
    "README.md": "See https://docs.getdbt.com/simple-guide and work/notes.\n",
    "notebooks/look.ipynb": '{"cells": [{}, {"outputs": [], "execution_count": null}]}\n',
}
ROOMS = {
    "base": frozenset(),
    "staging": frozenset({"base"}),
    "intermediate": frozenset({"staging"}),
    "core": frozenset({"staging", "intermediate"}),
    "features": frozenset({"core", "intermediate"}),
    "risk": frozenset({"core", "features", "ml"}),
}
SOUND = Project(
    models=SOUND_MODELS,
    rooms=ROOMS,
    seeds=(SEED,),
    sources=(SOURCE,),
    files=SOUND_FILES,
    found_columns={model.name: {"THING_ID": "VARCHAR"} for model in SOUND_MODELS},
    personal_columns={
        "core.fct_things_daily": {"thing_id": frozenset()},
        "risk.rpt_things": {"reached_by": frozenset({"raw_stripe.things.email"})},
        "intermediate.int_things__counted": {"user_id": frozenset({"raw_stripe.things.email"})},
    },
)


# Rooms that the sound project does without.
MORE = {
    "health": frozenset({"core", "features"}),
    "quality": frozenset({"staging", "core"}),
    "catalogue": frozenset({"core", "risk", "quality"}),
    "outlook": frozenset({"core", "risk"}),
}


def planted(*models: Model, files: Mapping[str, str] | None = None, **changes: object) -> Project:
    """The sound project with some models replaced or added, and some files."""
    kept = {m.name: m for m in (*SOUND.models, *models)}
    changes.setdefault(
        "rooms", {**ROOMS, **{m.room: MORE[m.room] for m in models if m.room in MORE}}
    )
    return replace(
        SOUND, models=tuple(kept.values()), files={**SOUND_FILES, **(files or {})}, **changes
    )


def _reads(rule: str, model: Model, *read: str) -> Fault:
    """A fault of a model that reads one model too many."""
    project = planted(replace(model, reads=(*model.reads, *read)))
    return Fault(rule, f"{model.name} <- {read[0]}", project)


HEALTH = _model("rpt_health", "health")
QUALITY = _model("rpt_checks", "quality")
CATALOGUE = _model("metrics_catalogue", "catalogue")
OUTLOOK = _model("rpt_outlook", "outlook")
READ_FAULTS = (
    Fault("rooms_are_declared_once", FACT.name, planted(replace(FACT, group="risk"))),
    Fault("rooms_are_declared_once", RANKED.name, planted(replace(RANKED, access="public"))),
    Fault("rooms_are_declared_once", REPORT.name, planted(replace(REPORT, access="private"))),
    Fault(
        "rooms_are_declared_once",
        "attic",
        planted(rooms={**ROOMS, "attic": frozenset()}),
    ),
    Fault(
        "rooms_are_declared_once",
        "cellar",
        planted(rooms={**ROOMS, "risk": ROOMS["risk"] | {"cellar"}}),
    ),
    _reads("reads_allowed_rooms", BASE, "tiers"),
    _reads("reads_allowed_rooms", BASE, STAGED.name),
    _reads("reads_allowed_rooms", LANDED, BASE.name),
    _reads("reads_allowed_rooms", STAGED, LANDED.name),
    _reads("reads_allowed_rooms", STAGED, STEP.name),
    _reads("reads_allowed_rooms", STEP, BASE.name),
    _reads("reads_allowed_rooms", STEP, FACT.name),
    _reads("reads_allowed_rooms", FACT, BASE.name),
    _reads("reads_allowed_rooms", FACT, FEATURES.name),
    _reads("reads_allowed_rooms", FEATURES, STAGED.name),
    _reads("reads_allowed_rooms", FEATURES, REPORT.name),
    _reads("reads_allowed_rooms", HEALTH, PREDICTED.name),
    _reads("reads_allowed_rooms", REPORT, STEP.name),
    _reads("reads_allowed_rooms", REPORT, STAGED.name),
    _reads("reads_allowed_rooms", OUTLOOK, RANKED.name),
    Fault(
        "reads_allowed_rooms",
        f"{REPORT.name} <- {QUALITY.name}",
        planted(QUALITY, replace(REPORT, reads=(QUALITY.name,))),
    ),
    Fault(
        "reads_allowed_rooms",
        f"{QUALITY.name} <- {CATALOGUE.name}",
        planted(CATALOGUE, replace(QUALITY, reads=(CATALOGUE.name,))),
    ),
    Fault("reads_allowed_rooms", "rpt_things_new", planted(_model("rpt_things_new", "attic"))),
    Fault("reads_own_source", BASE.name, planted(replace(BASE, sources=()))),
    Fault(
        "reads_own_source",
        f"{BASE.name} <- zendesk.tickets",
        planted(replace(BASE, sources=("zendesk.tickets",))),
    ),
    Fault(
        "reads_own_source",
        BASE.name,
        planted(replace(BASE, sources=("stripe.things", "stripe.others"))),
    ),
    Fault("reads_own_source", BASE.name, planted(replace(BASE, reads=(LANDED.name,)))),
    Fault("reads_own_source", LANDED.name, planted(replace(LANDED, sources=()))),
    Fault(
        "reads_own_source",
        f"{LANDED.name} <- stripe.things",
        planted(replace(LANDED, sources=("stripe.things",))),
    ),
    Fault(
        "reads_own_source",
        f"{STAGED.name} <- stripe.things",
        planted(replace(STAGED, sources=("stripe.things",))),
    ),
    Fault(
        "reads_own_source",
        f"{PREDICTED.name} <- ops.runs",
        planted(replace(PREDICTED, sources=("ops.runs",))),
    ),
    Fault(
        "reads_own_source",
        f"{REPORT.name} <- ops.runs",
        planted(replace(REPORT, sources=("ops.runs",))),
    ),
    Fault("predictions_come_last", STEP.name, planted(replace(STEP, reads=(PREDICTED.name,)))),
    Fault("predictions_come_last", FEATURES.name, planted(replace(STEP, reads=(PREDICTED.name,)))),
    *(
        Fault("steps_are_read", name, planted(_model(name, room)))
        for name, room in (
            ("base_stripe__unread", "base"),
            ("stg_subscription__unread", "staging"),
            ("int_things__left", "intermediate"),
            ("int_things__left", "risk"),
        )
    ),
    _reads("outcomes_are_labels_only", FEATURES, CHURNS.name),
    _reads("outcomes_are_labels_only", REPORT, LABELLED.name),
    Fault(
        "ml_reads_features",
        "ml/read.py",
        planted(files={"ml/read.py": 'QUERY = f"select * from core.fct_account_churns"\n'}),
    ),
    *(
        Fault("python_keeps_its_order", path, planted(files={path: text}))
        for path, text in (
            ("ml/fit.py", "from plumbline.store import dbt\n"),
            ("plumbline/store/dbt.py", "def run():\n    import plumbline.night.nightly\n"),
            ("plumbline/night/nightly.py", "from plumbline import demo\n"),
            ("plumbline/steps.py", "x = 1\n"),
        )
    ),
    Fault(
        "python_has_no_cycles",
        "plumbline.night.a",
        planted(
            files={
                "plumbline/night/a.py": "from plumbline.night import b\n",
                "plumbline/night/b.py": "from plumbline.night.a import x\n",
            }
        ),
    ),
)
