"""The last published night once more: what reads the history of nights, built, checked, published.

The night stays the night it was, with its run, its scores and its list; only what lies before it
has changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from plumbline.config import Settings
from plumbline.errors import UserError
from plumbline.night import gate, restatements, scoring
from plumbline.night.figures import read_rule_counts
from plumbline.night.gate import Night
from plumbline.night.publish import publish
from plumbline.night.scoring import targets_on
from plumbline.store import ops
from plumbline.store.connections import open_private
from plumbline.store.dbt import AFTER_REPLAY, Dbt
from plumbline.terminal import Stages


def republish(settings: Settings, variables: Mapping[str, Any], stages: Stages) -> Dbt:
    """Build what reads the history of nights and publish; the caller holds the lock.

    Parameters
    ----------
    variables : mapping
        Those of the last build, which was published (`require_published`).

    Raises
    ------
    UserError
        A test fails or the gate does not hold; what readers see stays as it was.
    """
    dbt = Dbt(settings, variables)
    with stages.stage("Build what reads them") as step:
        built = dbt.build(selector=AFTER_REPLAY, report=step.update)
        built.require_success("the build")
        step.outcome = built.counted()
    with stages.stage("Publish") as step:
        as_of = date.fromisoformat(variables["as_of_date"])
        champions = (scoring.champion(settings, name, as_of) for name in targets_on(settings))
        models = [champion for champion in champions if champion is not None]
        with open_private(settings) as connection:
            run_id = variables["run_id"]
            night = Night(run_id, as_of, gate.visible_runs(connection, run_id, as_of, models))
            gate.require_gate(gate.check_gate(connection, night))
            detail = {"rules": read_rule_counts(connection)}
            restatements.record(connection, settings, night, dbt.manifest)
        count = publish(settings, night, dbt.published(), detail, step.update)
        step.outcome = f"{count} tables"
    return dbt


def require_published(settings: Settings, variables: Mapping[str, Any]) -> None:
    """Check that the last build was published.

    Raises
    ------
    UserError
        It was not: it would become visible with what is published now.
    """
    with open_private(settings) as connection:
        last = ops.last_published(connection)
    if last is None or last[0] != variables["run_id"]:
        raise UserError(
            f"the last build, as of {variables['as_of_date']}, was not published",
            "run `plumbline nightly` to its end first",
        )
