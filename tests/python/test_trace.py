"""`plumbline trace`: from a number down to the raw row, and what it says where that cannot be."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from conftest import LAST_NIGHT, World

from plumbline.config import load_settings
from plumbline.store.dbt import Dbt
from plumbline.trace.features import (
    NO_FEATURES,
    feature_expressions,
    read_feature,
    source_types_of,
    trace_feature,
)

Command = Callable[..., tuple[int, str, str]]
MONTH = "2026-01"


@pytest.fixture(scope="module")
def world(ci_world: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The last night."""
    return ci_world.copy(tmp_path_factory.mktemp("traced"))


@pytest.fixture(scope="module")
def account(world: World) -> str:
    """The account with the most tickets opened in the month."""
    return str(
        world.read(
            "select account_id from core.fct_tickets where date_trunc('month', opened_date) ="
            f" date '{MONTH}-01' group by all order by count(*) desc, account_id limit 1"
        )[0][0]
    )


def raw_rows(said: str) -> list[tuple[str, int, str, str]]:
    """Raw file, row, column and value that a trace has named."""
    found = re.findall(r"raw (\S+) row ([\d,]+) \((\w+) (\S+)\)", said)
    return [(file, int(row.replace(",", "")), name, key) for file, row, name, key in found]


def test_a_sum_goes_down_to_the_rows_of_raw_files(
    world: World, plumbline: Command, account: str
) -> None:
    code, said, error = plumbline(
        "trace", "support_tickets", "--period", MONTH, "--account", account, "--rows", "2"
    )
    assert code == 0, error
    [(whole, own)] = world.read(
        f"select sum(ticket_count), sum(ticket_count) filter (where account_id = '{account}')"
        f" from core.fct_tickets where date_trunc('month', opened_date) = date '{MONTH}-01'"
    )
    assert f"of the account alone {own}, of all {whole}" in said
    assert f"the rows give {whole}, the value" in said
    assert "staging.stg_support__ticket_versions" in said
    assert "intermediate.int_tickets__resolved: guarded by" in said
    assert "body" in said.partition("not shown without --personal:")[2]
    rows = raw_rows(said)
    assert {file.rpartition("/landed=")[0] for file, *_ in rows} == {
        "zendesk/tickets",
        "zendesk/ticket_comments",
        "zendesk/satisfaction_ratings",
    }
    for file, row, name, key in rows:
        with duckdb.connect() as connection:
            held = connection.execute(
                f"select cast({name} as varchar) from read_parquet('{world.raw / file}',"
                " file_row_number = true) where file_row_number = ?",
                [row - 1],
            ).fetchall()
        assert held == [(key,)]


def test_a_ratio_shows_its_sides_and_a_cut(world: World, plumbline: Command) -> None:
    code, said, error = plumbline(
        "trace", "gross_revenue_retention", "--period", MONTH, "--cut", "segment=SMB"
    )
    assert code == 0, error
    [(value, numerator, denominator)] = world.read(
        "select value, numerator, denominator from catalogue.metric_values"
        " where metric_name = 'gross_revenue_retention' and dimension_value = 'SMB'"
        f" and period_start_date = date '{MONTH}-01' and grain = 'month'"
    )
    assert f"retained_mrr_usd_monthly {numerator:,.2f}".rstrip("0") in said
    assert f"start_mrr_usd_monthly {denominator:,.2f}".rstrip("0") in said
    assert f"the rows give {value:.6g}, the value" in said


def test_columns_of_persons_are_shown_where_they_are_asked_for(
    plumbline: Command, account: str
) -> None:
    asked = ("trace", "meeting_show_rate", "--period", MONTH, "--account", account)
    code, said, error = plumbline(*asked)
    assert code == 0, error
    assert "owner_id 0" not in said
    _, shown, _ = plumbline(*asked, "--personal")
    assert "not shown without --personal" not in shown


@pytest.mark.parametrize("width", ["60", "120"])
def test_it_fits_the_terminal(
    plumbline: Command, account: str, width: str, monkeypatch: pytest.MonkeyPatch, world: World
) -> None:
    said = world.run(
        "trace", "mrr", "--period", MONTH, "--account", account, "--rows", "1", COLUMNS=width
    )
    assert said.returncode == 0, said.stderr
    assert max(map(len, said.stdout.splitlines())) <= int(width)


def test_rows_that_do_not_give_the_value_fail(
    world: World, plumbline: Command, account: str
) -> None:
    kept = world.published_file.read_bytes()
    try:
        with duckdb.connect(str(world.published_file)) as connection:
            connection.execute(
                "update core.fct_tickets set ticket_count = 2 where ticket_id ="
                " (select min(ticket_id) from core.fct_tickets where"
                f" date_trunc('month', opened_date) = date '{MONTH}-01')"
            )
        code, said, error = plumbline("trace", "support_tickets", "--period", MONTH)
        assert code == 1
        assert "the value" not in said
        assert re.search(r"the rows of the facts give \d+, and the catalogue says \d+", error)
    finally:
        world.published_file.write_bytes(kept)


