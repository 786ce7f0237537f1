"""Which (account, date) rows the plain reference recomputes: random, and where it is difficult."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

from plain_exports import Account, Exports

Key = tuple[str, date]
DAY = timedelta(days=1)


def difficulties(account: Account) -> Iterator[tuple[str, datetime]]:
    """What is difficult about an account, and when that became known."""
    for versions in account.subscriptions.values():
        seen = set()
        for version in sorted(versions, key=lambda v: v.known):
            if version.changed in seen:
                yield "corrected", version.known
            seen.add(version.changed)
            if version.known - version.changed > 7 * DAY:
                yield "backdated", version.known
            if version.status in ("trialing", "past_due"):
                yield version.status, version.known
            if version.cancels or version.resumes:
                yield "told ahead", version.known
            if version.is_paused or version.is_deleted:
                yield "paused or deleted", version.known
    if len(account.subscriptions) > 1:
        yield (
            "several subscriptions",
            max(min(v.known for v in versions) for versions in account.subscriptions.values()),
        )
    deliveries = defaultdict(list)
    for row in account.events:
        deliveries[row["event_id"]].append(row["known"])
        if row["known"] - row["timestamp"] > 2 * DAY:
            yield "late event", row["known"]
    for known in deliveries.values():
        if len(known) > 1:
            yield "redelivered event", max(known)
    for versions in account.tickets.values():
        for row in versions:
            if row["_is_deleted"]:
                yield "deleted ticket", row["known"]


def sample(
    exports: Exports, keys: Iterable[Key], returned: Iterable[Key], size: int, seed: int
) -> dict[str, list[Key]]:
    """Rows by what is difficult about them, and as many as are left at random.

    Parameters
    ----------
    keys, returned : iterable of (account, date)
        All rows there are; those of an account that came back.
    size : int
        Number of different rows in all.
    """
    draw = random.Random(seed)
    there = set(keys)
    moments: dict[str, list[Key]] = {"returned": sorted(returned)}
    for name, account in sorted(exports.accounts.items()):
        for kind, known in difficulties(account):
            for days in (1, 5, 20):
                key = (name, known.date() + days * DAY)
                if key in there:
                    moments.setdefault(kind, []).append(key)
    chosen: dict[str, list[Key]] = {}
    taken: set[Key] = set()
    share = size // (len(moments) + 2)
    for kind, found in sorted(moments.items()):
        different = sorted(set(found) - taken)
        chosen[kind] = draw.sample(different, min(share, len(different)))
        taken.update(chosen[kind])
    chosen["any"] = draw.sample(sorted(there - taken), size - len(taken))
    return chosen
