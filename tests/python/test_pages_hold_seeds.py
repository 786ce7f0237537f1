"""Pages say what the seeds say; they and the notebook name lists and tables that there are."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Mapping

import pytest
from conftest import ROOT
from manifest import every_vendor

SEEDS, PAGES = ROOT / "seeds/reference", ROOT / "docs"
Line = Callable[[Mapping[str, str]], str]
TABLES: dict[tuple[str, str], Line] = {
    ("segmentation-framework", "account_signals"): (
        lambda row: f"| `{row['signal_name']}` | {row['kind']} | {row['what_it_says']} |"
    ),
    ("segmentation-framework", "signal_limits"): (
        lambda row: f"| `{row['limit_name']}` | {row['limit_value']} | {row['unit']} |"
    ),
    ("churn-prediction", "risk_tiers"): (
        lambda row: (
            f"| {row['risk_tier']} | {row['min_probability']} | {row['is_worked']} |"
            f" {row['description']} |"
        )
    ),
    ("churn-prediction", "retraining_rules"): (
        lambda row: (
            f"| {row['target']} | {row['kept_skill_share']} | {row['weeks_running']} |"
            f" {row['rest_days']} |"
        )
    ),
    ("data-quality-standards", "gate_thresholds"): (
        lambda row: (
            f"| `{row['check_name']}` | {row['source_type']} | {row['severity']} |"
            f" {row['comparison']} {row['limit_value']} | {row['description']} |"
        )
    ),
    ("data-quality-standards", "contradiction_rules"): (
        lambda row: (
            f"| `{row['rule_name']}` | {row['source_type']} | {row['severity']} |"
            f" {row['description']} | {row['treatment']} |"
        )
    ),
}


@pytest.mark.parametrize(("page", "seed"), TABLES)
def test_the_page_holds_the_seed(page: str, seed: str) -> None:
    """Every row, and no other row of the same table."""
    with (SEEDS / f"{seed}.csv").open(encoding="utf-8", newline="") as file:
        wanted = [TABLES[page, seed](row) for row in csv.DictReader(file)]
    lines = (PAGES / f"{page}.md").read_text(encoding="utf-8").splitlines()
    assert [one for one in wanted if one not in lines] == []
    first = lines.index(wanted[0])
    table = lines[first : first + len(wanted) + 1]
    assert table[:-1] == wanted and table[-1] == ""


def test_the_guide_names_every_dashboard_and_tables_that_there_are() -> None:
    manifest = every_vendor().manifest
    text = (PAGES / "dashboard-guide.md").read_text(encoding="utf-8")
    labels = {
        exposure["label"]
        for exposure in manifest["exposures"].values()
        if exposure["type"] == "dashboard"
    }
    assert sorted(label for label in labels if label not in text) == [
        "BI tools that speak only SQL"  # (has a page of its own)
    ]
    public = {
        f"{node['schema']}.{node['name']}"
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["access"] == "public"
    }
    named = set(re.findall(r"`([a-z]+\.[a-z_]+)`", text))
    assert sorted(named - public) == []


def test_the_notebook_reads_what_its_exposure_says() -> None:
    """So that lineage leads to it, and every relation that it reads is there."""
    manifest = every_vendor().manifest
    cells = json.loads((ROOT / "notebooks/exploration.ipynb").read_text(encoding="utf-8"))["cells"]
    code = "".join(line for cell in cells for line in cell["source"] if cell["cell_type"] == "code")
    rooms = {node["schema"] for node in manifest["nodes"].values()} | {"ml"}
    known = {**manifest["nodes"], **manifest["sources"]}
    said = manifest["exposures"]["exposure.plumbline.exploration"]["depends_on"]["nodes"]
    read = re.findall(r"\b(?:from|join) (([a-z]+)\.[a-z_]+)", code)
    assert {relation for relation, room in read if room in rooms} == {
        f"{known[key]['schema']}.{known[key]['name']}" for key in said
    }
