"""Metrics against hand-computed numbers and scikit-learn's; calibration; bootstrap."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score
from threadpoolctl import threadpool_limits

from ml.config import load_settings
from ml.fitting.calibrate import fit_affine, logistic_line
from ml.judging.evaluate import Outcomes, nobody_churns, performance, weighted_metrics

SETTINGS = load_settings()
EVALUATION = SETTINGS.evaluation


def measure(outcomes, weights=None, bins=10):
    accounts = int(outcomes.accounts.max()) + 1
    weights = np.ones((1, accounts)) if weights is None else np.atleast_2d(weights).astype(float)
    metrics = weighted_metrics(outcomes, weights, replace(EVALUATION, calibration_bins=bins))
    return {name: values[0] for name, values in metrics.items()}


def outcomes_of(labels, probabilities, accounts=None, dates=None, capacity=2):
    labels = np.asarray(labels, dtype=float)
    rows = labels.size
    return Outcomes(
        labels,
        np.asarray(probabilities, dtype=float),
        np.arange(rows) if accounts is None else np.asarray(accounts),
        np.zeros(rows, dtype=int) if dates is None else np.asarray(dates),
        capacity,
    )


def random_outcomes(rows=4000, accounts=900, seed=0, distinct=None):
    rng = np.random.default_rng(seed)
    owner = rng.integers(0, accounts, rows)
    owner[:accounts] = np.arange(accounts)
    log_odds = -3 + rng.normal(size=accounts)[owner] + 0.3 * rng.normal(size=rows)
    labels = (rng.random(rows) < expit(log_odds)).astype(float)
    probabilities = expit(log_odds)
    if distinct:
        probabilities = np.round(probabilities * distinct) / distinct
    return outcomes_of(labels, probabilities, owner, rng.integers(0, 5, rows), capacity=40)


def test_metrics_by_hand():
    # Ranked: 0.9 (1), 0.8 (0), 0.7 (1), 0.4 (0), 0.1 (0).
    result = measure(outcomes_of([0, 1, 0, 1, 0], [0.1, 0.9, 0.8, 0.7, 0.4]), bins=2)
    assert result["auc_roc"] == pytest.approx(5 / 6)  # of 2 x 3 pairs one is the wrong way
    assert result["auc_pr"] == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert result["precision_at_80_recall"] == pytest.approx(2 / 3)
    assert result["lift_at_decile"] == pytest.approx(1 / (2 / 5))  # top ceil(0.5) = 1 row
    assert result["precision_at_capacity"] == pytest.approx(1 / 2)
    assert result["recall_at_capacity"] == pytest.approx(1 / 2)
    assert result["brier"] == pytest.approx((0.01 + 0.01 + 0.64 + 0.09 + 0.16) / 5)
    assert result["accuracy"] == pytest.approx(4 / 5)
    # Bins of rows (0.1, 0.4) and (0.7, 0.8, 0.9): gaps 0.5 - 0 and 2.4 - 2.
    assert result["ece"] == pytest.approx((0.5 + 0.4) / 5)


def test_ties_in_the_lift_go_by_key():
    # Twenty rows, all alike: the top tenth are the first two keys.
    labels = np.zeros(20)
    labels[[0, 5]] = 1
    result = measure(outcomes_of(labels, np.full(20, 0.1)))
    assert result["lift_at_decile"] == pytest.approx((1 / 2) / (2 / 20))
    assert result["auc_roc"] == pytest.approx(0.5)
    assert result["auc_pr"] == pytest.approx(0.1)


def test_capacity_holds_for_each_date():
    labels = [1, 0, 0, 1, 1, 0]
    probabilities = [0.9, 0.8, 0.7, 0.3, 0.2, 0.1]
    one_a_date = outcomes_of(labels, probabilities, dates=[0, 0, 0, 1, 1, 1], capacity=1)
    result = measure(one_a_date)
    assert result["precision_at_capacity"] == pytest.approx(2 / 2)
    assert result["recall_at_capacity"] == pytest.approx(2 / 3)
    more_than_there_are = measure(replace(one_a_date, capacity=100))
    assert more_than_there_are["precision_at_capacity"] == pytest.approx(3 / 6)
    assert more_than_there_are["recall_at_capacity"] == pytest.approx(1.0)


@pytest.mark.parametrize("distinct", [None, 20])
def test_metrics_equal_those_of_scikit_learn(distinct):
    outcomes = random_outcomes(distinct=distinct)
    result = measure(outcomes)
    y, p = outcomes.labels, outcomes.probabilities
    assert result["auc_roc"] == pytest.approx(roc_auc_score(y, p), abs=1e-12)
    assert result["auc_pr"] == pytest.approx(average_precision_score(y, p), abs=1e-12)
    assert result["brier"] == pytest.approx(brier_score_loss(y, p), abs=1e-12)
    if distinct is None:
        assert result["log_loss"] == pytest.approx(log_loss(y, p), abs=1e-12)
        line = LogisticRegression(C=1e9, tol=1e-10).fit(np.log(p / (1 - p))[:, None], y)
        assert result["calibration_slope"] == pytest.approx(line.coef_[0, 0], rel=1e-4)


def test_a_weight_of_two_is_a_row_twice():
    outcomes = random_outcomes(rows=500, accounts=500, distinct=50)
    weights = np.random.default_rng(1).integers(0, 4, 500)
    order = np.repeat(np.arange(500), weights)
    repeated = Outcomes(
        outcomes.labels[order],
        outcomes.probabilities[order],
        np.arange(order.size),
        outcomes.dates[order],
        outcomes.capacity,
    )
    weighted, copied = measure(outcomes, weights), measure(repeated)
    for name in set(weighted) - {"ece", "calibration_slope"}:
        # Bins are those of the slice as it is, and the slope's resamples take one Newton step.
        assert weighted[name] == pytest.approx(copied[name], abs=1e-12), name
    assert weighted["calibration_slope"] == pytest.approx(copied["calibration_slope"], abs=0.1)


def test_the_baseline_is_accurate_and_useless():
    outcomes = random_outcomes()
    result = measure(nobody_churns(outcomes))
    assert result["accuracy"] == pytest.approx(1 - outcomes.labels.mean())
    assert result["brier"] == pytest.approx(outcomes.labels.mean())
    assert result["auc_roc"] == pytest.approx(0.5)


def test_accounts_are_drawn_not_rows():
    rng = np.random.default_rng(3)
    accounts = np.repeat(np.arange(200), 10)  # ten copies of each account
    log_odds = np.repeat(rng.normal(-1, 1, 200), 10)
    labels = np.repeat((rng.random(200) < 0.3).astype(float), 10)
    by_account = performance(outcomes_of(labels, expit(log_odds), accounts), EVALUATION, 1)
    by_row = performance(outcomes_of(labels, expit(log_odds)), EVALUATION, 1)

    def width(table):
        row = table.set_index("metric_name").loc["auc_roc"]
        return row["upper_bound"] - row["lower_bound"]

    assert width(by_account) > 2.5 * width(by_row)  # the square root of ten, nearly


def test_intervals_are_repeatable_and_ordered():
    outcomes = random_outcomes(rows=20_000, accounts=4200)
    with threadpool_limits(limits=1):
        table = performance(outcomes, EVALUATION, 5)
        assert table.equals(performance(outcomes, EVALUATION, 5))
    ranked = table[table["metric_name"] != "ece"]  # noise only ever adds to it
    assert (ranked["lower_bound"] <= ranked["metric_value"]).all()
    assert (ranked["metric_value"] <= ranked["upper_bound"]).all()


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    covered = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        p = expit(rng.normal(-1, 1, 400))
        y = (rng.random(400) < p).astype(float)
        row = performance(outcomes_of(y, p), EVALUATION, seed).set_index("metric_name")
        slope = row.loc["calibration_slope"]
        covered += slope["lower_bound"] <= 1.0 <= slope["upper_bound"]
    assert covered >= 34


def test_calibration_finds_the_planted_map():
    rng = np.random.default_rng(0)
    log_odds = rng.normal(0, 2, 200_000)
    labels = (rng.random(log_odds.size) < expit(-1.5 + 0.6 * log_odds)).astype(float)
    fitted = fit_affine(log_odds, labels, SETTINGS.calibration)
    assert fitted.intercept == pytest.approx(-1.5, abs=0.03)
    assert fitted.slope == pytest.approx(0.6, abs=0.02)
    # A map with an intercept makes the mean probability the base rate.
    assert expit(fitted.apply(log_odds)).mean() == pytest.approx(labels.mean(), abs=1e-9)


def test_calibration_never_turns_a_model_over():
    rng = np.random.default_rng(0)
    log_odds = rng.normal(0, 1, 5000)
    labels = (rng.random(5000) < expit(-2 - log_odds)).astype(float)
    fitted = fit_affine(log_odds, labels, SETTINGS.calibration)
    assert fitted.slope == SETTINGS.calibration.min_slope
    assert expit(fitted.apply(log_odds)).mean() == pytest.approx(labels.mean(), abs=1e-9)


def test_a_dozen_churners_change_the_slope_little_and_a_thousand_much():
    rng = np.random.default_rng(0)
    log_odds = rng.normal(-1, 1, 10_000)
    labels = (rng.random(log_odds.size) < expit(-2 + 2 * log_odds)).astype(float)
    few = fit_affine(log_odds[:100], labels[:100], SETTINGS.calibration)
    many = fit_affine(log_odds, labels, SETTINGS.calibration)
    best = logistic_line(log_odds[:100], labels[:100])[1]
    assert 1 < few.slope < best
    assert many.slope == pytest.approx(2.0, abs=0.1)


def test_calibration_survives_separable_classes_and_a_flat_score():
    labels = np.array([0.0, 0, 0, 1, 1])
    separable = fit_affine(np.array([-3.0, -2, -1, 1, 2]), labels, SETTINGS.calibration)
    assert 1 < separable.slope <= SETTINGS.calibration.max_slope
    assert np.isfinite(separable.intercept)
    # Without the prior there is no best slope: the limit stands.
    free = replace(SETTINGS.calibration, slope_deviation=1e6)
    assert fit_affine(np.array([-3.0, -2, -1, 1, 2]), labels, free).slope == free.max_slope
    assert logistic_line(np.full(5, 0.3), labels)[1] == 0.0
