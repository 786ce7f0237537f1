"""The product event stream, written one landing day at a time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from plumbline.demo import text
from plumbline.demo.accounts import ENTITLED, REGION_UTC_OFFSET, Accounts
from plumbline.demo.config import DAY_US, END, Config, holiday_factor, weekday
from plumbline.demo.event_types import SHARE_CORE, SHARE_NAVIGATION, TABLE_SIZE, EventTypes
from plumbline.demo.latent import Latent
from plumbline.demo.people import BOT, HUMAN, WEEKEND, People
from plumbline.demo.schema import SCHEMAS
from plumbline.demo.simulation import World
from plumbline.demo.writer import EPOCH, partition_path, write_file

LATE, VERY_LATE, REDELIVERED, REPLAYED = 0.0100, 0.0006, 0.005, 0.0003
LATEST, LATEST_REPLAY = 35, 45
_BITS = 37
_SHIFT = 42
_CATEGORY_API, _CATEGORY_INVITES = 9, 1
INVITED = 0.35
_HOUR_WEIGHT = np.array(
    [1, 1, 1, 1, 1, 2, 6, 18, 45, 70, 80, 75, 50, 65, 75, 72, 62, 40, 20, 12, 9, 6, 3, 2],
    dtype=float,
)
_PROPERTIES = tuple(
    f'{{"client":"{client}","version":"{version}","locale":"{locale}"}}'
    for client in ("web", "desktop", "ios", "android")
    for version in ("5.1", "5.2", "5.3")
    for locale in ("en", "en-GB", "de", "fr")
)
_WEB = 12


@dataclass(frozen=True)
class _Rows:
    """Events in the order of their key (actor, time); one element per event."""

    actor: np.ndarray
    time: np.ndarray
    number: np.ndarray
    kind: np.ndarray
    known: np.ndarray

    def key(self, base: int) -> np.ndarray:
        return (self.actor.astype(np.int64) << _SHIFT) | (self.time - base)

    def take(self, index: np.ndarray) -> _Rows:
        return _Rows(*(getattr(self, f)[index] for f in self.__dataclass_fields__))


def _merged(parts: list[_Rows], base: int) -> _Rows:
    """Insert small sorted parts into the first, large, sorted one."""
    whole = parts[0]
    if len(parts) == 1:
        return whole
    rest = _Rows(
        *(np.concatenate([getattr(p, f) for p in parts[1:]]) for f in _Rows.__dataclass_fields__)
    )
    rest = rest.take(np.argsort(rest.key(base), kind="stable"))
    at = np.searchsorted(whole.key(base), rest.key(base), side="right")
    return _Rows(
        *(np.insert(getattr(whole, f), at, getattr(rest, f)) for f in _Rows.__dataclass_fields__)
    )


class EventStream:
    """Draws the events of single days; each day has a random stream of its own."""

    def __init__(
        self,
        config: Config,
        accounts: Accounts,
        latent: Latent,
        world: World,
        people: People,
        types: EventTypes,
    ) -> None:
        self.config, self.accounts, self.latent = config, accounts, latent
        self.world, self.people, self.types = world, people, types
        local = np.repeat(np.arange(24), (_HOUR_WEIGHT * 5).astype(np.int64))
        local = np.resize(local, 4096)
        self.hours = (local[None, :] - REGION_UTC_OFFSET[:, None]) % 24
        human = people.kind == HUMAN
        weight = (people.rate * people.busy)[human].sum() / people.rate[human].sum()
        self.busy = people.busy / weight

    def day(self, day: int) -> _Rows:
        """Return the events that happen on a day, sorted, with the time at which each is known."""
        people = self.people
        rng = np.random.default_rng([self.config.seed, 771, day])
        active = self._active(rng, day)
        mean = self.config.size.events_per_user_day * self.busy[active]
        engaged = np.exp(0.15 * self.latent.drivers[day, 0])[people.actor_account[active]]
        count = 1 + rng.standard_exponential(len(active)) * np.maximum(mean * engaged - 0.62, 0.05)
        actor = np.repeat(active, count.astype(np.int64))
        n = len(actor)
        slot = rng.integers(0, 4096, n, dtype=np.int16)
        hour = self.hours[self.accounts.region[people.actor_account[actor]], slot]
        within = hour * 3_600_000_000 + (rng.random(n) * 3.6e9).astype(np.int64)
        ordered = np.sort((actor.astype(np.int64) << _BITS) | within)
        actor = (ordered >> _BITS).astype(np.int32)
        within = ordered & ((1 << _BITS) - 1)
        batch = (within + rng.integers(60, 400, n) * 1_000_000) // 900_000_000 + 1
        base = EPOCH + day * DAY_US
        return _Rows(
            actor=actor,
            time=base + within,
            number=(np.int64(day) << 33) + np.arange(n),
            kind=self._kinds(rng, day, people.actor_account[actor], people.kind[actor] == BOT),
            known=base + np.minimum(batch * 900_000_000, DAY_US - 1_000_000),
        )

    def _active(self, rng: np.random.Generator, day: int) -> np.ndarray:
        people, account = self.people, self.people.actor_account
        depth = self.latent.decline[day]
        x = self.latent.drivers[day]
        mood = np.exp(0.28 * x[0] - 0.22 * x[4] - 3.0 * depth)
        on = (self.world.state[day] > 0) & ~self.accounts.is_silent
        pace = np.where(on, mood, 0.0)[account]
        weekend = weekday(day) > 4
        seated = (people.wanted[day // 7][account] > people.rank) & (people.joined <= day)
        rate = people.rate * pace * holiday_factor(day) * (WEEKEND if weekend else 1.0)
        return np.flatnonzero(seated & (rng.random(len(rate)) < -np.expm1(-rate)))

    def adopted(self, day: int) -> np.ndarray:
        """Feature categories in use, by account."""
        limit = ENTITLED[self.accounts.plan]
        count = np.round(4.5 + 2.5 * self.latent.drivers[day, 1])
        return np.clip(count, 1, limit).astype(np.int64)

    def _kinds(
        self, rng: np.random.Generator, day: int, account: np.ndarray, bot: np.ndarray
    ) -> np.ndarray:
        types = self.types
        n = len(account)
        entry = rng.integers(0, TABLE_SIZE, n, dtype=np.int16)
        u = rng.random(n, dtype=np.float32)
        kind = types.navigation[entry]
        core = (u >= SHARE_NAVIGATION) & (u < SHARE_NAVIGATION + SHARE_CORE)
        kind[core] = types.core[entry[core]]
        at = np.flatnonzero((u >= SHARE_NAVIGATION + SHARE_CORE) | bot)
        place = (rng.random(len(at)) ** 1.15 * self.adopted(day)[account[at]]).astype(np.int64)
        category = self.accounts.category_order[account[at], place]
        category[bot[at]] = _CATEGORY_API
        asked = (category != _CATEGORY_INVITES) | (rng.random(len(at)) < INVITED)
        at, category = at[asked], category[asked]
        kind[at] = types.by_category[category, entry[at]]
        return kind

    def split(self, rows: _Rows, day: int) -> list[tuple[int, _Rows]]:
        """Divide a day's events by landing day; late, redelivered and replayed ones land later."""
        rng = np.random.default_rng([self.config.seed, 772, day])
        n = len(rows.time)
        u = rng.random(n, dtype=np.float32)
        late = np.flatnonzero(u < LATE + VERY_LATE)
        delay = np.where(
            u[late] < LATE, rng.integers(1, 4, len(late)), rng.integers(4, LATEST + 1, len(late))
        )
        landed = np.full(n, day)
        landed[late] += delay
        quarter = rng.integers(1, 96, len(late)) * 900_000_000
        rows.known[late] = EPOCH + landed[late] * DAY_US + quarter
        again = np.flatnonzero(rng.random(n, dtype=np.float32) < REDELIVERED)
        copies = rows.take(again)
        lag = rng.integers(0, 3, len(again))
        start = EPOCH + (landed[again] + lag) * DAY_US
        later = start + rng.integers(1, 96, len(again)) * 900_000_000
        end = start + DAY_US - 1_000_000
        same = np.minimum(copies.known + 900_000_000, end)
        copies.known[:] = np.where(lag == 0, same, later)
        out = [(day, rows.take(np.flatnonzero(landed == day)))]
        out += [(day + k, rows.take(late[delay == k])) for k in np.unique(delay)]
        copied = landed[again] + lag
        out += [(int(k), copies.take(np.flatnonzero(copied == k))) for k in np.unique(copied)]
        return out + self._replayed(rows, day)

    def _replayed(self, rows: _Rows, day: int) -> list[tuple[int, _Rows]]:
        """Deliveries of a day's events that come again weeks after all others."""
        rng = np.random.default_rng([self.config.seed, 773, day])
        again = np.flatnonzero(rng.random(len(rows.time), dtype=np.float32) < REPLAYED)
        copies = rows.take(again)
        landed = day + rng.integers(LATEST + 3, LATEST_REPLAY + 1, len(again))
        quarter = rng.integers(1, 96, len(again)) * 900_000_000
        copies.known[:] = EPOCH + landed * DAY_US + quarter
        return [(int(k), copies.take(np.flatnonzero(landed == k))) for k in np.unique(landed)]

    def table(self, rows: _Rows) -> pa.Table:
        """Rows as an Arrow table of the raw schema (text columns dictionary-encoded)."""
        people, n = self.people, len(rows.time)
        change = np.flatnonzero(np.diff(rows.actor, prepend=-1))
        run = np.cumsum(np.bincount(change, minlength=n)) - 1 if n else np.zeros(0, np.int64)
        # A value that occurs twice in a dictionary makes the Parquet writer give up on it.
        person, seat = np.unique(people.actor_user[rows.actor[change]], return_inverse=True)
        users = people.user.take(pa.array(person))
        place, code = np.unique(people.actor_account[rows.actor[change]], return_inverse=True)
        spaces = self.accounts.workspace.take(pa.array(place))
        names = pa.array(self.types.names)
        # Half of the events come from the web client, which has the first combinations.
        mix = (rows.number * 7919 >> 3) % (len(_PROPERTIES) + 2 * _WEB)
        properties = np.where(mix < 2 * _WEB, mix % _WEB, mix - 2 * _WEB)
        columns = {
            "event_id": text.hex_text("evt_", text.mixed(rows.number, self.config.seed << 50)),
            "timestamp": pa.array(rows.time.view("M8[us]")),
            "user_id": _dictionary(seat[run], users),
            "workspace_id": _dictionary(code[run], spaces),
            "event_type": _dictionary(rows.kind, names),
            "properties": _dictionary(properties, pa.array(_PROPERTIES)),
            "_extracted_at": pa.array(rows.known.view("M8[us]")),
        }
        assert list(columns) == SCHEMAS["segment", "events"].names
        return pa.table(columns)


def _dictionary(index: np.ndarray, values: pa.Array) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(index.astype(np.int32)), values)


def write_events(
    stream: EventStream, out: Path, progress: Callable[[str, float], None] | None = None
) -> int:
    """Write one file per landing day and return the number of rows written."""
    pending: dict[int, list[_Rows]] = {}
    first, total, writing = stream.config.first_event_day, 0, None
    with ThreadPoolExecutor(1) as pool:
        for day in range(first, END):
            for landed, rows in stream.split(stream.day(day), day):
                pending.setdefault(landed, []).append(rows)
            parts = pending.pop(day)
            parts.sort(key=lambda rows: -len(rows.time))
            merged = _merged(parts, EPOCH + (day - LATEST_REPLAY) * DAY_US)
            total += len(merged.time)
            if writing is not None:
                writing.result()
            path = partition_path(out, "segment", "events", day)
            writing = pool.submit(lambda p=path, m=merged: write_file(p, stream.table(m)))
            if progress:
                progress("events", (day - first + 1) / (END - first))
        if writing is not None:
            writing.result()
    return total
