"""Write a demo world: `python -m plumbline.demo --size ci --seed 7`."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from plumbline.demo.config import SIZES
from plumbline.demo.generate import generate


def main(arguments: list[str] | None = None) -> int:
    """Parse the arguments, write the world, and say how many rows each table has."""
    parser = argparse.ArgumentParser(prog="python -m plumbline.demo", description=__doc__)
    parser.add_argument("--size", choices=sorted(SIZES), default="demo")
    parser.add_argument("--seed", type=int, default=7, help="same seed, same bytes (default 7)")
    parser.add_argument("--days", type=int, help="last days of the window that get events")
    parser.add_argument("--raw", type=Path, default=Path("data/raw"))
    parser.add_argument("--truth", type=Path, default=Path("data/truth"))
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        counts = generate(given.size, given.seed, given.days, given.raw, given.truth)
    except ValueError as error:
        parser.error(str(error))
    for name, rows in counts.items():
        logging.info("%-36s %12s", name, f"{rows:,}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
