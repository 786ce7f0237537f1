"""The figures of a backtest, gathered for the page and for `figures.json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from plumbline.backtest import curves, judge
from plumbline.errors import UserError
from plumbline.night import scoring
from plumbline.replay.nights import Replay

ASSUMPTIONS = "reference.backtest_assumptions"
WORKLIST_RULES = "reference.worklist_rules"
CURVES = {
    "calibration": curves.calibration,
    "lift": curves.lift,
    "precision_recall": curves.precision_recall,
}


def gather(
    plan: Replay,
    file: Path,
    span: tuple[date, date],
    as_of: date,
    tables: Mapping[str, pa.Table],
) -> dict[str, Any]:
    """All figures of the page, as JSON can hold them.

    Parameters
    ----------
    file : Path
        What the origins left.
    span : tuple of date
        First and last night that were asked for.
    as_of : date
        What was known by this day is the truth.
    tables : mapping
        Relations of the last build, the assumptions and the rules of the list among them.

    Raises
    ------
    UserError
        No origin had enough data for a model.
    """
    check_models(file)
    knobs = scoring.knobs(plan.settings)
    aim = knobs.of(plan.target)
    found = judge.collect(file, plan.memory, plan.target, as_of, plan.embargo_days)
    assumption = assumption_of(tables)
    is_churn = plan.target == scoring.CHURN
    outcomes, settings, seed = found.outcomes, knobs.evaluation, knobs.seed
    measured = judge.skill(outcomes, settings, seed)
    if is_churn:
        measured |= judge.lead(found.churns, assumption, settings, seed)
    shown: dict[str, list[dict[str, Any]]] = {name: [] for name in CURVES}
    if len(outcomes) and outcomes["is_positive"].sum():
        draws = judge.draws_of(outcomes["account_id"], settings, seed)
        shown = {name: curve(outcomes, draws).to_dict("records") for name, curve in CURVES.items()}
    churns = found.churns
    worst = [judge.SCORE, *judge.worst_drifts(found.drifts)]
    drifts = found.drifts[found.drifts["feature_name"].isin(worst)]
    nights = judge.nightly_rows(found)
    return plain(
        {
            "target": plan.target,
            "positives": aim.positives,
            "nobody": "nobody churns" if is_churn else "nobody does",
            "horizon_days": aim.horizon_days,
            "embargo_days": plan.embargo_days,
            "source": plan.settings.source,
            "from": span[0],
            "to": span[1],
            "known_until": as_of,
            "confidence": settings.confidence,
            "nights": nights.to_dict("records"),
            "matured_nights": int((nights["matured"] > 0).sum()),
            "outcomes": len(outcomes),
            "outcome_accounts": int(outcomes["account_id"].nunique()),
            "positive_accounts": int(
                outcomes.loc[outcomes["is_positive"] == 1, "account_id"].nunique()
            ),
            "origins": found.origins.to_dict("records"),
            "figures": {name: asdict(value) for name, value in measured.items()},
            "churns": len(churns) if is_churn else None,
            "lead_times": {
                "lead_days": sorted(churns.loc[churns["lead_days"].notna(), "lead_days"]),
                "from_start_days": sorted(churns.loc[churns["is_from_start"], "lead_days"]),
            },
            "curves": shown,
            "drift": {
                name: drifts[drifts["feature_name"] == name].to_dict("records") for name in worst
            },
            "drifting": drifting(found.drifts),
            "assumption": assumption,
        }
    )


def drifting(drifts: Any) -> list[dict[str, Any]]:
    """Share of a night's features beyond chance, by night."""
    rows = drifts[drifts["feature_name"] != judge.SCORE]
    table = rows.groupby("as_of_date", as_index=False)["is_beyond_chance"].agg(["sum", "size"])
    return table.rename(columns={"sum": "beyond_chance", "size": "features"}).to_dict("records")


def plain(value: Any) -> Any:
    """A value of Python alone; dates as text, what is undefined as None."""
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if hasattr(value, "item"):
        return plain(value.item())
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    if hasattr(value, "isoformat"):
        return value.isoformat()[:10]
    return value


def check_models(file: Path) -> None:
    """Check that some night was scored.

    Raises
    ------
    UserError
        No origin had enough data for a model.
    """
    with duckdb.connect(str(file), read_only=True) as connection:
        tried = connection.execute(
            "select origin_date, sentence from backtest.origins order by origin_date"
        ).fetchall()
        row = connection.execute(
            "select count(*) from duckdb_tables() where schema_name = 'backtest'"
            " and table_name = 'scores'"
        ).fetchone()
    if row == (0,):
        (first, _), (last, sentence) = tried[0], tried[-1]
        told = f"at the origin {first}" if first == last else f"at any origin, {first} to {last}"
        raise UserError(
            f"no night was scored {told}: {sentence.rstrip('.')}",
            "give a later --from, or replay a longer history",
        )


def assumption_of(tables: Mapping[str, pa.Table]) -> dict[str, Any]:
    """What is assumed of revenue saved: the worklist's own save effect, and a range around it.

    Returns
    -------
    dict
        low_value, central_value, high_value: shares of ARR, 0 to 1; source, central_source.

    Raises
    ------
    UserError
        A seed has no such row, or the range does not hold the centre.
    """
    ranges = {row["assumption_name"]: row for row in tables[ASSUMPTIONS].to_pylist()}
    rules = {row["rule_name"]: row for row in tables[WORKLIST_RULES].to_pylist()}
    for file, name, rows in (
        ("backtest_assumptions.csv", "saved_share", ranges),
        ("worklist_rules.csv", "save_effect", rules),
    ):
        if name not in rows:
            raise UserError(
                f"seeds/reference/{file} has no row {name}, which revenue saved rests on",
                "add the row again, then run `plumbline nightly`",
            )
    found, centre = ranges["saved_share"], rules["save_effect"]
    if not found["low_value"] <= centre["rule_value"] <= found["high_value"]:
        raise UserError(
            f"save_effect {centre['rule_value']} of seeds/reference/worklist_rules.csv lies outside"
            f" {found['low_value']} to {found['high_value']} of backtest_assumptions.csv",
            "change saved_share there, then run `plumbline nightly`",
        )
    return {
        **found,
        "central_value": centre["rule_value"],
        "central_source": centre["source"],
    }
