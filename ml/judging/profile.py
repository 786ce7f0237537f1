"""What a training run leaves behind for monitoring: importance and the bins of each feature."""

import numpy as np
import pandas as pd
from scipy.special import expit

from ml.judging.candidates import Candidate, Champion

SCORE = "(score)"  # stands beside the feature names; no column can be called so


def feature_importance(champion: Champion, features: pd.DataFrame) -> pd.DataFrame:
    """Rank the features by their mean absolute contribution over the training rows.

    Parameters
    ----------
    champion : Champion
        The deployed model.
    features : pd.DataFrame
        The rows it was fitted on.

    Returns
    -------
    pd.DataFrame
        feature_name, importance (log-odds), importance_rank (from 1; ties by name).
    """
    parts = champion.explainer.contributions(champion.pipeline, features, champion.calibration)
    table = pd.DataFrame(
        {"feature_name": features.columns, "importance": np.abs(parts).mean(axis=0)}
    ).sort_values(["importance", "feature_name"], ascending=[False, True], ignore_index=True)
    return table.assign(importance_rank=np.arange(1, len(table) + 1))


def feature_bins(features: pd.DataFrame, bins: int) -> pd.DataFrame:
    """Cut each feature into bins of about equal mass, for drift to be measured over later.

    Parameters
    ----------
    features : pd.DataFrame
        Training rows, float64.
    bins : int
        Number of bins before equal edges merge.

    Returns
    -------
    pd.DataFrame
        feature_name, bin_number, lower_bound, upper_bound, share. Bins are ``[lower, upper)``; the
        first has no lower and the last no upper bound; bin 0 is the unknown values, without
        bounds. Shares of a feature sum to 1.

    Examples
    --------
    >>> seats = pd.DataFrame({"seats": [1.0, 2.0, 3.0, 4.0, np.nan]})
    >>> print(feature_bins(seats, bins=2).to_string(index=False))
    feature_name  bin_number  lower_bound  upper_bound  share
           seats           0          NaN          NaN    0.2
           seats           1          NaN          3.0    0.4
           seats           2          3.0          NaN    0.4
    """
    tables = []
    for name in features.columns:
        values = features[name].to_numpy()
        known = values[~np.isnan(values)]
        inner = np.arange(1, bins) / bins
        edges = np.unique(np.quantile(known, inner, method="nearest")) if known.size else known
        edges = edges[edges > known.min(initial=np.inf)]
        counts = np.bincount(np.searchsorted(edges, known, side="right"), minlength=edges.size + 1)
        tables.append(
            pd.DataFrame(
                {
                    "feature_name": name,
                    "bin_number": np.arange(edges.size + 2),
                    "lower_bound": np.concatenate(([np.nan, np.nan], edges)),
                    "upper_bound": np.concatenate(([np.nan], edges, [np.nan])),
                    "share": np.append(values.size - known.size, counts) / values.size,
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def drift_bins(
    features: pd.DataFrame, chosen: Candidate, champion: Champion, bins: int
) -> pd.DataFrame:
    """Cut the features, and the model's own probabilities, into bins.

    The probabilities are those of the test slice, which the evaluated model had not seen, on the
    calibration of the deployed one: scores of rows that a model was fitted on lie further apart
    than those of any later night.

    Returns
    -------
    pd.DataFrame
        As of `feature_bins`; the probabilities under the name ``(score)``.
    """
    scores = pd.DataFrame({SCORE: expit(champion.calibration.apply(chosen.test))})
    return pd.concat([feature_bins(features, bins), feature_bins(scores, bins)], ignore_index=True)
