"""The commands that look after models: which there are, and who is champion."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from pathlib import Path

import click
import duckdb
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from plumbline.commands.options import source_options
from plumbline.config import Settings, load_settings
from plumbline.errors import UserError
from plumbline.night import scoring
from plumbline.night.nightly import recover
from plumbline.store import ops, preflight

MODELS = """
    select
        runs.target, runs.model_version, runs.as_of_date, runs.model_kind,
        performance.metric_value, performance.lower_bound, performance.upper_bound,
        json_extract_string(runs.metrics, '$.verdict'),
        json_extract_string(runs.metrics, '$.decision')
    from ml.model_runs as runs
    left join ml.model_performance as performance
        on runs.model_version = performance.model_version
        and runs.model_kind = performance.model_kind
        and performance.slice = 'test'
        and performance.metric_name = 'auc_roc'
    order by runs.target, runs.as_of_date, runs.trained_at, runs.model_version
"""


@click.command()
@source_options(with_date=False)
def models(source: str, raw: str | None) -> None:
    """List the models, and who was champion when.

    \b
    Example:
      plumbline models
    """
    settings, console = load_settings(source, raw), Console(highlight=False)
    with preflight.run_lock(settings), open_built(settings) as connection:
        rows = connection.execute(MODELS).fetchall()
        changes = connection.execute(
            "select since_date, target, stage, model_version, reason from ml.model_stages"
            " order by target, since_date, recorded_at, stage"
        ).fetchall()
    if not rows:
        raise UserError("no model was trained yet", "run `plumbline nightly`")
    champions = {target: version for _, target, stage, version, _ in changes if stage == "champion"}
    table = Table(title="Models", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("target", "model", "stage", "kind", "AUC on the last period", "outcome"):
        table.add_column(name)
    for target, version, _, kind, auc, lower, upper, verdict, decision in rows:
        stage = "champion" if champions.get(target) == version else "candidate"
        if stage == "candidate" and any(v == version for _, _, _, v, _ in changes):
            stage = "retired"
        measured = "" if auc is None else f"{auc:.3f} ({lower:.3f} to {upper:.3f})"
        style = "bold" if stage == "champion" else ""
        table.add_row(
            target, version, Text(stage, style), kind or "none", measured,
            decision or verdict.replace("_", " "),
        )  # fmt: skip
    console.print(table)
    past = Table(title="Who was champion when", title_justify="left", box=box.SIMPLE_HEAD,
                 pad_edge=False)  # fmt: skip
    for name in ("from the night of", "target", "stage", "model", "why"):
        past.add_column(name)
    for since, target, stage, version, reason in changes:
        past.add_row(str(since), target, stage, version, reason)
    console.print(past)


@click.command()
@click.argument("run", metavar="RUN")
@source_options(with_date=False)
def promote(run: str, source: str, raw: str | None) -> None:
    """Make the model RUN champion from the next night on.

    RUN is a model's version, as `plumbline models` lists it. Its file is verified first. Nights
    that are published keep the champion they had.

    \b
    Example:
      plumbline promote churn-20260228-1a2b3c4d
    """
    from ml.stages import promote as make_champion

    settings = load_settings(source, raw)
    with preflight.run_lock(settings):
        since = next_night(settings)
        champion, previous = make_champion(
            settings.build_file, settings.models_folder, run, since, "promoted by hand",
            partial(scoring.fits_now, settings),
        )
    told = f" in the place of {previous}" if previous else ""
    _tell(f"{champion.model_version} is champion for {champion.target} from {since} on{told}")


@click.command()
@click.option("--target", default="churn", show_default=True, help="What the models foretell.")
@source_options(with_date=False)
def rollback(target: str, source: str, raw: str | None) -> None:
    """Make the champion of before champion again.

    It counts from the next night on.

    \b
    Example:
      plumbline rollback --target expansion
    """
    from ml.config import load_settings as load_knobs
    from ml.stages import rollback as roll_back

    settings = load_settings(source, raw)
    load_knobs().of(target)
    with preflight.run_lock(settings):
        since = next_night(settings)
        champion, previous = roll_back(
            settings.build_file, settings.models_folder, target, since,
            partial(scoring.fits_now, settings),
        )
    _tell(
        f"{champion.model_version} is champion for {target} again from {since} on, in the place of"
        f" {previous}"
    )


def next_night(settings: Settings) -> date:
    """First night that a change of champion may touch: after the last published one."""
    with open_built(settings) as connection:
        row = connection.execute(
            "select max(as_of_date) from ops.runs where state = ?", [ops.PUBLISHED]
        ).fetchone()
        built = connection.execute("select max(as_of_date) from ops.runs").fetchone()
    if row is not None and row[0] is not None:
        return row[0] + timedelta(days=1)
    if built is None or built[0] is None:
        raise UserError("no night was run yet", "run `plumbline nightly` first")
    return built[0]


def open_built(settings: Settings) -> duckdb.DuckDBPyConnection:
    """Open the private file, mended; it must exist.

    Raises
    ------
    UserError
        Nothing was built yet.
    """
    if not Path(settings.build_file).exists():
        raise UserError(
            f"nothing is built for source '{settings.source}'", "run `plumbline nightly` first"
        )
    recover(settings)
    return preflight.open_private(settings)


def _tell(sentence: str) -> None:
    console = Console(highlight=False)
    console.print(sentence, markup=False)
    console.print("next: plumbline nightly scores and publishes with it")
