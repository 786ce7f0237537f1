"""Settings of the models: ``ml/model.toml``, and the dbt vars that SQL reads too."""

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeVar

import yaml

from ml.labels import VARS_FILE, Label, label_of, read_labels
from plumbline.errors import UserError

PROJECT_ROOT = Path(__file__).resolve().parents[1]
VARS_PATH = PROJECT_ROOT / VARS_FILE
SETTINGS_PATH = Path(__file__).resolve().parent / "model.toml"
# The C one, where it was built, is ten times as fast: every night reads YAML many times.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Section = TypeVar("Section")


@dataclass(frozen=True)
class TargetKnobs:
    """A target as ``model.toml`` has it.

    Attributes
    ----------
    label : str
        Its label, where the source names no other.
    use_directions : bool
        Whether the feature contract's directions bind the boosting.
    positives : str
        Those with label 1, in words.
    """

    label: str
    use_directions: bool
    positives: str


@dataclass(frozen=True)
class TargetSettings(TargetKnobs):
    """What a model foretells: a target with all that its label says, as in `Label`."""

    population: str
    horizon_days: int
    known_after_days: int

    @classmethod
    def of(cls, knobs: TargetKnobs, label: Label) -> "TargetSettings":
        """A target that is learnt from a label."""
        return cls(
            label.name,
            knobs.use_directions,
            knobs.positives,
            label.population,
            label.horizon_days,
            label.known_after_days,
        )


@dataclass(frozen=True)
class SplitSettings:
    """Time-ordered slices; counts are grid dates and accounts, shares are 0 to 1."""

    validation_share: float
    test_share: float
    min_train_dates: int
    min_validation_dates: int
    min_test_dates: int
    min_train_positive_accounts: int
    min_validation_positive_accounts: int
    min_test_positive_accounts: int


@dataclass(frozen=True)
class LogisticSettings:
    """Knobs of the logistic regression."""

    inverse_penalty: float
    clip_quantile: float
    log_above_skewness: float


@dataclass(frozen=True)
class BoostingSettings:
    """Knobs of one gradient boosting."""

    learning_rate: float
    max_iter: int
    max_leaf_nodes: int
    min_samples_leaf: int
    l2_regularization: float
    max_bins: int
    patience: int
    min_iter: int


@dataclass(frozen=True)
class ForestSettings:
    """Knobs of the random forest."""

    trees: int
    min_samples_leaf: int
    max_features: float


@dataclass(frozen=True)
class PerceptronSettings:
    """Knobs of the multilayer perceptron, which has two hidden layers."""

    first_layer: int
    second_layer: int
    penalty: float
    learning_rate: float
    epochs: int


@dataclass(frozen=True)
class ComparisonSettings:
    """Origins of the comparison and, of these, the last ones that the ablation uses."""

    origins: int
    rounds: int
    full_leaf_nodes: int
    latency_calls: int
    ablation_origins: int


@dataclass(frozen=True)
class CalibrationSettings:
    """Prior and limits of the slope of the calibration map."""

    slope_deviation: float
    min_slope: float
    max_slope: float


@dataclass(frozen=True)
class EvaluationSettings:
    """Bootstrap and calibration-error knobs, and what no feature alone may reach."""

    resamples: int
    confidence: float
    calibration_bins: int
    useful_auc: float
    leaking_auc: float
    leaking_min_accounts: int
    leaking_correlation: float


@dataclass(frozen=True)
class ScoringKnobs:
    """Checks at scoring, and the bins that later drift is measured over."""

    additivity_tolerance: float
    min_accounts_for_null_check: int
    drift_bins: int


@dataclass(frozen=True)
class ScoringSettings(ScoringKnobs):
    """The same, who has reasons, and from how long before: the dbt vars of these names."""

    all_reasons_up_to: int
    most_reasons: int
    why_now_days: int


