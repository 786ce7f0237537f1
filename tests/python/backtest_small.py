"""`plumbline` with minimums that a `ci` world reaches: `python backtest_small.py backtest ...`."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import ml.config
from ml.config import Settings, load_settings


def small_settings(**given: Any) -> Settings:
    """The knobs, with fewer churned accounts asked for, and shorter trainings, than people need."""
    settings = load_settings(**given)
    return replace(
        settings,
        split=replace(
            settings.split,
            min_train_positive_accounts=8,
            min_validation_positive_accounts=3,
            min_test_positive_accounts=3,
        ),
        evaluation=replace(settings.evaluation, resamples=50),
        additive_boosting=replace(settings.additive_boosting, max_iter=40, min_iter=20),
    )


if __name__ == "__main__":
    ml.config.load_settings = small_settings
    from plumbline.cli import main

    main(sys.argv[1:])
