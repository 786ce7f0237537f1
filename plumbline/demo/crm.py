"""Salesforce-like CRM: accounts, contacts, campaigns, opportunities, tasks, notes."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plumbline.demo import book as bk
from plumbline.demo import text
from plumbline.demo.accounts import COUNTRIES, CSM_IDS, INDUSTRIES, Accounts
from plumbline.demo.config import END, NONE, Config, dates, day_of_month, stream
from plumbline.demo.contacts import Contacts, contact_table
from plumbline.demo.draws import alive, known_accounts, occurrences, office_second
from plumbline.demo.latent import Latent
from plumbline.demo.product import company_names
from plumbline.demo.simulation import PAYING, World
from plumbline.demo.writer import Tables, known, make_table, moment


def crm_tables(
    config: Config, accounts: Accounts, latent: Latent, world: World, contacts: Contacts
) -> Tables:
    """Build the CRM's tables."""
    rng = stream(config, "crm")
    return {
        ("salesforce", "account"): _with_merged(
            stream(config, "merged accounts"), world, _accounts(rng, accounts, latent, world)
        ),
        ("salesforce", "contact"): contact_table(rng, accounts, contacts),
        ("salesforce", "campaign"): _campaigns(rng),
        ("salesforce", "opportunity"): _opportunities(rng, accounts, world),
        ("salesforce", "task"): _tasks(rng, accounts, latent, world, contacts),
        ("salesforce", "note"): _notes(rng, accounts, world),
    }


def _accounts(rng, accounts: Accounts, latent: Latent, world: World) -> pa.Table:
    n = len(accounts)
    refresh = np.arange(n) * 13 % 28 + 1
    day, who = np.nonzero(day_of_month(np.arange(END))[:, None] == refresh[None, :])
    begin = np.maximum(accounts.join, 0)
    live = world.state[day, who] > 0
    before = world.state[np.maximum(day - 31, 0), who] > 0
    keep = (day > begin[who]) & (live | before)
    birth = known_accounts(accounts)
    day = np.concatenate([day[keep], begin[birth]])
    who = np.concatenate([who[keep], birth])
    fresh = np.arange(len(day)) >= keep.sum()
    owner = (accounts.owner[who] + 5 * ((day > 250) & (who % 9 == 0))) % len(CSM_IDS)
    industry = np.where(
        fresh & (who % 40 == 0), (accounts.industry[who] + 1) % 10, accounts.industry[who]
    )
    state = world.state[day, who]
    score = (
        62
        + 11 * latent.drivers[day, 0, who]
        - 30 * latent.decline[day, who]
        + 9 * rng.standard_normal(len(day))
    )
    health = pa.array(np.round(np.clip(score, 0, 100), 1), mask=rng.random(len(day)) < 0.08)
    term = np.where(
        (accounts.interval[who] == 3) & (state >= PAYING), world.period_end[day, who], NONE
    )
    kind = np.where(state >= PAYING, 1, np.where(world.mrr[:END].max(0)[who] > 0, 2, 0))
    erased = np.isin(who, _never_sold(world)) & ~fresh & (who % 7 == 0) & (state == 0)
    kind = np.where((state < PAYING) & (fresh | (day < begin[who] + 31)), 0, kind)
    made = np.where(accounts.join[who] == NONE, accounts.created[who], accounts.join[who])
    created = moment(made, 19_000)
    changed = np.where(fresh, created, moment(day, office_second(rng, len(day))))
    pick = pa.array(who)
    return make_table(
        "salesforce",
        "account",
        Id=accounts.id.take(pick),
        Name=company_names(n).take(pick),
        OwnerId=text.picked(CSM_IDS, owner),
        Industry=text.picked(INDUSTRIES, industry),
        BillingCountry=text.picked(COUNTRIES, accounts.country[who]),
        Type=text.picked(("Prospect", "Customer", "Former Customer"), kind),
        CloudFlow_Workspace_Id__c=accounts.workspace.take(pick),
        Health_Score__c=health,
        Contract_End_Date__c=pa.array(dates(term)),
        ARR__c=np.round(world.mrr[day, who].astype(np.float64) * 12, 2),
        CreatedDate=created,
        SystemModstamp=changed,
        IsDeleted=erased,
        MasterRecordId=pa.nulls(len(who), pa.string()),
        _extracted_at=known(rng, changed),
    )


