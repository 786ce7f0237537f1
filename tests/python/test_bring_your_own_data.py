"""docs/bring-your-own-data.md does what it says: its commands, taken from the page, run."""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from conftest import ROOT
from test_ravenstack import DATA, pytestmark  # noqa: F401 -- the page's example

PAGE = ROOT / "docs" / "bring-your-own-data.md"
PARTS = ("models", "macros", "seeds", "tests", "dbt_project.yml", "profiles.yml", "selectors.yml")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the dbt project, to be edited as the page says."""
    for name in PARTS:
        part = ROOT / name
        copy = shutil.copytree if part.is_dir() else shutil.copy
        copy(part, tmp_path / name)
    return tmp_path


def run(project: Path, command: str) -> subprocess.CompletedProcess[str]:
    """Run a shell command in the project, with this Python's `dbt` on the path."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-ec", command],
        cwd=project,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_for_mapping_and_types_of_your_own(project: Path) -> None:
    [command] = re.findall(r"```sh\n(export PLUMBLINE_RAW=.*?)```", PAGE.read_text(), re.S)
    for written, meant in (
        ("=../shared/data/ravenstack ", f"={DATA} "),
        ("=/tmp/try.duckdb", f"={project}/try.duckdb"),
    ):
        assert command.count(written) == 1
        command = command.replace(written, meant)
    types = project / "seeds" / "reference" / "event_types.csv"
    with types.open(encoding="utf-8") as file:
        columns = next(csv.reader(file))
    row = {"source_name": "ravenstack", "event_type": "feature_1"}
    row |= {"feature_category": "search", "signal_type": "depth"}
    with types.open("a", encoding="utf-8") as file:
        file.write(",".join(row.get(name, "false") for name in columns) + "\n")
    for selected in ("models/base/ravenstack+1", "event_types plan_entitlements csm_capacity"):
        done = run(project, command.replace("models/base/ravenstack+1", selected))
        assert done.returncode == 0 and "Completed successfully" in done.stdout, done.stdout
    # of the seeds that are a company's own its rows count, or else those of `any`
    with duckdb.connect(str(project / "try.duckdb"), read_only=True) as connection:
        own = [("ravenstack",)]
        kept = {"event_types": own, "plan_entitlements": [], "csm_capacity": [("any",)]}
        for seed, found in kept.items():
            rows = connection.execute(f"select distinct source_name from reference.{seed}")
            assert rows.fetchall() == found, seed
