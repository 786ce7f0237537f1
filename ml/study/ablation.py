"""What each feature and each source type is worth: left out in turn, beside the model with all.

The additive boosting alone, with fixed rounds, on the last origins of the comparison. Differences
are paired: the same accounts are drawn for both models.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ml.config import Settings
from ml.contract import FeatureContract
from ml.fitting.pipeline import ADDITIVE
from ml.judging.evaluate import paired_differences
from ml.study.comparison import Backtest, Progress, judge, pooled

FEATURE, SOURCE_TYPE = "feature", "source_type"
METRICS = ("auc_roc", "log_loss")


def left_out(contract: FeatureContract) -> Iterator[tuple[str, str, FeatureContract]]:
    """Yield what is left out (kind and name) and the contract without it; never all features."""
    for feature in contract.features:
        if len(contract.features) > 1:
            yield FEATURE, feature.name, contract.without_features([feature.name])
    types = sorted({feature.source_type for feature in contract.features})
    for source_type in types if len(types) > 1 else ():
        yield SOURCE_TYPE, source_type, contract.without_types([source_type])


def ablate(
    data: Backtest, contract: FeatureContract, settings: Settings, progress: Progress
) -> pd.DataFrame:
    """Refit without each feature and each source type.

    Parameters
    ----------
    data : Backtest
        Rows and origins.
    contract : FeatureContract
        All features.
    settings : Settings
        Knobs, seed, resamples.
    progress : Callable[[float, float, str], None]
        Told the fits done, those in all, and what is being left out.

    Returns
    -------
    pd.DataFrame
        left_out_kind, left_out, metric_name, difference (without less with: a negative AUC
        difference is what is lost), lower_bound, upper_bound, examples, positives.
    """
    trials = list(left_out(contract))
    progress(0, len(trials) + 1, "all features")
    full = pooled(data, judge(ADDITIVE, data, contract, settings).log_odds)
    rows = []
    for number, (kind, name, fewer) in enumerate(trials, start=1):
        progress(number, len(trials) + 1, f"without {name}")
        other = pooled(data, judge(ADDITIVE, data, fewer, settings).log_odds)
        differences = paired_differences(other, full, settings.evaluation, settings.seed)
        for metric in METRICS:
            difference, lower, upper = differences[metric]
            rows.append((kind, name, metric, difference, lower, upper))
    table = pd.DataFrame(
        rows,
        columns=[
            "left_out_kind",
            "left_out",
            "metric_name",
            "difference",
            "lower_bound",
            "upper_bound",
        ],
    )
    return table.assign(examples=full.labels.size, positives=int(np.sum(full.labels)))
