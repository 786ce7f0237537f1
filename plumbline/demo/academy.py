"""Academy: onboarding steps of new customers, course enrolments."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from plumbline.demo import text
from plumbline.demo.accounts import Accounts
from plumbline.demo.config import END, NONE, Config, dates, stream
from plumbline.demo.contacts import Contacts
from plumbline.demo.draws import alive, known_accounts, logistic, occurrences, office_second
from plumbline.demo.latent import Latent
from plumbline.demo.simulation import World
from plumbline.demo.writer import NAT, Tables, known, make_table, moment

STEPS = (
    "kick_off",
    "workspace_set_up",
    "import_data",
    "invite_team",
    "first_automation",
    "admin_training",
)
_COURSES = ("Boards in practice", "Automations", "Reporting", "Admin basics", "Gantt planning")


def academy_tables(
    config: Config, accounts: Accounts, latent: Latent, world: World, contacts: Contacts
) -> Tables:
    """Build the academy's tables."""
    rng = stream(config, "academy")
    return {
        ("academy", "onboarding_steps"): _onboarding(rng, accounts, latent),
        ("academy", "course_enrolments"): _courses(rng, accounts, latent, world, contacts),
    }


def _onboarding(rng: np.random.Generator, accounts: Accounts, latent: Latent) -> pa.Table:
    who = known_accounts(accounts)
    account = np.repeat(who, len(STEPS))
    step = np.tile(np.arange(len(STEPS)), len(who))
    begin = np.where(accounts.join == NONE, accounts.created, accounts.join)[account]
    due = begin + 5 + step * 6
    day = np.clip(due, 0, END - 1)
    x = latent.drivers[day, :, account]
    chance = logistic(1.4 - 0.25 * step + 0.8 * x[:, 1] + 0.5 * x[:, 0])
    done = rng.random(len(due)) < chance
    finished = np.maximum(due + np.round(rng.normal(-1, 5, len(due))).astype(int), begin + 1)
    number = np.arange(len(due))
    finish = np.flatnonzero(done)
    row = np.concatenate([number, finish])
    final = np.arange(len(row)) >= len(number)
    created = moment(begin, 40_000)
    at = np.where(final, moment(finished[row], office_second(rng, len(row))), created[row])
    return make_table(
        "academy",
        "onboarding_steps",
        id=text.ids("onb_", row, 12),
        account_id=accounts.id.take(pa.array(account[row])),
        step_name=text.picked(STEPS, step[row]),
        due_date=pa.array(dates(due[row])),
        completed_at=np.where(final, at, NAT),
        created_at=created[row],
        updated_at=at,
        _extracted_at=known(rng, at),
    )


def _courses(rng, accounts, latent, world, contacts: Contacts) -> pa.Table:
    rate = np.array([1.0, 0.7, 0.4, 0.28])[accounts.segment] / 30
    day, who = occurrences(rng, rate * alive(world))
    n = len(who)
    held = day + rng.integers(5, 20, n)
    x = latent.drivers[held, :, who]
    warmth = 0.1 + 0.7 * x[:, 1] + 0.5 * x[:, 0] - latent.decline[held, who]
    shows = rng.random(n) < logistic(warmth)
    first = contacts.first_of(len(accounts))
    row = np.concatenate([np.arange(n)] * 2)
    final = np.arange(2 * n) >= n
    invited = moment(day, office_second(rng, n))
    at = np.where(final, moment(held[row], 62_000), invited[row])
    attended = final & shows[row]
    return make_table(
        "academy",
        "course_enrolments",
        id=text.ids("enr_", row, 12),
        account_id=accounts.id.take(pa.array(who[row])),
        contact_id=contacts.id.take(pa.array(first[who[row]])),
        course_name=text.picked(_COURSES, row % len(_COURSES)),
        status=text.picked(
            ("invited", "attended", "missed"), np.where(final, np.where(shows[row], 1, 2), 0)
        ),
        invited_at=invited[row],
        attended_at=np.where(attended, at, NAT),
        updated_at=at,
        _extracted_at=known(rng, at),
    )
