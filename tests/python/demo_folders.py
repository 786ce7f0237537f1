"""Demo worlds for tests, and their bytes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from plumbline.demo.generate import generate


@dataclass(frozen=True)
class Folders:
    """Where one world lies."""

    raw: Path
    truth: Path


def made(folder: Path, size: str, days: int | None = None) -> Folders:
    """A world, seed 7, in a new folder."""
    generate(size, 7, days, folder / "raw", folder / "truth")
    return Folders(folder / "raw", folder / "truth")


def bytes_hash(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*.parquet"))
    }
