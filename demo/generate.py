"""Generate the demo world: raw exports and the truth apart from them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from demo.accounts import make_accounts
from demo.billing import billing_tables
from demo.config import make_config
from demo.event_types import make_event_types
from demo.events import EventStream, write_events
from demo.latent import make_latent
from demo.lifecycle import simulate
from demo.people import make_people
from demo.product import product_tables
from demo.writer import write_table


def generate(
    size: str = "demo",
    seed: int = 7,
    days: int | None = None,
    out_raw: Path | str = "data/raw",
    out_truth: Path | str = "data/truth",
    progress: Callable[[str, float], None] | None = None,
) -> dict[str, int]:
    config = make_config(size, seed, days)
    raw, truth = Path(out_raw), Path(out_truth)
    accounts = make_accounts(config)
    latent = make_latent(config, accounts)
    world = simulate(config, accounts, latent)
    people = make_people(config, accounts, latent, world)
    for root in (raw, truth):
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir(parents=True)
    counts = {}
    tables = {**product_tables(config, accounts, people), **billing_tables(config, accounts, world)}
    for (vendor, table), rows in tables.items():
        counts[f"{vendor}.{table}"] = write_table(raw, vendor, table, rows)
    stream = EventStream(config, accounts, latent, world, people, make_event_types())
    counts["segment.events"] = write_events(stream, raw, progress)
    return counts
