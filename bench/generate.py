"""Time the generation of a demo world: `python bench/generate.py [--size full] [--days N]`.

Runs in a process of its own, so that the peak memory is that of the generation alone; the world
goes to a temporary folder and is deleted.
"""

from __future__ import annotations

import argparse
import json
import logging
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

_CHILD = """
import json, resource, sys, time
from pathlib import Path
from plumbline.demo.generate import generate
size, seed, days, out = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]) or None, Path(sys.argv[4])
begin = time.perf_counter()
counts = generate(size, seed, days, out / "raw", out / "truth")
seconds = time.perf_counter() - begin
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
disk = sum(path.stat().st_size for path in out.rglob("*.parquet"))
print(json.dumps({"seconds": seconds, "peak_bytes": peak, "disk_bytes": disk, "counts": counts}))
"""


@dataclass(frozen=True)
class Result:
    """One timed generation: seconds, peak memory and disk in bytes, rows."""

    size: str
    seconds: float
    peak_bytes: int
    disk_bytes: int
    events: int
    rows: int

    @property
    def events_per_second(self) -> float:
        """Events written per second of the whole generation."""
        return self.events / self.seconds


def run(size: str = "full", seed: int = 7, days: int | None = None) -> Result:
    """Generate a world in a child process and return what it took.

    Raises
    ------
    subprocess.CalledProcessError
        If the generation fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", _CHILD, size, str(seed), str(days or 0), folder]
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout)
    counts = found["counts"]
    return Result(
        size=size,
        seconds=found["seconds"],
        peak_bytes=found["peak_bytes"],
        disk_bytes=found["disk_bytes"],
        events=counts["segment.events"],
        rows=sum(counts.values()),
    )


def main() -> int:
    """Print one line of figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=("ci", "demo", "full"), default="full")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--days", type=int)
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    result = run(given.size, given.seed, given.days)
    logging.info(
        "generate %s: %.1f s, %s events (%s/s), peak %.2f GB, %.2f GB on disk",
        result.size,
        result.seconds,
        f"{result.events:,}",
        f"{result.events_per_second:,.0f}",
        result.peak_bytes / 1e9,
        result.disk_bytes / 1e9,
    )
    logging.info(json.dumps(asdict(result)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
