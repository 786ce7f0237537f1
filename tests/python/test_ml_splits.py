"""Time-ordered slices: order, embargo, minimums."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from ml_world import LABEL, feature_rows

from ml.config import load_settings
from ml.fitting.splits import Split, check_embargo, check_positives, rows_of, split_dates
from plumbline.errors import TooLittleDataError, UserError

SETTINGS = load_settings().split
CHURN = load_settings().of("churn")
EMBARGO = CHURN.known_after_days


def grid(count, step=14):
    start = np.datetime64("2024-09-15")
    return start + np.arange(count) * np.timedelta64(step, "D")


@pytest.mark.parametrize(
    ("count", "step"), [(20, 14), (31, 14), (33, 14), (60, 14), (300, 1), (12, 30), (70, 7)]
)
def test_every_label_is_known_before_the_next_slice_begins(count, step):
    dates = grid(count, step)
    split = split_dates(np.tile(dates, 3), SETTINGS, EMBARGO)
    embargo = np.timedelta64(90, "D")
    assert split.train[-1] + embargo <= split.validation[0]
    assert split.before_test[-1] + embargo <= split.test[0]
    assert split.validation[-1] == split.before_test[-1]
    assert split.test[-1] == dates[-1]
    assert split.train[0] == dates[0]
    assert split.train.size >= SETTINGS.min_train_dates
    # Nothing between the slices is wasted: one more date would break the embargo.
    after = dates[dates > split.train[-1]][0]
    assert after + embargo > split.validation[0]


def test_shares_are_of_the_dates_that_the_embargoes_leave():
    split = split_dates(grid(31), SETTINGS, EMBARGO)
    # 31 dates less 2 x 6 in the embargoes leave 19: a quarter to test, a quarter to validation.
    assert (split.test.size, split.validation.size, split.train.size) == (5, 5, 9)


@pytest.mark.parametrize("count", [0, 1, 2, 19])
def test_too_few_dates_say_how_many_are_needed(count):
    with pytest.raises(TooLittleDataError, match=f"{count} matured dates"):
        split_dates(grid(count), SETTINGS, EMBARGO)


def test_a_hole_in_the_grid_keeps_the_embargo():
    dates = np.delete(grid(40), [20, 21, 22, 30])
    split = split_dates(dates, SETTINGS, EMBARGO)
    check_embargo(split, EMBARGO)


def test_no_account_is_on_both_sides_within_the_embargo():
    rows = feature_rows(accounts=60)
    matured = rows[rows[LABEL].notna()]
    split = split_dates(matured["as_of_date"].to_numpy(), SETTINGS, EMBARGO)
    earlier, later = rows_of(matured, split.before_test), rows_of(matured, split.test)
    pairs = earlier.merge(later, on="account_id", suffixes=("_before", "_after"))
    assert len(pairs) > 0
    assert (pairs["as_of_date_after"] - pairs["as_of_date_before"]).min() >= pd.Timedelta(days=90)


def test_a_planted_overlap_is_found():
    dates = grid(31)
    leaking = Split(dates[:12], dates[13:20], dates[:20], dates[27:])
    with pytest.raises(UserError, match="28 days apart"):
        check_embargo(leaking, EMBARGO)


def test_positives_are_counted_by_account():
    rows = feature_rows(accounts=300)
    matured = rows[rows[LABEL].notna()]
    split = split_dates(matured["as_of_date"].to_numpy(), SETTINGS, EMBARGO)
    counts = check_positives(
        matured,
        split,
        CHURN,
        replace(
            SETTINGS,
            min_train_positive_accounts=1,
            min_validation_positive_accounts=1,
            min_test_positive_accounts=1,
        ),
    )
    for name in ("train", "validation", "test"):
        slice_rows = rows_of(matured, getattr(split, name))
        assert counts[name]["examples"] == len(slice_rows)
        assert counts[name]["positives"] == slice_rows[LABEL].sum()
        assert counts[name]["positive_accounts"] < counts[name]["positives"]
    with pytest.raises(TooLittleDataError, match="too few churned accounts .* in the test slice"):
        check_positives(matured, split, CHURN, replace(SETTINGS, min_test_positive_accounts=10_000))
    with pytest.raises(TooLittleDataError, match="none of the churned accounts .* in the test"):
        check_positives(
            matured.assign(
                **{
                    LABEL: matured[LABEL].where(
                        ~matured["as_of_date"].isin(split.test.astype("datetime64[us]")), 1.0
                    )
                }
            ),
            split,
            CHURN,
            SETTINGS,
        )
