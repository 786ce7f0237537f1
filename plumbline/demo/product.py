"""Product database: workspaces, users, memberships, products, plans."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa

from plumbline.demo import text
from plumbline.demo.accounts import ENTITLED, LIST_USD, PLAN_KEYS, PLAN_NAMES, REGIONS, Accounts
from plumbline.demo.config import CATEGORIES, END, NONE, Config, stream
from plumbline.demo.draws import known_accounts, office_second, stack
from plumbline.demo.people import BOT, HUMAN, INTERNAL, People
from plumbline.demo.writer import NAT, Tables, known, make_table, moment

_FIRST = (
    "Ada",
    "Ben",
    "Chloe",
    "Dan",
    "Elena",
    "Femi",
    "Grace",
    "Hugo",
    "Ines",
    "Jonas",
    "Kira",
    "Liam",
    "Maya",
    "Noah",
    "Olga",
    "Priya",
    "Quinn",
    "Rosa",
    "Sami",
    "Tara",
)
_LAST = (
    "Adler",
    "Brook",
    "Costa",
    "Dahl",
    "Evans",
    "Fischer",
    "Garcia",
    "Hansen",
    "Ito",
    "Jones",
    "Khan",
    "Lopez",
    "Meyer",
    "Novak",
    "Okoye",
    "Patel",
    "Rossi",
    "Silva",
    "Tan",
    "Weber",
)
_STEM = (
    "Harbour",
    "Summit",
    "Pioneer",
    "Lantern",
    "Meadow",
    "Granite",
    "Orbit",
    "Willow",
    "Beacon",
    "Cobalt",
    "Juniper",
    "Anchor",
    "Cedar",
    "Falcon",
    "Ridge",
    "Delta",
)
_TAIL = (
    "Works",
    "Labs",
    "Group",
    "Partners",
    "Studio",
    "Systems",
    "Foods",
    "Health",
    "Logistics",
    "Media",
    "Capital",
    "Schools",
)


def company_names(n: int) -> pa.Array:
    """Names of n companies."""
    i = np.arange(n)
    return text.joined(text.picked(_STEM, i * 7 % 16), " ", text.picked(_TAIL, i * 5 % 12), " ", i)


def person_names(index: np.ndarray) -> pa.Array:
    """Names of people, by number."""
    first = text.picked(_FIRST, index * 7 % 20)
    return text.joined(first, " ", text.picked(_LAST, index // 20 * 3 % 20))


def domains(n: int) -> pa.Array:
    """E-mail domains of n companies."""
    i = np.arange(n)
    stem = pa.array([s.lower() for s in _STEM]).take(pa.array(i * 7 % 16))
    return text.joined(stem, i, ".example.com")


def product_tables(config: Config, accounts: Accounts, people: People) -> Tables:
    """Build the product database's tables."""
    rng = stream(config, "product")
    return {
        ("product", "workspaces"): _workspaces(rng, accounts),
        ("product", "users"): _users(rng, accounts, people),
        ("product", "memberships"): _memberships(rng, accounts, people),
        ("product", "products"): _products(rng),
        ("product", "plans"): _plans(config, rng),
    }


def _workspaces(rng: np.random.Generator, accounts: Accounts) -> pa.Table:
    who = known_accounts(accounts)
    created = accounts.created[who]
    change = np.where(rng.random(len(who)) < 0.06, rng.integers(1, END, len(who)), NONE)
    change = np.where(change > created, change, NONE)
    gone = (change != NONE) & (rng.random(len(who)) < 0.05)
    rows = []
    for day, deleted in ((created, np.zeros(len(who), bool)), (change, gone)):
        on = np.flatnonzero(day != NONE)
        at = moment(day[on], office_second(rng, len(on)))
        rows.append(
            make_table(
                "product",
                "workspaces",
                id=accounts.workspace.take(pa.array(who[on])),
                name=text.joined(
                    company_names(len(accounts)).take(pa.array(who[on])),
                    "" if day is created else " (renamed)",
                ),
                crm_account_id=text.short_crm_ids(
                    accounts.id.take(pa.array(who[on])), who[on] % 37 == 5
                ),
                region=text.picked(REGIONS, accounts.region[who[on]]),
                created_at=moment(created[on], 20_000),
                updated_at=np.maximum(at, moment(created[on], 20_000)),
                _is_deleted=deleted[on],
                _extracted_at=known(rng, at),
            )
        )
    return stack(*rows)


