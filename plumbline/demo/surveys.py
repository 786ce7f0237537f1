"""NPS surveys: quarterly waves that few contacts answer."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from plumbline.demo import text
from plumbline.demo.accounts import Accounts
from plumbline.demo.config import DAY_US, END, NONE, Config, stream
from plumbline.demo.contacts import Contacts
from plumbline.demo.draws import alive
from plumbline.demo.latent import Latent
from plumbline.demo.simulation import World
from plumbline.demo.writer import Tables, known, make_table, moment

WAVE_DAYS = 91
RESPONSE = 0.16
_COMMENTS = (
    "",
    "Does what we need.",
    "Wish it were simpler.",
    "Could not work without it.",
    "Still learning.",
)


def survey_tables(
    config: Config, accounts: Accounts, latent: Latent, world: World, contacts: Contacts
) -> Tables:
    """Build the survey tool's table."""
    rng = stream(config, "surveys")
    waves = np.arange(20, END, WAVE_DAYS)
    n = len(contacts.account)
    on = alive(world)
    picked = []
    for number, wave in enumerate(waves):
        here = (contacts.created <= wave) & ((contacts.left == NONE) | (contacts.left > wave))
        here &= on[wave][contacts.account] & (rng.random(n) < RESPONSE)
        who = np.flatnonzero(here)
        picked.append((np.full(len(who), number), who, wave + rng.integers(0, 21, len(who))))
    survey, contact, day = (np.concatenate([p[i] for p in picked]) for i in range(3))
    account = contacts.account[contact]
    x = latent.drivers[day, :, account]
    mood = 0.85 * x[:, 3] - 0.35 * x[:, 2] + 0.3 * x[:, 0] - 0.8 * latent.decline[day, account]
    score = np.clip(np.round(7.6 + 1.6 * mood + 1.3 * rng.standard_normal(len(day))), 0, 10)
    at = moment(day, rng.integers(25_000, 70_000, len(day)))
    fixed = np.flatnonzero(rng.random(len(day)) < 0.01)
    row = np.concatenate([np.arange(len(day)), fixed])
    later = np.arange(len(row)) >= len(day)
    changed = np.where(later, at[row] + 2 * DAY_US, at[row])
    value = np.where(later, np.maximum(score[row] - 1, 0), score[row]).astype(np.int32)
    pick = pa.array(contact[row])
    comment = text.picked(_COMMENTS, row % len(_COMMENTS))
    table = make_table(
        "surveys",
        "nps_responses",
        id=text.ids("nps_", row, 12),
        survey_id=text.joined("nps-wave-", survey[row]),
        score=value,
        comment=text.masked(comment, row % len(_COMMENTS) > 0),
        person_email=contacts.email(len(accounts)).take(pick),
        properties=text.joined(
            '{"account_id":"',
            accounts.id.take(pa.array(account[row])),
            '","contact_id":"',
            contacts.id.take(pick),
            '"}',
        ),
        created_at=at[row],
        updated_at=changed,
        _extracted_at=known(rng, changed),
    )
    return {("surveys", "nps_responses"): table}
