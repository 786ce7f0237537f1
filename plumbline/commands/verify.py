"""Runs proofs, or shows what changed definitions did to the numbers."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from plumbline.commands.options import source_options
from plumbline.config import Settings, load_settings
from plumbline.errors import UserError
from plumbline.night.last_build import last_build
from plumbline.proofs import (
    catalogue,
    catalogue_changes,
    drift,
    index_changes,
    leakage,
    registry,
)
from plumbline.proofs.exports import DESCRIPTION as EXPORTS
from plumbline.store.lock import run_lock
from plumbline.terminal import make_console

# Proofs register themselves when their module is imported.
PROOF_MODULES = (registry, catalogue, drift, index_changes, leakage)


@click.command()
@click.argument("proof", required=False)
@click.option("--list", "only_list", is_flag=True, help="Say which proofs there are.")
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="With `catalogue`: an earlier published file; shows which numbers changed.",
)
@click.option(
    "--clean",
    type=click.IntRange(min=1),
    default=30,
    show_default=True,
    metavar="N",
    help="With `exports`: sound worlds that must not alarm.",
)
@source_options()
def verify(
    proof: str | None,
    only_list: bool,
    against: Path | None,
    clean: int,
    as_of: date | None,
    source: str,
    raw: str | None,
) -> None:
    """Measure anew that what was built is true: one proof, or all.

    Reads the build file; writes nothing. Exit code 1 where a proof fails. With --against, no
    proof is run: metrics whose definition or version changed since that file are shown, with
    their values then and now, and after them those whose old values moved without such a change.

    `exports` is a proof of its own, of the code and not of a build: it makes its worlds itself,
    takes minutes, and runs by name only.

    \b
    Examples:
      plumbline verify --list
      plumbline verify exports
      plumbline verify catalogue
      plumbline verify catalogue --against last-week/plumbline.duckdb
    """
    if proof == "exports" and not only_list:
        from plumbline.proofs.exports.prove import verify_exports

        verify_exports(clean, make_console())
    elif only_list:
        list_proofs(make_console())
    elif against:
        if proof != "catalogue":
            raise UserError(
                "--against is for the catalogue", "plumbline verify catalogue --against FILE"
            )
        compare_catalogues(load_settings(source, raw), against, make_console())
    else:
        run_proofs(load_settings(source, raw), proof, as_of, make_console())


def list_proofs(console: Console) -> None:
    """Print the names of the proofs and what each proves."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("proof", no_wrap=True)
    table.add_column("what holds")
    for entry in registry.PROOFS.values():
        table.add_row(entry.name, Text(entry.description))
    table.add_row("exports", Text(EXPORTS))
    console.print(table)


def run_proofs(settings: Settings, name: str | None, as_of: date | None, console: Console) -> None:
    """Run proofs and print what each measured.

    Raises
    ------
    UserError
        A proof fails, has an unknown name, or there is no build to look at.
    """
    chosen = registry.select_proofs(name)
    failed: list[str] = []
    with run_lock(settings):
        day, variables = last_build(settings, as_of)
        context = registry.Context(settings, day, variables, console)
        for entry in chosen:
            outcome = entry.run(context)
            mark = ("holds", "green") if outcome.is_passed else ("FAILS", "bold red")
            console.print(
                Text.assemble((f"{mark[0]:<7}", mark[1]), f"{entry.name}: {outcome.measured}")
            )
            if not outcome.is_passed:
                failed.append(entry.name)
    if failed:
        raise UserError(
            f"{len(failed)} of {len(chosen)} proofs fail: {', '.join(failed)}",
            "what was measured stands above; do not use the numbers before it is understood",
        )


def compare_catalogues(settings: Settings, earlier_file: Path, console: Console) -> None:
    """Print what changed definitions did to the numbers since an earlier published file."""
    with run_lock(settings):
        last_build(settings, None)
        catalogue_changes.print_changes(settings.build_file, earlier_file, console)
