"""The command that looks at raw exports before anything is built."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from plumbline.config import ROOT, load_settings
from plumbline.errors import UserError
from plumbline.terminal import bars, make_console


@click.command("inspect")
@click.option(
    "--raw",
    type=click.Path(path_type=Path),
    envvar="PLUMBLINE_RAW",
    help="Folder of the raw exports (or PLUMBLINE_RAW).",
)
@click.option(
    "--source", metavar="NAME", help="Name of the proposed section. [default: the folder's]"
)
@click.option("--write", is_flag=True, help="Append the section to plumbline.toml; needs --source.")
def inspect(raw: Path | None, source: str | None, write: bool) -> None:
    """Say what lies in a folder of raw exports, before any build.

    Which vendor and which sync tool (Airbyte, Fivetran, dlt, the project's own layout, plain
    files), which objects, rows, dates; what would stop a night or make figures wrong, with the
    remedy; and the section for plumbline.toml. Reads Parquet, CSV and JSON, zipped or not:
    footers and samples, and says where a figure is of a sample. No text of a person is shown.

    \b
    Examples:
      plumbline inspect --raw ../exports
      plumbline inspect --raw ../exports --source acme --write
    """
    from plumbline.inspect_raw.look import look_at
    from plumbline.inspect_raw.page import print_look
    from plumbline.inspect_raw.proposal import propose, source_name, write_section

    if raw is None:
        raise UserError("inspect needs a folder", "give --raw PATH, or set PLUMBLINE_RAW")
    if write and source is None:
        raise UserError("--write needs a name for the section", "give --source NAME")
    console = make_console()
    if console.is_terminal:
        with bars(console) as progress:
            task = progress.add_task("Looking", total=None, what="")
            look = look_at(
                raw,
                ROOT,
                lambda done, total, what: progress.update(
                    task, completed=done, total=total, what=what[:38]
                ),
                _variables(source, raw),
            )
    else:
        look = look_at(raw, ROOT, variables=_variables(source, raw))
    name = source_name(look, source)
    section = propose(look, name, ROOT)
    print_look(look, section, console)
    if write:
        file = write_section(section, name, ROOT)
        console.print(f"written to {file.name}: plumbline nightly --source {name}", markup=False)


def _variables(source: str | None, raw: Path) -> Mapping[str, Any]:
    """dbt vars of a section that is there already."""
    try:
        return load_settings(source, raw).dbt_vars if source else {}
    except UserError:
        return {}
