"""The notebook for exploration runs on a published night, and stops where a sum is off.

It is executed as people do it, by a kernel of this Python.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import duckdb
import nbformat
import pytest
from conftest import ROOT, World
from nbclient import NotebookClient

NOTEBOOK = ROOT / "notebooks" / "exploration.ipynb"
HELD = re.compile(r"^(.+): holds for ([\d,]+) rows$", re.MULTILINE)
UNMATURED = "realised-deciles"
# A fault for each cell that adds up, small enough to go unseen by the eye.
FAULTS: Mapping[str, str] = {
    "rooms": "comment on table core.dim_accounts is 'All accounts.'",
    "parts-of-the-metric": (
        "update catalogue.metric_values set numerator = numerator + 1e-3 where metric_name ="
        " 'logo_churn_rate' and dimension_value = 'SMB' and grain = 'month'"
    ),
    "parts-of-the-score": (
        "update risk.rpt_risk_reasons set contribution = contribution + 0.00001"
        " where reason_group = 'tickets' and account_id = (select max(account_id)"
        " from risk.rpt_at_risk_accounts)"
    ),
    "what-the-model-read": (
        "update features.feat_accounts_daily set avg_dau_7d = avg_dau_7d + 1e-9 where (account_id,"
        " as_of_date) = (select (max(account_id), max(as_of_date)) from risk.rpt_at_risk_accounts)"
    ),
    "health-adds-up": (
        "update health.rpt_health_contributions set contribution = contribution + 0.000001"
        " where (account_id, feature_name) = (select (max(account_id), 'mrr')"
        " from health.rpt_health_contributions where contribution is not null)"
    ),
    UNMATURED: (
        "insert into outcomes.rpt_realised_performance by name select 'churn' as target,"
        " date '2025-11-03' as week_start_date, 100 as accounts_count, 9 as positives_count,"
        " 10 as expected_positives;"
        "insert into outcomes.rpt_realised_deciles by name select 'churn' as target,"
        " date '2025-11-03' as week_start_date, date '2025-11-08' as as_of_date,"
        " tenth as decile, 10 as accounts_count, 1 as positives_count,"
        " 0.1 as mean_probability, 0.1 as realised_rate, 0.02 as rate_lower_bound,"
        " 0.4 as rate_upper_bound from range(1, 11) as tenths(tenth)"
    ),
    "index-over-time": (
        "update outlook.fct_revenue_health_daily set engagement_contribution ="
        " engagement_contribution + 0.00000001 where (level_name, as_of_date) ="
        " (select ('company', max(as_of_date)) from outlook.fct_revenue_health_daily)"
    ),
    "index-drivers": (
        "update outlook.revenue_health_drivers set contribution = contribution + 0.000000001"
        " where level_name = 'segment' and driver = 'reweighting'"
    ),
    "accounts-behind-a-driver": (
        "delete from outlook.rpt_revenue_health_driver_accounts where level_name = 'segment'"
        " and what_changed = 'all others'"
    ),
}


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the kernel is written to, nor read from, the home of who runs the tests."""
    for name in ("JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))


@pytest.fixture
def faulty(ci_world: World, tmp_path: Path) -> World:
    """A copy of the published file with every fault."""
    world = replace(ci_world, folder=tmp_path)
    world.warehouse.mkdir()
    shutil.copy(ci_world.published_file, world.published_file)
    with duckdb.connect(str(world.published_file)) as connection:
        for fault in FAULTS.values():
            connection.execute(fault)
    return world


def opened() -> nbformat.NotebookNode:
    """The notebook as it is committed."""
    return nbformat.read(NOTEBOOK, as_version=4)


def executed(
    notebook: nbformat.NotebookNode, world: World, *, to_the_end: bool = False
) -> nbformat.NotebookNode:
    """Run all cells on the published file of a world; `to_the_end` goes on after a failure."""
    client = NotebookClient(
        notebook,
        timeout=300,
        startup_timeout=300,
        allow_errors=to_the_end,
        resources={"metadata": {"path": str(NOTEBOOK.parent)}},
    )
    return client.execute(env=world.environment)


def said(cell: nbformat.NotebookNode) -> str:
    """What a cell has shown, pictures left out."""
    shown = json.dumps(
        [{**o, "data": {**o.get("data", {}), "image/png": ""}} for o in cell.outputs]
    )
    return "".join(o.text for o in cell.outputs if o.output_type == "stream") + shown


def persons_of(world: World) -> set[str]:
    """Ids of employees and users in published columns, of those that lead to one in every row."""
    listed = world.read(
        "select relation, column_name from reference.published_personal_columns"
        " where only_where is null and person in ('employee', 'user')"
    )
    asked = " union all ".join(f"select {column} from {table}" for table, column in listed)
    return {one for (one,) in world.read(asked) if one} - {"default", "unassigned"}


def code_cells(notebook: nbformat.NotebookNode) -> Iterable[nbformat.NotebookNode]:
    return (cell for cell in notebook.cells if cell.cell_type == "code")


def test_every_sum_of_a_night_holds_and_nobody_is_shown(ci_world: World) -> None:
    notebook = executed(opened(), ci_world)
    told = {cell.id: said(cell) for cell in code_cells(notebook)}
    held = {name: HELD.findall(text) for name, text in told.items() if "holds for" in text}
    assert held.keys() == FAULTS.keys() - {UNMATURED}
    assert "No week of scores is 90 days old yet" in told[UNMATURED]
    accounts = ci_world.read("select count(*) from risk.rpt_at_risk_accounts")[0][0]
    assert [count for _, count in held["parts-of-the-score"]] == [str(accounts)] * 2
    assert [count for _, count in held["health-adds-up"]] == [str(accounts)]
    pictures = [
        o for c in code_cells(notebook) for o in c.outputs if "image/png" in o.get("data", {})
    ]
    assert len(pictures) == 6
    persons = persons_of(ci_world)
    assert len(persons) > 10
    assert {person for person in persons if any(person in text for text in told.values())} == set()


def test_a_sum_that_is_off_stops_the_notebook(faulty: World) -> None:
    """Each cell that adds up fails on its own fault, and no other cell; a person shown is found."""
    notebook = opened()
    shows_persons = "ask('select csm_id from core.dim_csms')"
    notebook.cells.append(nbformat.v4.new_code_cell(shows_persons, id="shows-persons"))
    cells = list(code_cells(executed(notebook, faulty, to_the_end=True)))
    errors = {
        cell.id: (output.ename, output.evalue)
        for cell in cells
        for output in cell.outputs
        if output.output_type == "error"
    }
    assert {name: kind for name, (kind, _) in errors.items()} == dict.fromkeys(
        FAULTS, "AssertionError"
    )
    assert all(re.search(r": off in [\d,]+ of [\d,]+ rows$", text) for _, text in errors.values())
    assert {person for person in persons_of(faulty) if person in said(cells[-1])}
