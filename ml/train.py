"""Train, judge, register: one call of the nightly run or of ``plumbline train``."""

import logging
import time
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path

import pandas as pd
from threadpoolctl import threadpool_limits

from ml import warehouse
from ml.checks import check_labels, check_not_gone_dark, check_values, constant_features
from ml.config import Settings, load_settings
from ml.contract import CONTRACT_PATH, FeatureContract, load_contract
from ml.fitting.splits import (
    check_any,
    check_embargo,
    check_positives,
    check_split_rows,
    rows_of,
    split_dates,
)
from ml.judging.candidates import (
    Candidate,
    TrainingData,
    baseline_performance,
    choose,
    judge_candidates,
    refit,
)
from ml.judging.leakage import check_alone, check_mart, slices_of
from ml.judging.profile import drift_bins, feature_importance
from ml.registry import runs, stages
from ml.registry.artefact import Artefact, is_intact, write_artefact
from ml.registry.challenge import decide
from ml.registry.records import TrainResult, recipe, run_row, train_result, untrained, verdict
from plumbline.errors import TooLittleDataError

LIBRARIES = ("scikit-learn", "numpy", "pandas")
logger = logging.getLogger(__name__)


def train(
    database: Path,
    models_dir: Path,
    as_of_date: date,
    run_id: str,
    source_types_off: tuple[str, ...],
    capacity: int,
    label: str | None = None,
    *,
    target: str = "churn",
    since: date | None = None,
    contract_path: Path = CONTRACT_PATH,
    settings: Settings | None = None,
) -> TrainResult:
    """Train the candidates on what was known on a date; the best challenges the champion.

    Without a champion that reads the same features and label it becomes champion at once.

    The deployed champion is refitted on all matured rows after the evaluation, by the recipe that
    the evaluation measured (see ``ml.judging.candidates``); ``model_runs.parameters`` says so too.

    Parameters
    ----------
    database : Path
        The private warehouse file with ``features.feat_training_examples``.
    models_dir : Path
        Folder of the artefacts.
    as_of_date : date
        Only labels that were known on this day are used.
    run_id : str
        The run that asked; kept in the parameters.
    source_types_off : tuple[str, ...]
        Source types whose features leave the list.
    capacity : int
        Accounts that the team can work on from one night's list.
    label : str, optional
        Label column of the training examples, where it is not the target's own.
    target : str
        One of the targets in ``ml/model.toml``.
    since : date, optional
        First night that a new champion counts for; that of ``as_of_date`` where it is left out.
    contract_path : Path
        YAML of the feature contract.
    settings : Settings, optional
        Instead of those in ``ml/model.toml``.

    Returns
    -------
    TrainResult
        Version, metrics and verdict. Too little data is a verdict, not an error.

    Raises
    ------
    UserError
        Where the features, labels, files or the database are at fault; nothing is changed then.

    See Also
    --------
    plumbline.night.scoring.choose_model : Asks first whether the champion still does.
    """
    started = time.perf_counter()
    since = since or as_of_date
    settings = (settings or load_settings()).only(target, label)
    aim = settings.of(target)
    contract = load_contract(contract_path).without_types(source_types_off)
    if not aim.use_directions:
        contract = contract.without_directions()
    frame = warehouse.read_training(database, contract, aim, as_of_date)
    check_labels(frame, aim.label, settings.split.min_train_positive_accounts)
    check_values(frame, contract)
    incumbent = stages.champion(database, target, since)
    check_not_gone_dark(frame, contract, incumbent.feature_names if incumbent else ())
    check_mart(database, settings)
    parameters = {
        "settings": asdict(settings),
        "capacity": capacity,
        "source_types_off": sorted(source_types_off),
        "nullable_features": sorted(f.name for f in contract.features if f.may_be_missing),
        "libraries": {name: version(name) for name in LIBRARIES},
    }
    run = runs.ModelRun(
        model_version="",
        target=target,
        as_of_date=as_of_date,
        trained_at=datetime.now(UTC).replace(tzinfo=None, microsecond=0),
        model_kind="",
        code_fingerprint=runs.code_fingerprint(),
        data_fingerprint=runs.data_fingerprint(frame),
        parameters=parameters,
        feature_names=contract.names,
        metrics={},
        artefact_path=None,
        artefact_sha256=None,
        label_name=aim.label,
    )
    version_name = runs.model_version(
        run.target,
        as_of_date,
        run.code_fingerprint,
        run.data_fingerprint,
        parameters,
        aim.label,
        contract.names,
    )
    run = replace(run, model_version=version_name, parameters={**parameters, "run_id": run_id})
    known = runs.find(database, version_name)
    if known is not None and _is_complete(known, models_dir):
        logger.info("%s was trained before on the same data", version_name)
        performance = warehouse.read_performance(database, version_name)
        return train_result(database, known, performance, False, started, since)
    tables: dict[str, pd.DataFrame] = {}
    try:
        # The order of sums depends on the number of threads, and the bits on that order.
        with threadpool_limits(limits=settings.threads):
            run, artefact, tables, trained = _train(run, frame, contract, capacity, settings)
            decision = decide(incumbent, models_dir, *trained, settings)
    except TooLittleDataError as error:
        run = untrained(run, error)
        logger.warning(run.metrics["sentence"])
    else:
        name, sha256 = write_artefact(artefact, models_dir)
        metrics = {**run.metrics, "decision": decision.reason, "against": decision.figures}
        run = replace(run, artefact_path=name, artefact_sha256=sha256, metrics=metrics)
    tables = {table: rows.assign(model_version=version_name) for table, rows in tables.items()}
    tables["model_runs"] = run_row(run)
    if run.artefact_path is not None and decision.is_promoted:
        previous = incumbent.model_version if incumbent else None
        tables["model_stages"] = stages.changes(
            version_name, previous, target, since, decision.reason
        )
    warehouse.write_training(database, version_name, tables)
    performance = tables.get("model_performance", pd.DataFrame())
    return train_result(database, run, performance, True, started, since)


