"""Champion against challenger, on rows whose outcome neither could know (D111, D121)."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.special import expit

from ml.config import Settings
from ml.contract import FeatureContract
from ml.fitting.splits import rows_of
from ml.judging.candidates import Candidate, TrainingData
from ml.judging.evaluate import Outcomes, paired_differences
from ml.registry.artefact import Artefact, load_registered
from ml.registry.runs import ModelRun
from plumbline.errors import UserError


@dataclass(frozen=True)
class Decision:
    """Whether the challenger becomes champion, and why in one sentence.

    ``figures`` has the differences, challenger less champion, as value, lower and upper bound.
    """

    is_promoted: bool
    reason: str
    figures: dict[str, tuple[float, float, float]]


def duel(
    challenger: Candidate,
    data: TrainingData,
    champion: ModelRun,
    artefact: Artefact,
    settings: Settings,
) -> Decision:
    """Compare the evaluated challenger with the deployed champion.

    Both are measured on the test rows from the champion's training date on: their outcomes lay in
    the future of both fits. The challenger wins where the interval of its gain in log loss clears
    zero and its calibration error is not worse beyond noise.

    Parameters
    ----------
    challenger : Candidate
        Judged on the test slice, by a fit that ends an embargo before it.
    data : TrainingData
        Rows and split.
    champion : ModelRun
        Its ``as_of_date`` is the last day whose knowledge went into it.
    artefact : Artefact
        The champion's model.
    """
    aim = settings.of(champion.target)
    rows = rows_of(data.frame, data.split.test)
    fresh = (rows["as_of_date"] >= np.datetime64(champion.as_of_date)).to_numpy()
    labels = rows[data.label].to_numpy()[fresh]
    positive = rows.loc[fresh & (rows[data.label] == 1.0).to_numpy(), "account_id"].nunique()
    negative = rows.loc[fresh & (rows[data.label] == 0.0).to_numpy(), "account_id"].nunique()
    needed = settings.split.min_test_positive_accounts
    if min(positive, negative) < needed:
        return Decision(
            False,
            f"the champion of {champion.as_of_date} stays: {positive} {aim.positives} since then "
            f"are too few to compare, at least {needed} are needed",
            {},
        )
    kept = rows[fresh]
    champion_log_odds = artefact.log_odds(kept[artefact.contract.names])
    challenger_log_odds = challenger.calibration.apply(challenger.test)[fresh]
    accounts = kept["account_id"].astype("category").cat.codes.to_numpy()
    dates = kept["as_of_date"].astype("category").cat.codes.to_numpy()
    sides = [
        Outcomes(labels, expit(log_odds), accounts, dates, data.capacity)
        for log_odds in (challenger_log_odds, champion_log_odds)
    ]
    figures = paired_differences(*sides, settings.evaluation, settings.seed)
    gain, gain_low, gain_high = figures["log_loss"]
    is_better, is_worse_calibrated = gain_high < 0, figures["ece"][1] > 0
    told = (
        f"log loss {gain:+.5f} against the champion's, {settings.evaluation.confidence:.0%} "
        f"interval {gain_low:+.5f} to {gain_high:+.5f}, {kept['account_id'].nunique():,} accounts"
    )
    if is_better and not is_worse_calibrated:
        return Decision(True, f"better beyond noise: {told}", figures)
    if is_better:
        reason = f"the champion stays: better, but worse calibrated ({told})"
    else:
        reason = f"the champion stays: not better beyond noise ({told})"
    return Decision(False, reason, figures)


def fits(run: ModelRun, contract: FeatureContract, label: str) -> bool:
    """Whether a model reads these features under this null policy, and learnt this label.

    A feature that it left out as constant makes no difference.
    """
    dropped = set(run.parameters.get("dropped_features", ()))
    missing = set(run.feature_names) - set(contract.names)
    added = set(contract.names) - set(run.feature_names)
    recorded = run.parameters.get("nullable_features")
    nullable = {feature.name for feature in contract.features if feature.may_be_missing}
    same_policy = recorded is None or nullable == {*recorded} & {*contract.names}
    return not missing and added <= dropped and same_policy and run.label_name == label


def decide(
    incumbent: ModelRun | None,
    models_dir: Path,
    challenger: Candidate,
    data: TrainingData,
    settings: Settings,
) -> Decision:
    """Decide whether the challenger becomes champion in the place of the incumbent, if any."""
    if incumbent is None:
        return Decision(True, "the first model", {})
    if not fits(incumbent, data.contract, data.label):
        return Decision(
            True, "the champion learnt from other features, other nulls or another label", {}
        )
    try:
        artefact = load_registered(incumbent, models_dir)
    except UserError:
        return Decision(True, "the champion's file is lost, was changed or loads no longer", {})
    return duel(challenger, data, incumbent, artefact, settings)
