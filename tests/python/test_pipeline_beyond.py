"""What a dump holds beyond the as-of date."""

from __future__ import annotations

from datetime import date

import duckdb

from plumbline.night.beyond import read_later_rows, sentences


def test_rows_beyond_the_as_of_date_are_counted() -> None:
    """Midnight of the as-of date is beyond; other vendors' tables are not meant."""
    with duckdb.connect() as connection:
        connection.execute("create schema base")
        for name in ("base_acme__events", "base_acme__accounts", "base_acme_old__events"):
            connection.execute(
                f"create table base.{name} as select unnest([timestamp '2026-06-30 23:59:59',"
                " '2026-07-01', '2026-07-03', null]) as known_at"
            )
        connection.execute("delete from base.base_acme__accounts where known_at >= '2026-07-01'")
        connection.execute("create table base.base_acme__plans as select 1 as plan_id")
        as_of, vendors = date(2026, 7, 1), ["acme"]
        assert read_later_rows(connection, as_of, vendors) == {"base_acme__events": 2}
        assert list(sentences(connection, as_of, vendors, is_dump=True)) == [
            "Left out, known on 2026-07-01 or later: 2 rows of base_acme__events."
        ]
        assert not list(sentences(connection, as_of, vendors, is_dump=False))
        assert not list(sentences(connection, date(2026, 8, 1), vendors, is_dump=True))
