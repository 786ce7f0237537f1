"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from plumbline.config import DEFAULT_SOURCE
from plumbline.errors import UserError

AS_OF_HELP = (
    "T, YYYY-MM-DD: only what was known before this day is visible. "
    "[default: the day after the latest landed day]"
)


class Day(click.ParamType):
    """A date `YYYY-MM-DD`."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Parse the date, or say how one is written."""
        if isinstance(value, date):
            return value
        try:
            return datetime.strptime(value, "%Y-%m-%d").date()
        except ValueError:
            raise UserError(
                f"'{value}' is not a date", "write it as YYYY-MM-DD, for instance 2026-02-28"
            ) from None


def source_options(with_date: bool = True) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Options --source, --raw and, where the command has a date, --as-of."""

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        function = click.option(
            "--raw", type=click.Path(), help="Folder of the raw exports (or PLUMBLINE_RAW)."
        )(function)
        function = click.option(
            "--source",
            default=DEFAULT_SOURCE,
            show_default=True,
            metavar="NAME",
            help="Section [source.NAME] of plumbline.toml.",
        )(function)
        if with_date:
            function = click.option("--as-of", type=Day(), metavar="DATE", help=AS_OF_HELP)(
                function
            )
        return function

    return decorate


def file_options(function: Callable[..., None]) -> Callable[..., None]:
    """Options --csv and --xlsx of a list: `csv_file`, `xlsx_file`."""
    for kind, what in (("xlsx", "this Excel file"), ("csv", "this file")):
        function = click.option(
            f"--{kind}",
            f"{kind}_file",
            metavar="FILE",
            type=click.Path(dir_okay=False, path_type=Path),
            help=f"Write the list to {what}, too.",
        )(function)
    return function