def _with_merged(rng: np.random.Generator, world: World, versions: pa.Table) -> pa.Table:
    """Merge the CRM's records of a few paying accounts into others; billing knows nothing of it.

    The record merged away is deleted and names the one that stays; no version of it follows.
    """
    day = END - 45
    number = pc.index_in(versions["Id"], pc.unique(versions["Id"])).to_numpy()
    changed = versions["SystemModstamp"].to_numpy().astype("M8[us]").astype(np.int64)
    newest = pc.equal(versions["Type"], "Customer").to_numpy() & (changed >= moment(day - 31))
    newest &= changed < moment(day)
    rows = np.flatnonzero(newest)
    rows = rows[rng.random(len(rows)) < 0.006]
    at = moment(np.full(len(rows), day), office_second(rng, len(rows)))
    stays = rows - 1
    columns = {name: versions[name].take(pa.array(rows)) for name in versions.schema.names}
    columns |= {
        "SystemModstamp": at,
        "IsDeleted": np.ones(len(rows), bool),
        "MasterRecordId": versions["Id"].take(pa.array(stays)),
        "_extracted_at": known(rng, at),
    }
    kept = ~np.isin(number, number[rows]) | (changed < moment(day))
    merged = make_table("salesforce", "account", **columns)
    return pa.concat_tables([versions.filter(pa.array(kept)), merged])


def _never_sold(world: World) -> np.ndarray:
    """Accounts whose trial ended and that never paid; the CRM's owners delete some of them."""
    return np.flatnonzero((world.mrr[:END].max(0) == 0) & (world.state[:END].max(0) > 0))


def _campaigns(rng: np.random.Generator) -> pa.Table:
    n = 36
    number = np.arange(n)
    start = -30 + number * 16
    row = np.concatenate([number, number])
    ended = np.arange(2 * n) >= n
    stop = start[row] + 30
    at = moment(np.where(ended, stop, start[row]), 33_000)
    return make_table(
        "salesforce",
        "campaign",
        Id=text.crm_ids("701CF", row),
        Name=text.joined(text.picked(("Webinar", "Newsletter", "Conference"), row % 3), " ", row),
        Type=text.picked(("Webinar", "Email", "Conference"), row % 3),
        Status=text.picked(("In Progress", "Completed"), ended.astype(int)),
        StartDate=pa.array(dates(start[row])),
        EndDate=pa.array(dates(stop)),
        CreatedDate=moment(start[row], 33_000),
        SystemModstamp=at,
        IsDeleted=(row % 17 == 3) & ended,
        _extracted_at=known(rng, at),
    )


def _opportunities(rng, accounts: Accounts, world: World) -> pa.Table:
    log = world.versions[~world.versions["addon"]]
    t = world.trials
    term = log[
        (log["interval"] == 3)
        & np.isin(log["kind"], (bk.INITIAL, bk.OPENED, bk.CONVERTED, bk.RENEWED))
        & (log["status"] == bk.ACTIVE)
    ]
    lapsed = log[log["kind"] == bk.ENDED]
    end_of = dict(zip(lapsed["sub"].tolist(), lapsed["day"].tolist(), strict=True))
    due = zip(term["sub"].tolist(), term["period_end"].tolist(), strict=True)
    lost = np.array([end_of.get(sub, NONE) == end for sub, end in due], dtype=bool)
    m = {k: v[world.moves["kind"] == 1] for k, v in world.moves.items()}
    hope_day, hope = occurrences(rng, 0.0006 * (world.state[:END] == PAYING))
    parts = [
        (0, t["account"], t["start"], t["end"], t["converted"], 0.0),
        (
            2,
            term["account"],
            np.maximum(term["period_end"] - 90, term["day"] + 1),
            term["period_end"],
            ~lost,
            12.0,
        ),
        (1, m["account"], m["day"], m["day"], np.ones(len(m["day"]), bool), 12.0),
        (1, hope, hope_day, hope_day + 60, np.zeros(len(hope), bool), 2.0),
    ]
    kind = np.concatenate([np.full(len(p[1]), p[0]) for p in parts])
    who, opened, closes, won = (np.concatenate([p[i] for p in parts]) for i in range(1, 5))
    months = np.concatenate([np.full(len(p[1]), p[5]) for p in parts])
    mrr = world.mrr[np.clip(np.where(kind == 0, closes, opened), 0, END), who]
    amount = np.where(months == 12, 12, np.where(months == 2, 2, 12)) * mrr.astype(np.float64)
    amount = np.round(np.maximum(amount, 100), 2)
    number = np.arange(len(who))
    mistake = rng.random(len(who)) < 0.004
    row = np.concatenate([number, number])
    final = np.arange(len(row)) >= len(number)
    created = moment(opened, 37_000)
    at = np.where(final, moment(closes[row], 64_000), created[row])
    stage = np.where(final, np.where(won[row], 2, 3), np.where(kind[row] == 2, 1, 0))
    label = text.picked(("New Business", "Expansion", "Renewal"), kind[row])
    return make_table(
        "salesforce",
        "opportunity",
        Id=text.crm_ids("006CF", row),
        AccountId=accounts.id.take(pa.array(who[row])),
        Name=text.joined(label, " ", row),
        Type=label,
        StageName=text.picked(("Qualification", "Negotiation", "Closed Won", "Closed Lost"), stage),
        Amount=amount[row],
        CloseDate=pa.array(dates(closes[row])),
        IsWon=final & won[row],
        IsClosed=final,
        CreatedDate=created[row],
        SystemModstamp=at,
        IsDeleted=final & mistake[row],
        _extracted_at=known(rng, at, 0.01),
    )


