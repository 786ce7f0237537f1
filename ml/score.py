"""Score every paying account of a date with the champion, and say why."""

import logging
import time
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.special import expit
from threadpoolctl import threadpool_limits

from ml import warehouse
from ml.checks import check_not_all_null, check_values
from ml.config import Settings, load_settings
from ml.fitting.explain import check_additive, rank_reasons
from ml.judging.leakage import check_schemas, mart_types
from ml.registry import stages
from ml.registry.artefact import RETRAIN, Artefact, load_registered
from plumbline.errors import UserError

CHUNK = 100_000  # rows scored at a time; bounds memory
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ScoreResult:
    """What a scoring gives.

    ``scored`` accounts, ``reasons`` rows, and ``is_new``: False where the same rows were published
    before.
    """

    scored: int
    reasons: int
    model_version: str
    is_new: bool
    seconds: float


@dataclass(frozen=True)
class Scores:
    """Scores and reasons in memory.

    ``log_odds`` is (accounts,); ``explained`` has the positions of the accounts with reasons,
    ascending; ``contributions`` and ``ranks`` are (explained, features).
    """

    log_odds: np.ndarray
    baseline: float
    explained: np.ndarray
    contributions: np.ndarray
    ranks: np.ndarray


@dataclass(frozen=True)
class Before:
    """The explained accounts as the same model sees them some days before.

    ``values`` and ``contributions`` are (explained, features), NaN in the rows of accounts that
    were not in the population then.
    """

    values: np.ndarray
    contributions: np.ndarray


def score(
    database: Path,
    models_dir: Path,
    as_of_date: date,
    run_id: str,
    *,
    target: str = "churn",
    settings: Settings | None = None,
) -> ScoreResult:
    """Score a date with the champion of that date and write predictions with their reasons.

    Parameters
    ----------
    database : Path
        The private warehouse file with ``features.feat_accounts_daily``.
    models_dir : Path
        Folder of the artefacts.
    as_of_date : date
        Accounts of the target's population on this date are scored.
    run_id : str
        The nightly run that the rows belong to.
    target : str
        One of the targets in ``ml/model.toml``.
    settings : Settings, optional
        Instead of those in ``ml/model.toml``.

    Returns
    -------
    ScoreResult
        Counts and model version.

    Raises
    ------
    UserError
        Where there is no champion or no account, or features, artefact or database are at fault;
        nothing is written then.
    """
    started = time.perf_counter()
    settings = settings or load_settings()
    run = stages.champion(database, target, as_of_date)
    if run is None:
        raise UserError(f"there is no champion for the target {target}", RETRAIN)
    artefact = load_registered(run, models_dir)
    frame = warehouse.read_scoring(
        database, artefact.contract, settings.of(target).population, as_of_date
    )
    if frame.empty:
        raise UserError(
            f"features.feat_accounts_daily has no account to score for {target} on {as_of_date}",
            "build the features for this date first (`dbt build`)",
        )
    check_schemas(*mart_types(database), [aim.label for aim in settings.target.values()])
    check_values(frame, artefact.contract)
    check_not_all_null(
        frame,
        artefact.contract,
        artefact.missing_shares,
        settings.scoring.min_accounts_for_null_check,
    )
    features = frame[artefact.contract.names]
    scores = score_frame(artefact, features, settings, frame["paid_mrr"].to_numpy())
    accounts = frame["account_id"].to_numpy(dtype=object)
    earlier = warehouse.read_scoring(
        database,
        artefact.contract,
        settings.of(target).population,
        as_of_date - timedelta(days=settings.scoring.why_now_days),
    )
    check_values(earlier, artefact.contract)
    with threadpool_limits(limits=settings.threads):
        before = explain_before(
            artefact,
            earlier.set_index("account_id")[artefact.contract.names],
            accounts[scores.explained],
            settings.scoring.additivity_tolerance,
        )
    key = {
        "run_id": run_id,
        "model_version": run.model_version,
        "target": run.target,
        "as_of_date": as_of_date,
    }
    tables = _tables(accounts, features, scores, before)
    is_new = warehouse.write_scores(database, key, tables)
    seconds = time.perf_counter() - started
    logger.info("%d accounts scored with %s", len(frame), run.model_version)
    return ScoreResult(len(frame), scores.ranks.size, run.model_version, is_new, seconds)


