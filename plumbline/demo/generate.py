"""Generate the demo world: raw exports, and the truth apart from them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from plumbline.demo.academy import academy_tables
from plumbline.demo.accounts import make_accounts
from plumbline.demo.billing import billing_tables
from plumbline.demo.config import make_config
from plumbline.demo.contacts import make_contacts
from plumbline.demo.crm import crm_tables
from plumbline.demo.cs_platform import platform_tables
from plumbline.demo.event_types import make_event_types
from plumbline.demo.events import EventStream, write_events
from plumbline.demo.latent import make_latent
from plumbline.demo.lifecycle import simulate
from plumbline.demo.people import make_people
from plumbline.demo.product import product_tables
from plumbline.demo.schema import SCHEMAS
from plumbline.demo.support import support_tables
from plumbline.demo.surveys import survey_tables
from plumbline.demo.truth import TRUTH_TABLES, write_truth
from plumbline.demo.writer import write_table

Progress = Callable[[str, float], None]


def _check_replaceable(folder: Path, names: set[str]) -> None:
    """Refuse to replace a folder that holds anything but a demo world."""
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is not a folder")
    strange = sorted(p.name for p in folder.glob("*") if p.name not in names)
    if strange:
        raise ValueError(
            f"{folder} holds {strange[0]!r}, which is not of a demo world: "
            "choose another folder or empty this one"
        )


def generate(
    size: str = "demo",
    seed: int = 7,
    days: int | None = None,
    out_raw: Path | str = "data/raw",
    out_truth: Path | str = "data/truth",
    progress: Progress | None = None,
) -> dict[str, int]:
    """Write a demo world, replacing what the two folders hold.

    Parameters
    ----------
    size : str
        `tiny`, `ci`, `demo` or `full` (see `config.SIZES`).
    seed : int
        The same seed gives the same bytes.
    days : int, optional
        Last days of the window that get events; the size decides where it is not given.
    out_raw, out_truth : path
        Folders of the raw exports and of the truth.
    progress : callable, optional
        Called with a stage's name and the share of it that is done (0..1).

    Returns
    -------
    dict of str to int
        Rows written by table, as `vendor.table`.

    Raises
    ------
    ValueError
        If the size, the seed or the number of days makes no sense, or if a folder holds
        anything that is not of a demo world (it would be deleted).
    """
    config = make_config(size, seed, days)
    raw, truth = Path(out_raw), Path(out_truth)
    _check_replaceable(raw, {vendor for vendor, _ in SCHEMAS})
    _check_replaceable(truth, {f"{name}.parquet" for name in TRUTH_TABLES})
    tell = progress or (lambda stage, share: None)
    tell("accounts", 0.0)
    accounts = make_accounts(config)
    latent = make_latent(config, accounts)
    tell("accounts", 0.2)
    world = simulate(config, accounts, latent)
    people = make_people(config, accounts, latent, world)
    contacts, key_changes = make_contacts(config, accounts, latent, world)
    tell("accounts", 1.0)
    for root in (raw, truth):
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir(mode=0o700, parents=True)
    tables = {
        **product_tables(config, accounts, people),
        **billing_tables(config, accounts, world),
        **crm_tables(config, accounts, latent, world, contacts),
        **support_tables(config, accounts, latent, world),
        **survey_tables(config, accounts, latent, world, contacts),
        **academy_tables(config, accounts, latent, world, contacts),
        **platform_tables(config, accounts, latent, world, contacts, key_changes),
    }
    counts = {}
    for done, ((vendor, table), rows) in enumerate(tables.items()):
        counts[f"{vendor}.{table}"] = write_table(raw, vendor, table, rows)
        tell("tables", (done + 1) / len(tables))
    del tables
    write_truth(truth, config, accounts, latent, world)
    tell("truth", 1.0)
    stream = EventStream(config, accounts, latent, world, people, make_event_types())
    counts["segment.events"] = write_events(stream, raw, progress)
    return counts
