"""Opens the private file."""

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