def _users(rng: np.random.Generator, accounts: Accounts, people: People) -> pa.Table:
    n = len(people.user)
    home = np.zeros(n, dtype=np.int64)
    home[people.actor_user] = people.actor_account
    who = np.arange(n)
    name = person_names(who)
    local = text.joined("user", who, "@")
    domain = domains(len(accounts)).take(pa.array(home))
    robot = rng.random(n) < 0.5
    domain = pa.array(
        np.select(
            [people.user_kind == INTERNAL, (people.user_kind == BOT) & robot],
            ["cloudflow.io", "bots.cloudflow.io"],
            np.array(domain.to_pylist()),
        )
    )
    email = text.joined(local, domain)
    kind = text.picked(("member", "service"), (people.user_kind == BOT).astype(int))
    created = moment(people.user_created, 0) + rng.integers(0, 25_000, n) * 1_000_000
    tables = []
    deleted = (people.user_left != NONE) & (rng.random(n) < 0.15)
    for left in (False, True):
        on = np.flatnonzero((people.user_left != NONE) if left else np.ones(n, bool))
        at = moment(people.user_left[on], office_second(rng, len(on))) if left else created[on]
        pick = pa.array(on)
        tables.append(
            make_table(
                "product",
                "users",
                id=people.user.take(pick),
                email=email.take(pick),
                name=name.take(pick),
                user_type=kind.take(pick),
                created_at=created[on],
                updated_at=at,
                deactivated_at=at if left else np.full(len(on), NAT),
                _is_deleted=deleted[on] & left,
                _extracted_at=known(rng, at),
            )
        )
    return stack(*tables)


def _memberships(rng: np.random.Generator, accounts: Accounts, people: People) -> pa.Table:
    n = len(people.actor_user)
    role = np.where(people.rank == 0, 0, np.where(rng.random(n) < 0.1, 1, 2))
    role = np.where(people.kind == HUMAN, role, 3)
    ident = text.ids("mem_", n, 12)
    created = moment(people.joined, 0) + rng.integers(25_000, 26_000, n) * 1_000_000
    left_day = people.user_left[people.actor_user]
    tables = []
    for left in (False, True):
        on = np.flatnonzero((left_day != NONE) if left else np.ones(n, bool))
        at = moment(left_day[on], office_second(rng, len(on))) if left else created[on]
        pick = pa.array(on)
        tables.append(
            make_table(
                "product",
                "memberships",
                id=ident.take(pick),
                workspace_id=accounts.workspace.take(pa.array(people.actor_account[on])),
                user_id=people.user.take(pa.array(people.actor_user[on])),
                role=text.picked(("owner", "admin", "member", "guest"), role[on]),
                created_at=created[on],
                updated_at=at,
                ended_at=at if left else np.full(len(on), NAT),
                _extracted_at=known(rng, at),
            )
        )
    return stack(*tables)


def _products(rng: np.random.Generator) -> pa.Table:
    at = moment(np.array([-900, -500]), 40_000)
    return make_table(
        "product",
        "products",
        id=pa.array(["prod_workspace", "prod_automation"]),
        name=pa.array(["CloudFlow Workspace", "CloudFlow Automation pack"]),
        created_at=at,
        updated_at=at,
        _extracted_at=known(rng, at),
    )


def _plans(config: Config, rng: np.random.Generator) -> pa.Table:
    plan = np.array([0, 1, 2, 3, 4, 0, 1, 2, 3])
    later = np.arange(len(plan)) >= 5
    entitlements = [
        json.dumps(
            {
                "feature_categories": sorted(CATEGORIES[: ENTITLED[p]])
                if p < 4
                else ["automations"],
                "seats_included": [1, 3, 5, 10, 0][p],
            }
        )
        for p in plan
    ]
    created = moment(np.full(len(plan), -900), 41_000)
    updated = np.where(later, moment(np.full(len(plan), 273), 3_600), created)
    price = np.round(LIST_USD[plan] / config.size.user_scale * np.where(later, 1.05, 1.0), 2)
    return make_table(
        "product",
        "plans",
        id=text.picked(PLAN_KEYS, plan),
        product_id=text.picked(("prod_workspace", "prod_automation"), (plan == 4).astype(int)),
        name=text.picked(PLAN_NAMES, plan),
        entitlements=pa.array(entitlements),
        quantity_unit=text.picked(("seats", "automation runs"), (plan == 4).astype(int)),
        is_add_on=plan == 4,
        list_price_usd=price,
        created_at=created,
        updated_at=updated,
        _extracted_at=known(rng, updated),
    )
