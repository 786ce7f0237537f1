"""CSV files as vendors and spreadsheets truly write them: read right, or refused in one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from conftest import World
from test_raw_files import dbt

from plumbline.errors import UserError
from plumbline.store.raw import RawTable, read_contract
from plumbline.store.text_files import check_text

HEADER = "id,quantity,price,paid,day,at,note"
ROW = "A-1,3,1.5,true,2026-02-01,2026-02-01 12:00:00,fine"
OPTIONS = """header = true, delim = ',', quote = '"', escape = '"', all_varchar = true"""
SOURCES = """
sources:
  - name: shop
    tables:
      - name: orders
        config:
          meta:
            external_location: >-
              read_csv('{{{{ env_var("PLUMBLINE_RAW", "data/raw") }}}}/orders.csv', {options})
        columns:
          - {{name: id, data_type: varchar}}
          - {{name: quantity, data_type: integer}}
          - {{name: price, data_type: double}}
          - {{name: paid, data_type: boolean}}
          - {{name: day, data_type: date}}
          - {{name: at, data_type: timestamp}}
          - name: note
            data_type: varchar
            config: {{meta: {{is_optional: true}}}}
"""
Check = Callable[..., int]


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """Check a file of this content against the contract above."""
    folder = tmp_path / "models" / "base" / "shop"
    folder.mkdir(parents=True)

    def run(content: str | bytes, options: str = OPTIONS) -> int:
        sources = folder / "_shop__sources.yml"
        sources.write_text(SOURCES.format(options=options), encoding="utf-8")
        file = tmp_path / "orders.csv"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        (table,) = read_contract(tmp_path, tmp_path, ["shop"], "the test")
        assert isinstance(table, RawTable)
        with duckdb.connect() as connection:
            connection.execute("set TimeZone = 'UTC'")
            return check_text(connection, table, str(file))

    return run


def test_sound_files(check: Check) -> None:
    assert check(f"{HEADER}\n{ROW}\n") == 1
    assert check(f"{HEADER}\n{ROW}\n{ROW}\n\n") == 2
    assert check(f"{HEADER}\n") == 0
    assert check("at,id,quantity,price,paid,day\n,,,,,\n") == 1
    assert check(f"{HEADER}\nA-1,3.0,.5,0,2026-02-01 00:00:00,2026-02-01T12:00:00+02:00,\n") == 1
    assert check(f'\ufeff{HEADER}\r\n"A-1","3","1e-05","","","2026-02-01","two\nlines"\r\n') == 1
    assert check(f'{HEADER}\n"A-1",3,1,f,,,"a ""word"""\n{ROW}\n') == 2
    unlike = OPTIONS.replace("delim = ','", "delim = ';'").replace("escape = '\"'", "escape = '\\'")
    assert check(HEADER.replace(",", ";") + '\nA-1;3;1;f;;;"a \\"word\\""\n', unlike) == 1


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (",3,", ",2.5,", ["line 5", "column quantity is '2.5'", "says integer"]),
        (",3,", ',"2,5",', ["line 5", "column quantity is '2,5'"]),
        (",3,", ",three,", ["line 5", "column quantity is 'three'"]),
        (",3,", ",3000000000,", ["line 5", "column quantity is '3000000000'"]),
        (",1.5,", ',"1,5",', ["line 5", "column price is '1,5'", "says double"]),
        (",1.5,", ",nan,", ["line 5", "column price is 'nan'"]),
        (",true,", ",ja,", ["line 5", "column paid is 'ja'", "says boolean"]),
        ("2026-02-01,", "01/02/2026,", ["line 5", "column day is '01/02/2026'", "says date"]),
        ("2026-02-01,", "2026-02-30,", ["line 5", "column day is '2026-02-30'"]),
        ("2026-02-01,", "2026-02-01 14:30:00,", ["column day is '2026-02-01 14:30:00'"]),
        ("12:00:00", "25:00:00", ["line 5", "column at is '2026-02-01 25:00:00'"]),
        ("2026-02-01 12:00:00", "1769947200", ["column at is '1769947200'", "says timestamp"]),
        (",fine", "", ["line 5 has 6 fields, the header 7"]),
        (",fine", ",fine,too", ["line 5 has 8 fields, the header 7"]),
        ("fine", '"fine', ["line 5", "unexpected end of data"]),
        ("fine", '"a \\"word\\""', ["line 5", "escape"]),
    ],
)
def test_line_that_cannot_be_read(check: Check, old: str, new: str, words: list[str]) -> None:
    """The line is that of the file: an earlier row has a value over two lines."""
    over_two_lines = ROW.replace("fine", '"two\nlines"')
    sound = f"{HEADER}\n{ROW}\n{over_two_lines}"
    assert check(f"{sound}\n{ROW}\n") == 3
    with pytest.raises(UserError) as caught:
        check(f"{sound}\n{ROW.replace(old, new, 1)}\n")
    for word in ["orders.csv", *words]:
        assert word in caught.value.line


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            f"{HEADER}\n'A-1',,,,,,\n'A-2',,,,,,\n",
            ["line 2", "id is a text of 5 char", "value is in quotes"],
        ),
        (HEADER.replace("quantity", "'quantity'"), ["lacks the column quantity"]),
        (f"{HEADER}\nMüller,,,,,,\n".encode("latin-1"), ["not UTF-8"]),
        (f"{HEADER}\n{ROW}\n".encode("utf-16"), ["orders.csv"]),
        ("", ["orders.csv"]),
        ("PK\x03\x04\x00", ["orders.csv"]),
    ],
)
def test_file_that_cannot_be_read(check: Check, content: str | bytes, words: list[str]) -> None:
    with pytest.raises(UserError) as caught:
        check(content)
    for word in words:
        assert word in caught.value.line


