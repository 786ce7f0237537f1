"""What a night is asked for, and what it is going to build."""

from __future__ import annotations

import importlib.metadata
from dataclasses import dataclass
from datetime import date
from typing import Any

from plumbline.config import Settings
from plumbline.night import scoring
from plumbline.store import ops, preflight
from plumbline.store.connections import open_private
from plumbline.store.landings import FULL_BUILD, changed_since, latest_landed


@dataclass(frozen=True)
class Options:
    """How a run is asked for.

    Attributes
    ----------
    as_of : date or None
        T; None takes the day after the latest landed day.
    retrain, rebuild, site : bool
        Train even where a model fits; build everything anew; make the docs site.
    """

    as_of: date | None = None
    retrain: bool = False
    rebuild: bool = False
    site: bool = True


@dataclass(frozen=True)
class Plan:
    """What a run is going to do, known before it does anything.

    Attributes
    ----------
    since, features_since : str
        Day from which on to build all tables, and the features with what comes before them: a run
        that stopped after these leaves them to the next one. Empty: everything.
    is_dump : bool
        Whether the raw files do not say when they landed: rows beyond T may lie in them.
    code : str
        Fingerprint of the code and of the settings that shape rows.
    """

    run_id: str
    as_of: date
    since: str
    features_since: str
    variables: dict[str, Any]
    is_dump: bool
    code: str

    @property
    def told(self) -> str:
        """What is built, in words."""
        if not self.features_since:
            return "build everything"
        if not self.since:
            return f"go on from features that a stopped run built, from {self.features_since} on"
        return f"recompute from {self.since} on"


def make_plan(settings: Settings, options: Options, raw: preflight.RawState) -> Plan:
    """Decide T and from which day on to recompute; write the start of the run down.

    Raises
    ------
    UserError
        T lies outside the data, the label is no label, or a champion's file is not the one that was
        registered: all before anything is built, and with no trace that a later night would meet.
    """
    as_of = options.as_of or preflight.default_as_of(settings, raw)
    preflight.check_as_of(settings, as_of, raw)
    preflight.check_label(settings)
    if not options.retrain:
        scoring.check_files(settings, as_of)
    run_id = ops.new_run_id(as_of)
    shaping = {
        "raw": str(settings.raw),
        "vendors": settings.vendors,
        "landed_by": settings.landed_by,
        "source_types_off": settings.source_types_off,
        "vars": settings.dbt_vars,
        "dbt-duckdb": importlib.metadata.version("dbt-duckdb"),
    }
    fingerprint = ops.code_fingerprint(settings.root, shaping)
    current = {landing.key: landing for landing in raw.landings}
    with open_private(settings) as connection:
        since, features_since = (
            changed_since(as_of, current, built)
            if not options.rebuild and ops.features_are_of(connection, built)
            else FULL_BUILD
            for built in (
                ops.built_states(connection, fingerprint, ops.PUBLISHED),
                ops.built_states(connection, fingerprint, ops.BUILT, ops.PUBLISHED),
            )
        )
        detail = {**shaping, "code_fingerprint": fingerprint, "changed_since": since}
        ops.record_start(connection, run_id, as_of, settings.source, detail, raw.landings)
    variables = {
        **settings.shaping_vars,
        "as_of_date": as_of.isoformat(),
        "changed_since": since,
        "run_id": run_id,
    }
    is_dump = latest_landed(raw.landings) is None
    return Plan(run_id, as_of, since, features_since, variables, is_dump, fingerprint)
