"""The figures of the comparison over worlds, against numbers worked out by hand."""

import numpy as np
import pytest

from bench.compare import World, figures, generator_hash, interval
from bench.peers import GRID, Ranking, ranking, share


def test_expected_auc_by_hand() -> None:
    """Two rows with true probabilities 0.2 and 0.6, ranked rightly.

    A positive and a negative drawn from them: 0.2 x 0.8, 0.2 x 0.4, 0.6 x 0.8, 0.6 x 0.4 of
    0.8 x 1.2; the third is right, the pairs within a row count half.
    """
    found = ranking(np.array([0, 1]), np.array([0.2, 0.6]), np.array([-1.0, 1.0]))
    assert found.realised == 1
    assert found.expected == pytest.approx((0.48 + (0.16 + 0.24) / 2) / 0.96)
    assert ranking(np.array([0, 1]), np.array([0.2, 0.6]), np.zeros(2)).expected == 0.5


def test_share_of_the_ceiling() -> None:
    """Half of what lies above chance."""
    assert share(0.7, 0.9) == pytest.approx(0.5)


def test_interval_by_hand() -> None:
    """Five values, mean 3, standard error sqrt(0.5), Student's t of four degrees 2.776."""
    mean, low, high = interval([1.0, 2.0, 3.0, 4.0, 5.0])
    half = 2.776 * 0.5**0.5
    assert (mean, low, high) == pytest.approx((3, 3 - half, 3 + half), abs=1e-3)
    assert interval([0.8]) == (0.8, 0.8, 0.8)


def _world(seed: int, champion: float, peer: float | None) -> World:
    side = None if peer is None else Ranking(peer, peer)
    return World(
        seed,
        "additive_boosting",
        Ranking(0.9, 0.9),
        Ranking(champion, champion),
        Ranking(0.88, 0.88),
        Ranking(0.87, 0.87),
        side,
    )


def test_the_result_says_what_is_missing() -> None:
    """Targets are judged on the mean; without LightGBM a line says so."""
    lines = {f.what: f for f in figures([_world(7, 0.86, 0.85), _world(8, 0.86, 0.87)])}
    assert lines["champion's share of the ceiling, mean of 2"].value == pytest.approx(0.9)
    assert lines["LightGBM's AUC less the champion's, mean of 2"].value == pytest.approx(0)
    assert lines["target: a share of 0.95 is reached (1 yes, 0 no)"].value == 0
    alone = {f.what: f.value for f in figures([_world(7, 0.89, None)])}
    assert alone["LightGBM is not installed: worlds compared with it"] == 0
    assert alone["target: a share of 0.95 is reached (1 yes, 0 no)"] == 1


def test_hash_and_budget_are_stated() -> None:
    """The hash is that of the code, twice the same; the grid has no setting twice."""
    assert generator_hash() == generator_hash()
    assert len(generator_hash()) == 64
    assert len({tuple(knobs.values()) for knobs in GRID}) == len(GRID) == 12