def test_types_that_round_are_refused(check: Check) -> None:
    types = "types = list_value('VARCHAR', 'BIGINT')"
    with pytest.raises(UserError, match=r"makes bigint of shop.orders.quantity.*all_varchar"):
        check(f"{HEADER}\n{ROW}\n", f"header = true, delim = ',', {types}")


def test_base_models_read_text_as_it_is_meant(tmp_path: Path) -> None:
    """Quotes, line ends, a whole number with a point and an offset, all in one file."""
    world = World(tmp_path, tmp_path / "raw")
    world.raw.mkdir()
    (world.raw / "ravenstack_support_tickets.csv").write_bytes(
        b'\xef\xbb\xbf"ticket_id","account_id","submitted_at","closed_at","priority",'
        b'"first_response_time_minutes","satisfaction_score","escalation_flag",'
        b'"resolution_time_hours"\r\n'
        b'"T-1","A\n1","2026-02-01","2026-02-01T12:00:00+02:00","high","30.0","4","true",""\r\n'
        b'"T-""2""","","2026-02-02 00:00:00","2026-02-02 10:00:00","low","","","",""\r\n'
    )
    dbt(
        world,
        "run",
        "--vars",
        '{vendors: [ravenstack], as_of_date: "2026-02-28"}',
        "--select",
        "base_ravenstack__ticket_versions base_ravenstack__ticket_comments",
    )
    with duckdb.connect(str(world.build_file), read_only=True) as connection:
        assert connection.execute(
            "select ticket_id, account_id, priority, is_escalated, cast(changed_at as varchar)"
            " from base.base_ravenstack__ticket_versions where status = 'solved' order by ticket_id"
        ).fetchall() == [
            ('T-"2"', None, "low", None, "2026-02-02 10:00:00"),
            ("T-1", "A\n1", "high", True, "2026-02-01 10:00:00"),
        ]
        assert connection.execute(
            "select ticket_id, cast(commented_at as varchar)"
            " from base.base_ravenstack__ticket_comments"
        ).fetchall() == [("T-1", "2026-02-01 00:30:00")]