def _train(
    run: runs.ModelRun,
    frame: pd.DataFrame,
    contract: FeatureContract,
    capacity: int,
    settings: Settings,
) -> tuple[runs.ModelRun, Artefact, dict[str, pd.DataFrame], tuple[Candidate, TrainingData]]:
    """Fit and judge; return the run, its artefact, its tables, and what was judged on what."""
    aim = settings.of(run.target)
    check_any(frame, aim)
    split = split_dates(frame["as_of_date"].to_numpy(), settings.split, aim.known_after_days)
    check_embargo(split, aim.known_after_days)
    check_split_rows(frame, split, aim.known_after_days)
    counts = check_positives(frame, split, aim, settings.split)
    strongest = check_alone(slices_of(frame, split), contract.names, aim, settings)
    # A feature that says nothing on the first slice cannot be judged on the later ones.
    first = rows_of(frame, split.train)
    dropped = constant_features(first, contract.names)
    kinds = {name: "unknown" if first[name].isna().all() else "constant" for name in dropped}
    for name, kind in kinds.items():
        logger.warning("feature %s is %s over the training slice: left out", name, kind)
    contract = contract.without_features(dropped)
    data = TrainingData(frame, contract, run.label_name, split, capacity)
    candidates = judge_candidates(data, settings)
    chosen = choose(candidates)
    champion = refit(chosen, data, settings)
    features = frame[contract.names]
    shares = {name: float(share) for name, share in features.isna().mean().items()}
    artefact = Artefact(run.model_version, run.target, contract, shares, champion)
    performance = pd.concat(
        [candidate.performance for candidate in candidates]
        + [baseline_performance(data, settings)],
        ignore_index=True,
    ).assign(target=run.target)
    tables = {
        "model_performance": performance,
        "feature_importance": feature_importance(champion, features).assign(target=run.target),
        "feature_bins": drift_bins(features, chosen, champion, settings.scoring.drift_bins).assign(
            target=run.target
        ),
    }
    run = replace(
        run,
        model_kind=chosen.kind,
        feature_names=contract.names,
        parameters={
            **run.parameters,
            "slices": {name: {**counts[name], "dates": split.describe()[name]} for name in counts},
            "embargo_days": aim.known_after_days,
            "dropped_features": list(dropped),
            **recipe(chosen, champion, frame, rows_of(frame, split.test)),
        },
        metrics={
            **verdict(chosen, aim.positives, settings.evaluation),
            "left_out": kinds,
            "strongest_alone": asdict(strongest) if strongest else None,
        },
    )
    return run, artefact, tables, (chosen, data)


def _is_complete(run: runs.ModelRun, models_dir: Path) -> bool:
    if run.artefact_path is None or run.artefact_sha256 is None:
        return run.artefact_path is None and not run.model_kind
    return is_intact(models_dir / run.artefact_path, run.artefact_sha256)
