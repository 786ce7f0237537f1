"""Reference seeds that are a company's own: what is unknown, or a default, where it has no row."""

from __future__ import annotations

import duckdb

from plumbline.config import DEFAULT_SOURCE, Settings

# Seeds with a column source_name: the source type that needs them, and what they decide.
UNKNOWN_WITHOUT = {
    "event_types": (
        "usage",
        "features adopted, core actions, comments, invitations and inactivity",
    ),
    "plan_entitlements": ("usage", "adoption depth"),
    "sla_targets": ("support", "SLA attainment"),
    "gross_margin": ("subscription", "lifetime value"),
    "metric_targets": ("subscription", "whether metrics are on target"),
    "team_roster": ("operations", "who is asked to use dashboards"),
    "dashboard_audiences": ("operations", "which dashboards a team is asked to use"),
}
DEFAULT_WITHOUT = {
    "csm_capacity": ("subscription", "how many accounts a manager takes on"),
    "lead_capacity": ("subscription", "how many leads an owner takes on"),
    "playbooks": ("subscription", "what a manager does about an account at risk"),
    "reason_playbooks": ("subscription", "which playbook answers a reason"),
    "worklist_rules": ("subscription", "what a contact costs and saves"),
    "account_segments": ("subscription", "bounds of segments"),
    "health_weights": ("usage", "what counts for health"),
    "health_features": ("usage", "of which features health is made"),
    "health_bands": ("usage", "what a healthy value is"),
    "index_components": ("subscription", "what revenue health is made of"),
    "lifecycle_stages": ("subscription", "stages of an account's life"),
    "internal_user_rules": ("usage", "which users are none of the customers'"),
}


def sentences(connection: duckdb.DuckDBPyConnection, settings: Settings) -> tuple[str, ...]:
    """Say in a sentence what is unknown, and in one what goes by a default.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        Open on the private file, whose seeds hold the rows of this source.
    """
    if settings.source == DEFAULT_SOURCE:  # the defaults are its own
        return ()
    of_source = f"for lack of rows of source {settings.source} in seeds/reference"
    kinds = (
        ("Unknown", _without_rows(connection, settings, UNKNOWN_WITHOUT)),
        ("By default", _without_rows(connection, settings, DEFAULT_WITHOUT)),
    )
    return tuple(
        f"{kind}, {of_source}: {', '.join(missing)}." for kind, missing in kinds if missing
    )


def _without_rows(
    connection: duckdb.DuckDBPyConnection, settings: Settings, seeds: dict[str, tuple[str, str]]
) -> list[str]:
    missing = []
    for seed, (source_type, what) in seeds.items():
        if source_type not in settings.source_types_off:
            rows = connection.execute(
                f"select count(*) from reference.{seed} where source_name = ?", [settings.source]
            ).fetchone()
            if rows == (0,):
                missing.append(f"{what} ({seed})")
    return missing
