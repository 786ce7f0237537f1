"""`plumbline` whose builds leave the data tests out, for nights that are about something else.

A third of a night's time on a `ci` world; the nights of `ci_world` and the second one of the
incremental family run them all.
"""

from __future__ import annotations

from collections.abc import Sequence

from plumbline.cli import main
from plumbline.store.dbt import Dbt, Report
from plumbline.store.outcomes import BuildOutcome

build = Dbt.build


def build_without_tests(
    dbt: Dbt, select: Sequence[str] = (), exclude: Sequence[str] = (), report: Report | None = None
) -> BuildOutcome:
    """Build models and seeds."""
    return build(dbt, select, (*exclude, "resource_type:test"), report)


if __name__ == "__main__":
    Dbt.build = build_without_tests
    main()
