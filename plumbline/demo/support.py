"""Zendesk-like support: tickets, comments, satisfaction ratings."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plumbline.demo import text
from plumbline.demo.accounts import CSM_IDS, Accounts
from plumbline.demo.config import DAY_US, Config, stream
from plumbline.demo.desk import with_held, with_merged, with_unoffered
from plumbline.demo.draws import alive, logistic, occurrences
from plumbline.demo.latent import Latent
from plumbline.demo.simulation import World
from plumbline.demo.writer import Tables, known, make_table, moment

POSITIVE = (
    "great",
    "love",
    "helpful",
    "excellent",
    "thanks",
    "fast",
    "easy",
    "perfect",
    "amazing",
    "happy",
    "smooth",
    "reliable",
    "awesome",
    "good",
    "nice",
    "clear",
    "impressed",
    "pleased",
    "useful",
    "wonderful",
)
NEGATIVE = (
    "broken",
    "slow",
    "frustrated",
    "terrible",
    "useless",
    "confusing",
    "error",
    "crash",
    "annoying",
    "disappointed",
    "unacceptable",
    "bug",
    "wrong",
    "delay",
    "problem",
    "worst",
    "poor",
    "bad",
    "failing",
    "awful",
)
NEUTRAL = (
    "question",
    "setting",
    "export",
    "weekly",
    "project",
    "account",
    "button",
    "update",
    "list",
    "team",
    "field",
    "menu",
    "calendar",
    "file",
    "column",
    "invoice",
)
_OPENINGS = (
    "The view is ",
    "Our team finds this ",
    "Since Monday it feels ",
    "So far: ",
    "For us this is ",
    "I would call it ",
)
_SUBJECTS = (
    "Board does not load",
    "Question about billing",
    "Import stops",
    "Permission for a guest",
    "Automation did not run",
    "Report shows old data",
    "How to share a view",
)
_RATE = np.array([2.2, 0.95, 0.42, 0.22])
"""Tickets in 30 days of an account without pain, by segment."""

_PRIORITY = ("low", "normal", "high", "urgent")
_HOUR = 3_600_000_000


def support_tables(config: Config, accounts: Accounts, latent: Latent, world: World) -> Tables:
    """Build the support system's tables."""
    rng = stream(config, "support")
    pain = latent.drivers[:, 2]
    rate = _RATE[accounts.segment] / 30 * np.exp(0.85 * pain[: len(alive(world))])
    day, who = occurrences(rng, rate * alive(world))
    n = len(who)
    hurt, mood = pain[day, who], latent.drivers[day, 3, who]
    severity = 0.7 * hurt + rng.standard_normal(n)
    priority = np.digitize(severity, [-0.7, 0.9, 1.9])
    created = moment(day, rng.integers(21_600, 75_600, n))
    wait = np.exp(1.0 + 0.35 * hurt - 0.35 * (priority - 1) + 0.9 * rng.standard_normal(n))
    work = np.exp(2.9 + 0.3 * hurt + 0.8 * rng.standard_normal(n))
    replied = created + (wait * _HOUR).astype(np.int64)
    solved = replied + (work * _HOUR).astype(np.int64)
    escalated = rng.random(n) < logistic(-3.6 + 0.9 * hurt + 0.7 * (priority - 1))
    number = 100_000 + np.arange(n)
    tone = 0.8 * mood - 0.5 * hurt - 0.7 * latent.decline[day, who]
    tickets = _tickets(rng, accounts, number, who, priority, escalated, created, replied, solved)
    comments = _comments(rng, number, who, tone, created, replied, solved)
    ratings = _ratings(rng, number, mood, hurt, solved)
    habits = stream(config, "desk")
    return {
        ("zendesk", "tickets"): with_merged(habits, who, with_held(habits, tickets)),
        ("zendesk", "ticket_comments"): comments,
        ("zendesk", "satisfaction_ratings"): with_unoffered(habits, tickets, ratings),
    }


