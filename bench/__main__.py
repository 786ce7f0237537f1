"""`python -m bench [generate] [rollups] [night] [catalogue] [decisions] [model] [speed] [--quick]`.

All of these where none is named; on request, `compare`, which makes five worlds, and `mutate`,
which plants faults into the project's SQL.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from bench import catalogue, compare, decisions, generate, model, night, rollups, speed
from bench.mutate import run as mutate
from bench.record import ROOT, Figure, keep, show

NAMES = ("generate", "rollups", "night", "catalogue", "decisions", "model", "speed")
ON_REQUEST = ("compare", "mutate")
FULL_DAYS = 90
GENERATION_TARGET = 600.0
DISK_GB_A_DAY = 0.2


def measure_generation(days: int) -> list[Figure]:
    """Time the generation of `full`; its target holds for 90 days."""
    done = generate.run("full", days=days)
    target = GENERATION_TARGET if days == FULL_DAYS else None
    return [
        Figure("generation", done.seconds, "s", target),
        Figure("peak memory", done.peak_bytes / 1e9, "GB"),
        Figure("on disk", done.disk_bytes / 1e9, "GB"),
        Figure("events", done.events, "rows"),
        Figure("events a second", done.events_per_second, "rows"),
    ]


def require_disk(folder: Path, days: int) -> None:
    """Stop before a disk fills up.

    Raises
    ------
    click.ClickException
        There is too little room.
    """
    free, needed = shutil.disk_usage(folder).free / 1e9, DISK_GB_A_DAY * days
    if free < needed:
        raise click.ClickException(
            f"{folder} has {free:.0f} GB free, {needed:.0f} are needed: set TMPDIR to a larger "
            "disk, or give fewer --days"
        )


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(NAMES + ON_REQUEST))
@click.option("--quick", is_flag=True, help="A tenth of the days at size full; ci for demo.")
@click.option("--days", type=click.IntRange(1, FULL_DAYS), help="Days of events at size full.")
@click.option("--memory", default="4GB", show_default=True, help="Limit of the roll-ups' engine.")
@click.option(
    "--worlds",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the worlds, instead of a temporary one; compare, model and speed use what is "
    "in it (demo, demo_21, ...).",
)
@click.option("--mutants", type=click.IntRange(min=1), default=300, show_default=True)
@click.option("--seed", default=1, show_default=True, help="Of the sample of mutants.")
@click.option("--room", help="Mutants of one room of models alone.")
@click.option("--only", multiple=True, metavar="MUTANT", help="This mutant alone, as listed.")
def main(
    names: tuple[str, ...],
    quick: bool,
    days: int | None,
    memory: str,
    worlds: Path | None,
    mutants: int,
    seed: int,
    room: str | None,
    only: tuple[str, ...],
) -> None:
    """Measure speed, memory, model quality and tests on this machine.

    Worlds lie in the system's temporary folder (TMPDIR) and are removed afterwards; that of
    `mutate` is kept in target. Each bench adds one line to bench/results, but for single mutants.
    """
    console = Console(highlight=False)
    days = days or (FULL_DAYS // 10 if quick else FULL_DAYS)
    size = "ci" if quick else "demo"
    with tempfile.TemporaryDirectory(prefix="plumbline_bench_") as name:
        folder = worlds.resolve() if worlds else Path(name)
        for bench in names or NAMES:
            console.print(f"{bench} ...", style="dim")
            settings: dict[str, Any]
            if bench in ("generate", "rollups"):
                require_disk(folder, days)
                settings = {"size": "full", "days": days}
            else:
                settings = {"size": size}
            if bench == "generate":
                figures = measure_generation(days)
            elif bench == "rollups":
                settings |= {"threads": rollups.THREADS, "memory limit": memory}
                (folder / "full").mkdir()
                figures = rollups.run(folder / "full", days, memory)
                shutil.rmtree(folder / "full")
            elif bench == "mutate":
                settings = {"size": "ci", "mutants": mutants, "seed": seed, "room": room or "all"}
                world = folder / "ci" if worlds else mutate.WORLD
                try:
                    figures = mutate.run(console, mutants, seed, room, only, world)
                except ValueError as error:
                    raise click.ClickException(str(error)) from error
                if only:
                    continue
            elif bench == "compare":
                settings |= {"seeds": compare.SEEDS, "generator": compare.generator_hash()}
                figures = compare.run(folder, size)
            elif bench == "night":
                figures = night.run(folder / size, size)
            elif bench == "catalogue":
                figures = catalogue.run(folder / size, size)
            elif bench == "decisions":
                figures = decisions.run(folder / size, size)
            elif bench == "model":
                figures = model.run(folder / size, size)
            else:
                settings |= {"load before": round(os.getloadavg()[0], 1)}
                figures = speed.run(folder / size, size)
            show(bench, settings, figures, console)
            console.print(f"added to {keep(bench, settings, figures).relative_to(ROOT)}")


if __name__ == "__main__":
    main()
