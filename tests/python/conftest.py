"""Shared by all families and by all workers of a run: one `ci` world and its nights, made once.

The families share the cores by files (`pytest -n 2`); those that take longest begin.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import duckdb
import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from plumbline.cli import main

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "plumbline"]
WITHOUT_TESTS = [sys.executable, str(ROOT / "tests" / "python" / "night_without_tests.py")]
LAST_NIGHT = date(2026, 2, 28)
FIRST_NIGHT = date(2026, 2, 27)
LONGEST = (
    "test_incremental.py",
    "test_pipeline_kills.py",
    "test_sql_dialects.py",
    "test_ravenstack.py",
    "test_pipeline_bad_input.py",
    "test_pipeline_cli.py",
    "test_demo.py",
)
# They read the compiled project, which takes a minute: once, on one worker.
COMPILED = frozenset(
    file.name
    for file in Path(__file__).parent.glob("test_*.py")
    if re.search(r"every_vendor|this_project|from test_sync_tools", file.read_text("utf-8"))
)


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
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "COLUMNS": "100",
        }

    def run(
        self, *arguments: str, timeout: float = 1200, command: list[str] = COMMAND, **extra: str
    ) -> subprocess.CompletedProcess[str]:
        """Run `plumbline` as a process of its own; `extra` goes into its environment."""
        return subprocess.run(
            [*command, *arguments],
            cwd=ROOT,
            env={**self.environment, **extra},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def start(self, *arguments: str, command: list[str] = COMMAND) -> subprocess.Popen[str]:
        """Start `plumbline` and return at once."""
        return subprocess.Popen(
            [*command, *arguments],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def copy(self, folder: Path) -> World:
        """The same raw folder with a copy of the warehouse, and of what dbt has parsed."""
        shutil.copytree(self.warehouse, folder / "warehouse")
        self.hand_down_parsed(folder)
        return replace(self, folder=folder)

    def hand_down_parsed(self, folder: Path) -> None:
        """Spare a world of the same raw folder and vars to parse the project."""
        parsed = Path("target", "parsed")
        if (self.folder / parsed).exists():
            shutil.copytree(self.folder / parsed, folder / parsed)

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


def night_without_tests(
    world: World, as_of: date, *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Run a night to its end, the data tests left out: for nights that are about something else."""
    command = ("nightly", "--as-of", as_of.isoformat(), "--no-docs", *arguments)
    done = world.run(*command, command=WITHOUT_TESTS)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


class Families(LoadScopeScheduling):
    """One worker a family, and one for all families that read the compiled project."""

    def _split_scope(self, nodeid: str) -> str:
        file = Path(nodeid.split("::", 1)[0]).name
        return "compiled" if file in COMPILED else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Families:
    """How the tests are shared out."""
    return Families(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest families first: a long one at the end would leave the other core idle."""
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.name, len(places)))


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return a folder of the run that the first worker to ask for it makes; others wait for it."""
    own = factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    folder, done = shared / name, shared / f"{name}.done"
    with (shared / f"{name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            done.touch()
    return folder


@pytest.fixture(scope="session")
def ci_raw(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The raw exports of a `ci` world, and an empty warehouse. Read only."""

    def make(folder: Path) -> None:
        done = World(folder, folder / "raw").run(
            "demo", "--size", "ci", "--raw", str(folder / "raw")
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert str(folder / "truth") in done.stdout.replace("\n", "")

    folder = made_once(tmp_path_factory, "ci", make)
    return World(folder, folder / "raw")


@pytest.fixture(scope="session")
def ci_first_night(ci_raw: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A published night as of 2026-02-27, and what it said. Copy it before writing to it."""
    world = replace(ci_raw, folder=ci_raw.folder.with_name("ci_first_night"))

    def make(folder: Path) -> None:
        done = night(world, FIRST_NIGHT)
        (folder / "said.txt").write_text(done.stdout + done.stderr, encoding="utf-8")

    made_once(tmp_path_factory, world.folder.name, make)
    return world


@pytest.fixture(scope="session")
def ci_world(ci_first_night: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Published nights as of 2026-02-27 and 2026-02-28. Copy it before writing to it."""

    def make(folder: Path) -> None:
        night(ci_first_night.copy(folder), LAST_NIGHT)

    folder = made_once(tmp_path_factory, "ci_world", make)
    return replace(ci_first_night, folder=folder)


@pytest.fixture
def plumbline(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., tuple[int, str, str]]]:
    """The command in this process, on the family's `world`: exit code, standard output and error.

    Blanks of the output are squeezed.
    """
    for name in [n for n in world.environment if n.startswith(("PLUMBLINE_", "DBT_"))]:
        monkeypatch.setenv(name, world.environment[name])
    monkeypatch.setenv("COLUMNS", "300")
    handlers = {kind: signal.getsignal(kind) for kind in (signal.SIGINT, signal.SIGTERM)}

    def run(*arguments: str) -> tuple[int, str, str]:
        code = 0
        try:
            main([*arguments])
        except SystemExit as left:
            code = int(left.code or 0)
        shown = capsys.readouterr()
        return code, " ".join(shown.out.split()), shown.err

    yield run
    for kind, handler in handlers.items():
        signal.signal(kind, handler)
