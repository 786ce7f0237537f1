"""Proofs: truths about what a run left, each measured anew on demand.

To add one, write a function and decorate it, or register a dbt selection:

    @proof("name", "What holds, in one line.")
    def check_name(context: Context) -> Proven:
        ...

    dbt_proof("name", "What holds, in one line.", "tag:something")
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

import duckdb
from rich.console import Console

from plumbline.config import Settings
from plumbline.errors import UserError
from plumbline.night import additivity
from plumbline.store.dbt import Dbt

# The list of everybody and each manager's: how often its most frequent first reason stands there.
FIRST_REASONS = """
    with listed as (
        select 'all managers' as list_name, reason_1 from risk.rpt_at_risk_accounts
        where is_on_worklist
        union all
        select coalesce(csm_id, 'unassigned'), reason_1 from risk.rpt_at_risk_accounts
        where is_on_worklist
    ),
    counted as (
        select list_name, reason_1, count(*) as repeated from listed group by all
    )
    select list_name, max(repeated), sum(repeated)::integer, arg_max(reason_1, repeated)
    from counted group by list_name having sum(repeated) >= 20 order by list_name
"""


@dataclass(frozen=True)
class Context:
    """What a proof may look at.

    Attributes
    ----------
    as_of : date
        T of the state to look at.
    variables : mapping
        dbt vars with which that state was built.
    console : rich.console.Console
        Where a proof that takes long shows how far it is.
    """

    settings: Settings
    as_of: date
    variables: dict[str, object]
    console: Console = field(default_factory=lambda: Console(quiet=True))

    def open_build(self) -> duckdb.DuckDBPyConnection:
        """Open the private file, read only."""
        return duckdb.connect(str(self.settings.build_file), read_only=True)


@dataclass(frozen=True)
class Proven:
    """The outcome of a proof.

    Attributes
    ----------
    measured : str
        What was counted, in one line.
    """

    is_passed: bool
    measured: str


@dataclass(frozen=True)
class Proof:
    """A registered proof."""

    name: str
    description: str
    run: Callable[[Context], Proven]


PROOFS: dict[str, Proof] = {}


def proof(
    name: str, description: str
) -> Callable[[Callable[[Context], Proven]], Callable[[Context], Proven]]:
    """Register a function as a proof under a name."""

    def register(function: Callable[[Context], Proven]) -> Callable[[Context], Proven]:
        if name in PROOFS:
            raise ValueError(f"a proof named {name} is registered already")
        PROOFS[name] = Proof(name, description, function)
        return function

    return register


def dbt_proof(name: str, description: str, *select: str) -> None:
    """Register the dbt tests of a selection as a proof."""

    def run(context: Context) -> Proven:
        variables = {**context.variables, "tests_read_everything": True}
        outcome = Dbt(context.settings, variables).test(select)
        failed = outcome.failed
        if not outcome.tests:
            return Proven(False, f"no test matches {' '.join(select)}")
        if failed:
            return Proven(False, f"{len(failed)} of {len(outcome.tests)} fail: {failed[0].line}")
        return Proven(True, f"{len(outcome.tests)} tests pass")

    proof(name, description)(run)


def select_proofs(name: str | None) -> list[Proof]:
    """The proof of that name, or all.

    Raises
    ------
    UserError
        No proof has that name.
    """
    if name is None:
        return list(PROOFS.values())
    if name not in PROOFS:
        raise UserError(f"there is no proof '{name}'", f"known: {', '.join(sorted(PROOFS))}")
    return [PROOFS[name]]


@proof(
    "reasons-add-up",
    "For every explained account of every night, baseline + contributions = log-odds within 1e-6.",
)
def reasons_add_up(context: Context) -> Proven:
    """Every explanation kept in the private file sums to its score."""
    with context.open_build() as connection:
        found = additivity.measure(connection, "true", [])
    if found.scored == 0:
        return Proven(True, "nothing is scored yet, so there is nothing to add up")
    return Proven(
        found.is_passed,
        f"{found.scored:,} scores, {found.explained:,} of {found.required:,} explained,"
        f" {found.wrong:,} wrong, largest gap {found.largest_gap:.1e}",
    )


@proof(
    "point-in-time",
    "Features of past dates stay the same when what only the future knew lies in the raw files.",
)
def point_in_time(context: Context) -> Proven:
    """The past is built again beside the future, in a scratch warehouse."""
    from plumbline.proofs.point_in_time import prove  # needs the names above

    return prove(context, context.console)


dbt_proof(
    "features-recounted",
    "Usage and ticket features, now and weeks ago, equal a plain count over the staged facts.",
    "assert_usage_features_equal_a_plain_count",
    "assert_ticket_features_equal_a_plain_count",
    "assert_features_carry_the_mrr_of_their_day",
)
dbt_proof(
    "terms-begun",
    "MRR and terms in features come from subscriptions known and begun before their date.",
    "assert_features_hold_no_later_term",
)
dbt_proof(
    "nothing-lost",
    "Every account has every day of its life once, every event counts once.",
    "assert_features_have_every_account_day_once",
    "assert_account_days_count_each_user_once",
    "assert_events_count_once",
)
dbt_proof(
    "keys-whole",
    "Every key is unique and complete, what must hold a value does: whole tables, raw ones too.",
    "test_name:unique_combination_of_columns",
    "test_name:never_null",
    "test_name:unique",
    "test_name:not_null",
)
dbt_proof(
    "labels-honest",
    "Only mature labels are read, and churned accounts stay in the training examples.",
    "assert_training_labels_are_mature",
    "assert_training_examples_keep_churned_accounts",
)
dbt_proof(
    "worklist-whole",
    "Every scored account is listed once, within capacity and worth its contact; sums are right.",
    "assert_worklist_has_every_scored_account_once",
    "assert_worklist_keeps_to_capacity",
    "assert_worklist_is_worth_its_contacts",
    "assert_arr_at_risk_is_within_arr",
    "assert_segments_sum_to_total_mrr",
)
dbt_proof(
    "reasons-honest",
    "Groups of reasons add up to every score; no reason names what was not known that night.",
    "assert_reason_groups_sum_to_the_score",
    "assert_reasons_name_what_was_known",
)


@proof(
    "reasons-differ",
    "On no list of 20 accounts or more do more than a tenth share their first reason.",
)
def reasons_differ(context: Context) -> Proven:
    """A sentence that half of a list repeats tells a manager nothing."""
    with context.open_build() as connection:
        lists = connection.execute(FIRST_REASONS).fetchall()
    if not lists:
        return Proven(True, "no list of 20 accounts, so none can repeat itself")
    name, shared, listed, sentence = max(lists, key=lambda row: row[1] / row[2])
    told = f"'{sentence}'" if sentence else "no reason at all"
    return Proven(
        all(10 * repeated <= accounts for _, repeated, accounts, _ in lists),
        f"{len(lists):,} lists, most alike {shared:,} of {listed:,} ({name}): {told}",
    )


dbt_proof(
    "health-adds-up",
    "Every paying account's health score is the sum of its contributions, to the last decimal.",
    "assert_health_is_the_sum_of_its_parts",
    "assert_health_seeds_are_sound",
)
dbt_proof(
    "index-adds-up",
    "The revenue-health index is its components; its change is its drivers, and theirs accounts'.",
    "assert_index_changes_are_their_drivers",
    "assert_outlook_seeds_are_sound",
)
dbt_proof(
    "forecast-honest",
    "A forecast of ARR is the sum of its parts and has learnt only from what had come by then.",
    "assert_forecasts_know_only_their_past",
)
dbt_proof(
    "revenue-balances",
    "Movements are the change of MRR to the cent; retention is of closed cohorts, within bounds.",
    "assert_movements_balance_to_mrr",
    "assert_mrr_is_that_of_the_subscriptions",
    "assert_retention_keeps_its_bounds",
)
dbt_proof(
    "catalogue-adds-up",
    "Every cut of a metric sums to its total, every node of the driver tree to its parent.",
    "assert_metric_cuts_sum_to_their_total",
    "assert_metric_values_keep_their_sides",
    "assert_drivers_sum_to_their_parent",
)
dbt_proof(
    "models-behave",
    "Every window, label and tier gives the hand-computed rows (dbt unit tests).",
    "test_type:unit",
)
