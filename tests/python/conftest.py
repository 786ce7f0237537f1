"""Shared by all families: one `ci` demo world and one published night on it, made once."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import duckdb
import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "pipeline"]
LAST_NIGHT = date(2026, 2, 28)
FIRST_NIGHT = date(2026, 2, 27)


@dataclass(frozen=True)
class World:
    """A raw folder and a warehouse, and the command that runs on them.

    Attributes
    ----------
    folder : Path
        Holds `raw`, `truth`, `warehouse` and `target`.
    """

    folder: Path
    raw: Path

    @property
    def truth(self) -> Path:
        """What only tests and benches may read."""
        return self.raw.with_name("truth")

    @property
    def warehouse(self) -> Path:
        """Where the database files are."""
        return self.folder / "warehouse"

    @property
    def published_file(self) -> Path:
        """What people read."""
        return self.warehouse / "plumbline.duckdb"

    @property
    def build_file(self) -> Path:
        """The private file."""
        return self.warehouse / "build" / "plumbline.duckdb"

    @property
    def environment(self) -> dict[str, str]:
        """Environment in which the command and dbt use this world."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PLUMBLINE_", "DBT_"))}
        return {
            **kept,
            "PLUMBLINE_RAW": str(self.raw),
            "PLUMBLINE_WAREHOUSE": str(self.warehouse),
            "PLUMBLINE_BUILD": str(self.build_file),
            "DBT_TARGET_PATH": str(self.folder / "target"),
            "PYTHONUNBUFFERED": "1",
            "COLUMNS": "100",
        }

    def run(
        self, *arguments: str, timeout: float = 300, **extra: str
    ) -> subprocess.CompletedProcess[str]:
        """Run `plumbline` as a process of its own; `extra` goes into its environment."""
        return subprocess.run(
            [*COMMAND, *arguments],
            cwd=ROOT,
            env={**self.environment, **extra},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start `plumbline` and return at once."""
        return subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def copy(self, folder: Path) -> World:
        """The same raw folder with a copy of the warehouse."""
        shutil.copytree(self.warehouse, folder / "warehouse")
        return replace(self, folder=folder)

    def read(self, query: str, *, private: bool = False) -> list[tuple]:
        """Query the published (or the private) file."""
        file = self.build_file if private else self.published_file
        with duckdb.connect(str(file), read_only=True) as connection:
            return connection.execute(query).fetchall()


def digest(file: Path) -> str:
    """SHA-256 of a file, or a word where there is none."""
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.exists() else "none"


def night(world: World, as_of: date, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a night to its end."""
    done = world.run("nightly", "--as-of", as_of.isoformat(), "--no-docs", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="session")
def ci_raw(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The raw exports of a `ci` world, and an empty warehouse. Read only."""
    folder = tmp_path_factory.mktemp("ci")
    world = World(folder, folder / "raw")
    done = world.run("demo", "--size", "ci", "--raw", str(world.raw))
    assert done.returncode == 0, done.stdout + done.stderr
    return world


@pytest.fixture(scope="session")
def ci_first_night(ci_raw: World) -> World:
    """A published night as of 2026-02-27. Copy it before writing to it."""
    night(ci_raw, FIRST_NIGHT)
    return ci_raw


@pytest.fixture(scope="session")
def ci_world(ci_first_night: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Published nights as of 2026-02-27 and 2026-02-28. Copy it before writing to it."""
    world = ci_first_night.copy(tmp_path_factory.mktemp("ci_world"))
    night(world, LAST_NIGHT)
    yield world
