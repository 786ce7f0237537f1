"""What a source without rows of its own in the reference seeds is told."""

from __future__ import annotations

from pathlib import Path

import duckdb
from conftest import ROOT

from plumbline.config import Settings, load_settings
from plumbline.night.own_seeds import DEFAULT_WITHOUT, UNKNOWN_WITHOUT, sentences

OWN = {*UNKNOWN_WITHOUT, *DEFAULT_WITHOUT}


def settings_of(source: str, folder: Path, types_off: str = "") -> Settings:
    """A source in a plumbline.toml of its own."""
    config = folder / "plumbline.toml"
    config.write_text(
        f'[source.{source}]\nraw = "raw"\nvendors = ["v"]\nlabel = "l"\n'
        f"source_types_off = [{types_off}]\n"
    )
    return load_settings(source, environ={"PLUMBLINE_CONFIG": str(config)})


def test_each_seed_of_a_company_is_told() -> None:
    for file in (ROOT / "seeds" / "reference").glob("*.csv"):
        is_own = file.open(encoding="utf-8").readline().startswith("source_name,")
        described = (ROOT / "seeds" / "reference" / f"{file.stem}.yml").read_text(encoding="utf-8")
        assert is_own == (file.stem in OWN) == ("keep_rows_of_source()" in described), file.stem


def test_what_is_missing_is_named_with_its_seed(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute("create schema reference")
        for seed in OWN:
            source = "acme" if seed in ("gross_margin", "csm_capacity") else "any"
            connection.execute(f"create table reference.{seed} as select '{source}' as source_name")
        unknown, default = sentences(connection, settings_of("acme", tmp_path, '"support"'))
        assert sentences(connection, settings_of("demo", tmp_path)) == ()
        for seed in OWN:
            connection.execute(f"update reference.{seed} set source_name = 'acme'")
        assert sentences(connection, settings_of("acme", tmp_path)) == ()
    assert unknown.startswith("Unknown, for lack of rows of source acme in seeds/reference: feat")
    for seed in OWN - {"gross_margin", "csm_capacity", "sla_targets"}:
        assert f"({seed})" in (unknown if seed in UNKNOWN_WITHOUT else default)
    for seed in ("gross_margin", "csm_capacity", "sla_targets"):
        assert seed not in unknown + default
