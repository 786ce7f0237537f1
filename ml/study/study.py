"""A study of models on what a date knew: the comparison of kinds, and the ablation of features."""

import time
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
from threadpoolctl import threadpool_limits

from ml import warehouse
from ml.checks import check_labels, check_values, constant_features
from ml.config import Settings, TargetSettings, load_settings
from ml.contract import CONTRACT_PATH, load_contract
from ml.fitting.splits import REMEDY, check_any, check_rows_apart, rows_of
from ml.judging.leakage import ALL_ROWS, check_alone, check_mart
from ml.registry import runs
from ml.study.ablation import ablate
from ml.study.comparison import Backtest, Progress, compare
from ml.study.origins import Origin, rolling_origins
from plumbline.errors import TooLittleDataError

COMPARISON, ABLATION = "model_comparison", "feature_ablation"


@dataclass(frozen=True)
class StudyResult:
    """What a study gives: its tables as they were written, and the features that it left out."""

    study_version: str
    tables: dict[str, pd.DataFrame]
    origins: tuple[Origin, ...]
    dropped: tuple[str, ...]
    seconds: float


def study(
    database: Path,
    as_of_date: date,
    source_types_off: tuple[str, ...],
    capacity: int,
    label: str | None = None,
    *,
    target: str = "churn",
    with_ablation: bool = True,
    progress: Progress = lambda done, total, what: None,
    contract_path: Path = CONTRACT_PATH,
    settings: Settings | None = None,
) -> StudyResult:
    """Compare the kinds of model over rolling origins, and leave out each feature in turn.

    Parameters
    ----------
    database : Path
        The private warehouse file with ``features.feat_training_examples``.
    as_of_date : date
        Only labels that were known on this day are used.
    source_types_off : tuple[str, ...]
        Source types whose features leave the list.
    capacity : int
        Accounts that the team can work on from one night's list.
    label : str, optional
        Label column of the training examples, where it is not the target's own.
    target : str
        One of the targets in ``ml/model.toml``.
    with_ablation : bool
        Whether features are left out in turn as well.
    progress : Callable[[float, float, str], None]
        Told the fits done, those in all, and what is being fitted.
    contract_path : Path
        YAML of the feature contract.
    settings : Settings, optional
        Instead of those in ``ml/model.toml``.

    Returns
    -------
    StudyResult
        The rows of ``ml.model_comparison`` and ``ml.feature_ablation``.

    Raises
    ------
    UserError
        Where the history is too short, or the features, labels or the database are at fault;
        nothing is written then.
    """
    started = time.perf_counter()
    settings = (settings or load_settings()).only(target, label)
    aim = settings.of(target)
    contract = load_contract(contract_path).without_types(source_types_off)
    if not aim.use_directions:
        contract = contract.without_directions()
    frame = warehouse.read_training(database, contract, aim, as_of_date)
    check_any(frame, aim)
    check_labels(frame, aim.label, settings.split.min_train_positive_accounts)
    check_values(frame, contract)
    version = runs.model_version(
        f"study-{target}",
        as_of_date,
        runs.code_fingerprint(),
        runs.data_fingerprint(frame),
        asdict(settings),
        capacity,
        sorted(source_types_off),
    )
    origins = rolling_origins(
        frame["as_of_date"].to_numpy(),
        settings.comparison.origins,
        aim.known_after_days,
        settings.split.min_train_dates,
    )
    for origin in origins:
        sides = rows_of(frame, origin.train), rows_of(frame, origin.test)
        check_rows_apart(*sides, aim.known_after_days, ("the training", "the test"))
    check_mart(database, settings)
    check_alone({ALL_ROWS: frame}, contract.names, aim, settings)
    check_both_kinds(frame, origins, aim, settings.split.min_validation_positive_accounts)
    dropped = constant_features(rows_of(frame, origins[0].train), contract.names)
    contract = contract.without_features(dropped)
    data = Backtest(frame, aim.label, origins, aim.known_after_days, capacity)
    last = Backtest(
        frame,
        aim.label,
        origins[-settings.comparison.ablation_origins :],
        aim.known_after_days,
        capacity,
    )
    with threadpool_limits(limits=settings.threads):
        tables = {COMPARISON: compare(data, contract, settings, progress)}
        if with_ablation:
            tables[ABLATION] = ablate(last, contract, settings, progress)
    studied_at = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    used = {COMPARISON: data.origins, ABLATION: last.origins}
    tables = {
        name: table.assign(
            study_version=version,
            target=target,
            as_of_date=as_of_date,
            studied_at=studied_at,
            origins=len(used[name]),
            first_test_date=used[name][0].test[0].astype(object),
            last_test_date=used[name][-1].test[-1].astype(object),
        )
        for name, table in tables.items()
    }
    warehouse.write_training(database, version, tables, key="study_version")
    return StudyResult(version, tables, origins, dropped, time.perf_counter() - started)


def check_both_kinds(
    frame: pd.DataFrame, origins: tuple[Origin, ...], aim: TargetSettings, minimum: int
) -> None:
    """Check that every training and every test window has enough accounts of either kind.

    Raises
    ------
    TooLittleDataError
        Naming the first window that has not.
    """
    for origin in origins:
        for name, dates in (("training", origin.train), ("test", origin.test)):
            rows = rows_of(frame, dates)
            for value, told in ((1.0, aim.positives), (0.0, f"accounts without {aim.label}")):
                found = rows.loc[rows[aim.label] == value, "account_id"].nunique()
                if found < minimum:
                    raise TooLittleDataError(
                        f"too few {told} to compare models: {found} in the {name} window that "
                        f"begins on {dates[0]}, at least {minimum} are needed",
                        REMEDY,
                    )
