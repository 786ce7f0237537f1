"""A company that has no trials: its nights end well, and say what is not learnt."""

from __future__ import annotations

import shutil
from pathlib import Path

from conftest import FIRST_NIGHT, LAST_NIGHT, ROOT, WITHOUT_TESTS, World, night_without_tests

from plumbline.proofs.exports.world import change

WITHOUT_TRIALS = """
    select * replace (
        cast(null as bigint) as trial_start,
        cast(null as bigint) as trial_end,
        case status when 'trialing' then 'active' else status end as status
    ) from rows
"""
TRIED = "select count(*) from ml.model_runs where target = 'conversion'"
SCORED = "select distinct target from ml.predictions order by target"


def test_what_cannot_be_learnt_is_told_until_it_is_switched_off(
    ci_raw: World, tmp_path: Path
) -> None:
    raw = tmp_path / "raw"
    shutil.copytree(ci_raw.raw, raw)
    change(raw / "stripe" / "subscriptions", WITHOUT_TRIALS)
    # what were trials was not billed
    change(raw / "stripe" / "invoices", "select * exclude (lines) from rows")
    world = World(tmp_path, raw)
    told = " ".join(night_without_tests(world, FIRST_NIGHT).stdout.split())
    assert "no row with is_trial has a known label converted_within_30d" in told
    assert "targets_off" in told
    assert world.read("select count(*) from features.feat_accounts_daily where is_trial") == [(0,)]
    assert world.read(SCORED) == [("churn",)]
    tried = world.read(TRIED)

    config = tmp_path / "plumbline.toml"
    section = (ROOT / "plumbline.toml").read_text(encoding="utf-8")
    off = 'targets_off = ["conversion"]\nsource_types_off = []\n'
    config.write_text(section.replace("source_types_off = []\n", off, 1), encoding="utf-8")
    done = world.run(
        "nightly",
        "--as-of",
        LAST_NIGHT.isoformat(),
        "--no-docs",
        command=WITHOUT_TESTS,
        PLUMBLINE_CONFIG=str(config),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "conversion" not in done.stdout and "is_trial" not in done.stdout
    assert world.read(TRIED) == tried
    assert world.read(SCORED) == [("churn",)]
