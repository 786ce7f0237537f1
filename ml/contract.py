"""The feature contract: which columns of the feature mart the models may use, and how.

The contract is the YAML of ``feat_accounts_daily``; nothing about a feature is repeated here.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from ml.config import LOADER, PROJECT_ROOT
from plumbline.errors import UserError

CONTRACT_PATH = PROJECT_ROOT / "models" / "marts" / "features" / "feat_accounts_daily.yml"
MODEL_NAME = "feat_accounts_daily"
MISSING_POLICIES = {"never": False, "allowed": True}
DIRECTIONS = {"up": 1, "down": -1, "unsure": 0}


@dataclass(frozen=True)
class Feature:
    """One feature of the contract.

    Parameters
    ----------
    name : str
        Column name in the feature mart.
    source_type : str
        The staging type it comes from (usage, subscription, support, ...).
    may_be_missing : bool
        Whether NULL (unknown) is a legitimate value.
    direction : int
        1 where a larger value raises churn, -1 where it lowers churn, 0 where nobody is sure.
    unit : str
        Unit of the value, for people.
    """

    name: str
    source_type: str
    may_be_missing: bool
    direction: int
    unit: str


@dataclass(frozen=True)
class FeatureContract:
    """The features that a model uses, in their order."""

    features: tuple[Feature, ...]

    @property
    def names(self) -> list[str]:
        """Names of the features, in order."""
        return [feature.name for feature in self.features]

    def without_types(self, source_types_off: Collection[str]) -> "FeatureContract":
        """Return the contract without the features of source types that are switched off.

        Raises
        ------
        UserError
            Where no feature is left.
        """
        kept = tuple(f for f in self.features if f.source_type not in source_types_off)
        if not kept:
            raise UserError(
                f"no feature is left with the source types {sorted(source_types_off)} off",
                "switch at least one source type on again (source_types_off)",
            )
        return replace(self, features=kept)

    def without_directions(self) -> "FeatureContract":
        """Return the contract for a target on which nobody is sure of any direction."""
        return replace(self, features=tuple(replace(f, direction=0) for f in self.features))

    def without_features(self, names: Collection[str]) -> "FeatureContract":
        """Return the contract without the named features.

        Raises
        ------
        UserError
            Where no feature is left.
        """
        kept = tuple(f for f in self.features if f.name not in names)
        if not kept:
            raise UserError(
                "every feature is constant over the training rows",
                "check that the feature mart was built from the right raw data",
            )
        return replace(self, features=kept)


def load_contract(path: Path = CONTRACT_PATH) -> FeatureContract:
    """Read the feature contract from the YAML of the feature mart.

    Parameters
    ----------
    path : Path
        dbt properties file that describes ``feat_accounts_daily``. A column is a feature where its
        ``config.meta`` says ``feature: true``.

    Returns
    -------
    FeatureContract
        Features in the order of the file.

    Raises
    ------
    UserError
        Where the file is unreadable, the model or its features are missing, or a feature's
        metadata is incomplete; the message names the feature.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), LOADER)
        models = {model["name"]: model for model in content["models"]}
        columns = models[MODEL_NAME]["columns"]
    except OSError as error:
        raise UserError(
            f"the feature contract {path} cannot be read", "restore the file"
        ) from error
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise UserError(
            f"the feature contract {path.name} does not describe the columns of {MODEL_NAME}",
            "repair the YAML",
        ) from error
    features = []
    for column in columns:
        meta = (column.get("config") or {}).get("meta") or {}
        if meta.get("feature") is True:
            features.append(_feature(str(column.get("name")), meta, path.name))
    names = [feature.name for feature in features]
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"feature {name} is listed twice in {path.name}", "remove one of them")
    if not features:
        raise UserError(
            f"{path.name} names no feature", "set config.meta.feature: true on its feature columns"
        )
    return FeatureContract(features=tuple(features))


def _feature(name: str, meta: dict[str, Any], file_name: str) -> Feature:
    """Build one feature from its metadata, or say what its metadata lacks."""
    for key, allowed in (("missing", MISSING_POLICIES), ("direction", DIRECTIONS)):
        if meta.get(key) not in allowed:
            raise UserError(
                f"feature {name} in {file_name}: {key} is {meta.get(key)!r}",
                f"set config.meta.{key} to one of {', '.join(allowed)}",
            )
    if not isinstance(meta.get("source_type"), str):
        raise UserError(
            f"feature {name} in {file_name} has no source_type",
            "set config.meta.source_type to its staging type",
        )
    return Feature(
        name=name,
        source_type=meta["source_type"],
        may_be_missing=MISSING_POLICIES[meta["missing"]],
        direction=DIRECTIONS[meta["direction"]],
        unit=str(meta.get("unit", "")),
    )
