"""The backtest's page: one HTML file that opens without a network, and its figures beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, select_autoescape
from markupsafe import Markup

from plumbline.backtest import plots
from plumbline.backtest.wording import ROWS, Row, shown, shown_interval

INDEX, FIGURES = "index.html", "figures.json"


def write(folder: Path, figures: dict[str, Any]) -> Path:
    """Write figures and page to a folder, each replaced in one step, the page last."""
    text = render(figures)
    _replace(folder / FIGURES, json.dumps(figures, indent=1, allow_nan=False) + "\n")
    _replace(folder / INDEX, text)
    return folder / INDEX


def render(figures: dict[str, Any]) -> str:
    """The page as HTML."""
    environment = Environment(
        loader=PackageLoader("plumbline.backtest"),
        autoescape=select_autoescape(),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = PackageLoader("plumbline.site").get_source(environment, "style.css")[0]
    rows = [
        {
            "label": row.label,
            "value": shown(figures["figures"][row.name]["value"], row.unit),
            "interval": shown_interval(figures["figures"][row.name], row.unit),
            "baseline": row.baseline(figures),
            "explained": explained(row, figures),
        }
        for row in ROWS
        if row.name in figures["figures"]
    ]
    return environment.get_template("page.html").render(
        figures=figures,
        rows=rows,
        style=Markup(style),
        plots=drawn(figures),
        shown=shown,
        shown_interval=shown_interval,
    )


def explained(row: Row, figures: dict[str, Any]) -> str:
    """How a figure is counted, as a sentence."""
    text = row.explained.format(**figures)
    return text[:1].upper() + text[1:]


def drawn(figures: dict[str, Any]) -> dict[str, Markup]:
    """The plots that there is something to draw for."""
    found = {}
    if figures["curves"]["lift"]:
        for draw in (plots.calibration, plots.lift, plots.precision_recall):
            found[draw.__name__] = Markup(draw(figures))
    if figures["churns"]:
        found["lead_times"] = Markup(plots.lead_times(figures))
    if any(figures["drift"].values()):
        found["drift"] = Markup(plots.drift(figures))
    return found


def _replace(file: Path, text: str) -> None:
    temporary = file.with_name(f"{file.name}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(file)
