"""Tables of staging by their columns: whose a row is, what it is of, since when it is known."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

# Moments of a row, of which the first that its table has says when its subject began.
BEGINNINGS = (
    "occurred_at",
    "commented_at",
    "responded_at",
    "failed_at",
    "churned_at",
    "created_at",
    "started_at",
    "invited_at",
    "assigned_at",
    "changed_at",
    "known_at",
)
# Relations that say whose a row is where it names no account, by what it does name. (A ticket may
# name its account by its organisation.)
ACCOUNT_OF = {
    "ticket_id": "intermediate.int_ticket_versions__mapped",
    "account_id": "",
    "subscription_id": "staging.stg_subscription__subscription_versions",
    "workspace_id": "intermediate.int_workspaces__owned",
}


@dataclass(frozen=True)
class StagingTable:
    """A table of staging whose rows belong to accounts.

    Attributes
    ----------
    keys : tuple of str
        What a row is of; of what is a part of another, two.
    link : str
        Column that leads to the account.
    begins, changed : str
        When the subject began, and of when the row speaks.
    """

    name: str
    source_type: str
    columns: tuple[str, ...]
    keys: tuple[str, ...]
    link: str
    begins: str
    changed: str

    @property
    def relation(self) -> str:
        """Schema and table."""
        return f"staging.{self.name}"

    @property
    def owners(self) -> str:
        """Relation of `link` and `account_id`; empty where a row names its account."""
        return ACCOUNT_OF[self.link]


def staging_tables(connection: duckdb.DuckDBPyConnection) -> list[StagingTable]:
    """Tables of staging that say when a row was known, and lead to an account.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        On the private file.
    """
    found = []
    for name, columns in connection.execute(
        "select table_name, list(column_name order by column_index) from duckdb_columns()"
        " where schema_name = 'staging' and database_name = current_database()"
        " group by table_name order by table_name"
    ).fetchall():
        link = next((column for column in ACCOUNT_OF if column in columns), None)
        if "known_at" not in columns or link is None:
            continue
        begins = next(column for column in BEGINNINGS if column in columns)
        more = [n for n in columns[1:2] if n.endswith("_id") and n != "account_id"]
        found.append(
            StagingTable(
                name,
                name.removeprefix("stg_").split("__")[0],
                tuple(columns),
                (columns[0], *more),
                link,
                begins,
                "changed_at" if "changed_at" in columns else begins,
            )
        )
    return found
