"""The candidate models, each one scikit-learn Pipeline that takes the features as they are.

Nothing weighs the classes: a class weight ruins probabilities, and the worklist is cut by capacity.
"""

from dataclasses import replace
from typing import Self

import numpy as np
import pandas as pd
from scipy.special import expit
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    OneToOneFeatureMixin,
    TransformerMixin,
    clone,
)
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted, validate_data

from ml.config import BoostingSettings, Settings
from ml.contract import FeatureContract

LOGISTIC = "logistic_regression"
ADDITIVE = "additive_boosting"
AVERAGE = "additive_average"
FULL = "full_boosting"
# Only kinds whose reasons are exact may become champion: a training judges no others.
CHAMPION_KINDS = (LOGISTIC, ADDITIVE, AVERAGE)
KINDS = (*CHAMPION_KINDS, FULL)


class Squash(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Pull in extreme values and take the logarithm of skewed features; both keep the order.

    Parameters
    ----------
    clip_quantile : float
        Values beyond this quantile of the training data, on either side, become the quantile.
    log_above_skewness : float
        Features with a larger skewness after clipping are taken as ``log1p`` above their minimum.
    """

    def __init__(self, clip_quantile: float = 0.005, log_above_skewness: float = 2.0) -> None:
        self.clip_quantile = clip_quantile
        self.log_above_skewness = log_above_skewness

    def fit(self, X: pd.DataFrame, y: object = None) -> Self:
        """Learn the limits and which features are skewed; ``X`` is (rows, features)."""
        values = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan")
        limits = [
            np.quantile(known, (self.clip_quantile, 1 - self.clip_quantile), method="nearest")
            if (known := column[~np.isnan(column)]).size
            else np.zeros(2)
            for column in values.T
        ]
        self.lower_, self.upper_ = np.array(limits).T
        # A flag that is rarer than the quantile would otherwise be clipped away.
        flat = self.lower_ == self.upper_
        self.lower_[flat], self.upper_[flat] = -np.inf, np.inf
        clipped = np.clip(values, self.lower_, self.upper_)
        centred = clipped - np.nanmean(clipped, axis=0)
        spread = np.sqrt(np.nanmean(centred**2, axis=0))
        spread[spread == 0] = 1.0
        skewness = np.nanmean((centred / spread) ** 3, axis=0)
        self.is_logged_ = (skewness > self.log_above_skewness) & ~flat
        return self

    def transform(self, X: pd.DataFrame) -> np.ndarray:
        """Return the squashed features, float64, (rows, features); unknown stays unknown."""
        check_is_fitted(self)
        values = validate_data(
            self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False
        )
        squashed = np.clip(values, self.lower_, self.upper_)
        logged = self.is_logged_
        squashed[:, logged] = np.log1p(squashed[:, logged] - self.lower_[logged])
        return squashed


class LogOddsAverage(ClassifierMixin, BaseEstimator):
    """Mean of the log-odds of several models; of additive ones, itself additive.

    Parameters
    ----------
    members : tuple[Pipeline, ...]
        Unfitted models of two classes that have a ``decision_function``.
    """

    def __init__(self, members: tuple[Pipeline, ...]) -> None:
        self.members = members

    def fit(self, X: pd.DataFrame, y: np.ndarray) -> Self:
        """Fit every member on the same rows; ``X`` is (rows, features)."""
        self.classes_ = np.unique(y)
        self.members_ = tuple(clone(member).fit(X, y) for member in self.members)
        return self

    def decision_function(self, X: pd.DataFrame) -> np.ndarray:
        """Return log-odds, shape (rows,)."""
        check_is_fitted(self)
        return np.mean([member.decision_function(X) for member in self.members_], axis=0)

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        """Return the probabilities of either class, shape (rows, 2)."""
        positive = expit(self.decision_function(X))
        return np.column_stack((1 - positive, positive))


def build_pipeline(
    kind: str, contract: FeatureContract, settings: Settings, iterations: int | None = None
) -> Pipeline:
    """Build one unfitted candidate.

    Parameters
    ----------
    kind : str
        One of ``KINDS``.
    contract : FeatureContract
        The features, in the order in which the frame will have them.
    settings : Settings
        Knobs and seed.
    iterations : int, optional
        Fixed number of boosting rounds; None stops early on validation data that is given at
        fitting (``model__X_val``, ``model__y_val``), which the average does not take.

    Returns
    -------
    Pipeline
        Its last step is named ``model``.

    Raises
    ------
    ValueError
        For an unknown kind.
    """
    if kind == LOGISTIC:
        knobs = settings.logistic_regression
        return Pipeline(
            [
                ("squash", Squash(knobs.clip_quantile, knobs.log_above_skewness)),
                (
                    "impute",
                    SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
                ),
                ("scale", StandardScaler()),
                ("model", LogisticRegression(C=knobs.inverse_penalty, max_iter=500, tol=1e-6)),
            ]
        )
    if kind == ADDITIVE:
        model = _boosting(settings.additive_boosting, contract, settings.seed, iterations)
        return Pipeline([("model", model.set_params(interaction_cst="no_interactions"))])
    if kind == AVERAGE:
        members = (
            build_pipeline(LOGISTIC, contract, settings),
            build_pipeline(ADDITIVE, contract, settings, iterations),
        )
        return Pipeline([("model", LogOddsAverage(members))])
    if kind == FULL:
        knobs = replace(
            settings.additive_boosting, max_leaf_nodes=settings.comparison.full_leaf_nodes
        )
        model = _boosting(knobs, contract, settings.seed, iterations)
        return Pipeline([("model", model)])
    raise ValueError(f"unknown kind of model {kind!r}, expected one of {KINDS}")


def _boosting(
    knobs: BoostingSettings, contract: FeatureContract, seed: int, iterations: int | None
) -> HistGradientBoostingClassifier:
    directions = [feature.direction for feature in contract.features]
    return HistGradientBoostingClassifier(
        learning_rate=knobs.learning_rate,
        max_iter=iterations or knobs.max_iter,
        max_leaf_nodes=knobs.max_leaf_nodes,
        min_samples_leaf=knobs.min_samples_leaf,
        l2_regularization=knobs.l2_regularization,
        max_bins=knobs.max_bins,
        monotonic_cst=directions,
        early_stopping=iterations is None,
        n_iter_no_change=knobs.patience,
        tol=0.0,
        random_state=seed,
    )
