"""Faults of the worklist's seeds stop the night with a line that names row and column."""

from __future__ import annotations

import duckdb
import pytest
from manifest import every_vendor
from seed_faults import told

SOUND = "assert_worklist_seeds_are_sound"
SEEDS = (
    "worklist_suppressions",
    "worklist_rules",
    "reason_playbooks",
    "playbooks",
    "feature_groups",
    "lead_bands",
    "lead_capacity",
    "csm_capacity",
)
ROW = "insert into worklist_suppressions values ({account}, {author}, 'r', {begin}, {end})"
KNOWN = {
    "account": "'a'",
    "author": "'u'",
    "begin": "date '2026-01-01'",
    "end": "date '2026-02-01'",
}


def row(**changed: str) -> str:
    """A suppression, with some of its cells changed."""
    return ROW.format(**{**KNOWN, **changed})


FAULTS = {
    row(end="null"): "seed worklist_suppressions: the row of a has no until_date",
    row(author="null"): "seed worklist_suppressions: the row of a has no author",
    row(account="null"): "seed worklist_suppressions: the row of nobody has no account_id",
    row(end="date '2026-01-01'"): "seed worklist_suppressions: the row of a ends before it begins",
    "delete from reason_playbooks where reason_group = 'term'": (
        "seed reason_playbooks: no playbook answers the reason group term"
    ),
    "delete from playbooks where playbook = 'executive_call'": (
        "seed reason_playbooks: reason group relationship has playbook executive_call, which seed"
        " playbooks does not hold: rows of a source replace all rows of any"
    ),
    "delete from lead_bands where target = 'expansion' and min_lift = 0": (
        "seed lead_bands: expansion has no colour from min_lift 0 on, so that accounts would have"
        " none"
    ),
    "delete from lead_capacity where target = 'conversion'": (
        "seed lead_capacity: conversion has no row default with slots: rows of a source replace"
        " all rows of any"
    ),
    "update lead_capacity set slots = null where target = 'expansion'": (
        "seed lead_capacity: expansion has no row default with slots: rows of a source replace"
        " all rows of any"
    ),
    "update csm_capacity set csm_id = 'u'": (
        "seed csm_capacity: there is no row default: rows of a source replace all rows of any"
    ),
    "delete from worklist_rules where rule_name = 'cool_down'": (
        "seed worklist_rules: there is no cool_down, in days"
    ),
}
"""A change of the seeds, and what the night says of it."""


def test_a_suppression_of_nobody_is_told() -> None:
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as plumbline; use plumbline")
        connection.execute("create schema core; create schema reference")
        connection.execute("create table core.dim_accounts as select 'a' as account_id")
        connection.execute(
            "create table reference.worklist_suppressions as"
            " select unnest(['a', 'mistyped']) as account_id, date '2999-01-01' as until_date"
        )
        query = every_vendor().sql["warn_suppressions_name_accounts_on_file"]
        assert connection.execute(query).fetchall() == [
            (
                "seed worklist_suppressions: account mistyped is not on file, and suppresses"
                " nobody: is the id mistyped?",
            )
        ]


def test_seeds_as_they_are_have_no_fault() -> None:
    assert told(SOUND, SEEDS) == []
    assert told(SOUND, SEEDS, row(), row(begin="date '2026-02-01'", end="date '2026-03-01'")) == []


@pytest.mark.parametrize("change", FAULTS)
def test_a_fault_of_a_seed_is_told(change: str) -> None:
    assert told(SOUND, SEEDS, change) == [FAULTS[change]]
