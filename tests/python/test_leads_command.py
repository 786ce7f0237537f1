"""`plumbline leads`: the board of the published night (a test of every night holds its lists)."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb
import pytest
from conftest import LAST_NIGHT, World

PLANT = """
    insert into activation.rpt_lead_board by name
    select 'expansion' as target, account_id, '=Planted' as account_name, as_of_date,
        'O' || risk_rank as owner_id, 0.25 as probability, 2.0 as lift, 'green' as colour_band,
        null as value_usd, 12.5 as expected_value_usd, 'odds x2.00' as reason,
        'they grow' as evidence, risk_rank < 3 as is_on_list,
        case when risk_rank < 3 then 1 end as list_rank,
        case when risk_rank < 3 then 'listed' else 'unlikely' end as lead_status,
        'SMB' as segment, model_version, run_id
    from risk.rpt_at_risk_accounts where risk_rank < 6
"""


@pytest.fixture
def world(ci_world: World, tmp_path: Path) -> World:
    """A published night with two leads of two owners, and three that are unlikely."""
    copied = ci_world.copy(tmp_path)
    with duckdb.connect(str(copied.published_file)) as connection:
        connection.execute("delete from activation.rpt_lead_board")
        connection.execute(PLANT)
    return copied


def test_it_is_the_board_of_the_published_night(world: World, tmp_path: Path) -> None:
    file = tmp_path / "leads.csv"
    done = world.run("leads", "--csv", str(file))
    told = " ".join(done.stdout.split())
    assert f"Leads (expansion) of {LAST_NIGHT}: 2 accounts, 2 owners." in told
    assert "Not on it: unlikely 3." in told and "1 =Planted" in told
    assert "brings unknown" in told and "odds x2.00" in told and "they grow" in told
    with file.open(newline="", encoding="utf-8") as stream:
        found = [(row["owner_id"], row["account_name"]) for row in csv.DictReader(stream)]
    assert found == [("O1", "'=Planted"), ("O2", "'=Planted")]


def test_one_owner_alone_or_one_clear_line(world: World) -> None:
    told = " ".join(world.run("leads", "--owner", "O2").stdout.split())
    assert "1 account, 1 owner." in told and "O2" in told and "O1" not in told
    done = world.run("leads", "--owner", "nobody")
    assert done.returncode == 1
    assert done.stderr.startswith("error: no lead of owner nobody is on the list")
    empty = world.run("leads", "--target", "conversion")
    assert empty.returncode == 0
    assert "0 accounts; nobody was scored for it (targets_off" in " ".join(empty.stdout.split())
