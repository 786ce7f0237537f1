"""Writes the demo company's raw exports."""

from __future__ import annotations

import click

from plumbline.config import load_settings
from plumbline.store.lock import run_lock
from plumbline.terminal import make_console


@click.command()
@click.option(
    "--size",
    type=click.Choice(["ci", "demo", "full"]),
    default="demo",
    show_default=True,
    help="400 accounts; 4,200; 4,200 with 100K users.",
)
@click.option("--days", type=click.IntRange(min=1), help="Days of events at size full.")
@click.option("--seed", type=int, default=7, show_default=True, help="Same seed, same bytes.")
@click.option("--raw", type=click.Path(), help="Write here instead of data/raw.")
def demo(size: str, days: int | None, seed: int, raw: str | None) -> None:
    """Write the demo company's raw exports.

    They go to data/raw, the truth behind them to data/truth, which only tests and benches read.
    An earlier demo world there is replaced once the new one is complete.

    \b
    Examples:
      plumbline demo                        4,200 accounts over 18 months
      plumbline demo --size ci              400 accounts, in seconds
      plumbline demo --size full --days 30  30 days of a large event stream
    """
    from plumbline.demo.world import create_world

    settings = load_settings(raw=raw)
    with run_lock(settings):  # a night may be reading the folder
        create_world(size, days, seed, settings, make_console())
