"""Customer-success platform and dashboard views."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from plumbline.demo import text
from plumbline.demo.accounts import CSM_IDS, Accounts
from plumbline.demo.care import ARMS, EXPERIMENT, PLAYBOOKS
from plumbline.demo.config import END, Config, stream, weekday
from plumbline.demo.contacts import Contacts
from plumbline.demo.draws import alive, logistic, occurrences, office_second
from plumbline.demo.latent import Latent
from plumbline.demo.simulation import World
from plumbline.demo.writer import NAT, Tables, known, make_table, moment

_RISKS = ("usage_decline", "low_adoption", "support_pain", "champion_left", "renewal_due")
_GOALS = ("weekly active team", "projects on time", "reports automated", "guests invited")
_DASHBOARDS = ("Revenue health", "At-risk accounts", "Adoption", "Support load", "Renewals")


def intervention_ids(world: World) -> pa.Array:
    """Identifiers of the interventions, in the order of the world's table."""
    return text.ids("itv_", len(world.interventions["account"]), 12)


def platform_tables(
    config: Config,
    accounts: Accounts,
    latent: Latent,
    world: World,
    contacts: Contacts,
    key_changes: np.ndarray,
) -> Tables:
    """Build the customer-success platform's tables and the dashboard views."""
    rng = stream(config, "cs_platform")
    return {
        ("cs_platform", "interventions"): _interventions(rng, accounts, world),
        ("cs_platform", "key_contact_changes"): _key_changes(rng, accounts, contacts, key_changes),
        ("cs_platform", "business_reviews"): _reviews(rng, accounts, latent, world),
        ("cs_platform", "experiment_assignments"): _assignments(rng, accounts, world),
        ("dashboards", "dashboard_views"): _views(rng),
    }


def _interventions(rng, accounts: Accounts, world: World) -> pa.Table:
    t = world.interventions
    n = len(t["account"])
    row = np.concatenate([np.arange(n)] * 2)
    final = np.arange(2 * n) >= n
    created = moment(t["planned"], office_second(rng, n))
    held = moment(t["held"], office_second(rng, n))
    at = np.where(final, held[row], created[row])
    done = final & (t["status"][row] == 1)
    outcome = text.picked(("engaged", "no_answer", "follow_up"), rng.integers(0, 3, 2 * n))
    # call, email, meeting; some take longer
    minutes = np.array([25, 10, 55])[row % 3] + row * 11 % 20
    return make_table(
        "cs_platform",
        "interventions",
        id=intervention_ids(world).take(pa.array(row)),
        account_id=accounts.id.take(pa.array(t["account"][row])),
        csm_id=text.picked(CSM_IDS, accounts.owner[t["account"][row]]),
        playbook=text.picked((*PLAYBOOKS, *ARMS), t["playbook"][row]),
        channel=text.picked(("call", "email", "meeting"), row % 3),
        risk_reason=text.picked(_RISKS, row * 7 % 5),
        status=text.picked(("planned", "done", "cancelled"), np.where(final, t["status"][row], 0)),
        occurred_at=np.where(done, held[row], NAT),
        outcome=text.masked(outcome, done),
        minutes=pa.array(minutes, mask=~done),
        created_at=created[row],
        updated_at=at,
        _extracted_at=known(rng, at),
    )


def _key_changes(rng, accounts: Accounts, contacts: Contacts, changes: np.ndarray) -> pa.Table:
    seen = changes[rng.random(len(changes)) < 0.85]
    n = len(seen)
    other = np.flatnonzero(~contacts.is_champion & (contacts.created >= 0))
    other = other[rng.random(len(other)) < 0.10]
    day = np.concatenate([seen["day"], contacts.created[other]])
    account = np.concatenate([seen["account"], contacts.account[other]])
    contact = np.concatenate([seen["contact"], other])
    joins = np.concatenate([seen["joins"], np.ones(len(other), bool)])
    role = np.arange(len(day)) >= n
    happened = moment(day, office_second(rng, len(day)))
    entered = happened + rng.integers(0, 9, len(day)) * 86_400_000_000
    return make_table(
        "cs_platform",
        "key_contact_changes",
        id=text.ids("kcc_", len(day), 12),
        account_id=accounts.id.take(pa.array(account)),
        contact_id=contacts.id.take(pa.array(contact)),
        role=text.picked(("champion", "decision_maker"), role.astype(int)),
        change=text.picked(("left", "joined"), joins.astype(int)),
        changed_at=happened,
        created_at=entered,
        _extracted_at=known(rng, entered),
    )


