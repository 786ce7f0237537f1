"""`plumbline inspect`: the page fits, the section loads, nothing is overwritten."""

from __future__ import annotations

import io
import os
import stat
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import raw_folders as folders
from conftest import ROOT
from raw_folders import DAY, own, write
from rich.console import Console

from plumbline.cli import main
from plumbline.config import load_settings
from plumbline.errors import UserError
from plumbline.inspect_raw.kinds import KINDS, finding
from plumbline.inspect_raw.look import Look, look_at
from plumbline.inspect_raw.page import print_look
from plumbline.inspect_raw.proposal import propose, source_name, write_section
from plumbline.inspect_raw.recognise import root_of

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command in this process, with a plumbline.toml of its own."""
    monkeypatch.delenv("PLUMBLINE_RAW", raising=False)
    monkeypatch.setenv("PLUMBLINE_CONFIG", str(tmp_path / "plumbline.toml"))
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "plumbline.toml").write_text((ROOT / "plumbline.toml").read_text())

    def command(*arguments: str) -> tuple[int, str, str]:
        code = 0
        try:
            main(["inspect", *arguments])
        except SystemExit as left:
            code = int(left.code or 0)
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return command


def section_of(look: Look, name: str) -> dict:
    return tomllib.loads(propose(look, name, ROOT))["source"][name]


def test_the_section_is_that_of_what_was_seen(tmp_path: Path) -> None:
    """Vendors, tools, types that nothing feeds, and a date where no file says when it came."""
    proposed = section_of(look_at(folders.clean_company(tmp_path / "a"), ROOT), "acme")
    assert proposed == {
        "raw": str(tmp_path / "a"),
        "vendors": ["salesforce", "stripe", "zendesk"],
        "source_types_off": ["preparedness", "sentiment", "engagement", "usage", "operations"],
        "label": "churned_within_60d",
    }
    proposed = section_of(look_at(folders.dlt(tmp_path / "b"), ROOT), "acme")
    assert proposed["landed_by"] == {"stripe": "dlt", "zendesk": "dlt"}
    assert str(proposed["as_of"]) == "2026-02-02"
    look = look_at(folders.fivetran(tmp_path / "c"), ROOT)
    landed_by = section_of(look, "acme")["landed_by"]
    assert landed_by.items() >= {"salesforce": "fivetran", "stripe": "fivetran"}.items()


def test_the_raw_folder_is_the_one_from_which_models_find_their_tables(tmp_path: Path) -> None:
    folders.clean_company(tmp_path / "deep" / "down")
    look = look_at(tmp_path, ROOT)
    assert look.findings == ()
    assert section_of(look, "acme")["raw"] == str(tmp_path / "deep" / "down")


def test_an_own_system_gets_a_section_to_fill(tmp_path: Path) -> None:
    """No vendor is known: the section names the folder that has to be written."""
    write(tmp_path / "licences.csv", [{"licence_id": 1, "seats": 2, "bought_on": "2026-01-15"}])
    look = look_at(tmp_path, ROOT)
    proposed = section_of(look, "acme")
    assert proposed["vendors"] == ["acme"] and str(proposed["as_of"]) == "2026-01-16"
    assert "models/base/acme/" in propose(look, "acme", ROOT)


def test_write_appends_what_loads_and_never_overwrites(run: Run, tmp_path: Path) -> None:
    raw = folders.clean_company(tmp_path / "raw")
    file = tmp_path / "plumbline.toml"
    before = file.read_text()
    code, out, err = run("--raw", str(raw), "--source", "acme", "--write")
    assert code == 0, err
    assert "written to plumbline.toml: plumbline nightly --source acme" in out
    assert file.read_text().startswith(before.rstrip())
    environ = {"PLUMBLINE_CONFIG": str(file)}
    assert load_settings("acme", root=ROOT, environ=environ).raw == raw
    assert load_settings("demo", root=ROOT, environ=environ).vendors
    after = file.read_text()
    code, _, err = run("--raw", str(raw), "--source", "acme", "--write")
    assert code == 1 and "has a section [source.acme] already" in err
    assert file.read_text() == after
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plumbline.toml", "raw"]


def test_write_leaves_a_file_that_would_not_load(tmp_path: Path) -> None:
    file = tmp_path / "plumbline.toml"
    file.write_text("[source.demo]\n")
    environ = {"PLUMBLINE_CONFIG": str(file)}
    with pytest.raises(UserError, match="does not set label"):
        write_section('[source.acme]\nraw = "x"\nvendors = ["stripe"]', "acme", ROOT, environ)
    assert file.read_text() == "[source.demo]\n"
    assert [path.name for path in tmp_path.iterdir()] == ["plumbline.toml"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "inspect needs a folder"),
        (("--raw", "{tmp}/nowhere"), "is no folder"),
        (("--raw", "{tmp}/empty"), "holds nothing that can be read"),
        (("--raw", "{tmp}/broken"), "a.parquet: not Parquet, or cut off"),
        (("--raw", "{tmp}/raw", "--write"), "--write needs a name"),
        (("--raw", "{tmp}/raw", "--source", "My Company"), "cannot name a source"),
    ],
)
def test_mistakes_are_said_in_one_line(
    arguments: tuple[str, ...], message: str, run: Run, tmp_path: Path
) -> None:
    folders.clean_company(tmp_path / "raw")
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "a.parquet").write_bytes(b"PAR1 and no more")
    before = (tmp_path / "plumbline.toml").read_text()
    code, _, err = run(*(argument.format(tmp=tmp_path) for argument in arguments))
    assert code == 1 and message in err
    assert err.startswith("error: ") and len(err.splitlines()) == 1 and " — " in err
    assert (tmp_path / "plumbline.toml").read_text() == before


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_forbidden_file_is_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    root = folders.clean_company(tmp_path)
    (root / "zendesk/tickets" / DAY / "part-0.parquet").chmod(stat.S_IWUSR)
    look = look_at(root, ROOT)
    assert len(look.tables) == 2
    assert "unreadable_file" in {found.kind.name for found in look.findings}


def test_findings_do_not_change_the_exit_code(run: Run, tmp_path: Path) -> None:
    """What a night would stop at is told; the look itself went well."""
    root = folders.clean_company(tmp_path / "raw")
    rows = [{**row, "id": None, "priority": "soon"} for row in folders.tickets()]
    write(root / "zendesk/tickets" / DAY / "part-0.parquet", rows)
    code, out, err = run("--raw", str(root))
    assert (code, err) == (0, "")
    assert out.index("Stops a night") < out.index("Makes figures wrong") < out.index("[source.raw]")
    assert "priority: soon (4)" in " ".join(out.split())


@pytest.mark.parametrize("width", [80, 160])
def test_the_page_fits(width: int, tmp_path: Path) -> None:
    """With names as long as they come, all kinds of findings, and estimates."""
    folders.clean_company(tmp_path)
    long = "a_table_with_a_name_that_nobody_would_think_of_at_all"
    write(tmp_path / f"{long}.csv", [{**own(row), "x": 1} for row in folders.tickets()])
    look = look_at(tmp_path, ROOT)
    found = [finding(kind.name, f"{long}/{n}", "word " * 9) for kind in KINDS for n in range(9)]
    look = Look(**{**vars(look), "findings": tuple(found)})
    console = Console(file=io.StringIO(), width=width)
    print_look(look, propose(look, "acme", ROOT), console)
    text = console.file.getvalue()
    body, _, section = text.partition("For plumbline.toml")
    assert max(len(line) for line in body.splitlines()) <= width
    told = " ".join(body.split())
    assert ("SystemModstamp" in told) == (width == 160)  # else it goes over two lines
    assert all(kind.title in told and kind.remedy in told for kind in KINDS)
    assert "2026-01-15–2026-01-18" in told
    assert "[source.acme]" in section


@pytest.mark.parametrize(
    ("pattern", "shown", "root"),
    [
        ("stripe/prices/*/*.parquet", "stripe/prices/landed=2026-02-01/a.parquet", ""),
        ("stripe/prices/*/*.parquet", "x/y/stripe/prices/d/a.parquet", "x/y"),
        ("stripe/prices/*/*.parquet", "stripe/prices/a.parquet", None),
        ("stripe/prices/**/*.parquet", "stripe/prices/a.parquet", ""),
        ("stripe/prices/**/*.parquet", "x/stripe/prices/a/b/c.parquet", "x"),
        ("accounts.csv", "my_accounts.csv", None),
        ("", "accounts.csv", None),
    ],
)
def test_where_a_pattern_finds_a_file(pattern: str, shown: str, root: str | None) -> None:
    assert root_of(pattern, shown) == root


def test_the_folder_names_the_source(tmp_path: Path) -> None:
    (tmp_path / "Exports of ACME-2").mkdir()
    look = look_at(folders.clean_company(tmp_path / "Exports of ACME-2"), ROOT)
    assert source_name(look, None) == "exports_of_acme_2"
    assert source_name(look, "acme") == "acme"


def test_a_section_says_which_field_names_the_account(run: Run, tmp_path: Path) -> None:
    root = folders.clean_company(tmp_path / "raw")
    told = 'vendors = ["zendesk"]\nlabel = "churned_within_60d"\n'
    with (tmp_path / "plumbline.toml").open("a") as file:
        file.write(f'[source.acme]\n{told}vars = {{ zendesk_account_field = "42" }}\n')
    _, page, _ = run("--raw", str(root), "--source", "acme")
    assert "custom_fields entry 42 is empty" in " ".join(page.split())
    _, page, _ = run("--raw", str(root), "--source", "new")
    assert "is empty" not in page
