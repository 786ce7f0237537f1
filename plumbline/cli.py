"""The `plumbline` command."""

from __future__ import annotations

import logging
import os
import signal
import sys

import click

from plumbline.commands.alert import alert
from plumbline.commands.backfill import backfill
from plumbline.commands.backtest import backtest
from plumbline.commands.compare import compare
from plumbline.commands.demo import demo
from plumbline.commands.docs import docs
from plumbline.commands.inspect import inspect
from plumbline.commands.leads import leads
from plumbline.commands.models import models
from plumbline.commands.nightly import nightly
from plumbline.commands.promote import promote
from plumbline.commands.rollback import rollback
from plumbline.commands.score import score
from plumbline.commands.sync import sync
from plumbline.commands.trace import trace
from plumbline.commands.train import train
from plumbline.commands.verify import verify
from plumbline.commands.worklist import worklist
from plumbline.errors import UserError, explain
from plumbline.terminal import print_error


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


for command in (
    alert,
    backfill,
    backtest,
    compare,
    demo,
    docs,
    inspect,
    leads,
    models,
    nightly,
    promote,
    rollback,
    score,
    sync,
    trace,
    train,
    verify,
    worklist,
):
    cli.add_command(command)


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
