"""Contacts of the accounts, and champions who leave and are replaced."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from plumbline.demo import text
from plumbline.demo.accounts import Accounts
from plumbline.demo.config import END, NONE, Config, stream
from plumbline.demo.draws import alive, known_accounts, office_second, stack
from plumbline.demo.latent import Latent
from plumbline.demo.product import domains, person_names
from plumbline.demo.simulation import World
from plumbline.demo.writer import known, make_table, moment

_TITLES = (
    "Operations Manager",
    "Head of Product",
    "Project Lead",
    "CTO",
    "Team Lead",
    "Office Manager",
    "VP Operations",
    "Programme Manager",
)
CONTACTS = np.array([6, 4, 2, 1])


@dataclass(frozen=True)
class Contacts:
    """Contacts: number, account, champion flag, day known, day lost (`NONE` if never)."""

    id: pa.Array
    account: np.ndarray
    is_champion: np.ndarray
    created: np.ndarray
    left: np.ndarray

    def email(self, n_accounts: int) -> pa.Array:
        """Contacts' e-mail addresses."""
        domain = domains(n_accounts).take(pa.array(self.account))
        return text.joined("contact", np.arange(len(self.account)), "@", domain)

    def first_of(self, n_accounts: int) -> np.ndarray:
        """Number of each account's first contact."""
        first = np.zeros(n_accounts, dtype=np.int64)
        first[self.account[::-1]] = np.arange(len(self.account))[::-1]
        return first


def make_contacts(
    config: Config, accounts: Accounts, latent: Latent, world: World
) -> tuple[Contacts, np.ndarray]:
    """Draw contacts and the log of key-contact changes (a structured array).

    A champion who leaves ends one contact, a successor begins another.
    """
    rng = stream(config, "contacts")
    who = known_accounts(accounts)
    count = CONTACTS[accounts.segment[who]] + rng.integers(0, 2, len(who))
    account = np.repeat(who, count)
    first = np.concatenate([[True], np.diff(account) > 0])
    created = np.maximum(
        accounts.created[account] + rng.integers(0, 30, len(account)) * ~first,
        accounts.created[account],
    )
    on = alive(world)
    gone = latent.champion_gone[:END]
    lost = np.argwhere(~gone[:-1] & gone[1:] & on[1:]) + [1, 0]
    back = np.argwhere(gone[:-1] & ~gone[1:] & on[1:]) + [1, 0]
    base = len(account)
    account = np.concatenate([account, back[:, 1]])
    champion = np.concatenate([first, np.ones(len(back), bool)])
    created = np.concatenate([created, back[:, 0]])
    left = np.full(len(account), NONE)
    holder = np.full(len(accounts), -1)
    holder[account[:base][first]] = np.flatnonzero(first)
    ident = np.empty(len(lost), dtype=np.int64)
    steps = np.concatenate([np.c_[lost, np.zeros(len(lost))], np.c_[back, np.ones(len(back))]])
    number = np.concatenate([np.arange(len(lost)), base + np.arange(len(back))])
    for i in np.lexsort((steps[:, 2], steps[:, 0])):
        day, owner, joins = steps[i].astype(int)
        if joins:
            holder[owner] = number[i]
        else:
            ident[number[i]] = holder[owner]
            left[holder[owner]] = day
    changes = np.zeros(
        len(steps), dtype=[("day", "i8"), ("account", "i8"), ("contact", "i8"), ("joins", "?")]
    )
    changes["day"], changes["account"], changes["joins"] = steps[:, 0], steps[:, 1], steps[:, 2]
    changes["contact"] = np.concatenate([ident, number[len(lost) :]])
    contacts = Contacts(text.crm_ids("003CF", len(account)), account, champion, created, left)
    return contacts, changes


def contact_table(rng: np.random.Generator, accounts: Accounts, c: Contacts) -> pa.Table:
    """Versions of the CRM's contacts."""
    email = c.email(len(accounts))
    tables = []
    erased = rng.random(len(c.account)) < 0.5
    for left in (False, True):
        on = np.flatnonzero((c.left != NONE) if left else np.ones(len(c.account), bool))
        pick = pa.array(on)
        created = moment(c.created[on], 36_000)
        changed = moment(c.left[on], office_second(rng, len(on))) if left else created
        tables.append(
            make_table(
                "salesforce",
                "contact",
                Id=c.id.take(pick),
                AccountId=accounts.id.take(pa.array(c.account[on])),
                Name=person_names(on),
                Email=email.take(pick),
                Title=text.picked(_TITLES, on * 5 % len(_TITLES)),
                Is_Champion__c=c.is_champion[on] & (not left),
                CreatedDate=created,
                SystemModstamp=changed,
                IsDeleted=erased[on] & left,
                _extracted_at=known(rng, changed),
            )
        )
    return stack(*tables)
