"""Tells what is new of the incidents of the published night, by each channel."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from plumbline.activation.channels import Channel
from plumbline.activation.deliver import LONGEST_WAIT_SECONDS, Patience, hushed, read_patience
from plumbline.activation.errors import Denied, Unreachable
from plumbline.activation.incidents import Incident, Notice, news, read_incidents
from plumbline.config import Settings
from plumbline.errors import UserError
from plumbline.store import notices, ops
from plumbline.store.connections import open_private, open_published
from plumbline.store.lock import run_lock


@dataclass(frozen=True)
class Alerted:
    """What stands, and what came of telling it.

    Attributes
    ----------
    sent : tuple of (str, Notice)
        By which channel what went out; on a dry run, what would.
    failed : tuple of (str, str)
        By which channel it did not, and why.
    """

    as_of: date
    standing: tuple[Incident, ...]
    sent: tuple[tuple[str, Notice], ...]
    failed: tuple[tuple[str, str], ...]


def run_alert(settings: Settings, channels: Sequence[Channel], is_dry: bool = False) -> Alerted:
    """Tell each channel what it has not been told yet; what fails is told the next time.

    Raises
    ------
    UserError
        Nothing is published, or another run is at work.
    """
    with open_published(settings) as published:
        try:
            as_of, standing = read_incidents(published)
        except duckdb.Error:
            raise UserError(
                "the published night is of a version that has no incidents yet",
                "run `plumbline nightly` first",
            ) from None
    if as_of is None:
        raise UserError("no night is published", "run `plumbline nightly` first")
    patience = read_patience(settings)
    sent: list[tuple[str, Notice]] = []
    failed: list[tuple[str, str]] = []
    with run_lock(settings), open_private(settings) as connection:
        ops.create_tables(connection, settings.root)
        for channel in channels:
            told = notices.read_told(connection, channel.name)
            for notice in news(settings.source, as_of, standing, told):
                error = None if is_dry else _told(channel, notice, patience)
                if not is_dry:
                    notices.record(connection, notice.id, channel.name, notice.told, as_of, error)
                if error:
                    failed.append((channel.name, error))
                else:
                    sent.append((channel.name, notice))
    return Alerted(as_of, tuple(standing.values()), tuple(sent), tuple(failed))


def _told(channel: Channel, notice: Notice, patience: Patience) -> str | None:
    """Tell one notice, with patience; why it did not go out, None where it did."""
    said = ""
    for attempt in range(patience.tries):
        try:
            channel.tell(notice)
        except (Unreachable, Denied) as error:
            said = hushed(error.message, channel) or "failed without a word"
            asked = getattr(error, "wait", None)
            if isinstance(error, Denied) or (asked or 0) > LONGEST_WAIT_SECONDS:
                return said
            if attempt + 1 < patience.tries:
                time.sleep(patience.wait(attempt, asked))
        else:
            return None
    return said
