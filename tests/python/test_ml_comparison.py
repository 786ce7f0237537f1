"""Comparison over rolling origins, and ablation: dates by hand, then a whole study."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ml_world import AS_OF, FEATURES, contract_text, feature_rows, fetch, write_mart

from ml.config import Settings, load_settings
from ml.contract import load_contract
from ml.fitting.calibrate import AffineMap, fit_affine
from ml.study import study as studies
from ml.study.ablation import left_out
from ml.study.comparison import Backtest, calibrate_forward, feature_sets
from ml.study.origins import known_before, rolling_origins
from ml.study.rivals import COMPARED, build_rival, log_odds
from ml.study.timing import timings
from plumbline.errors import TooLittleDataError, UserError


def days(*numbers: int) -> np.ndarray:
    """Days of January 2025."""
    return np.array([f"2025-01-{n:02d}" for n in numbers], dtype="datetime64[D]")


def test_rolling_origins_by_hand() -> None:
    """Weekly dates, an embargo of 14 days, two dates of training at least."""
    dates = np.arange("2025-01-01", "2025-03-06", 7, dtype="datetime64[D]")  # 10 dates
    origins = rolling_origins(np.repeat(dates, 3), 3, 14, 2)
    # Dates 0 and 1 are known at date 3: dates 3 to 9 may be judged, two for each of three origins.
    assert [list(o.test) for o in origins] == [
        list(dates[4:6]),
        list(dates[6:8]),
        list(dates[8:10]),
    ]
    assert [len(o.train) for o in origins] == [3, 5, 7]
    assert all(o.test[0] - o.train[-1] >= np.timedelta64(14, "D") for o in origins)


def test_too_short_for_the_origins() -> None:
    """The message says what is there and what it needs."""
    with pytest.raises(TooLittleDataError, match="too short for 6 origins: 5 matured dates"):
        rolling_origins(days(1, 8, 15, 22, 29), 6, 14, 2)


def test_known_before_counts_from_the_last_label() -> None:
    """A test window is known once the embargo of its last date has passed."""
    dates = np.arange("2025-01-01", "2025-03-06", 7, dtype="datetime64[D]")
    origins = rolling_origins(dates, 3, 14, 2)
    # The first window ends on date 5, and the second begins on 6, the third on 8: 21 days later.
    assert [known_before(origins, n, 14) for n in range(3)] == [[], [], [0]]
    assert known_before(origins, 2, 21) == [0]
    assert known_before(origins, 2, 22) == []


def test_calibrated_by_what_was_known() -> None:
    """The first two origins keep their log-odds; the third has the map of the first."""
    dates = np.arange("2025-01-01", "2025-03-06", 7, dtype="datetime64[D]")
    settings = load_settings()
    origins = rolling_origins(dates, 3, 14, 2)
    data = Backtest(pd.DataFrame(), "label", origins, 14, 1)
    raw = [np.array([-1.0, 0.0, 1.0, 2.0]), np.array([9.0]), np.array([0.5])]
    labels = [np.array([0.0, 1.0, 0.0, 1.0]), np.array([1.0]), np.array([0.0])]
    first, second, third = calibrate_forward(raw, labels, data, settings)
    expected: AffineMap = fit_affine(raw[0], labels[0], settings.calibration)
    assert np.array_equal(first, raw[0])
    assert np.array_equal(second, raw[1])
    assert third == pytest.approx(expected.apply(raw[2]))


@pytest.fixture
def contract_path(tmp_path: Path) -> Path:
    path = tmp_path / "contract.yml"
    path.write_text(contract_text())
    return path


def test_each_feature_and_type_is_left_out_once(contract_path: Path) -> None:
    """Three types, eight features; the survey alone makes the second set."""
    contract = load_contract(contract_path)
    trials = list(left_out(contract))
    assert [name for kind, name, _ in trials if kind == "feature"] == list(FEATURES)
    types = {name: len(fewer.names) for kind, name, fewer in trials if kind == "source_type"}
    assert types == {"sentiment": 7, "subscription": 6, "support": 6, "usage": 5}
    assert all(name not in fewer.names for kind, name, fewer in trials if kind == "feature")
    assert {name: len(c.names) for name, c in feature_sets(contract).items()} == {
        "all": 8,
        "without_nps": 7,
    }
    without = contract.without_features(["nps_score"])
    assert list(feature_sets(without)) == ["all"]


def quick_settings() -> Settings:
    """Knobs that take seconds."""
    settings = load_settings()
    return replace(
        settings,
        comparison=replace(
            settings.comparison, origins=3, rounds=10, latency_calls=5, ablation_origins=2
        ),
        random_forest=replace(settings.random_forest, trees=5),
        multilayer_perceptron=replace(settings.multilayer_perceptron, epochs=2),
        evaluation=replace(settings.evaluation, resamples=20),
    )


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_every_rival_gives_finite_log_odds(contract_path: Path) -> None:
    """Unknown values included, and twice the same."""
    contract, settings = load_contract(contract_path), quick_settings()
    rows = feature_rows(accounts=200).dropna(subset="churned_within_60d")
    features, labels = rows[contract.names], rows["churned_within_60d"].to_numpy()
    for kind in COMPARED:
        one, two = (
            log_odds(build_rival(kind, contract, settings).fit(features, labels), features)
            for _ in range(2)
        )
        assert np.isfinite(one).all(), kind
        assert np.array_equal(one, two), kind


def test_a_study_writes_its_tables_once(tmp_path: Path, contract_path: Path) -> None:
    """Every model, set and metric; differences with intervals; again gives the same rows."""
    database = tmp_path / "world.duckdb"
    write_mart(database, feature_rows(accounts=500))
    told: list[str] = []
    for _ in range(2):
        done = studies.study(
            database,
            AS_OF,
            (),
            20,
            progress=lambda done, total, what: told.append(what),
            contract_path=contract_path,
            settings=quick_settings(),
        )
    assert done.dropped == ("always_zero",)
    assert told[0] == "logistic_regression, all"
    assert "without mrr" in told
    counts = fetch(
        database,
        "select model_kind, feature_set, count(*) from ml.model_comparison group by all",
    )
    assert sorted(counts) == sorted(
        (kind, name, 11) for kind in COMPARED for name in ("all", "without_nps")
    )
    # Seven features and four types, two metrics each.
    assert fetch(database, "select count(*) from ml.feature_ablation") == [(22,)]
    ((worst,),) = fetch(
        database,
        "select left_out from ml.feature_ablation where metric_name = 'auc_roc'"
        " and left_out_kind = 'source_type' order by difference limit 1",
    )
    assert worst == "usage"
    assert fetch(
        database,
        "select count(*) from ml.model_comparison where (metric_name in ('auc_roc',"
        " 'latency_p50_ms', 'latency_p99_ms') or metric_name like '%seconds')"
        " and coalesce(not metric_value between lower_bound and upper_bound, true)",
    ) == [(0,)]


def test_times_are_summed_up_with_their_spread() -> None:
    """By hand: equal values have no spread, and a bound lies within what was measured."""
    settings = quick_settings()
    found = timings(
        np.array([2.0, 2.0]), np.array([1.0, 3.0]), np.arange(1.0, 101.0), settings
    ).set_index("metric_name")
    assert list(found.loc["fit_seconds"]) == [2.0, 2.0, 2.0]
    assert list(found.loc["predict_seconds"]) == [2.0, 1.0, 3.0]
    assert found.loc["latency_p50_ms", "metric_value"] == 50.5
    assert found.loc["latency_p99_ms", "metric_value"] == pytest.approx(99.01)
    assert 30 < found.loc["latency_p50_ms", "lower_bound"] < 50.5
    assert 90 < found.loc["latency_p99_ms", "lower_bound"] < 99.01
    assert found.loc["latency_p99_ms", "upper_bound"] <= 100


def test_too_few_churners_write_nothing(tmp_path: Path, contract_path: Path) -> None:
    """One clear line, and no table."""
    database = tmp_path / "world.duckdb"
    rows = feature_rows(accounts=150)
    stayed = rows["churned_within_60d"].where(rows["churned_within_60d"].isna(), 0.0)
    rows["churned_within_60d"] = stayed.where(rows.index > 5, 1.0)
    write_mart(database, rows)
    with pytest.raises(UserError, match="too few churned accounts to compare models"):
        studies.study(
            database, AS_OF, (), 20, contract_path=contract_path, settings=quick_settings()
        )
    assert fetch(
        database, "select count(*) from information_schema.tables where table_schema = 'ml'"
    ) == [(0,)]
