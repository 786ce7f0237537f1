"""The leakage gates of one target on what is built now, without a training (D099)."""

from datetime import date
from pathlib import Path

from ml import warehouse
from ml.config import Settings, load_settings
from ml.contract import CONTRACT_PATH, load_contract
from ml.fitting.splits import check_split_rows, split_dates
from ml.judging.leakage import Alone, check_alone, check_mart, slices_of
from plumbline.errors import TooLittleDataError


def check_leakage(
    database: Path,
    as_of_date: date,
    source_types_off: tuple[str, ...],
    label: str | None = None,
    *,
    target: str = "churn",
    contract_path: Path = CONTRACT_PATH,
    settings: Settings | None = None,
) -> Alone | None:
    """Run the gates that a training runs first.

    Parameters
    ----------
    database : Path
        The private warehouse file with schema ``features``.
    as_of_date : date
        Only labels that were known on this day are used.
    source_types_off : tuple[str, ...]
        Source types whose features leave the list.
    label : str, optional
        Label column of the training examples, where it is not the target's own.
    target : str
        One of the targets in ``ml/model.toml``.

    Returns
    -------
    Alone or None
        The feature that alone ranks the outcome best; None where there are too few rows to judge.

    Raises
    ------
    UserError
        Where a gate fails, or the features or the database are at fault.
    """
    settings = settings or load_settings()
    check_mart(database, settings)
    settings = settings.only(target, label)
    aim = settings.of(target)
    contract = load_contract(contract_path).without_types(source_types_off)
    frame = warehouse.read_training(database, contract, aim, as_of_date)
    try:
        split = split_dates(frame["as_of_date"].to_numpy(), settings.split, aim.known_after_days)
    except TooLittleDataError:
        return None
    check_split_rows(frame, split, aim.known_after_days)
    return check_alone(slices_of(frame, split), contract.names, aim, settings)