@dataclass(frozen=True)
class Settings:
    """All of ``model.toml``, with the labels and numbers that dbt_project.yml declares."""

    target: dict[str, TargetSettings]
    seed: int
    threads: int
    split: SplitSettings
    logistic_regression: LogisticSettings
    additive_boosting: BoostingSettings
    random_forest: ForestSettings
    multilayer_perceptron: PerceptronSettings
    comparison: ComparisonSettings
    calibration: CalibrationSettings
    evaluation: EvaluationSettings
    scoring: ScoringSettings
    labels: dict[str, Label]

    def of(self, target: str) -> TargetSettings:
        """Return the settings of one target.

        Raises
        ------
        UserError
            Where there is no such target.
        """
        if target not in self.target:
            known = ", ".join(self.target)
            raise UserError(f"there is no target {target}", f"choose one of {known}")
        return self.target[target]

    def only(self, target: str, label: str | None) -> "Settings":
        """Return the settings with one target alone, and with another label where one is given.

        Raises
        ------
        UserError
            Where there is no such target or label.
        """
        aim = self.of(target)
        if label is not None:
            aim = TargetSettings.of(aim, label_of(self.labels, label))
        return replace(self, target={target: aim}, labels={aim.label: self.labels[aim.label]})


SECTIONS = {
    "split": SplitSettings,
    "logistic_regression": LogisticSettings,
    "additive_boosting": BoostingSettings,
    "random_forest": ForestSettings,
    "multilayer_perceptron": PerceptronSettings,
    "comparison": ComparisonSettings,
    "calibration": CalibrationSettings,
    "evaluation": EvaluationSettings,
    "scoring": ScoringKnobs,
}


def load_settings(
    path: Path = SETTINGS_PATH, dbt_vars: Mapping[str, Any] | None = None
) -> Settings:
    """Read the model settings.

    Parameters
    ----------
    path : Path
        A TOML file with the form of ``ml/model.toml``.
    dbt_vars : mapping, optional
        The source's own dbt vars, over the defaults in ``dbt_project.yml``.

    Returns
    -------
    Settings
        The settings, every value checked for its type.

    Raises
    ------
    UserError
        Where the file cannot be read, or a key is missing, unknown or of a wrong type.

    See Also
    --------
    plumbline.config.load_settings : Where a source lies, and what it delivers.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise UserError(f"{path.name} cannot be read ({error})", "restore or repair it") from error
    if not isinstance(targets := values.get("target"), dict) or not targets:
        raise UserError(f"{path.name} names no target", "restore it from the repository")
    nested: dict[str, Any] = {
        name: _section(section, values.get(name), f"{path.name} [{name}]")
        for name, section in SECTIONS.items()
    }
    declared = _dbt_vars(dbt_vars or {})
    labels = read_labels(declared)
    names = ("all_reasons_up_to", "most_reasons", "why_now_days")
    shared = {name: declared.get(name) for name in names}
    scoring = {**asdict(nested["scoring"]), **shared}
    nested["scoring"] = _section(ScoringSettings, scoring, f"{path.name} and {VARS_FILE}")
    knobs = {
        name: _section(TargetKnobs, table, f"{path.name} [target.{name}]")
        for name, table in targets.items()
    }
    nested["labels"] = labels
    nested["target"] = {
        name: TargetSettings.of(target, label_of(labels, target.label))
        for name, target in knobs.items()
    }
    return _section(Settings, {**values, **nested}, path.name)


def _dbt_vars(own: Mapping[str, Any]) -> dict[str, Any]:
    project = yaml.load(VARS_PATH.read_text(encoding="utf-8"), LOADER)
    return {**project["vars"], **own}


def _section(section: type[Section], values: Any, place: str) -> Section:
    """Build one settings class from its table, or say which key is wrong."""
    if not isinstance(values, dict):
        raise UserError(f"{place} is missing", "restore it from the repository")
    expected = {field.name: field.type for field in fields(section)}
    for key in sorted(set(expected) ^ set(values)):
        problem = "is missing" if key in expected else "is unknown"
        raise UserError(f"{place}: {key} {problem}", "compare with the repository's ml/model.toml")
    checked = {}
    for key, kind in expected.items():
        value = values[key]
        if kind is float and type(value) is int:
            value = float(value)
        if kind in (int, float, bool, str) and type(value) is not kind:
            raise UserError(
                f"{place}: {key} = {value!r} is not of type {kind.__name__}", "correct the value"
            )
        checked[key] = value
    return section(**checked)
