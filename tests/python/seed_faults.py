"""What a test of reference seeds says of them, with some rows changed."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
from conftest import ROOT
from manifest import every_vendor


def told(test: str, seeds: Sequence[str], *changes: str) -> list[str]:
    """What a singular test says of its seeds, as they are in the tree but for some SQL.

    Parameters
    ----------
    test : str
        Its name; all that it reads are the seeds.
    """
    manifest = every_vendor().manifest
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as plumbline; use plumbline; create schema reference")
        connection.execute("use plumbline.reference")
        for seed in seeds:
            types = manifest["nodes"][f"seed.plumbline.{seed}"]["config"]["column_types"]
            columns = ", ".join(f"'{name}': '{kind}'" for name, kind in types.items())
            file = ROOT / "seeds" / "reference" / f"{seed}.csv"
            connection.execute(
                f"create table {seed} as"
                f" from read_csv('{file}', header = true, columns = {{{columns}}})"
            )
        for change in changes:
            connection.execute(change)
        return sorted(line for (line,) in connection.execute(every_vendor().sql[test]).fetchall())
