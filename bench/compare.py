"""The champion's share of the ceiling over several worlds, and LightGBM beside it."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import t as student
from threadpoolctl import threadpool_limits

from bench import night, peers
from bench.record import ROOT, Figure, run_child
from ml import warehouse
from ml.checks import constant_features
from ml.config import load_settings
from ml.contract import load_contract
from ml.fitting.splits import rows_of, split_dates
from ml.judging.candidates import TrainingData, choose, judge_candidates

# None of these was looked at while models and features were chosen.
SEEDS = (21, 22, 23, 24, 25)
SHARE_TARGET, PEER_TOLERANCE = 0.95, 0.005
CAPACITY = 60


@dataclass(frozen=True)
class World:
    """What one world gives: the kind of the champion, and rankings of its test rows.

    ``peer`` is None where LightGBM is not installed.
    """

    seed: int
    kind: str
    ceiling: peers.Ranking
    champion: peers.Ranking
    knowable: peers.Ranking
    knowable_additive: peers.Ranking
    peer: peers.Ranking | None


def generator_hash() -> str:
    """SHA-256 of the generator's code: figures of different generators do not compare."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / "plumbline" / "demo").glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def build(folder: Path, size: str, seed: int) -> None:
    """Make a world and build its features."""
    file = night.build_file(folder)
    file.parent.mkdir(parents=True)
    environment = {**night.environment(folder), "PLUMBLINE_BUILD": str(file)}
    run_child(["-m", "plumbline", "demo", f"--size={size}", f"--seed={seed}"], environment)
    run_child(
        [
            "-m",
            "dbt.cli.main",
            "build",
            "--quiet",
            "--select",
            "+feat_training_examples",
            "--exclude-resource-type",
            "test",
            "--exclude-resource-type",
            "unit_test",
            f"--log-path={folder / 'logs'}",
            "--vars",
            f"as_of_date: '{night.SECOND_NIGHT}'",
        ],
        environment,
    )


def measure(folder: Path, seed: int) -> World:
    """Judge the churn model's recipe and its peers on one built world."""
    settings = load_settings()
    aim = settings.of("churn")
    contract = load_contract()
    frame = warehouse.read_training(night.build_file(folder), contract, aim, night.SECOND_NIGHT)
    split = split_dates(frame["as_of_date"].to_numpy(), settings.split, aim.known_after_days)
    contract = contract.without_features(
        constant_features(rows_of(frame, split.train), contract.names)
    )
    data = TrainingData(frame, contract, aim.label, split, CAPACITY)
    with threadpool_limits(limits=settings.threads):
        chosen = choose(judge_candidates(data, settings))
        probabilities = peers.true_probabilities(frame, folder / "truth")
        best = peers.knowable(data, probabilities, settings.seed, is_additive=False)
        additive = peers.knowable(data, probabilities, settings.seed, is_additive=True)
        peer = peers.lightgbm_scores(data, settings.seed)
    tested = np.isin(frame["as_of_date"].to_numpy().astype("datetime64[D]"), split.test)
    labels, true = frame[aim.label].to_numpy()[tested], probabilities[tested]
    ranked = [
        None if scores is None else peers.ranking(labels, true, scores)
        for scores in (true, chosen.test, best, additive, peer)
    ]
    return World(seed, chosen.kind, *ranked)


def interval(values: Sequence[float], confidence: float = 0.95) -> tuple[float, float, float]:
    """Mean over worlds, and its interval by Student's t; the mean alone for one world.

    Examples
    --------
    >>> [round(x, 3) for x in interval([1.0, 2.0, 3.0])]
    [2.0, -0.484, 4.484]
    """
    mean, count = float(np.mean(values)), len(values)
    if count < 2:
        return mean, mean, mean
    half = student.ppf((1 + confidence) / 2, count - 1) * np.std(values, ddof=1) / np.sqrt(count)
    return mean, mean - float(half), mean + float(half)


def figures(worlds: Sequence[World]) -> list[Figure]:
    """Lay the worlds out, each and on average."""
    lines: list[Figure] = []
    for world in worlds:
        of = f"seed {world.seed}:"
        lines += [
            Figure(f"{of} ceiling AUC", world.ceiling.realised),
            Figure(f"{of} champion AUC ({world.kind})", world.champion.realised),
        ]
        if world.peer is not None:
            lines.append(Figure(f"{of} LightGBM AUC", world.peer.realised))
    realised = [peers.share(w.champion.realised, w.ceiling.realised) for w in worlds]
    expected = [peers.share(w.champion.expected, w.ceiling.expected) for w in worlds]
    limit = [peers.share(w.knowable.expected, w.ceiling.expected) for w in worlds]
    additive = [peers.share(w.knowable_additive.expected, w.ceiling.expected) for w in worlds]
    lines += _spread("champion's share of the ceiling", realised)
    lines += _spread("the same, without luck (expected AUC)", expected)
    lines += _spread("share that the features allow (learnt from the truth)", limit)
    lines += _spread("share that they allow an additive model (the same)", additive)
    behind = [w.peer.realised - w.champion.realised for w in worlds if w.peer is not None]
    if behind:
        lines += _spread("LightGBM's AUC less the champion's", behind, target=PEER_TOLERANCE)
    else:
        lines.append(Figure("LightGBM is not installed: worlds compared with it", 0))
    met = interval(realised)[0] >= SHARE_TARGET
    lines.append(Figure(f"target: a share of {SHARE_TARGET} is reached (1 yes, 0 no)", float(met)))
    return lines


def _spread(what: str, values: Sequence[float], target: float | None = None) -> list[Figure]:
    mean, low, high = interval(values)
    return [
        Figure(f"{what}, mean of {len(values)}", mean, target=target),
        Figure("  lower bound", low),
        Figure("  upper bound", high),
    ]


def run(folder: Path, size: str, seeds: Sequence[int] = SEEDS) -> list[Figure]:
    """Measure one world after the other; each is removed once it is measured.

    Parameters
    ----------
    folder : Path
        Worlds that are in it already are measured as they are, and stay.
    size : str
        `ci` or `demo`.
    """
    worlds = []
    for seed in seeds:
        here = folder / f"{size}_{seed}"
        is_new = not here.exists()
        if is_new:
            build(here, size, seed)
        worlds.append(measure(here, seed))
        if is_new:
            shutil.rmtree(here)
    return figures(worlds)
