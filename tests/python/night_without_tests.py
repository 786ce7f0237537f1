"""`plumbline` whose builds leave the data tests out, for nights that are about something else.

A third of a night's time on a `ci` world; the nights of `ci_world` and the second one of the
incremental family run them all.
"""

from __future__ import annotations

from plumbline.cli import main
from plumbline.store import dbt

if __name__ == "__main__":
    dbt.BUILT_BY_NOTHING = (*dbt.BUILT_BY_NOTHING, "test")
    main()
