"""A published night of any number of accounts, small enough to be made in a moment."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
from conftest import ROOT, World

SEED = ROOT / "seeds" / "reference" / "sync_fields.csv"
TIERS = ("low", "medium", "high", "critical")
CONFIG = """
[source.demo]
vendors = ["product"]
label = "churned_within_60d"
[source.demo.vars]
sync_first_wait_seconds = 0.01
sync_tries = 3
sync_bulk_from = {bulk_from}
sync_dead_after = {dead_after}
sync_tier_changes_pct = 20
sync_tier_changes_at_least = 10
"""


@dataclass(frozen=True)
class Told:
    """What a night says of one account."""

    account: str
    pct: int = 5
    tier: str = "low"
    reason: str = "4 tickets waited"
    health: str = "healthy"
    action: str = "send"
    held: str | None = None
    record: str = ""


@dataclass
class SyncWorld:
    """A warehouse whose published night the test writes."""

    world: World
    bulk_from: int = 2000
    dead_after: int = 3
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        """Its plumbline.toml."""
        file = self.world.folder / "plumbline.toml"
        file.write_text(CONFIG.format(bulk_from=self.bulk_from, dead_after=self.dead_after))
        return file

    def publish(
        self,
        rows: Iterable[Told],
        as_of: date = date(2026, 2, 28),
        model: str = "churn-1",
        fields: Mapping[tuple[str, str], str] | None = None,
    ) -> None:
        """Replace the published night."""
        self.world.warehouse.mkdir(exist_ok=True)
        self.world.published_file.unlink(missing_ok=True)
        with duckdb.connect(str(self.world.published_file)) as connection:
            connection.execute("create schema activation; create schema reference")
            connection.execute(
                "create table activation.sync_salesforce__accounts (account_id varchar,"
                " crm_account_id varchar, as_of_date date, sync_action varchar,"
                " held_reason varchar, churn_risk_pct bigint, risk_tier varchar, reason varchar,"
                " health_band varchar, model_version varchar, run_id varchar)"
            )
            found = [
                (
                    one.account,
                    one.record or one.account,
                    as_of,
                    one.action,
                    one.held,
                    *(
                        (one.pct, one.tier, one.reason, one.health)
                        if one.action == "send"
                        else (None,) * 4
                    ),
                    model,
                    f"run of {as_of}",
                )
                for one in rows
            ]
            if found:
                marks = ", ".join("?" * 11)
                connection.executemany(
                    f"insert into activation.sync_salesforce__accounts values ({marks})", found
                )
            connection.execute(
                "create table reference.sync_fields"
                " (destination varchar, column_name varchar, field_name varchar)"
            )
            with SEED.open(newline="") as file:
                for row in csv.DictReader(file):
                    key = (row["destination"], row["column_name"])
                    name = (fields or {}).get(key, row["field_name"])
                    connection.execute(
                        "insert into reference.sync_fields values (?, ?, ?)", [*key, name]
                    )

    def states(self, destination: str = "salesforce") -> dict[str, tuple[str, int]]:
        """State and version of the newest version, by record."""
        rows = self.read(
            "select record_id, arg_max(coalesce(state, 'pending'), (payload_version, recorded_at)),"
            " max(payload_version) from ops.outbox left join ops.deliveries using (idempotency_key)"
            f" where destination = '{destination}' group by 1"
        )
        return {record: (state, version) for record, state, version in rows}

    def read(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of the private file."""
        return self.world.read(query, private=True)


def accounts(count: int, tier: str = "low", pct: int = 5) -> list[Told]:
    """So many accounts of one kind."""
    return [Told(f"001{number:05}", pct, tier) for number in range(count)]
