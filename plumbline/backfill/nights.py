"""Past nights, replayed for every target: trained, scored, and what a night keeps of itself.

Decided: D179.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from plumbline.config import Settings
from plumbline.night import kept, scoring
from plumbline.replay import nights as replay
from plumbline.replay.dates import NIGHT_DAYS
from plumbline.replay.nights import Replay
from plumbline.replay.tables import append

SCHEMA = "backfill"
KEPT_MODELS = tuple(table for _, table in kept.KEPT)
MODELS = (replay.EXAMPLES, replay.CSMS, *KEPT_MODELS)
LAST_TRAINED = """
    select max(as_of_date) from ml.model_runs
    where target = ? and as_of_date <= ? and artefact_path is not null
"""
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Targets:
    """What is learnt, and how.

    Attributes
    ----------
    embargo_days, rest_days : mapping
        By target: days until a label is known, and between two trainings.
    """

    embargo_days: Mapping[str, int]
    rest_days: Mapping[str, int]


def replay_nights(
    plan: Replay, targets: Targets, folder: Path, coming: Sequence[date], progress: Progress
) -> list[str]:
    """Replay nights in their order, each with the models of those before; say what was trained.

    Parameters
    ----------
    folder : Path
        A warehouse of its own, which holds what earlier nights left.
    """
    private = replace(plan.settings, warehouse=folder)
    said = []
    for night in coming:
        plan.memory.know(night)
        replay.show_accounts(plan, private, night)
        due = [name for name in targets.rest_days if _is_due(plan, targets, private, name, night)]
        if due:
            progress(f"training as of {night}")
            said.append(f"{night}: {_train(plan, targets, private, due, night)}")
        progress(f"night of {night}")
        _score(plan, targets, private, night)
    return said


def _is_due(plan: Replay, targets: Targets, private: Settings, target: str, night: date) -> bool:
    """Whether a night trains: each until there is a model, then all targets on the same nights."""
    if night not in plan.dates.origins:
        return False
    with duckdb.connect(str(private.build_file)) as connection:
        ((last,),) = connection.execute(LAST_TRAINED, [target, night]).fetchall()
    if last is None:
        return True
    rest = targets.rest_days[target]
    since_first = (night - plan.dates.nights[0]).days
    return (night - last).days >= rest and since_first % rest < NIGHT_DAYS


def _train(
    plan: Replay, targets: Targets, private: Settings, due: Sequence[str], night: date
) -> str:
    examples = replay.show_examples(plan, private, night)
    said = []
    for target in due:
        aimed = replace(plan, target=target, embargo_days=targets.embargo_days[target])
        model = replay.train(aimed, private, night, examples)
        if model.version is None:
            said.append(f"{target}: too little data yet")
        elif model.outcome.startswith("new:"):
            said.append(f"{target}: new {model.version}")
        else:
            said.append(f"{target}: {model.version} stays")
    return ", ".join(said)


def _score(plan: Replay, targets: Targets, private: Settings, night: date) -> None:
    scored = {}
    for target in targets.rest_days:
        champion = scoring.champion(private, target, night)
        if champion is not None and champion.version is not None:
            count = replay.score(private, night, champion)
            scored[target] = f"{count:,} by {champion.version}"
    told = "; ".join(f"{name}: {text}" for name, text in scored.items()) or "no model yet"
    with duckdb.connect(str(private.build_file)) as connection:
        row = pa.table({"as_of_date": [night], "told": [told]})
        append(connection, f"{SCHEMA}.nights", row, "as_of_date", night)
    if not scored:
        return
    replay.show_scores(plan, private, night)
    plan.memory.run(night, *KEPT_MODELS)
    with duckdb.connect(str(private.build_file)) as connection:
        for schema, table in kept.KEPT:
            rows = plan.memory.read(
                f"select * replace ('{replay.run_id(night)}' as run_id, true as is_replayed)"
                f" from {schema}.{table}"
            )
            append(connection, f"{SCHEMA}.{table}", rows, "as_of_date", night)