def _reviews(rng, accounts: Accounts, latent: Latent, world: World) -> pa.Table:
    rate = np.array([1 / 80, 1 / 95, 1 / 300, 0.0])[accounts.segment]
    day, who = occurrences(rng, rate * alive(world))
    n = len(who)
    held = day + rng.integers(10, 25, n)
    x = latent.drivers[held, :, who]
    chance = logistic(
        1.8
        + 0.6 * x[:, 0]
        - 1.5 * latent.decline[held, who]
        - 1.2 * latent.champion_gone[held, who]
    )
    shows = rng.random(n) < chance
    ratio = 0.62 + 0.16 * x[:, 1] + 0.1 * x[:, 0] - 0.25 * latent.decline[held, who]
    ratio = np.clip(ratio + 0.18 * rng.standard_normal(n), 0, 1.4)
    target = rng.integers(4, 30, (n, 2))
    reached = np.floor(target * np.clip(ratio[:, None] + rng.normal(0, 0.1, (n, 2)), 0, 1.5))
    goal = rng.integers(0, len(_GOALS), n)
    row = np.concatenate([np.arange(n)] * 2)
    final = np.arange(2 * n) >= n
    held_goals = final & shows[row]
    value = np.where(held_goals[:, None], reached[row], 0).astype(np.int64)
    goals = text.joined(
        '[{"name":"',
        text.picked(_GOALS, goal[row]),
        '","target":',
        target[row, 0],
        ',"achieved":',
        value[:, 0],
        '},{"name":"',
        text.picked(_GOALS, (goal[row] + 1) % 4),
        '","target":',
        target[row, 1],
        ',"achieved":',
        value[:, 1],
        "}]",
    )
    created = moment(day, office_second(rng, n))
    scheduled = moment(held, 50_400)
    at = np.where(final, scheduled[row] + 3_600_000_000, created[row])
    return make_table(
        "cs_platform",
        "business_reviews",
        id=text.ids("qbr_", row, 12),
        account_id=accounts.id.take(pa.array(who[row])),
        scheduled_at=scheduled[row],
        held_at=np.where(held_goals, scheduled[row], NAT),
        status=text.picked(
            ("scheduled", "held", "missed"), np.where(final, np.where(shows[row], 1, 2), 0)
        ),
        goals=goals,
        created_at=created[row],
        updated_at=at,
        _extracted_at=known(rng, at),
    )


def _assignments(rng, accounts: Accounts, world: World) -> pa.Table:
    t = world.assignments
    n = len(t["account"])
    at = moment(t["day"], office_second(rng, n))
    return make_table(
        "cs_platform",
        "experiment_assignments",
        id=text.ids("exa_", n, 12),
        experiment_name=text.picked((EXPERIMENT,), np.zeros(n, dtype=int)),
        account_id=accounts.id.take(pa.array(t["account"])),
        variant=text.picked(ARMS, t["arm"]),
        assigned_at=at,
        _extracted_at=known(rng, at),
    )


def _views(rng: np.random.Generator) -> pa.Table:
    days = np.arange(END)
    count = rng.poisson(np.where(weekday(days) < 5, 14, 1))
    day = np.repeat(days, count)
    n = len(day)
    at = moment(day, office_second(rng, n))
    viewer = rng.integers(0, 20, n)
    return make_table(
        "dashboards",
        "dashboard_views",
        id=text.ids("dbv_", n, 12),
        dashboard_name=text.picked(_DASHBOARDS, rng.choice(5, n, p=[0.35, 0.3, 0.15, 0.1, 0.1])),
        viewer_id=text.joined("staff_", viewer),
        viewed_at=at,
        _extracted_at=known(rng, at),
    )
