"""The page's plots: matplotlib draws them as SVG, the page's own colours fill them in."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import matplotlib.dates
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from plumbline.backtest.announcements import EARLY_DAYS
from plumbline.backtest.judge import SCORE
from plumbline.replay.dates import NIGHT_DAYS

# Colours that only stand for those of the page, so that it reads in light and in dark.
INK, SOFT, LINE, ACCENT, PALE, WARN = (f"#0{n}0{n}0{n}" for n in (1, 2, 3, 4, 5, 6))
COLOURS = {
    INK: "ink",
    SOFT: "soft",
    LINE: "line",
    ACCENT: "accent",
    PALE: "accent-soft",
    WARN: "warn",
}
STYLE = {
    "svg.fonttype": "none",
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": SOFT,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "axes.facecolor": "none",
    "legend.frameon": False,
    "lines.linewidth": 1.8,
}
SIZE = (7.4, 4.2)
MARKS = ("-", "--", "-.", ":")
LEAST_SHOWN = 0.01  # of a limit: nothing has no place on a log scale
Figures = Mapping[str, Any]


@contextmanager
def drawing(name: str, title: str) -> Iterator[tuple[Any, list[str]]]:
    """Axes to draw on; the SVG is in the list afterwards."""
    made: list[str] = []
    with matplotlib.rc_context({**STYLE, "svg.hashsalt": name}):
        figure = Figure(figsize=SIZE, layout="constrained")
        yield figure.subplots(), made
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    made.append(inline(buffer.getvalue(), title))


def inline(svg: str, title: str) -> str:
    """An SVG that stands in a page: without prologue and fixed size, in the page's colours."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*pt"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*pt"', r"\1", svg, count=1)
    svg = svg.replace("<svg", f'<svg role="img" aria-label="{title}"', 1)
    # Text takes the page's font: only its size is the plot's.
    svg = re.sub(r"font: ([\d.]+px)[^;\"]*", r"font-size: \1", svg)
    for colour, variable in COLOURS.items():
        svg = svg.replace(colour, f"var(--{variable})")
    return svg


def calibration(figures: Figures) -> str:
    """Realised against foretold rate."""
    rows = pd.DataFrame(figures["curves"]["calibration"])
    base = figures["figures"]["base_rate"]["value"]
    with drawing("calibration", "Calibration") as (axes, made):
        most = 1.08 * max(rows["upper_bound"].max(), rows["mean_probability"].max())
        axes.plot(
            [0, most],
            [0, most],
            color=SOFT,
            linestyle="--",
            linewidth=1,
            label="perfect calibration",
        )
        _with_bars(axes, rows["mean_probability"], rows["realised_rate"], rows, "tenth of the rows")
        axes.plot(
            [0],
            [base],
            marker="X",
            markersize=9,
            linestyle="none",
            color=WARN,
            clip_on=False,
            label=f"{figures['nobody']}: foretells 0, and the base rate comes",
        )
        axes.set(
            xlabel=f"foretold probability, {figures['horizon_days']} days ahead",
            ylabel="realised rate",
            xlim=(0, most),
            ylim=(0, most),
        )
        axes.xaxis.set_major_formatter(PercentFormatter(1))
        axes.yaxis.set_major_formatter(PercentFormatter(1))
        _legend(axes)
    return made[0]


def lift(figures: Figures) -> str:
    """Rate of each tenth of the ranking over the base rate."""
    rows = pd.DataFrame(figures["curves"]["lift"])
    with drawing("lift", "Lift by decile") as (axes, made):
        axes.bar(rows["decile"], rows["lift"], color=PALE, edgecolor=ACCENT, width=0.7)
        _with_bars(axes, rows["decile"], rows["lift"], rows, "lift of the tenth")
        axes.axhline(
            1,
            color=WARN,
            linestyle="--",
            linewidth=1.4,
            label=f"a list drawn by lot, or {figures['nobody']}",
        )
        axes.set(
            xlabel="tenth of each night's ranking (1: the riskiest)",
            ylabel="times the base rate",
            xticks=rows["decile"],
        )
        axes.grid(axis="x", visible=False)
        _legend(axes)
    return made[0]


