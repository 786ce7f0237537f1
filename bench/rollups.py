"""The user-day and account-day roll-ups against the time of merely reading what they need."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import yaml

from bench.record import ROOT, Figure, Measured, run_child

# From the landed events to account days, in dbt's own order.
MODELS = (
    "int_user_event_days__counted",
    "int_user_event_days__attributed",
    "int_user_days__counted",
    "int_account_usage_days__counted",
)
TARGET_RATIO = 10.0
THREADS = 2

# Every value of the six columns is decoded, and as little as possible done with it.
FLOOR = """
import json, sys, time
import duckdb
files, threads, memory = sys.argv[1:]
connection = duckdb.connect(config={"threads": int(threads), "memory_limit": memory})
connection.execute("set enable_progress_bar = false")
began = time.perf_counter()
rows = connection.execute(f'''
    select
        count(*), max(strlen(event_id)), max(strlen(user_id)), max(strlen(workspace_id)),
        max(strlen(event_type)), bit_xor(epoch_us("timestamp")), bit_xor(epoch_us(_extracted_at))
    from read_parquet('{files}', hive_partitioning = true)
''').fetchone()[0]
seconds = time.perf_counter() - began
print(json.dumps([rows, seconds]))
"""


@dataclass(frozen=True)
class Floor:
    """A mere read: rows, seconds within the engine, CPU seconds of its process."""

    rows: int
    seconds: float
    cpu_seconds: float


def read_floor(raw: Path, memory: str) -> Floor:
    """Read the needed columns once, in a process of its own."""
    files = str(raw / "segment" / "events" / "*" / "*.parquet")
    measured = run_child(["-c", FLOOR, files, str(THREADS), memory])
    rows, seconds = json.loads(measured.output)
    return Floor(rows, seconds, measured.cpu_seconds)


def write_profile(folder: Path, memory: str) -> None:
    """Write the project's dbt profile with a memory limit."""
    profile = yaml.safe_load((ROOT / "profiles.yml").read_text(encoding="utf-8"))
    settings = profile["plumbline"]["outputs"]["duckdb"]["settings"]
    settings |= {"memory_limit": memory, "threads": THREADS}
    (folder / "profiles.yml").write_text(yaml.safe_dump(profile), encoding="utf-8")


def run_dbt(folder: Path, *arguments: str) -> Measured:
    """Run dbt on the world in a folder; its files stay in that folder."""
    return run_child(
        [
            "-m",
            "dbt.cli.main",
            "--quiet",
            *arguments,
            f"--profiles-dir={folder}",
            f"--target-path={folder / 'target'}",
            f"--log-path={folder / 'logs'}",
        ],
        {
            "PLUMBLINE_RAW": str(folder / "raw"),
            "PLUMBLINE_BUILD": str(folder / "plumbline.duckdb"),
        },
    )


def model_seconds(folder: Path) -> dict[str, float]:
    """Seconds of each model of the last dbt command, from its run results."""
    results = json.loads((folder / "target" / "run_results.json").read_text(encoding="utf-8"))
    seconds = {
        entry["unique_id"].split(".")[-1]: entry["execution_time"] for entry in results["results"]
    }
    return {name: seconds[name] for name in MODELS}


def run(folder: Path, days: int, memory: str) -> list[Figure]:
    """Measure the roll-ups on a fresh build file.

    Parameters
    ----------
    folder : Path
        An empty folder for the world and the build, tens of gigabytes at 90 days.
    days : int
        Days of events at size `full`.
    memory : str
        The engine's memory limit, such as `4GB`.
    """
    if not (folder / "raw").exists():
        run_child(
            ["-m", "plumbline", "demo", "--size=full", f"--days={days}", f"--raw={folder / 'raw'}"]
        )
    write_profile(folder, memory)
    run_dbt(folder, "seed")
    run_dbt(folder, "run", "--select", f"+{MODELS[-1]}", "--exclude", *MODELS)
    floors = [read_floor(folder / "raw", memory)]
    process = run_dbt(folder, "run", "--select", *MODELS)
    seconds = model_seconds(folder)
    floors.append(read_floor(folder / "raw", memory))
    wall = min(floor.seconds for floor in floors)
    cpu = min(floor.cpu_seconds for floor in floors)
    total = sum(seconds.values())
    return [
        Figure("event rows read", floors[0].rows, "rows"),
        Figure("floor: read the columns (faster of two)", wall, "s"),
        Figure("floor: CPU of its process", cpu, "s"),
        Figure("roll-ups: the models' own time", total, "s"),
        *(Figure(f"  {name}", value, "s") for name, value in seconds.items()),
        Figure("roll-ups against the floor", total / wall, "x", TARGET_RATIO),
        *process.figures("roll-ups: whole dbt process"),
        Figure("roll-ups against the floor, CPU of the processes", process.cpu_seconds / cpu, "x"),
    ]
