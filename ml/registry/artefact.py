"""The artefact of a trained model: one joblib file, written atomically, verified before loading.

Decided: D106.
"""

import hashlib
import io
import os
import warnings
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from sklearn.exceptions import InconsistentVersionWarning

from ml.contract import FeatureContract
from ml.judging.candidates import Champion
from ml.registry.runs import ModelRun
from plumbline.errors import UserError

RETRAIN = "retrain (`plumbline nightly --retrain`)"


@dataclass(frozen=True)
class Artefact:
    """Everything that scoring needs.

    ``missing_shares`` is the share of unknown values by feature in training (0 to 1).
    """

    model_version: str
    target: str
    contract: FeatureContract
    missing_shares: Mapping[str, float]
    champion: Champion

    def log_odds(self, features: pd.DataFrame) -> np.ndarray:
        """Return calibrated log-odds, shape (rows,)."""
        return self.champion.calibration.apply(self.champion.pipeline.decision_function(features))


def write_artefact(artefact: Artefact, folder: Path) -> tuple[str, str]:
    """Write an artefact in one rename.

    Parameters
    ----------
    artefact : Artefact
        The trained model.
    folder : Path
        The models folder; created where missing.

    Returns
    -------
    tuple[str, str]
        File name inside the folder, and SHA-256 of its bytes.

    Raises
    ------
    UserError
        Where the file cannot be written.
    """
    buffer = io.BytesIO()
    joblib.dump(artefact, buffer, compress=3)
    content = buffer.getvalue()
    name = f"{artefact.model_version}.joblib"
    temporary = folder / f".{name}.{os.getpid()}.tmp"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(folder / name)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise UserError(
            f"the model file {folder / name} cannot be written ({error.strerror})",
            "free disk space or correct the permissions, then run again",
        ) from error
    return name, hashlib.sha256(content).hexdigest()


def is_intact(path: Path, sha256: str) -> bool:
    """Return whether the file is there and has the hash."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == sha256
    except OSError:
        return False


def load_artefact(path: Path, sha256: str) -> Artefact:
    """Load an artefact after its hash was verified.

    Parameters
    ----------
    path : Path
        The joblib file.
    sha256 : str
        The hash that the registry holds.

    Raises
    ------
    UserError
        Where the file is missing, its bytes differ, or another scikit-learn wrote it.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"the model file {path} cannot be read", RETRAIN) from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise UserError(
            f"the model file {path} is not the one that was registered (SHA-256 differs)",
            f"restore the file from a backup, or remove it and {RETRAIN}",
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", InconsistentVersionWarning)
            artefact = joblib.load(io.BytesIO(content))
    except InconsistentVersionWarning as error:
        raise UserError(
            f"the model file {path} was written with scikit-learn {error.original_sklearn_version},"
            f" and {error.current_sklearn_version} is installed",
            RETRAIN,
        ) from error
    except Exception as error:  # whatever unpickling meets
        raise UserError(
            f"the model file {path} was written by another code version", RETRAIN
        ) from error
    if not isinstance(artefact, Artefact):
        raise UserError(f"the model file {path} holds no model of this project", RETRAIN)
    return artefact


def load_registered(run: ModelRun, models_dir: Path) -> Artefact:
    """Load the model of a registered run, and check that it is the one that the registry describes.

    Raises
    ------
    UserError
        As ``load_artefact``; and where the file holds another model, or one of other features.
    """
    path = models_dir / str(run.artefact_path)
    artefact = load_artefact(path, str(run.artefact_sha256))
    held = (artefact.model_version, artefact.target, artefact.contract.names)
    if held[:2] != (run.model_version, run.target):
        raise UserError(f"the model file {path} holds {held[0]}, not {run.model_version}", RETRAIN)
    if held[2] != run.feature_names:
        different = sorted({*held[2]} ^ {*run.feature_names}) or ["their order"]
        raise UserError(
            f"the model file {path} was trained on other features than {run.model_version} has on "
            f"record ({', '.join(different)})",
            RETRAIN,
        )
    return artefact
