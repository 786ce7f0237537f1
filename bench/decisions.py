"""What lists, health, signals and outlook add to a night; a backfill of 26 weeks."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

from bench import night
from bench.record import Figure, run_child

# Rooms and models that stand between the scores and what people act on.
ADDED = (
    "path:models/marts/health",
    "path:models/marts/activation",
    "path:models/marts/outlook",
    "fct_interventions",
    "dim_identities",
    "rpt_identity_conflicts",
    "int_playbooks__assigned",
    "int_next_steps__worded",
    "rpt_playbooks",
    "rpt_risk_heatmap",
    "rpt_root_drivers",
    "fct_risk_episodes",
    "rpt_episode_outcomes",
    "rpt_signal_performance",
    "rpt_health_backtest",
    "rpt_feature_review",
    "rpt_dashboard_users",
    "rpt_dashboard_usage",
)
FLOOR = ("risk_tiers",)
ADDED_TARGET, BACKFILL_TARGET = 5.0, 240.0
WEEKS = 26
BUILD = """
import json, sys, time
from plumbline.config import load_settings
from plumbline.night.last_build import last_build
from plumbline.store.dbt import Dbt
settings = load_settings("demo", None)
dbt = Dbt(settings, last_build(settings, None)[1])
dbt.parse()
seconds = []
for select in json.loads(sys.argv[1]):
    began = time.perf_counter()
    dbt.build(select).require_success("the build")
    seconds.append(time.perf_counter() - began)
print(json.dumps(seconds))
"""


def build_seconds(folder: Path, *selections: tuple[str, ...]) -> list[float]:
    """Seconds of builds, one after the other in one process that has parsed the project."""
    done = run_child(["-c", BUILD, json.dumps(selections)], night.environment(folder))
    return json.loads(done.output.strip().splitlines()[-1])


def run(folder: Path, size: str) -> list[Figure]:
    """Measure what is built after the scores, and a backfill.

    Parameters
    ----------
    folder : Path
        A world with two published nights; made where there is none.
    size : str
        `ci` or `demo`.
    """
    if not night.build_file(folder).exists():
        if not (folder / "raw").exists():
            night.make_world(folder, size)
        # (the first night computes health for a year)
        night.run_night(folder, night.FIRST_NIGHT)
        night.run_night(folder, night.SECOND_NIGHT)
    floor, added, again, floor_again = build_seconds(folder, FLOOR, ADDED, ADDED, FLOOR)
    first = night.FIRST_NIGHT - timedelta(weeks=WEEKS)
    backfill = run_child(
        ["-m", "plumbline", "backfill", f"--from={first}"], night.environment(folder)
    )
    return [
        Figure("lists, health, signals, outlook", added - floor, "s", ADDED_TARGET),
        Figure("  once more", again - floor_again, "s"),
        Figure("  dbt's own floor, left out", floor, "s"),
        *backfill.figures(f"backfill of {WEEKS} weeks", BACKFILL_TARGET),
    ]
