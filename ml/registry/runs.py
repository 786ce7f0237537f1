"""Fingerprints, model versions, and the runs on record."""

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ml import warehouse

CODE_FOLDER = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class ModelRun:
    """One row of ``ml.model_runs``; JSON columns are parsed."""

    model_version: str
    target: str
    as_of_date: date
    trained_at: datetime
    model_kind: str
    code_fingerprint: str
    data_fingerprint: str
    parameters: dict[str, Any]
    feature_names: list[str]
    metrics: dict[str, Any]
    artefact_path: str | None
    artefact_sha256: str | None
    label_name: str


def code_fingerprint(folder: Path = CODE_FOLDER) -> str:
    """Return the SHA-256 of the layer's code and knobs (``*.py`` and ``model.toml``)."""
    digest = hashlib.sha256()
    for path in sorted([*folder.rglob("*.py"), folder / "model.toml"]):
        digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def data_fingerprint(frame: pd.DataFrame) -> str:
    """Return a SHA-256 over column names and values of a frame, in its row order."""
    digest = hashlib.sha256()
    for name in frame.columns:
        digest.update(name.encode() + b"\0")
        column = frame[name]
        if pd.api.types.is_float_dtype(column):
            digest.update(np.ascontiguousarray(column.to_numpy(dtype="<f8")).tobytes())
        elif pd.api.types.is_datetime64_any_dtype(column):
            digest.update(column.to_numpy().astype("datetime64[s]").astype("<i8").tobytes())
        else:
            digest.update("\0".join(column.astype(str)).encode())
    return digest.hexdigest()


def model_version(target: str, as_of_date: date, *parts: object) -> str:
    """Return a readable version, equal for equal code, data and parameters.

    Examples
    --------
    >>> model_version("churn", date(2026, 2, 28), "code", "data")
    'churn-20260228-bbd21e56'
    """
    text = json.dumps([target, as_of_date.isoformat(), *parts], sort_keys=True)
    return f"{target}-{as_of_date:%Y%m%d}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def find(database: Path, version: str) -> ModelRun | None:
    """Return the registered run of a model version, or None."""
    runs = [run for run in _runs(database) if run.model_version == version]
    return runs[0] if runs else None


def _runs(database: Path) -> list[ModelRun]:
    runs = []
    for row in warehouse.read_rows(database, "model_runs"):
        parsed = {
            name: json.loads(row[name]) for name in ("parameters", "feature_names", "metrics")
        }
        runs.append(ModelRun(**{**row, **parsed}))
    return runs
