"""The `plumbline` command."""

from __future__ import annotations

import logging
import os
import signal
import sys
from datetime import date
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from plumbline.commands.backtest import backtest
from plumbline.commands.compare import compare
from plumbline.commands.inspect import inspect
from plumbline.commands.models import models, promote, rollback
from plumbline.commands.options import source_options
from plumbline.config import load_settings
from plumbline.errors import UserError, explain


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="plumbline", prog_name="plumbline")
def cli() -> None:
    """Raw exports in; proven metrics and a published, explained churn worklist out.

    \b
    First time:
      plumbline demo          write a demo company's exports to data/raw
      plumbline nightly       check, build, score and publish them
    \b
    What is written where:
      data/raw/                       raw exports; only `demo` writes here
      warehouse/plumbline.duckdb      what people and tools read
      warehouse/build/                the private database; nobody else opens it
      warehouse/models/               trained models
      target/site/index.html          docs site, works offline
    A source other than demo has its own warehouse/NAME and target/NAME.
    """


@cli.command()
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

    create_world(size, days, seed, load_settings(raw=raw), make_console())


@cli.command()
@source_options()
@click.option("--retrain", is_flag=True, help="Train a new model even where one fits.")
@click.option("--rebuild", is_flag=True, help="Build everything anew, not only what changed.")
@click.option("--no-docs", is_flag=True, help="Leave the docs site as it is.")
def nightly(
    as_of: date | None, source: str, raw: str | None, retrain: bool, rebuild: bool, no_docs: bool
) -> None:
    """Check, build, score and publish one night.

    Stops before anything is scored where the input is not fit, and before anything is visible
    where the publish gate fails: the published file is then exactly the one of before.

    \b
    Examples:
      plumbline nightly
      plumbline nightly --as-of 2026-02-27
      plumbline nightly --source ravenstack --raw ../exports/ravenstack
    """
    from plumbline.night.nightly import Options, run_nightly
    from plumbline.night.summary import print_summary

    console = make_console()
    options = Options(as_of, retrain, rebuild, site=not no_docs)
    print_summary(run_nightly(load_settings(source, raw), options, console), console)


@cli.command()
@source_options()
def train(as_of: date | None, source: str, raw: str | None) -> None:
    """Train new models on the features that the last build left.

    Writes them to warehouse/models and their figures to schema ml of the build file. A new model
    becomes champion where it is better than the present one beyond noise (`plumbline models` says),
    for the nights after the last published one.

    \b
    Examples:
      plumbline train
      plumbline train --as-of 2026-02-01    dates whose labels were known by then
    """
    from plumbline.commands.steps import train_only

    train_only(load_settings(source, raw), as_of, make_console())


@cli.command()
@source_options()
def score(as_of: date | None, source: str, raw: str | None) -> None:
    """Score a date of the last build with the model that fits.

    Writes predictions and reasons to schema ml of the build file; people see a score once
    `plumbline nightly` has published it.

    \b
    Example:
      plumbline score --as-of 2026-02-27
    """
    from plumbline.commands.steps import score_only

    score_only(load_settings(source, raw), as_of, make_console())


@cli.command()
@click.argument("proof", required=False)
@click.option("--list", "only_list", is_flag=True, help="Say which proofs there are.")
@click.option("--against", type=click.Path(path_type=Path), metavar="FILE",
              help="With `catalogue`: an earlier published file; shows which numbers changed.")
@click.option("--clean", type=click.IntRange(min=1), default=30, show_default=True,
              metavar="N", help="With `exports`: sound worlds that must not alarm.")
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
    from plumbline.commands.steps import compare_catalogues, list_proofs, run_proofs
    from plumbline.proofs.exports.prove import verify_exports

    if proof == "exports" and not only_list:
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


@cli.command()
@source_options()
@click.option("--serve", is_flag=True, help="Serve it on this machine until Ctrl-C.")
@click.option("--port", type=click.IntRange(1, 65535), default=8080, show_default=True)
def docs(as_of: date | None, source: str, raw: str | None, serve: bool, port: int) -> None:
    """Make the docs site: rooms, metrics, models, column lineage.

    It opens without a network. A night makes it too, but leaves tracing the columns to this.

    \b
    Examples:
      plumbline docs              writes target/site/index.html
      plumbline docs --serve      and opens http://127.0.0.1:8080
    """
    from plumbline.commands.steps import make_docs

    make_docs(load_settings(source, raw), as_of, port if serve else None, make_console())


for command in (backtest, compare, inspect, models, promote, rollback):
    cli.add_command(command)


def make_console() -> Console:
    """Where results go: as wide as the terminal, 80 columns or COLUMNS elsewhere."""
    return Console(highlight=False)


def print_error(error: UserError) -> None:
    """Print the one line, and the notes above it, to stderr."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for note in error.notes:
        console.print(Text(f"  {note}"))
    console.print(Text.assemble((error.line[:6], "bold red"), error.line[6:]))


def main(arguments: list[str] | None = None) -> None:
    """Entry point of `plumbline`: exit code 0, 1 (a clear line), 2 (usage) or 130 (interrupted)."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    # What training warns of stands in the summary.
    logging.getLogger("ml").setLevel(logging.ERROR)
    asked: list[int] = []

    def stop(number: int, frame: object) -> None:
        asked.append(number)
        raise KeyboardInterrupt

    # dbt may swallow the interrupt and report a failed node instead: hence the note in `asked`.
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    # Views of base give the moments that dbt reads, whatever zone the machine is in.
    os.environ["TZ"] = "UTC"
    try:
        cli.main(arguments, prog_name="plumbline", standalone_mode=False)
    except (click.exceptions.Abort, KeyboardInterrupt):
        interrupted()
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except Exception as error:
        if asked:
            interrupted()
        known = explain(error)
        if known is None:
            raise
        print_error(known)
        sys.exit(1)


def interrupted() -> None:
    """Say so, and leave with the code that shells expect."""
    print_error(UserError("interrupted", "run the same command again; nothing was lost"))
    sys.exit(130)
