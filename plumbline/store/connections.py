"""Opens the private file, and the published one."""

from __future__ import annotations

import duckdb

from plumbline.config import Settings
from plumbline.errors import UserError, explain_engine_text


def open_private(settings: Settings) -> duckdb.DuckDBPyConnection:
    """Open the private file for writing.

    Raises
    ------
    UserError
        Another program holds it, or it is damaged.
    """
    try:
        return duckdb.connect(str(settings.build_file))
    except duckdb.Error as error:
        known = explain_engine_text(str(error))
        raise known or UserError(
            f"{settings.build_file} cannot be opened: {error}",
            "move it away and run again: the next run builds it anew",
        ) from None


def open_published(settings: Settings) -> duckdb.DuckDBPyConnection:
    """Open the published file, read only.

    Raises
    ------
    UserError
        Nothing was published yet, or the file is damaged.
    """
    if not settings.published_file.exists():
        raise UserError(
            f"nothing is published yet for source '{settings.source}'",
            "run `plumbline nightly`, or wait for the run that is at work",
        )
    try:
        return duckdb.connect(str(settings.published_file), read_only=True)
    except duckdb.Error as error:
        raise explain_engine_text(str(error)) or UserError(
            f"{settings.published_file} cannot be opened: {error}",
            "the next published night writes it anew",
        ) from None
