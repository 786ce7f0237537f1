"""What a replay depends on, as one hash: work that has another one is not gone on with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from plumbline.config import Settings
from plumbline.night import scoring
from plumbline.replay.chain import Memory
from plumbline.replay.past import Past

LIBRARIES = ("duckdb", "scikit-learn", "numpy", "pandas")


def fingerprint(
    settings: Settings, past: Past, memory: Memory, asked: Iterable[Any], folder: Path
) -> str:
    """SHA-256 over data, SQL, knobs, what was asked, and the code that replays.

    Parameters
    ----------
    folder : Path
        Code beside that of this room.
    """
    parts = [
        memory.fingerprint(),
        *(step.sql for step in past.chain.steps.values()),
        asdict(scoring.knobs(settings)),
        past.as_of,
        settings.label,
        settings.source_types_off,
        *asked,
        code_fingerprint(folder),
        *(version(name) for name in LIBRARIES),
    ]
    return hashlib.sha256(json.dumps(parts, default=str, sort_keys=True).encode()).hexdigest()


def code_fingerprint(folder: Path) -> str:
    """SHA-256 over the code that replays, trains and scores, and over that of a folder."""
    from ml.registry import runs

    digest = hashlib.sha256(runs.code_fingerprint().encode())
    files = {*Path(__file__).parent.glob("*.py"), *folder.glob("*.py"), Path(scoring.__file__)}
    for file in sorted(files):
        digest.update(file.read_bytes())
    return digest.hexdigest()