def score_frame(
    artefact: Artefact,
    features: pd.DataFrame,
    settings: Settings,
    mrr: np.ndarray | None = None,
) -> Scores:
    """Score rows in memory and check that the reasons add up to the score.

    Every row has reasons, up to ``all_reasons_up_to`` rows; of more, those that lists begin with.

    Parameters
    ----------
    artefact : Artefact
        The model.
    features : pd.DataFrame
        Its features, float64, in the contract's order.
    settings : Settings
        Tolerance of the check, and how many rows have reasons.
    mrr : np.ndarray, optional
        (rows,), US dollars; without it the scores alone choose who has reasons.

    Raises
    ------
    UserError
        Where the reasons of a row do not add up.
    """
    champion, knobs = artefact.champion, settings.scoring
    with threadpool_limits(limits=settings.threads):
        log_odds = np.concatenate(
            [
                artefact.log_odds(features.iloc[start : start + CHUNK])
                for start in range(0, max(len(features), 1), CHUNK)
            ]
        )
        explained = np.arange(len(features))
        if len(features) > knobs.all_reasons_up_to:
            paid = np.zeros(len(features)) if mrr is None else mrr
            explained = first_of_lists(log_odds, paid, knobs.most_reasons)
        chosen = features.iloc[explained]
        parts = champion.explainer.contributions(champion.pipeline, chosen, champion.calibration)
    baseline = champion.explainer.baseline(champion.calibration)
    check_additive(log_odds[explained], baseline, parts, knobs.additivity_tolerance)
    by_name = np.argsort(features.columns.to_numpy(dtype=str), kind="stable")
    ranks = np.empty(parts.shape, dtype=np.int64)
    ranks[:, by_name] = rank_reasons(parts[:, by_name], chosen.to_numpy()[:, by_name])
    return Scores(log_odds, baseline, explained, parts, ranks)


def explain_before(
    artefact: Artefact, features: pd.DataFrame, accounts: np.ndarray, tolerance: float
) -> Before:
    """Take apart what the model says of accounts as they were, and check that it adds up.

    Parameters
    ----------
    artefact : Artefact
        The model that scores tonight.
    features : pd.DataFrame
        Features of the earlier date, in the contract's order, by account.
    accounts : np.ndarray
        (explained,) ids; those that are not in ``features`` have no earlier reasons.
    tolerance : float
        Log-odds.

    Raises
    ------
    UserError
        Where the reasons of a row do not add up.
    """
    champion = artefact.champion
    places = features.index.get_indexer(accounts)
    values = np.full((len(accounts), features.shape[1]), np.nan)
    parts = values.copy()
    known = places >= 0
    if known.any():
        chosen = features.iloc[places[known]]
        found = champion.explainer.contributions(champion.pipeline, chosen, champion.calibration)
        baseline = champion.explainer.baseline(champion.calibration)
        check_additive(artefact.log_odds(chosen), baseline, found, tolerance)
        values[known], parts[known] = chosen.to_numpy(), found
    return Before(values, parts)


def first_of_lists(log_odds: np.ndarray, mrr: np.ndarray, count: int) -> np.ndarray:
    """Choose the accounts that a list may begin with.

    A list goes by probability or by probability x MRR. The higher of an account's two places
    counts, so that at least the first half of ``count`` of either order is among them.

    Parameters
    ----------
    log_odds, mrr : np.ndarray
        (accounts,) each; MRR in US dollars. Where nobody pays, both orders are the same.
    count : int
        How many accounts.

    Returns
    -------
    np.ndarray
        Positions, ascending.
    """
    orders = (
        np.argsort(-log_odds, kind="stable"),
        np.lexsort((-log_odds, -expit(log_odds) * mrr)),
    )
    places = np.empty((2, log_odds.size), dtype=np.int64)
    for own, order in zip(places, orders, strict=True):
        own[order] = np.arange(log_odds.size)
    return np.sort(np.argsort(places.min(axis=0), kind="stable")[:count])


def _tables(
    accounts: np.ndarray, features: pd.DataFrame, scores: Scores, before: Before
) -> dict[str, pa.Table]:
    """Lay the scores out as the rows of ``predictions`` and ``prediction_reasons``."""
    count, width = scores.contributions.shape
    names = pa.array(accounts, type=pa.string())
    columns = pa.array(list(features.columns), type=pa.string())
    predictions = pa.table(
        {
            "account_id": names,
            "probability": expit(scores.log_odds),
            "log_odds": scores.log_odds,
            "baseline_log_odds": np.full(len(accounts), scores.baseline),
        }
    )
    # Dictionaries: each of the few names is held once, not once a row.
    rows = np.repeat(scores.explained.astype(np.int32), width)
    places = np.tile(np.arange(width, dtype=np.int32), count)
    reasons = pa.table(
        {
            "account_id": pa.DictionaryArray.from_arrays(pa.array(rows), names),
            "feature_name": pa.DictionaryArray.from_arrays(pa.array(places), columns),
            "feature_value": pa.array(
                features.iloc[scores.explained].to_numpy().ravel(), from_pandas=True
            ),
            "contribution": scores.contributions.ravel(),
            "reason_rank": scores.ranks.ravel(),
            "value_before": pa.array(before.values.ravel(), from_pandas=True),
            "contribution_before": pa.array(before.contributions.ravel(), from_pandas=True),
        }
    )
    return {"predictions": predictions, "prediction_reasons": reasons}
