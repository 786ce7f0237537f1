"""Planted faults of the links between systems: which are found, and which nobody can find."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
from conftest import World
from manifest import every_vendor

INPUTS = (
    "core.dim_accounts",
    "staging.stg_master_records__account_versions",
    "staging.stg_master_records__workspace_versions",
    "staging.stg_subscription__customer_versions",
    "staging.stg_subscription__subscription_versions",
)
WORKSPACES = "staging.stg_master_records__workspace_versions"
# One record in fifty of each kind; `hash` draws them the same way on every run.
DRAWN = "hash({key} || '{kind}') % 50 = 0"
FAULTS = {
    "missing": f"update {WORKSPACES} set account_id = null where {{drawn}}",
    "mistyped": f"update {WORKSPACES} set account_id = account_id || 'X' where {{drawn}}",
    # a second account claims it later
    "doubled": f"insert into {WORKSPACES} by name select * replace ("
    "(select min(account_id) from core.dim_accounts) as account_id,"
    f" known_at + interval 1 hour as known_at) from {WORKSPACES} where {{drawn}}",
    # another account from the first day on: two workspaces of one account are nothing unusual
    "swapped": f"update {WORKSPACES} set account_id = (select max(account_id)"
    " from core.dim_accounts) where {drawn}",
}
FOUND = {
    "missing": "names no account",
    "mistyped": "account not on file",
    "doubled": "names several accounts",
}


@pytest.fixture
def world(ci_world: World) -> Iterator[duckdb.DuckDBPyConnection]:
    """What the models read of the ci world, in memory."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'; attach ':memory:' as plumbline")
        connection.execute(f"attach '{ci_world.build_file}' as built (read_only)")
        for schema in ("core", "staging", "quality"):
            connection.execute(f"create schema plumbline.{schema}")
        for relation in INPUTS:
            connection.execute(f"create table plumbline.{relation} as from built.{relation}")
        connection.execute("use plumbline")
        yield connection


def conflicts(connection: duckdb.DuckDBPyConnection) -> dict[str, set[str]]:
    """Records in conflict, by its words."""
    sql = every_vendor().sql
    for schema, model in (("core", "dim_identities"), ("quality", "rpt_identity_conflicts")):
        connection.execute(f"create or replace table {schema}.{model} as {sql[model]}")
    found: dict[str, set[str]] = {}
    for conflict, record in connection.execute(
        "select conflict, record_id from quality.rpt_identity_conflicts"
    ).fetchall():
        found.setdefault(conflict, set()).add(record)
    return found


def plant(connection: duckdb.DuckDBPyConnection, kind: str) -> set[str]:
    """Plant a fault, and return the workspaces that have it."""
    drawn = DRAWN.format(key="workspace_id", kind=kind)
    planted = connection.execute(
        f"select distinct workspace_id from {WORKSPACES} where {drawn}"
    ).fetchall()
    connection.execute(FAULTS[kind].format(drawn=drawn))
    return {workspace for (workspace,) in planted}


@pytest.mark.parametrize("kind", FOUND)
def test_every_planted_fault_is_found_and_nothing_else(
    world: duckdb.DuckDBPyConnection, kind: str
) -> None:
    before = conflicts(world)
    planted = plant(world, kind)
    after = conflicts(world)
    assert len(planted) > 2
    assert after[FOUND[kind]] - before.get(FOUND[kind], set()) == planted
    # an account whose only workspace was taken away pays without one
    others = {"pays, and has no workspace", "account deleted or merged in the CRM"}
    for conflict in set(after) - {FOUND[kind]} - others:
        assert after[conflict] == before.get(conflict, set()), conflict


def test_a_swapped_link_shows_only_where_it_leaves_an_account_without_use(
    world: duckdb.DuckDBPyConnection,
) -> None:
    """A wrong account that is on file looks like a right one; the one that lost it is told."""
    was = dict(
        world.execute(
            f"select workspace_id, max(account_id) from {WORKSPACES} group by 1"
        ).fetchall()
    )
    before = conflicts(world)
    planted = plant(world, "swapped")
    after = conflicts(world)
    lost = {was[workspace] for workspace in planted}
    paying = {
        account
        for (account,) in world.execute(
            "select account_id from core.dim_accounts where is_paying"
        ).fetchall()
    }
    without = "pays, and has no workspace"
    assert after[without] - before.get(without, set()) == (lost & paying) - {max(was.values())}
    assert lost & paying
