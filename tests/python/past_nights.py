"""Plants nights of the past: a warehouse of one night has no outcome to judge yet."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb

LISTED = 25
# Three managers with 7 slots each: the list is longer than the team's slots.
MANAGERS, SLOTS = 3, 7
# Scores know something of what came, and are noisy; equal ones are planted, too.
SCORED = """
create temp table planted as
with nights as (
    select night::date as as_of_date
    from unnest(generate_series($first, $last, interval 3 day)) as nights(night)
    where date_trunc('month', night) <> $without
),
scored as (
    select features.as_of_date, features.account_id, features.life_number, features.mrr,
        round(1 / (1 + exp(3 - 4 * (hash(account_id, as_of_date) % 1000) / 1000.0 - 1.5 * exists (
            select 1 from core.fct_account_churns as churns
            where churns.account_id = features.account_id
                and churns.churn_date between as_of_date and as_of_date + 59
        )::integer)), 2) as probability
    from features.feat_accounts_daily as features
    semi join nights using (as_of_date)
    where is_paying
)
select *, row_number() over (partition by as_of_date order by probability desc, account_id)
    as risk_rank
from scored;

insert into ml.predictions
    (run_id, model_version, target, as_of_date, account_id, probability, log_odds,
     baseline_log_odds)
select (select max(run_id) from ops.runs where state = 'published'),
    (select max(model_version) from ml.model_runs where target = 'churn'),
    'churn', as_of_date, account_id, probability, ln(probability / (1 - probability)), 0
from planted;

insert into risk.rpt_at_risk_accounts_history
    (run_id, as_of_date, account_id, life_number, model_version, risk_rank, churn_probability,
     risk_tier, is_on_worklist, arr_usd, csm_id, csm_slots)
select (select max(run_id) from ops.runs where state = 'published'),
    as_of_date, account_id, life_number,
    (select max(model_version) from ml.model_runs where target = 'churn'),
    risk_rank, probability, 'high', risk_rank <= $listed, mrr * 12,
    nullif('m' || hash(account_id) % $managers, 'm0'), $slots
from planted;
"""


def plant_past_nights(build_file: Path, first: date, last: date, without: date) -> int:
    """Score and list every third night of the past, in the private file.

    Parameters
    ----------
    without : date
        First day of a month without a night.

    Returns
    -------
    int
        Rows planted, one per paying account and night.
    """
    values = {
        "first": first,
        "last": last,
        "without": without,
        "listed": LISTED,
        "managers": MANAGERS,
        "slots": SLOTS,
    }
    with duckdb.connect(str(build_file)) as connection:
        for statement in SCORED.split(";"):
            if statement.strip():
                used = {name: value for name, value in values.items() if f"${name}" in statement}
                connection.execute(statement, used)
        return connection.execute("select count(*) from planted").fetchone()[0]
