"""Candidates are judged by the fits that their recipe names."""

from dataclasses import replace

import numpy as np
import pytest
from ml_world import LABEL, contract_text, feature_rows

from ml.config import load_settings
from ml.contract import load_contract
from ml.fitting.pipeline import ADDITIVE, build_pipeline
from ml.fitting.splits import split_dates
from ml.judging.candidates import TrainingData, judge_candidates

SETTINGS = load_settings()


@pytest.mark.parametrize("least", [5, 70])
def test_the_rounds_are_those_of_a_fit_that_has_just_so_many(tmp_path, least):
    """Where early stopping went on beyond them, and where it stopped before the least number."""
    settings = replace(
        SETTINGS,
        evaluation=replace(SETTINGS.evaluation, resamples=20),
        additive_boosting=replace(SETTINGS.additive_boosting, min_iter=least, max_iter=60),
    )
    path = tmp_path / "contract.yml"
    path.write_text(contract_text())
    frame = feature_rows().dropna(subset=LABEL)
    aim = settings.of("churn")
    split = split_dates(frame["as_of_date"].to_numpy(), settings.split, aim.known_after_days)
    contract = load_contract(path).without_features(["always_zero"])
    data = TrainingData(frame, contract, LABEL, split, 30)
    judged = {candidate.kind: candidate for candidate in judge_candidates(data, settings)}
    rounds = judged[ADDITIVE].iterations
    pipeline = build_pipeline(ADDITIVE, contract, settings, rounds).fit(*data.of(split.train))
    scores = pipeline.decision_function(data.of(split.validation)[0])
    assert rounds >= least
    assert np.array_equal(judged[ADDITIVE].validation, scores)