def _tasks(rng, accounts: Accounts, latent: Latent, world: World, contacts: Contacts) -> pa.Table:
    rate = np.array([2.2, 1.3, 0.45, 0.12])[accounts.segment] / 30
    planned, who = occurrences(rng, rate * alive(world))
    n = len(who)
    held = planned + rng.integers(1, 9, n)
    kind = rng.choice(3, n, p=[0.55, 0.25, 0.2])
    x = latent.drivers[held, :, who]
    warmth = (
        1.5
        + 0.55 * x[:, 0]
        + 0.4 * x[:, 3]
        - 1.3 * latent.decline[held, who]
        - 0.8 * latent.champion_gone[held, who]
    )
    shows = (rng.random(n) < 1 / (1 + np.exp(-warmth))) | (kind > 0)
    outcome = np.where(shows, 1, np.where(rng.random(n) < 0.6, 2, 3))
    first = contacts.first_of(len(accounts))[who]
    row = np.concatenate([np.arange(n)] * 2)
    final = np.arange(2 * n) >= n
    created = moment(planned, office_second(rng, n))
    at = np.where(final, moment(held[row] + rng.integers(0, 2, 2 * n), 70_000), created[row])
    pick = pa.array(who[row])
    return make_table(
        "salesforce",
        "task",
        Id=text.crm_ids("00TCF", row),
        AccountId=accounts.id.take(pick),
        WhoId=contacts.id.take(pa.array(first[row])),
        OwnerId=text.picked(CSM_IDS, accounts.owner[who[row]]),
        Subject=text.picked(("Check-in", "Follow-up call", "Summary e-mail"), kind[row]),
        Type=text.picked(("Meeting", "Call", "Email"), kind[row]),
        Status=text.picked(
            ("Not Started", "Completed", "No Show", "Canceled"), np.where(final, outcome[row], 0)
        ),
        ActivityDate=pa.array(dates(held[row])),
        CreatedDate=created[row],
        SystemModstamp=at,
        IsDeleted=final & (row % 251 == 7),
        _extracted_at=known(rng, at, 0.01),
    )


def _notes(rng, accounts: Accounts, world: World) -> pa.Table:
    rate = np.array([0.9, 0.5, 0.12, 0.02])[accounts.segment] / 30
    day, who = occurrences(rng, rate * alive(world))
    n = len(who)
    gone = np.flatnonzero(rng.random(n) < 0.02)
    row = np.concatenate([np.arange(n), gone])
    deleted = np.arange(len(row)) >= n
    created = moment(day, office_second(rng, n))
    at = np.where(deleted, created[row] + 3 * 86_400_000_000, created[row])
    return make_table(
        "salesforce",
        "note",
        Id=text.crm_ids("002CF", row),
        ParentId=accounts.id.take(pa.array(who[row])),
        OwnerId=text.picked(CSM_IDS, accounts.owner[who[row]]),
        Title=text.picked(("Call notes", "Renewal talk", "Feedback"), row % 3),
        Body=text.picked(
            ("Spoke about next steps.", "Asked for a summary.", "Will follow up."), row // 3 % 3
        ),
        CreatedDate=created[row],
        SystemModstamp=at,
        IsDeleted=deleted,
        _extracted_at=known(rng, at),
    )
