"""What stands of the alerts of the published night, by incident, and what of it is news."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby

import duckdb

from plumbline.store import notices
from plumbline.store.notices import Told

SHOWN_CAUSES = 10
STANDING = """
    select incident, target, check_name, checked_object, severity, evidence, first_seen_date,
        what_to_do
    from monitoring.rpt_alerts where is_standing
    order by incident, target, severity, check_name, consecutive_count desc, checked_object
"""


@dataclass(frozen=True)
class Cause:
    """One alert of an incident."""

    check: str
    about: str
    severity: str
    evidence: str
    since: date
    what_to_do: str


@dataclass(frozen=True)
class Incident:
    """All alerts of one incident and target that stand, the gravest first."""

    name: str
    target: str
    causes: tuple[Cause, ...]

    @property
    def severity(self) -> str:
        """`error` where one of them is one."""
        return "error" if any(cause.severity == "error" for cause in self.causes) else "warn"

    @property
    def since(self) -> date:
        """First night of the oldest of them."""
        return min(cause.since for cause in self.causes)


@dataclass(frozen=True)
class Notice:
    """What is to be told of an incident; without causes where it is over."""

    id: str
    told: Told
    causes: tuple[Cause, ...]
    source: str
    as_of: date

    @property
    def title(self) -> str:
        """One line."""
        told = self.told
        about = f"{told.incident} ({told.target})" if told.target != "none" else told.incident
        words = {
            notices.OPENED: f"{told.severity}: {about}, since {told.since}",
            notices.WORSE: f"now an error: {about}, since {told.since}",
            notices.RECOVERED: f"over: {about}, since {told.since}",
        }
        return f"Plumbline {self.source}: {words[told.kind]}"

    @property
    def lines(self) -> tuple[str, ...]:
        """The causes, and what to do first, by check."""
        if not self.causes:
            return (f"Nothing of it stands any more, as of {self.as_of}.",)
        lines: list[str] = []
        shown = self.causes[:SHOWN_CAUSES]
        for check, causes in groupby(shown, key=lambda cause: cause.check):
            listed = list(causes)
            lines += [f"{check}, {one.about}: {one.evidence}" for one in listed]
            lines.append(f"To do: {listed[0].what_to_do}")
        if len(self.causes) > len(shown):
            rest = len(self.causes) - len(shown)
            lines.append(f"And {rest:,} more, in monitoring.rpt_alerts.")
        return tuple(lines)


def read_incidents(
    connection: duckdb.DuckDBPyConnection,
) -> tuple[date | None, dict[tuple[str, str], Incident]]:
    """The published night's date, and what stands on it, by incident and target."""
    [(as_of,)] = connection.execute(
        "select max(as_of_date) from ops.runs where state = 'published'"
    ).fetchall()
    found: dict[tuple[str, str], list[Cause]] = {}
    for name, target, check, about, severity, evidence, since, to_do in connection.execute(
        STANDING
    ).fetchall():
        cause = Cause(check, about, severity, evidence or "unknown numbers", since, to_do)
        found.setdefault((name, target), []).append(cause)
    return as_of, {key: Incident(*key, tuple(causes)) for key, causes in found.items()}


def news(
    source: str,
    as_of: date,
    standing: Mapping[tuple[str, str], Incident],
    told: Mapping[tuple[str, str], Told],
) -> Iterator[Notice]:
    """What a channel has not been told yet: once an episode, once more where it gets worse.

    An episode goes on as long as anything of the incident stands, whatever it is.
    """
    for key, incident in standing.items():
        last = told.get(key)
        is_open = last is not None and last.kind != notices.RECOVERED
        if last is not None and is_open:
            if last.severity == "error" or incident.severity != "error":
                continue
            now = Told(*key, last.since, notices.WORSE, "error")
        else:
            now = Told(*key, incident.since, notices.OPENED, incident.severity)
        yield _notice(source, as_of, now, incident.causes)
    for key, last in told.items():
        if key not in standing and last.kind != notices.RECOVERED:
            over = Told(*key, last.since, notices.RECOVERED, last.severity)
            yield _notice(source, as_of, over, ())


def _notice(source: str, as_of: date, told: Told, causes: tuple[Cause, ...]) -> Notice:
    text = "\x1f".join((source, told.incident, told.target, str(told.since), told.kind))
    return Notice(hashlib.sha256(text.encode()).hexdigest()[:32], told, causes, source, as_of)