def _tickets(rng, accounts, number, who, priority, escalated, created, replied, solved):
    n = len(number)
    every = np.arange(n)
    reopened = np.flatnonzero(rng.random(n) < 0.04)
    spam = rng.random(n) < 0.004
    raised = rng.random(n) < 0.03
    stages = [
        (every, 0, created),
        (every, 2, replied),
        (every, 3, solved),
        (reopened, 1, solved + 20 * _HOUR),
        (reopened, 3, solved + 60 * _HOUR),
        (every, 4, solved + 5 * DAY_US),
    ]
    row = np.concatenate([s[0] for s in stages])
    status = np.concatenate([np.full(len(s[0]), s[1]) for s in stages])
    at = np.concatenate([np.broadcast_to(s[2], n)[s[0]] for s in stages])
    level = np.where(raised[row] & (status > 0), np.minimum(priority[row] + 1, 3), priority[row])
    flag = escalated[row] & (status > 0)
    # an app of the desk fills the field from the account's link, which holds 15 characters
    account = text.short_crm_ids(accounts.id.take(pa.array(who[row])), number[row] % 50 == 3)
    link = text.joined('[{"id":360001,"value":"', account, '"}]')
    blank = rng.random(n) < 0.005
    link = _where(blank[row], '[{"id":360001,"value":null}]', link)
    return make_table(
        "zendesk",
        "tickets",
        id=number[row],
        organization_id=7_000_000 + who[row],
        requester_id=8_000_000 + who[row] * 10 + row % 3,
        subject=text.picked(_SUBJECTS, row % len(_SUBJECTS)),
        description=text.joined("Reported by a user: ", text.picked(_SUBJECTS, row * 3 % 7)),
        priority=text.picked(_PRIORITY, level),
        status=text.picked(("new", "open", "pending", "solved", "closed"), status),
        tags=text.picked(('["product"]', '["product","escalated"]'), flag.astype(int)),
        custom_fields=link,
        created_at=created[row],
        updated_at=at,
        _is_deleted=spam[row] & (status == 4),
        _extracted_at=known(rng, at),
    )


def _where(mask: np.ndarray, value: str, otherwise: pa.Array) -> pa.Array:
    return pc.if_else(pa.array(mask), pa.scalar(value), otherwise)


def _body(rng: np.random.Generator, tone: np.ndarray) -> pa.Array:
    n = len(tone)
    words: list[pa.Array] = []
    for _ in range(2):
        noise = tone + 0.9 * rng.standard_normal(n)
        kind = np.digitize(noise, [-0.45, 0.45])
        offset = np.array([0, len(NEGATIVE), len(NEGATIVE) + len(NEUTRAL)])[kind]
        size = np.array([len(NEGATIVE), len(NEUTRAL), len(POSITIVE)])[kind]
        words.append(
            text.picked(
                NEGATIVE + NEUTRAL + POSITIVE, offset + (rng.random(n) * size).astype(np.int64)
            )
        )
    opening = text.picked(_OPENINGS, rng.integers(0, len(_OPENINGS), n))
    noun = text.picked(NEUTRAL, rng.integers(0, len(NEUTRAL), n))
    return text.joined(opening, words[0], ", ", words[1], ". It is about the ", noun, ".")


def _comments(rng, number, who, tone, created, replied, solved):
    n = len(number)
    every = np.arange(n)
    note = np.flatnonzero(rng.random(n) < 0.25)
    answer = np.flatnonzero(rng.random(n) < 0.6)
    half = replied + (solved - replied) // 2
    parts = [
        (every, 0, True, created),
        (note, 1, False, created + (replied - created) // 2),
        (every, 1, True, replied),
        (answer, 0, True, half),
        (answer, 1, True, solved),
    ]
    row = np.concatenate([p[0] for p in parts])
    agent = np.concatenate([np.full(len(p[0]), p[1]) for p in parts])
    public = np.concatenate([np.full(len(p[0]), p[2]) for p in parts])
    at = np.concatenate([p[3][p[0]] for p in parts])
    customer = _body(rng, tone[row])
    reply = text.picked(
        (
            "Thank you for the report, we are looking into it.",
            "This should work again now.",
            "Could you send us a screenshot?",
            "We have passed this on to the engineers.",
        ),
        rng.integers(0, 4, len(row)),
    )
    return make_table(
        "zendesk",
        "ticket_comments",
        id=500_000 + np.arange(len(row)),
        ticket_id=number[row],
        author_id=np.where(agent == 1, 9_000_000 + row % len(CSM_IDS), 8_000_000 + who[row] * 10),
        author_role=text.picked(("end-user", "agent"), agent),
        public=public,
        body=pc.if_else(pa.array(agent == 1), reply, customer),
        created_at=at,
        _extracted_at=known(rng, at),
    )


def _ratings(rng, number, mood, hurt, solved):
    n = len(number)
    offered = np.flatnonzero(rng.random(n) < 0.75)
    rated = offered[rng.random(len(offered)) < 0.48]
    good = rng.random(n) < logistic(1.5 + 1.0 * mood - 0.7 * hurt)
    asked = solved + 24 * _HOUR
    answered = asked + (rng.exponential(30, n) * _HOUR).astype(np.int64)
    row = np.concatenate([offered, rated])
    final = np.arange(len(row)) >= len(offered)
    at = np.where(final, answered[row], asked[row])
    score = np.where(final, np.where(good[row], 1, 2), 0)
    return make_table(
        "zendesk",
        "satisfaction_ratings",
        id=700_000 + number[row],
        ticket_id=number[row],
        score=text.picked(("offered", "good", "bad"), score),
        created_at=asked[row],
        updated_at=at,
        _extracted_at=known(rng, at),
    )