def precision_recall(figures: Figures) -> str:
    """Precision against recall, with what the team has slots for."""
    rows = pd.DataFrame(figures["curves"]["precision_recall"]).astype(float)
    found = figures["figures"]
    with drawing("precision_recall", "Precision against recall") as (axes, made):
        axes.fill_between(
            rows["recall"],
            rows["lower_bound"],
            rows["upper_bound"],
            color=PALE,
            label=f"{figures['confidence']:.0%} interval",
        )
        axes.plot(rows["recall"], rows["precision"], color=ACCENT, label="replayed models")
        axes.plot(
            found["recall_at_capacity"]["value"],
            found["precision_at_capacity"]["value"],
            marker="o",
            markersize=8,
            linestyle="none",
            color=INK,
            label="at the team's capacity",
        )
        axes.axhline(
            found["base_rate"]["value"],
            color=WARN,
            linestyle="--",
            linewidth=1.4,
            label=f"base rate (by lot); {figures['nobody']}: finds nobody",
        )
        top = max(rows["upper_bound"].iloc[2:].max(), found["precision_at_capacity"]["value"])
        axes.set(
            xlabel=f"recall: share of all {figures['positives']} found",
            ylabel="precision: share of those listed",
            xlim=(0, 1),
            ylim=(0, min(1, 1.1 * top)),
        )
        axes.xaxis.set_major_formatter(PercentFormatter(1))
        axes.yaxis.set_major_formatter(PercentFormatter(1))
        _legend(axes)
    return made[0]


def lead_times(figures: Figures) -> str:
    """How long an account had been on the list, without a break, when it churned."""
    times = figures["lead_times"]
    from_start = list(times["from_start_days"])
    inside = list(times["lead_days"])
    for days in from_start:
        inside.remove(days)
    unlisted = figures["churns"] - len(times["lead_days"])
    with drawing("lead_times", "Lead time") as (axes, made):
        edges = np.arange(0, max([*times["lead_days"], EARLY_DAYS]) + 2 * NIGHT_DAYS, NIGHT_DAYS)
        axes.hist(
            [inside, from_start],
            bins=edges,
            stacked=True,
            color=[ACCENT, PALE],
            edgecolor=ACCENT,
            linewidth=0.8,
            label=["stay began on a night of the replay", "on its first night: at least so long"],
        )
        axes.bar(
            [-1.5 * NIGHT_DAYS],
            [unlisted],
            width=NIGHT_DAYS,
            color="none",
            edgecolor=WARN,
            hatch="///",
            label="not on the last list before the churn",
        )
        axes.axvline(EARLY_DAYS, color=INK, linestyle="--", linewidth=1.2)
        axes.annotate(
            f"{EARLY_DAYS} days: early",
            (EARLY_DAYS, 1),
            xytext=(4, -4),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            va="top",
        )
        ticks = [-1.5 * NIGHT_DAYS, *edges[:: max(1, len(edges) // 8)]]
        axes.set_xticks(ticks, ["none", *(f"{tick:.0f}" for tick in ticks[1:])])
        axes.set(
            xlabel="days from the first night of the last stay on the worklist to the churn",
            ylabel="churned accounts",
        )
        axes.set_ylim(0, 1.1 * max(unlisted, *np.histogram(times["lead_days"], edges)[0], 1))
        axes.yaxis.get_major_locator().set_params(integer=True)
        axes.grid(axis="x", visible=False)
        _legend(axes)
    return made[0]


def drift(figures: Figures) -> str:
    """PSI of the probabilities and of the features that move most, as shares of their limits."""
    with drawing("drift", "Drift over time") as (axes, made):
        for (name, rows), mark in zip(figures["drift"].items(), MARKS, strict=False):
            table = pd.DataFrame(rows).dropna(subset=["psi_limit"])
            days = pd.to_datetime(table["as_of_date"])
            label = "the probabilities" if name == SCORE else name
            share = (table["psi"] / table["psi_limit"]).astype(float).clip(lower=LEAST_SHOWN)
            axes.plot(
                days,
                share,
                mark,
                color=ACCENT if name == SCORE else SOFT,
                marker="o",
                markersize=3.5,
                label=label,
            )
        axes.axhline(1, color=WARN, linestyle="--", linewidth=1.4, label="limit of chance")
        first, last = (figures["nights"][place]["as_of_date"] for place in (0, -1))
        axes.set(
            xlabel=f"night, {first} to {last}",
            ylabel="PSI, times its limit (log scale)",
            yscale="log",
        )
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter("")
        axes.xaxis.set_major_formatter(
            matplotlib.dates.ConciseDateFormatter(axes.xaxis.get_major_locator(), show_offset=False)
        )
        _legend(axes)
    return made[0]


def _with_bars(axes: Any, x: Any, y: Any, rows: pd.DataFrame, label: str) -> None:
    below = (y - rows["lower_bound"].astype(float)).clip(lower=0)
    above = (rows["upper_bound"].astype(float) - y).clip(lower=0)
    axes.errorbar(
        x,
        y,
        yerr=[below, above],
        fmt="o",
        color=ACCENT,
        ecolor=INK,
        elinewidth=1.2,
        capsize=3,
        markersize=5,
        label=label,
    )


def _legend(axes: Any) -> None:
    # above the plot, where it hides nothing
    axes.legend(
        loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=2, columnspacing=1.4, handlelength=1.8
    )
