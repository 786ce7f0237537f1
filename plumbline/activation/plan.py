"""Which rows differ from what a destination holds, and whether that is too much for one night."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from plumbline.activation.wanted import Fields, Row, Wanted
from plumbline.config import Settings
from plumbline.store import outbox
from plumbline.store.outbox import Entry, Record


@dataclass(frozen=True)
class Ceiling:
    """How much may change at once without a word.

    Attributes
    ----------
    share : float
        Of the records that hold something, 0-1.
    at_least : int
        So few changes are never too many.
    """

    share: float
    at_least: int


@dataclass(frozen=True)
class Plan:
    """What a sync would do.

    Attributes
    ----------
    new : tuple of Entry
        Versions that were not meant for anybody yet.
    again : tuple of Entry
        Versions that are not known to have arrived, or were refused.
    unchanged, dead : int
        Records that hold what they are to hold; dead letters that stay.
    known : int
        Records that hold something now.
    tiers_changed, blanked : int
        Of these, whose tier would be another one, and which would be emptied.
    """

    new: tuple[Entry, ...]
    again: tuple[Entry, ...]
    unchanged: int
    dead: int
    known: int
    tiers_changed: int
    blanked: int

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All that is to be sent."""
        return (*self.again, *self.new)


def read_ceiling(settings: Settings) -> Ceiling:
    """The ceiling of a source."""
    return Ceiling(
        float(settings.dbt_var("sync_tier_changes_pct")) / 100,
        int(settings.dbt_var("sync_tier_changes_at_least")),
    )


def make_plan(
    destination: str,
    wanted: Wanted,
    fields: Fields,
    records: Mapping[str, Record],
    retry_dead: bool = False,
) -> Plan:
    """Compare what is wanted with what a destination is known to hold.

    Only a version that is known to have arrived counts as held: after a request that broke off,
    and after a refusal, the record is told again, were it the value it had before.
    """
    new: list[Entry] = []
    again: list[Entry] = []
    unchanged = dead = 0
    for row in wanted.rows:
        record = records.get(row.record_id)
        if row.is_blank and (record is None or not record.may_hold):
            unchanged += 1
        elif record is None or not _says(record.newest, row):
            new.append(_version(destination, wanted, row, record))
        elif record.newest.state == outbox.SENT:
            unchanged += 1
        elif record.newest.state == outbox.DEAD and not retry_dead:
            dead += 1
        else:
            again.append(record.newest)
    holding = {name: held.sent for name, held in records.items() if held.sent}
    to_send = [*again, *new]
    return Plan(
        new=tuple(new),
        again=tuple(again),
        unchanged=unchanged,
        dead=dead,
        known=len(holding),
        tiers_changed=sum(
            not entry.is_blank
            and entry.record_id in holding
            and holding[entry.record_id].get(fields.tier) != entry.values.get(fields.tier)
            for entry in to_send
        ),
        blanked=sum(entry.is_blank and entry.record_id in holding for entry in to_send),
    )


def _says(entry: Entry, row: Row) -> bool:
    return entry.is_blank == row.is_blank and dict(entry.values) == dict(row.values)


def _version(destination: str, wanted: Wanted, row: Row, record: Record | None) -> Entry:
    version = record.newest.version + 1 if record else 1
    payload = outbox.as_payload(row.values)
    return Entry(
        key=outbox.make_key(destination, row.record_id, version, payload),
        record_id=row.record_id,
        account_id=row.account_id,
        version=version,
        values=row.values,
        is_blank=row.is_blank,
        model_version=wanted.model_version or "",
        as_of=wanted.as_of,
        run_id=wanted.run_id,
    )


def objections(
    plan: Plan, wanted: Wanted, last: tuple[str, date] | None, ceiling: Ceiling
) -> Iterator[str]:
    """Why a sync needs somebody's word, in words; none where it does not.

    Parameters
    ----------
    last : (str, date) or None
        Model and as-of date of the last sync that sent anything.
    """
    if not plan.entries:
        return
    if last is None:
        yield f"this would be the first load, of {len(plan.entries):,} records"
        return
    model, as_of = last
    if wanted.model_version != model:
        yield f"the model is a new one ({wanted.model_version}, before {model})"
    if wanted.as_of < as_of:
        yield f"the published night, {wanted.as_of}, is older than the one sent last, {as_of}"
    changed = plan.tiers_changed + plan.blanked
    if changed > ceiling.at_least and changed > ceiling.share * plan.known:
        yield (
            f"{changed:,} of {plan.known:,} records would change their tier or be emptied"
            f" ({changed / plan.known:.0%}), more than {ceiling.share:.0%}"
        )