def test_without_the_private_file_it_ends_at_the_facts(
    world: World, plumbline: Command, tmp_path: Path
) -> None:
    hidden = world.build_file.rename(tmp_path / "away.duckdb")
    try:
        code, said, error = plumbline("trace", "mrr", "--period", MONTH)
        assert code == 0, error
        assert "the trace ends at the published facts" in said
        assert "the rows give" in said
    finally:
        hidden.rename(world.build_file)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (("mmrr", "--period", MONTH), "there is no metric 'mmrr' — did you mean"),
        (("mrr",), "a metric is traced in a period"),
        (("mrr", "--period", "January"), "'January' is no period"),
        (("mrr", "--period", "2026-13"), "'2026-13' is no period"),
        (("mrr", "--period", "2026-01-31"), "mrr has no value by day — it has one by month"),
        (("mrr", "--period", "2026-02"), "published are those that begin from 2024-09-01 to"),
        (("mrr", "--period", MONTH, "--cut", "colour=red"), "mrr has no cut 'colour=red'"),
        (("mrr", "--period", "2025-Q4", "--cut", "segment=SMB"), "cuts exist by month alone"),
        (("dau", "--period", "2026-01-31", "--cut", "segment=SMB"), "dau is not cut by anything"),
        (("mrr", "--period", MONTH, "--cut", "segment=smb"), "no segment is 'smb'"),
        (("mrr", "--period", MONTH, "--account", "001"), "there is no account '001'"),
        (("feature", "avg_dau", "--account", "x", "--date", "2026-02-28"), "no feature 'avg_dau'"),
        (("feature", "mrr"), "a feature is traced of an account at a date"),
        (("score", "luck", "--account", "x", "--date", "2026-02-28"), "nothing is scored for"),
    ],
)
def test_what_is_not_there_is_told_in_one_line(
    plumbline: Command, asked: tuple[str, ...], told: str
) -> None:
    code, _, error = plumbline("trace", *asked)
    assert code == 1
    assert told in error and len(error.strip().splitlines()) == 1


def test_features_are_counted_anew_from_what_was_known(world: World, account: str) -> None:
    """Every feature of three accounts at two dates that is made of counted inputs alone."""
    settings = replace(load_settings(raw=world.raw), warehouse=world.warehouse)
    settings = replace(settings, target=world.folder / "target")
    variables = {**settings.shaping_vars, "as_of_date": LAST_NIGHT.isoformat()}
    expressions = feature_expressions(Dbt(settings, variables))
    features = [
        row[0]
        for row in world.read("describe features.feat_accounts_daily")
        if row[0] not in NO_FEATURES
    ]
    assert set(features) <= expressions.keys()
    others = world.read(
        "select account_id from features.feat_accounts_daily where as_of_date ="
        f" date '{LAST_NIGHT - timedelta(days=40)}' order by hash(account_id) limit 2"
    )
    counted = set()
    with (
        duckdb.connect(str(world.build_file), read_only=True) as private,
        duckdb.connect(str(world.published_file), read_only=True) as published,
    ):
        for one in (account, *(row[0] for row in others)):
            for day in (LAST_NIGHT, LAST_NIGHT - timedelta(days=40)):
                for name in features:
                    value, of_row = read_feature(published, name, one, day)
                    traced = trace_feature(private, name, value, of_row, expressions[name], one)
                    assert traced.adds_up, traced
                    if traced.is_recomputed and value is not None:
                        counted.add(name)
                        assert not replace(traced, value=value + 0.5).adds_up
                    assert source_types_of(traced), name
    assert len(counted) > 25


def test_a_feature_goes_down_to_raw_rows(plumbline: Command, account: str) -> None:
    code, said, error = plumbline(
        *("trace", "feature", "ticket_backlog", "--account", account),
        *("--date", LAST_NIGHT.isoformat(), "--rows", "1"),
    )
    assert code == 0, error
    assert "counted anew" in said
    assert any(file.startswith("zendesk/tickets/") for file, *_ in raw_rows(said))


def test_a_score_is_its_parts(world: World, plumbline: Command) -> None:
    [(scored, probability)] = world.read(
        "select account_id, probability from ml.predictions where target = 'churn'"
        f" and as_of_date = date '{LAST_NIGHT}' order by probability desc limit 1"
    )
    asked = ("trace", "score", "churn", "--account", scored, "--date", LAST_NIGHT.isoformat())
    code, said, error = plumbline(*asked)
    assert code == 0, error
    assert f"probability {probability:.2%}" in said
    assert "baseline and parts give" in said
    kept = world.published_file.read_bytes()
    try:
        with duckdb.connect(str(world.published_file)) as connection:
            connection.execute(
                "update ml.prediction_reasons set contribution = contribution + 0.1"
                f" where account_id = '{scored}' and feature_name = 'mrr'"
            )
        code, _, error = plumbline(*asked)
        assert code == 1 and "the parts give" in error
    finally:
        world.published_file.write_bytes(kept)
