"""Macros that read what vendors deliver: a value as it is meant, or null."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import duckdb
import pytest
from conftest import ROOT, World
from test_raw_files import dbt

from plumbline.store.text_files import NUMBER, WHOLE

MACROS = (
    "whole_number",
    "decimal_number",
    "epoch_to_timestamp",
    "readable_json",
    "salesforce_id_18",
)


@pytest.fixture(scope="module")
def dialect(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """A connection in which each macro under test is one of the engine, as dbt renders it."""
    folder = tmp_path_factory.mktemp("dialect")
    code = "".join(f"create macro {name}(x) as {{{{ {name}('x') }}}};" for name in MACROS)
    connection = duckdb.connect()
    connection.execute(dbt(World(folder, folder / "raw"), "compile", "--inline", code))
    return connection


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("whole_number('3')", 3),
        ("whole_number('3.0')", 3),
        ("whole_number(3.0)", 3),
        ("whole_number(' 12 ')", 12),
        ("whole_number('123456789012345678')", 123456789012345678),
        ("whole_number('2.5')", None),
        ("whole_number('')", None),
        ("whole_number('1_000')", None),
        ("whole_number('12 seats')", None),
        ("whole_number('99999999999999999999')", None),
        ("decimal_number('0.25')", Decimal("0.25")),
        ("decimal_number('1e-05')", Decimal("0.00001")),
        ("decimal_number('-4')", Decimal(-4)),
        ("decimal_number('')", None),
        ("decimal_number('1,5')", None),
        ("decimal_number('nan')", None),
        ("epoch_to_timestamp(1767225600)", datetime(2026, 1, 1)),
        ("epoch_to_timestamp(1767225600000)", datetime(2026, 1, 1)),
        ("epoch_to_timestamp(1767225600000000)", datetime(2026, 1, 1)),
        ("epoch_to_timestamp('1767225600.5')", datetime(2026, 1, 1, 0, 0, 0, 500000)),
        ("epoch_to_timestamp(946684800)", datetime(2000, 1, 1)),
        ("epoch_to_timestamp(946684799)", None),
        ("epoch_to_timestamp(4102444799)", datetime(2099, 12, 31, 23, 59, 59)),
        ("epoch_to_timestamp(4102444800)", None),
        ("epoch_to_timestamp(4102444800000)", None),
        ("epoch_to_timestamp(0)", None),
        ("epoch_to_timestamp('')", None),
        ("epoch_to_timestamp('2026-01-01')", None),
        ("epoch_to_timestamp('nan')", None),
        ("epoch_to_timestamp(null)", None),
        ("readable_json('{\"a\": 1}')", '{"a": 1}'),
        ("readable_json('{\"a\": ')", None),
        ("readable_json('')", None),
        # source: https://developer.salesforce.com, "ID Field Type": three characters say the case
        ("salesforce_id_18('0013000000AbCdE')", "0013000000AbCdEAAV"),
        ("salesforce_id_18('001300000000000')", "001300000000000AAA"),
        ("salesforce_id_18('0013000000AbCdEAAV')", "0013000000AbCdEAAV"),
        ("salesforce_id_18('0013000000-bCdE')", "0013000000-bCdE"),
        ("salesforce_id_18('ACME')", "ACME"),
        ("salesforce_id_18(null)", None),
    ],
)
def test_dialect_macro(
    dialect: duckdb.DuckDBPyConnection, expression: str, expected: object
) -> None:
    """A value as it is meant, or null; never an engine's error and never a rounded number."""
    assert dialect.execute(f"select {expression}").fetchone() == (expected,)


def test_preflight_reads_numbers_as_the_macros_do() -> None:
    for pattern, macro in ((WHOLE, "whole_number"), (NUMBER, "decimal_number")):
        assert f"'{pattern}'" in (ROOT / "macros" / f"{macro}.sql").read_text(encoding="utf-8")
