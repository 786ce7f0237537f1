"""Reasons add up, for every kind of model that may be champion, and rank as they should."""

import numpy as np
import pandas as pd
import pytest
from ml_world import LABEL, contract_text, feature_rows
from scipy.special import expit
from threadpoolctl import threadpool_limits

from ml.config import load_settings
from ml.contract import load_contract
from ml.fitting.calibrate import AffineMap
from ml.fitting.explain import check_additive, fit_explainer, rank_reasons
from ml.fitting.pipeline import ADDITIVE, AVERAGE, FULL, LOGISTIC, Squash, build_pipeline
from ml.judging.candidates import Champion
from ml.judging.profile import feature_bins, feature_importance
from plumbline.errors import UserError

SETTINGS = load_settings()
CALIBRATION = AffineMap(intercept=-0.2, slope=0.8)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """As in production; two threads wait for each other where other work shares the cores."""
    with threadpool_limits(limits=1):
        yield


@pytest.fixture(scope="module")
def contract(tmp_path_factory):
    path = tmp_path_factory.mktemp("contract") / "contract.yml"
    path.write_text(contract_text())
    return load_contract(path).without_features(("always_zero",))


@pytest.fixture(scope="module")
def rows(contract):
    frame = feature_rows(accounts=400)
    return frame[frame[LABEL].notna()]


@pytest.fixture(scope="module", params=[LOGISTIC, ADDITIVE, AVERAGE])
def champion(request, contract, rows):
    features = rows[contract.names]
    pipeline = build_pipeline(request.param, contract, SETTINGS, iterations=80)
    pipeline.fit(features, rows[LABEL])
    return Champion(
        request.param, pipeline, CALIBRATION, fit_explainer(request.param, pipeline, features)
    )


def log_odds_and_parts(champion, features):
    log_odds = CALIBRATION.apply(champion.pipeline.decision_function(features))
    parts = champion.explainer.contributions(champion.pipeline, features, CALIBRATION)
    return log_odds, champion.explainer.baseline(CALIBRATION), parts


def test_reasons_add_up_for_every_row(champion, contract, rows):
    log_odds, baseline, parts = log_odds_and_parts(champion, rows[contract.names])
    assert parts.shape == (len(rows), len(contract.names))
    assert np.abs(baseline + parts.sum(axis=1) - log_odds).max() < 1e-9
    # Relative to the training mean: the baseline is the mean log-odds, parts have mean 0.
    assert baseline == pytest.approx(log_odds.mean(), abs=1e-9)
    assert np.abs(parts.mean(axis=0)).max() < 1e-9


def test_reasons_add_up_at_values_that_training_never_saw(champion, contract):
    rng = np.random.default_rng(0)
    values = rng.normal(0, 1, (2000, len(contract.names))) * 10 ** rng.uniform(-3, 12, (2000, 1))
    values[rng.random(values.shape) < 0.3] = np.nan
    values[:3] = np.nan
    features = pd.DataFrame(values, columns=contract.names)
    log_odds, baseline, parts = log_odds_and_parts(champion, features)
    assert np.abs(baseline + parts.sum(axis=1) - log_odds).max() < 1e-6


def test_reasons_hold_exactly_on_a_threshold(contract, rows):
    pipeline = build_pipeline(ADDITIVE, contract, SETTINGS, iterations=80)
    features = rows[contract.names]
    pipeline.fit(features, rows[LABEL])
    explainer = fit_explainer(ADDITIVE, pipeline, features)
    edges = explainer.steps[0].thresholds
    assert edges.size > 5
    probe = pd.concat([features.iloc[[0]]] * (3 * edges.size), ignore_index=True)
    near = [edges, np.nextafter(edges, -np.inf), np.nextafter(edges, np.inf)]
    probe[contract.names[0]] = np.concatenate(near)
    parts = explainer.contributions(pipeline, probe, CALIBRATION)
    log_odds = CALIBRATION.apply(pipeline.decision_function(probe))
    check_additive(log_odds, explainer.baseline(CALIBRATION), parts, 1e-9)


def test_a_part_depends_on_its_own_feature_alone(champion, contract, rows):
    features = rows[contract.names].head(50).copy()
    _, _, before = log_odds_and_parts(champion, features)
    features["avg_dau_30d"] = features["avg_dau_30d"].to_numpy()[::-1].copy()
    _, _, after = log_odds_and_parts(champion, features)
    others = [i for i, name in enumerate(contract.names) if name != "avg_dau_30d"]
    assert np.abs(before[:, others] - after[:, others]).max() < 1e-12


