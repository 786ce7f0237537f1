"""Sends entries in batches, with patience, and writes down what became of each."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from plumbline.activation.errors import Denied, Unreachable
from plumbline.config import Settings
from plumbline.store import outbox
from plumbline.store.outbox import Entry, Settled

LATER = "later"
LONGEST_WAIT_SECONDS = 120.0


@dataclass(frozen=True)
class Outcome:
    """What a destination said of one entry.

    Attributes
    ----------
    state : str
        `sent`, `failed` (it will not take it as it is), or `later` (it may take it soon).
    is_new : bool
        True where the destination had no such record, and made one.
    """

    key: str
    state: str
    error: str | None = None
    is_new: bool = False


class Destination(Protocol):
    """A system that is told; `secrets` are texts that nothing it says may show."""

    name: str
    secrets: tuple[str, ...]

    def batch_size(self, total: int) -> int:
        """Entries of one request, of so many in all."""

    def send(self, entries: Sequence[Entry], tell_job: Callable[[str], None]) -> Iterable[Outcome]:
        """Send entries that are one batch; of each one outcome.

        Parameters
        ----------
        tell_job : callable
            Is told the destination's job before it can begin, where there is one.

        Raises
        ------
        Unreachable, Denied
            The request as a whole did not go through.
        """


@dataclass(frozen=True)
class Patience:
    """How often a request is tried, and how long between two tries.

    Attributes
    ----------
    first_wait : float
        Seconds before the second try; then twice as many each time.
    dead_after : int
        Syncs in which an entry was refused after which it is a dead letter.
    """

    tries: int
    first_wait: float
    dead_after: int

    def wait(self, attempt: int, asked: float | None) -> float:
        """Seconds before the next try: what is asked, else twice the last, a little spread."""
        backed_off = min(self.first_wait * 2**attempt, LONGEST_WAIT_SECONDS)
        return asked if asked is not None else backed_off * random.uniform(0.75, 1.25)


@dataclass
class Report:
    """What a sync came to."""

    sent: int = 0
    refused: dict[str, str] = field(default_factory=dict)
    died: int = 0
    created: int = 0
    # Why it ended before its end.
    stopped: str = ""
    remedy: str = ""


def read_patience(settings: Settings) -> Patience:
    """The patience of a source."""
    return Patience(
        max(int(settings.dbt_var("sync_tries")), 1),
        float(settings.dbt_var("sync_first_wait_seconds")),
        max(int(settings.dbt_var("sync_dead_after")), 1),
    )


def deliver(
    destination: Destination,
    entries: Sequence[Entry],
    patience: Patience,
    settle: Callable[[Sequence[Settled]], None],
    report: Report,
    told: Callable[[float, float | None], None] | None = None,
) -> None:
    """Send all entries; `settle` is called as soon as the fate of some is known.

    A destination that cannot be reached, or refuses everything, ends it: the rest stays pending.
    """
    done = 0
    size = destination.batch_size(len(entries))
    for start in range(0, len(entries), size):
        batch = entries[start : start + size]
        try:
            _deliver_batch(destination, batch, patience, settle, report)
        except (Unreachable, Denied) as error:
            report.stopped = error.message
            report.remedy = getattr(error, "remedy", "")
            return
        done += len(batch)
        if told is not None:
            told(done, len(entries))


def _deliver_batch(
    destination: Destination,
    batch: Sequence[Entry],
    patience: Patience,
    settle: Callable[[Sequence[Settled]], None],
    report: Report,
) -> None:
    waiting = {entry.key: entry for entry in batch}
    requests: Counter[str] = Counter()
    errors: dict[str, str | None] = {}
    jobs: list[str] = []

    def tell_job(job: str) -> None:
        jobs.append(job)
        settle([Settled(key, outbox.PENDING, job_id=job) for key in waiting])

    for attempt in range(patience.tries):
        requests.update(list(waiting))
        try:
            outcomes = [
                replace(one, error=hushed(one.error, destination))
                for one in destination.send(list(waiting.values()), tell_job)
            ]
        except (Unreachable, Denied) as error:
            error.message = hushed(error.message, destination) or ""
            asked = getattr(error, "wait", None)
            is_last = attempt + 1 == patience.tries or (asked or 0) > LONGEST_WAIT_SECONDS
            if isinstance(error, Denied) or is_last:
                job = jobs[-1] if jobs else None
                settle(
                    [
                        Settled(key, outbox.PENDING, requests[key], error.message, job)
                        for key in waiting
                    ]
                )
                raise
            time.sleep(patience.wait(attempt, asked))
            continue
        errors.update({one.key: one.error for one in outcomes if one.state == LATER})
        known = [one for one in outcomes if one.state != LATER and one.key in waiting]
        settle(
            [
                as_settled(one, waiting[one.key], requests[one.key], patience, report)
                for one in known
            ]
        )
        for one in known:
            del waiting[one.key]
        if not waiting:
            return
        if attempt + 1 < patience.tries:
            time.sleep(patience.wait(attempt, None))
    rest = [Outcome(key, outbox.REFUSED, errors.get(key)) for key in waiting]
    settle([as_settled(one, waiting[one.key], requests[one.key], patience, report) for one in rest])


def hushed(text: str | None, destination: Destination) -> str | None:
    """A text without the destination's secrets: a server may quote what it was sent."""
    for secret in destination.secrets:
        if text and len(secret) > 3:
            text = text.replace(secret, "***")
    return text


def as_settled(
    outcome: Outcome, entry: Entry, requests: int, patience: Patience, report: Report
) -> Settled:
    """The state that an outcome leaves its entry in; counted in `report`."""
    known = Settled(outcome.key, outcome.state, requests, outcome.error)
    if outcome.state == outbox.SENT:
        report.sent += 1
        report.created += outcome.is_new
        return known
    report.refused[entry.record_id] = outcome.error or "refused without a word"
    if entry.refusals + 1 < patience.dead_after:
        return known
    report.died += 1
    return replace(known, state=outbox.DEAD)
