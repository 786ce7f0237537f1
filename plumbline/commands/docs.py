"""Makes the docs site, and serves it."""

from __future__ import annotations

import functools
import threading
from datetime import date

import click

from plumbline.commands.options import source_options
from plumbline.config import load_settings
from plumbline.night.last_build import last_build
from plumbline.site.docs import build_site, serve_site
from plumbline.store.dbt import Dbt
from plumbline.store.lock import run_lock
from plumbline.terminal import Stages, make_console, shown


@click.command()
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
    settings, console = load_settings(source, raw), make_console()
    stages = Stages(console, 1)
    with run_lock(settings):
        _, variables = last_build(settings, as_of)
        with stages.stage("Docs site") as step:
            site = build_site(Dbt(settings, variables), step.update, with_lineage=True)
            step.outcome = f"{site.counted}: {shown(site.page)}"
    if site.told:
        console.print(site.told, markup=False)
    if not serve:
        return
    with serve_site(settings, port) as server:
        console.print(f"http://127.0.0.1:{port}  (Ctrl-C ends it)")
        threading.Thread(target=functools.partial(server.serve_forever, 0.2), daemon=True).start()
        threading.Event().wait()
