"""A model that reads worse is told with its likeliest cause: real trainings on planted marts."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from ml_world import AS_OF, LABEL, contract_text, feature_rows, run_training, write_mart

from plumbline.config import load_settings
from plumbline.night.worse_model import sentences

EARLIER = date(2025, 9, 20)
NEW = pd.Timestamp(EARLIER) - pd.Timedelta(days=60)
RULES = (
    "create schema quality; create table quality.rpt_source_contradictions as"
    " select 'event_of_unknown_user' rule_name, {} rows_failing, 1000 rows_checked"
)
SIGNALS = ["avg_dau_30d", "usage_trend_ratio", "support_tickets_30d", "nps_score"]
Spoil = Callable[[pd.DataFrame], None]


def unchanged(rows: pd.DataFrame) -> None:
    """What was delivered is sound."""


def churns_that_are_none(rows: pd.DataFrame) -> None:
    """Every twelfth account of the past churns by a row that nobody can read."""
    labelled = rows[LABEL].notna() & (rows["as_of_date"] >= NEW - pd.Timedelta(days=180))
    unlucky = rows["account_id"].str[3:].astype(int) % 12 == 0
    rows.loc[labelled & unlucky, LABEL] = 1.0


def broken_join(rows: pd.DataFrame) -> None:
    """Usage finds no account any longer."""
    rows.loc[rows["as_of_date"] >= NEW, ["avg_dau_30d", "usage_trend_ratio"]] = 0.0


def mixed_up(rows: pd.DataFrame) -> None:
    """Accounts have each other's values: every distribution stays."""
    for _, day in rows[rows["as_of_date"] >= NEW].groupby("as_of_date"):
        order = np.random.default_rng(5).permutation(len(day))
        rows.loc[day.index, SIGNALS] = day[SIGNALS].to_numpy()[order]


def night(folder: Path, spoil: Spoil, counted: int = 0) -> list[str]:
    """Train, spoil what is delivered, train again; what the second night says."""
    rows = feature_rows()
    (folder / "contract.yml").write_text(contract_text())
    database = folder / "plumbline.duckdb"
    write_mart(database, rows)
    run_training(folder, EARLIER)
    spoil(rows)
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            "create or replace table features.feat_training_examples as"
            " select * replace (cast(as_of_date as date) as as_of_date) from rows"
        )
        detail = json.dumps({"rules": {"event_of_unknown_user": [3, 1000]}})
        connection.execute(
            "insert into ops.runs values ('run', ?, 'demo', 'published', now(), ?)",
            [EARLIER, detail],
        )
        connection.execute(RULES.format(counted))
    run_training(folder, AS_OF)
    with duckdb.connect(str(database), read_only=True) as connection:
        return list(sentences(connection, load_settings("demo"), AS_OF))


@pytest.mark.parametrize(
    ("spoil", "counted", "cause"),
    [
        (churns_that_are_none, 0, "Likeliest cause: labels of the past changed, "),
        (broken_join, 0, "_ratio is 0 in 100% of rows, before in 0%"),
        (mixed_up, 400, "Likeliest cause: event_of_unknown_user counts 400 of 1,000, then 3"),
        (mixed_up, 0, "Neither labels of the past, nor features, nor rules"),
    ],
    ids=["labels", "feature", "rule", "nothing"],
)
def test_the_cause_is_named(tmp_path: Path, spoil: Spoil, counted: int, cause: str) -> None:
    (sentence,) = night(tmp_path, spoil, counted)
    assert f"trained on {AS_OF} reads worse than that of {EARLIER}: test AUC 0." in sentence
    assert cause in sentence


def test_a_training_that_reads_as_well_is_not_told(tmp_path: Path) -> None:
    assert night(tmp_path, unchanged, 400) == []
