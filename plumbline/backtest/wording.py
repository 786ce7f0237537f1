"""How the backtest's figures are called and shown, on the page and in the terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Figures = Mapping[str, Any]


def shown(value: float | None, unit: str) -> str:
    """A value as people read it; where nothing defines it, a dash."""
    if value is None:
        return "–"
    if unit == "usd":
        return f"${value:,.0f}" if abs(value) < 1e6 else f"${value / 1e6:,.2f}M"
    if unit == "share":
        return f"{value:.1%}"
    if unit == "days":
        return f"{value:.0f} days"
    if unit == "times":
        return f"{value:.1f}x"
    return f"{value:.4f}" if unit == "small" else f"{value:.3f}"


def shown_interval(found: Mapping[str, float | None], unit: str) -> str:
    """Bounds as people read them."""
    if found["lower"] is None or found["upper"] is None:
        return ""
    lower, upper = (shown(found[name], unit).removesuffix(" days") for name in ("lower", "upper"))
    return f"{lower} to {upper}"


def _other(name: str, unit: str, word: str = "") -> Callable[[Figures], str]:
    def told(figures: Figures) -> str:
        found = figures["figures"].get(name, {"value": None})["value"]
        return f"{shown(found, unit)}{word}" if found is not None else ""

    return told


def _accuracy(figures: Figures) -> str:
    rate = figures["figures"]["base_rate"]["value"]
    return shown(1 - rate, "share") if rate is not None else ""


def _saved_by_lot(figures: Figures) -> str:
    announced = figures["figures"]["announced_arr_by_lot_usd"]["value"]
    return f"{shown(announced * figures['assumption']['central_value'], 'usd')} by lot"


@dataclass(frozen=True)
class Row:
    """One figure: its name in figures.json, label, unit, and what one has without a model.

    Attributes
    ----------
    explained : str
        How it is counted; {positives}, {horizon_days} and the like are filled in.
    """

    name: str
    label: str
    unit: str
    baseline: Callable[[Figures], str]
    explained: str


ROWS = (
    Row(
        "early_warning_rate",
        "early warning, 30+ days",
        "share",
        _other("early_warning_by_lot", "share", " by lot"),
        "Churned accounts that were on the worklist on the last night 30 or more days before the"
        " churn; an account that had left the list by then does not count. By lot: a list of the"
        " same length, drawn.",
    ),
    Row(
        "flagged_before",
        "on a list at any time",
        "share",
        lambda _: "",
        "Churned accounts that were on some worklist of the same life before the churn.",
    ),
    Row(
        "lead_time_days",
        "lead time, median",
        "days",
        lambda _: "",
        "Churn date less the first night of the unbroken stay on the worklist that stood when the"
        " account left; those that were not on the last list before the churn have none.",
    ),
    Row(
        "precision_at_capacity",
        "precision at capacity",
        "share",
        _other("base_rate", "share"),
        "{positives}, among the first accounts of each night's ranking, as many as the team has"
        " slots. Without a model: the base rate.",
    ),
    Row(
        "recall_at_capacity",
        "recall at capacity",
        "share",
        lambda _: "",
        "Share of all {positives} that were among these.",
    ),
    Row(
        "precision_of_worklist",
        "precision of the worklist",
        "share",
        _other("base_rate", "share"),
        "The same among the accounts on the worklist: slots are cut per manager, and accounts"
        " below the lowest worked tier take none.",
    ),
    Row(
        "auc_roc",
        "AUC",
        "ratio",
        lambda _: "0.500",
        "Chance that one of the {positives} ranks above an account that is none.",
    ),
    Row(
        "auc_pr",
        "AUC-PR",
        "ratio",
        _other("base_rate", "ratio"),
        "Average precision over all thresholds.",
    ),
    Row(
        "lift_at_decile",
        "lift of the top tenth",
        "times",
        lambda _: "1.0x",
        "Rate among the tenth with the highest probabilities over the base rate.",
    ),
    Row(
        "brier",
        "Brier score",
        "small",
        _other("base_rate", "small"),
        "Mean squared error of the probability; less is better. Foretelling that {nobody} has the"
        " base rate.",
    ),
    Row(
        "ece",
        "calibration error",
        "small",
        _other("base_rate", "small"),
        "Mean gap between foretold and realised rate over ten bins; less is better.",
    ),
    Row(
        "calibration_slope",
        "calibration slope",
        "ratio",
        lambda _: "",
        "1 where log-odds are as wide as they should be; below 1, probabilities are too extreme.",
    ),
    Row(
        "accuracy",
        "accuracy at 0.5",
        "share",
        _accuracy,
        "Right calls at probability 0.5. To say {nobody} is about as good: nothing is cut by it.",
    ),
    Row(
        "lost_arr_usd",
        "ARR lost to churn",
        "usd",
        lambda _: "",
        "12 x the MRR of the last paid day, of the churns that the nights could announce.",
    ),
    Row(
        "announced_arr_usd",
        "of it announced in time",
        "usd",
        _other("announced_arr_by_lot_usd", "usd", " by lot"),
        "ARR of the churns with an early warning.",
    ),
    Row(
        "revenue_saved_usd",
        "revenue saved, assumed",
        "usd",
        _saved_by_lot,
        "Announced ARR x the assumed share that a team keeps; nothing where nobody is called. The"
        " range goes from the lower bound at the low share to the upper bound at the high one.",
    ),
)
