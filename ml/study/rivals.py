"""Every kind of model that is compared, the rivals that never become champion among them."""

import numpy as np
import pandas as pd
from scipy.special import logit
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from ml.config import Settings
from ml.contract import FeatureContract
from ml.fitting.pipeline import KINDS, Squash, build_pipeline

FOREST = "random_forest"
PERCEPTRON = "multilayer_perceptron"
COMPARED = (*KINDS, FOREST, PERCEPTRON)
CERTAIN = 1e-6  # a forest may say 0 or 1, which has no log-odds


def build_rival(kind: str, contract: FeatureContract, settings: Settings) -> Pipeline:
    """Build one unfitted model of the comparison; boostings have a fixed number of rounds.

    Parameters
    ----------
    kind : str
        One of ``COMPARED``.
    contract : FeatureContract
        The features, in the order in which the frame will have them.
    settings : Settings
        Knobs and seed.
    """
    if kind == FOREST:
        forest = settings.random_forest
        return Pipeline(
            [
                ("impute", _imputer()),
                (
                    "model",
                    RandomForestClassifier(
                        n_estimators=forest.trees,
                        min_samples_leaf=forest.min_samples_leaf,
                        max_features=forest.max_features,
                        random_state=settings.seed,
                        n_jobs=settings.threads,
                    ),
                ),
            ]
        )
    if kind == PERCEPTRON:
        knobs, squash = settings.multilayer_perceptron, settings.logistic_regression
        return Pipeline(
            [
                ("squash", Squash(squash.clip_quantile, squash.log_above_skewness)),
                ("impute", _imputer()),
                ("scale", StandardScaler()),
                (
                    "model",
                    MLPClassifier(
                        hidden_layer_sizes=(knobs.first_layer, knobs.second_layer),
                        alpha=knobs.penalty,
                        learning_rate_init=knobs.learning_rate,
                        max_iter=knobs.epochs,
                        # never reached: the passes are fixed, and no warning says so
                        n_iter_no_change=knobs.epochs + 1,
                        random_state=settings.seed,
                    ),
                ),
            ]
        )
    return build_pipeline(kind, contract, settings, settings.comparison.rounds)


def log_odds(pipeline: Pipeline, features: pd.DataFrame) -> np.ndarray:
    """Return a fitted model's log-odds, shape (rows,)."""
    if hasattr(pipeline[-1], "decision_function"):
        return pipeline.decision_function(features)
    probability = pipeline.predict_proba(features)[:, 1]
    return logit(np.clip(probability, CERTAIN, 1 - CERTAIN))


def _imputer() -> SimpleImputer:
    return SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