def test_the_average_is_half_of_each(contract, rows):
    features = rows[contract.names]
    fitted = {
        kind: build_pipeline(kind, contract, SETTINGS, iterations=30).fit(features, rows[LABEL])
        for kind in (LOGISTIC, ADDITIVE, AVERAGE)
    }
    scores = {kind: pipeline.decision_function(features) for kind, pipeline in fitted.items()}
    assert np.abs(scores[LOGISTIC] - scores[ADDITIVE]).max() > 0.1
    assert scores[AVERAGE] == pytest.approx((scores[LOGISTIC] + scores[ADDITIVE]) / 2, abs=1e-12)
    probability = fitted[AVERAGE].predict_proba(features)
    assert probability.sum(axis=1) == pytest.approx(1)
    assert probability[:, 1] == pytest.approx(expit(scores[AVERAGE]))


def test_the_model_with_interactions_has_no_reasons(contract, rows):
    pipeline = build_pipeline(FULL, contract, SETTINGS, iterations=10)
    pipeline.fit(rows[contract.names], rows[LABEL])
    with pytest.raises(ValueError, match="no exact additive reasons"):
        fit_explainer(FULL, pipeline, rows[contract.names])
    with pytest.raises(ValueError, match="unknown kind"):
        build_pipeline("oracle", contract, SETTINGS)


def test_reasons_that_do_not_add_up_stop_the_scoring():
    parts = np.array([[0.5, 0.25]])
    check_additive(np.array([-1.25]), -2.0, parts, 1e-6)
    for wrong in (-1.25 + 2e-6, np.nan):
        with pytest.raises(UserError, match="do not add up"):
            check_additive(np.array([wrong]), -2.0, parts, 1e-6)


def test_ranks_put_the_largest_first_and_the_unknown_last():
    parts = np.array([[0.1, 0.9, -0.3, 0.5], [0.2, 0.2, 0.2, 0.2]])
    values = np.array([[1.0, np.nan, 1.0, 1.0], [1.0, 1.0, np.nan, 1.0]])
    assert rank_reasons(parts, values).tolist() == [[2, 4, 3, 1], [1, 2, 4, 3]]


def test_squashing_keeps_the_order_and_the_unknown():
    rng = np.random.default_rng(0)
    values = np.column_stack(
        [
            np.exp(rng.normal(0, 2, 5000)),
            rng.normal(size=5000),
            (rng.random(5000) < 0.001).astype(float),
        ]
    )
    values[::7, 0] = np.nan
    squash = Squash().fit(values)
    assert squash.is_logged_.tolist() == [True, False, False]
    squashed = squash.transform(values)
    assert np.isnan(squashed[::7, 0]).all()
    for column in range(3):
        known = ~np.isnan(values[:, column])
        order = np.argsort(values[known, column], kind="stable")
        assert (np.diff(squashed[known, column][order]) >= 0).all()
    assert set(squashed[:, 2]) == {0.0, 1.0}  # a rare flag is not clipped away


def test_bins_cover_every_value_once(rows, contract):
    features = rows[contract.names]
    table = feature_bins(features, bins=10)
    for name, bins in table.groupby("feature_name"):
        assert bins["share"].sum() == pytest.approx(1.0)
        unknown = bins[bins["bin_number"] == 0]
        assert unknown["share"].item() == pytest.approx(features[name].isna().mean())
        known = bins[bins["bin_number"] > 0]
        lower = known["lower_bound"].fillna(-np.inf).to_numpy()
        upper = known["upper_bound"].fillna(np.inf).to_numpy()
        assert (lower[1:] == upper[:-1]).all()
        values = features[name].dropna().to_numpy()[:, None]
        inside = ((values >= lower) & (values < upper)).sum(axis=0) / len(features)
        assert inside == pytest.approx(known["share"].to_numpy())
        assert (known["share"] > 0).all()


def test_importance_is_the_mean_size_of_the_parts(champion, rows, contract):
    features = rows[contract.names]
    table = feature_importance(champion, features).set_index("feature_name")
    _, _, parts = log_odds_and_parts(champion, features)
    for i, name in enumerate(contract.names):
        assert table.loc[name, "importance"] == pytest.approx(np.abs(parts[:, i]).mean())
    assert table["importance_rank"].tolist() == list(range(1, len(contract.names) + 1))
    assert table["importance"].is_monotonic_decreasing
    # The planted drivers come first.
    assert {"avg_dau_30d", "usage_trend_ratio"} & set(table.index[:2])
