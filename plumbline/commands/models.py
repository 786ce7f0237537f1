"""Lists the models, and who was champion when."""

from __future__ import annotations

import contextlib

import click
from rich import box
from rich.table import Table
from rich.text import Text

from plumbline.commands.options import source_options
from plumbline.config import load_settings
from plumbline.errors import UserError
from plumbline.night.last_build import open_built
from plumbline.store.connections import open_published
from plumbline.store.lock import lock_if_free
from plumbline.terminal import make_console, shown

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
# Columns that people copy from. The name of a model begins with its target.
WHOLE = ("from", "model", "stage")


@click.command()
@source_options(with_date=False)
def models(source: str, raw: str | None) -> None:
    """List the models, and who was champion when.

    \b
    Example:
      plumbline models
    """
    settings, console = load_settings(source, raw), make_console()
    with contextlib.ExitStack() as stack:
        # A night has the private file for itself: meanwhile, what it published last.
        holder = stack.enter_context(lock_if_free(settings))
        connection = stack.enter_context(
            open_published(settings) if holder else open_built(settings)
        )
        rows = connection.execute(MODELS).fetchall()
        changes = connection.execute(
            "select since_date, target, stage, model_version, reason from ml.model_stages"
            " order by target, since_date, recorded_at, stage"
        ).fetchall()
    if holder:
        console.print(
            f"A run is at work (process {holder}): models as {shown(settings.published_file)} has"
            " them.",
            markup=False,
        )
    if not rows:
        raise UserError("no model was trained yet", "run `plumbline nightly`")
    champions = {target: version for _, target, stage, version, _ in changes if stage == "champion"}
    table = Table(title="Models", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("model", "stage", "kind", "AUC, last period", "outcome"):
        table.add_column(name, no_wrap=name in WHOLE, overflow="fold")
    for target, version, _, kind, auc, lower, upper, verdict, decision in rows:
        stage = "champion" if champions.get(target) == version else "candidate"
        if stage == "candidate" and any(v == version for _, _, _, v, _ in changes):
            stage = "retired"
        measured = "" if auc is None else f"{auc:.3f} ({lower:.3f} to {upper:.3f})"
        style = "bold" if stage == "champion" else ""
        table.add_row(
            version,
            Text(stage, style),
            (kind or "none").replace("_", " "),
            measured,
            decision or verdict.replace("_", " "),
        )
    console.print(table)
    past = Table(
        title="Who was champion when", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False
    )
    for name in ("from", "model", "stage", "why"):
        past.add_column(name, no_wrap=name in WHOLE, overflow="fold")
    for since, _, stage, version, reason in changes:
        past.add_row(str(since), version, stage, reason)
    console.print(past)
