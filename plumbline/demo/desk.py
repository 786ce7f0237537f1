"""Habits of a support desk beside the plain course of a ticket: waiting, merging, not asking."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from plumbline.demo.config import DAY_US
from plumbline.demo.writer import known, make_table

_HOUR = 3_600_000_000
_MERGE_WITHIN = 3 * DAY_US
_SHARE_HELD, _SHARE_MERGED, _SHARE_UNOFFERED = 0.05, 0.25, 0.05


def with_held(rng: np.random.Generator, tickets: pa.Table) -> pa.Table:
    """Put some pending tickets on hold, half an hour after the reply."""
    pending = np.flatnonzero(_is(tickets, "status", "pending"))
    rows = pending[rng.random(len(pending)) < _SHARE_HELD]
    return pa.concat_tables(
        [tickets, _versions(rng, tickets, rows, _times(tickets)[rows] + _HOUR // 2, "hold")]
    )


def with_merged(rng: np.random.Generator, who: np.ndarray, tickets: pa.Table) -> pa.Table:
    """Merge tickets into one that the same account opened up to three days before.

    The ticket that is merged away is closed within hours and has no later version; the desk marks
    it with a tag. It counts no more, the one that stays counts once.

    Parameters
    ----------
    who : array of int, shape (n_tickets,)
        Account of each ticket, in the order of ticket numbers.
    """
    number = tickets["id"].to_numpy()
    ticket = number - number.min()
    opened = np.zeros(len(who), dtype=np.int64)
    opened[ticket] = _times(tickets, "created_at")
    order = np.lexsort((opened, who))
    follows = np.zeros(len(who), dtype=bool)
    follows[order[1:]] = (np.diff(who[order]) == 0) & (np.diff(opened[order]) < _MERGE_WITHIN)
    is_merged = follows & (rng.random(len(who)) < _SHARE_MERGED)
    merged_at = opened + (rng.uniform(0.5, 6, len(who)) * _HOUR).astype(np.int64)
    ends = is_merged[ticket]
    kept = tickets.filter(pa.array(~ends | (_times(tickets) < merged_at[ticket])))
    rows = np.flatnonzero(ends & _is(tickets, "status", "new"))
    closed = _versions(rng, tickets, rows, merged_at[ticket[rows]], "closed")
    tags = pa.array(['["product","closed_by_merge"]'] * len(rows))
    closed = closed.set_column(closed.schema.get_field_index("tags"), "tags", tags)
    return pa.concat_tables([kept, closed])


def with_unoffered(rng: np.random.Generator, tickets: pa.Table, ratings: pa.Table) -> pa.Table:
    """Add the ratings of solved tickets whose requester nobody asked."""
    asked = np.isin(tickets["id"].to_numpy(), ratings["ticket_id"].to_numpy())
    rows = np.flatnonzero(_is(tickets, "status", "closed") & ~asked)
    rows = rows[rng.random(len(rows)) < _SHARE_UNOFFERED]
    number, at = tickets["id"].to_numpy()[rows], _times(tickets)[rows]
    return pa.concat_tables(
        [
            ratings,
            make_table(
                "zendesk",
                "satisfaction_ratings",
                id=700_000 + number,
                ticket_id=number,
                score=pa.array(["unoffered"] * len(rows)),
                created_at=at,
                updated_at=at,
                _extracted_at=known(rng, at),
            ),
        ]
    )


def _is(table: pa.Table, column: str, word: str) -> np.ndarray:
    return table[column].to_numpy(zero_copy_only=False) == word


def _times(table: pa.Table, column: str = "updated_at") -> np.ndarray:
    return table[column].to_numpy().astype("M8[us]").astype(np.int64)


def _versions(
    rng: np.random.Generator, tickets: pa.Table, rows: np.ndarray, at: np.ndarray, status: str
) -> pa.Table:
    """Copies of ticket rows as later versions in another status."""
    columns = {name: tickets[name].take(pa.array(rows)) for name in tickets.schema.names}
    columns |= {
        "status": pa.array([status] * len(rows), pa.string()),
        "updated_at": at,
        "_extracted_at": known(rng, at),
    }
    return make_table("zendesk", "tickets", **columns)
