"""The docs site: every page is there, every link leads somewhere, nothing asks the network."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from conftest import World

from plumbline.config import Settings, load_settings
from plumbline.site import docs, lineage
from plumbline.site.columns import complete
from plumbline.site.layout import draw, without_loops
from plumbline.site.metrics import read_metrics
from plumbline.site.pages import Lineage, page_of, render
from plumbline.site.show import number, period, prose, sparkline
from plumbline.site.values import Point, Published, Series

OWN = re.compile(r"(index|metrics-[a-z-]+)\.html")
LOADING = {"src", "srcset", "data", "poster", "action", "background"}
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)
OFFLINE = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--virtual-time-budget=15000",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--dump-dom",
)


class Reader(HTMLParser):
    """What a page loads, what it links to, and its ids."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.ids.add(value)
            elif name == "href" and value:
                (self.links if tag == "a" else self.loads).append(value)
            elif name in LOADING and value:
                self.loads.append(value)


def parsed(page: Path) -> Reader:
    """A page as a parser sees it; what is inside scripts is text to it."""
    reader = Reader()
    reader.feed(page.read_text(encoding="utf-8"))
    return reader


@pytest.fixture(scope="module")
def settings(ci_world: World, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A world whose site `plumbline docs` has made."""
    world = ci_world.copy(tmp_path_factory.mktemp("site"))
    done = world.run("docs", timeout=900)
    assert done.returncode == 0, done.stderr
    assert " pages: " in done.stdout
    made = load_settings(raw=world.raw)
    return replace(made, warehouse=world.warehouse, target=world.folder / "target")


@pytest.fixture(scope="module")
def manifest(settings: Settings) -> dict[str, Any]:
    """dbt's manifest of that site."""
    return json.loads((settings.target / "manifest.json").read_text(encoding="utf-8"))


def test_pages_are_there_and_name_no_folder_of_this_machine(
    settings: Settings, manifest: dict[str, Any]
) -> None:
    categories = {metric.category for metric in read_metrics(manifest)}
    wanted = {"index.html", "dbt.html", "lineage.html", *map(page_of, categories)}
    pages = {page.name: page.read_text(encoding="utf-8") for page in settings.site.iterdir()}
    assert set(pages) == wanted
    for words in ("rpt_at_risk_accounts", "feat_accounts_daily", "with ranked as ("):
        assert words in pages["dbt.html"]
    for name, text in pages.items():
        assert str(settings.raw) not in text, name
    assert "as of 2026-02-28" in pages["index.html"]


def test_every_link_leads_somewhere(settings: Settings, manifest: dict[str, Any]) -> None:
    kinds = ("nodes", "sources", "exposures", "metrics", "semantic_models")
    known = {key for kind in kinds for key in manifest[kind]}
    pages = [page for page in settings.site.iterdir() if OWN.fullmatch(page.name)]
    for page in pages:
        reader = parsed(page)
        assert reader.loads == [], page.name
        for link in reader.links:
            file, _, anchor = link.partition("#")
            target = settings.site / (file.partition("?")[0] or page.name)
            assert target.exists(), link
            if anchor.startswith("!"):
                assert anchor.rsplit("/", 1)[1] in known, link
            elif anchor:
                assert anchor in parsed(target).ids, link
            if "model=" in file:
                assert file.partition("model=")[2].partition("&")[0] in known, link


def test_no_page_loads_anything_from_elsewhere(settings: Settings) -> None:
    for page in settings.site.glob("*.html"):
        remote = [url for url in parsed(page).loads if re.match(r"(https?:)?//", url)]
        assert remote == [], page.name
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"@import\s+(url\()?['\"]?https?:", text), page.name
        assert not re.search(r"@font-face[^}]*https?:", text), page.name
    assert "colibriTelemetry = false" in (settings.site / "lineage.html").read_text("utf-8")


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("index.html", "who reads whom"),
        ("metrics-revenue.html", "Net revenue retention"),
        ("dbt.html#!/model/model.plumbline.rpt_at_risk_accounts", "customer-success managers work"),
        ("lineage.html?model=model.plumbline.rpt_at_risk_accounts", "churn_probability"),
    ],
)
def test_pages_open_in_a_browser_without_network(
    settings: Settings, tmp_path: Path, page: str, words: str
) -> None:
    done = subprocess.run(
        [str(CHROMIUM), *OFFLINE, f"--user-data-dir={tmp_path}", f"file://{settings.site}/{page}"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    body = re.sub(r"<script.*?</script>", "", done.stdout, flags=re.DOTALL)
    assert words in body


class BuiltDbt:
    """Stands for dbt where its docs are there already."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.made = 0

    def docs(self, report: object) -> None:
        """Count."""
        self.made += 1


def test_what_dbt_shows_is_made_anew_where_the_code_is_new(
    settings: Settings, tmp_path: Path
) -> None:
    target = tmp_path / "target"
    target.mkdir()
    for name in ("manifest.json", "catalog.json", docs.DBT_PAGE):
        shutil.copyfile(settings.target / name, target / name)
    dbt: Any = BuiltDbt(replace(settings, target=target))
    made = []
    for code in ("one", "one", "two", "one", "", "one"):
        page = docs.build_site(dbt, code=code).page
        page.unlink()
        made.append(dbt.made)
    assert made == [1, 1, 2, 3, 4, 5]
    (page.parent / docs.DBT).unlink()
    assert docs.build_site(dbt, code="one").page.exists() and dbt.made == 6
    # dbt by hand, on other code
    manifest = target / "manifest.json"
    manifest.write_text(manifest.read_text("utf-8").replace("One row per", "One line per"), "utf-8")
    docs.build_site(dbt, code="one")
    assert dbt.made == 7


def test_every_column_is_explained(settings: Settings) -> None:
    """Where its model does not say what it is, with the words of where it comes from."""
    manifest, catalog = (
        json.loads((settings.target / f"{name}.json").read_text("utf-8"))
        for name in ("manifest", "catalog")
    )
    key = "model.plumbline.base_zendesk__tickets"
    assert "known_at" not in manifest["nodes"][key]["columns"]
    complete(manifest, catalog)
    said = manifest["nodes"]["model.plumbline.stg_support__ticket_versions"]["columns"]
    found = manifest["nodes"][key]["columns"]["known_at"]["description"]
    assert found == said["known_at"]["description"]
    shown, written = settings.site / docs.DBT, settings.target / "manifest.json"
    times = [file.read_text("utf-8").count(json.dumps(found)) for file in (shown, written)]
    assert times[0] > times[1] > 0
    silent = [
        f"{key}.{name}"
        for key, table in catalog["nodes"].items()
        if key.startswith("model.")
        for name in map(str.lower, table["columns"])
        if not manifest["nodes"][key]["columns"].get(name, {}).get("description")
    ]
    assert len(catalog["nodes"]) > 200 and silent == []


def test_the_site_stands_without_the_lineage_package(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "target"
    target.mkdir()
    for name in ("manifest.json", "catalog.json", docs.DBT_PAGE):
        shutil.copyfile(settings.target / name, target / name)
    dbt: Any = BuiltDbt(replace(settings, target=target))
    cheap = docs.build_site(dbt)
    assert cheap.told == "no column lineage: plumbline docs makes it"
    monkeypatch.setattr(lineage, "is_installed", lambda: False)
    site = docs.build_site(dbt, with_lineage=True)
    assert site.told == "no column lineage: dbt-colibri is not installed"
    assert "dbt-colibri is not installed" in site.page.read_text("utf-8")
    assert not (site.page.parent / "lineage.html").exists()
    (site.page.parent / "lineage.html").write_text("old")
    (site.page.parent / "metrics-gone.html").write_text("old")
    assert docs.build_site(dbt).told == ""
    assert "of earlier SQL" in site.page.read_text("utf-8")
    assert not (site.page.parent / "metrics-gone.html").exists()


def test_column_lineage_reaches_raw_tables_and_passes_the_ml_step(
    settings: Settings, manifest: dict[str, Any]
) -> None:
    code = lineage.fingerprint(manifest)
    assert lineage.is_current(settings.site / "lineage.html", code)
    changed = json.loads(json.dumps(manifest))
    changed["nodes"]["model.plumbline.dim_accounts"]["raw_code"] += " "
    assert lineage.fingerprint(changed) != code
    catalog = json.loads((settings.target / "catalog.json").read_text(encoding="utf-8"))
    named, complete = lineage.name_raw_tables(manifest, catalog)
    base = named["nodes"]["model.plumbline.base_zendesk__tickets"]["compiled_code"]
    assert '"raw_zendesk"."tickets"' in base
    assert "read_parquet" not in base
    assert "ticket_comments" in {s["metadata"]["name"] for s in complete["sources"].values()}
    edges = {
        (edge["source"], edge["sourceColumn"], edge["target"], edge["targetColumn"])
        for edge in traced(settings.site / "lineage.html")
    }
    raw, base_table = "source.plumbline.segment.events", "model.plumbline.base_segment__events"
    assert (raw, "event_id", base_table, "event_id") in edges
    ml = ("exposure.plumbline.churn_model", "", "source.plumbline.ml.predictions", "")
    assert ml in edges
    union = "model.plumbline.int_support_measures__dated"
    assert any(target == union and column == "amount" for _, _, target, column in edges)


def traced(page: Path) -> list[dict[str, Any]]:
    """The edges inside a lineage page."""
    found = re.search(r'JSON\.parse\(atob\("([^"]+)"\)\)', page.read_text(encoding="utf-8"))
    assert found
    return json.loads(base64.b64decode(found.group(1)))["lineage"]["edges"]


def test_pages_of_metrics_follow_the_manifest() -> None:
    dimension = {"name": "plan", "type": "categorical"}
    manifest: dict[str, Any] = {
        "metadata": {"project_name": "p"},
        "nodes": {},
        "sources": {},
        "exposures": {},
        "semantic_models": {
            "semantic_model.p.facts": {
                "unique_id": "semantic_model.p.facts",
                "name": "facts",
                "description": "",
                "resource_type": "semantic_model",
                "original_file_path": "models/semantic/a.yml",
                "entities": [{"name": "account_month", "type": "foreign"}],
                "dimensions": [{"name": "movement", "type": "categorical"}],
            },
            "semantic_model.p.months": {
                "unique_id": "semantic_model.p.months",
                "name": "months",
                "description": "",
                "resource_type": "semantic_model",
                "original_file_path": "models/semantic/a.yml",
                "entities": [{"name": "account_month", "type": "primary"}],
                "dimensions": [dimension],
            },
        },
        "metrics": {
            f"metric.p.{name}": {
                "name": name,
                "label": name.upper(),
                "description": "What <b>it</b> is, `mrr`.",
                "resource_type": "metric",
                "original_file_path": "models/semantic/a.yml",
                "config": {"meta": meta},
            }
            for name, meta in (
                (
                    "mrr",
                    {
                        "category": "revenue",
                        "grains": ["month"],
                        "unit": "usd",
                        "formula": "sum of <mrr>",
                        "owner": "finance",
                        "tier": 1,
                    },
                ),
                ("dau", {"category": "usage", "grains": "day", "unit": "users"}),
                ("helper", {}),
            )
        },
        "parent_map": {
            "metric.p.mrr": ["semantic_model.p.facts"],
            "metric.p.dau": ["semantic_model.p.facts"],
            "metric.p.helper": ["semantic_model.p.facts"],
        },
    }
    metrics = {metric.name: metric for metric in read_metrics(manifest)}
    assert set(metrics) == {"mrr", "dau"}
    assert metrics["mrr"].dimensions == ("plan",)
    assert metrics["dau"].dimensions == ()
    points = (Point(date(2025, 12, 1), 10.0), Point(date(2026, 1, 1), 1250.5))
    series = Series("month", points, 1000.0, 900.0, 800.0, "on target")
    published = Published("run1", date(2026, 2, 28), (("mrr", series),))
    pages = render(manifest, published, Lineage(False, "plumbline docs makes it"))
    assert list(pages) == ["metrics-revenue.html", "metrics-usage.html", "index.html"]
    page = pages["metrics-revenue.html"]
    for words in (
        "sum of &lt;mrr&gt;",
        "&lt;b&gt;it",
        "<code>mrr</code>",
        "$1,250",
        "2026-01",
        "on target",
        "<svg",
        "finance",
        "critical from $800",
    ):
        assert words in page, words
    assert "<svg class" not in pages["metrics-usage.html"]
    none = render({**manifest, "metrics": {}}, Published(), Lineage(False, "none"))
    assert list(none) == ["index.html"]
    assert "Nothing is published yet" in none["index.html"]


def test_rooms_lie_below_what_they_read() -> None:
    edges = frozenset(
        {
            ("raw", "base"),
            ("base", "core"),
            ("raw", "core"),
            ("core", "risk"),
            ("base", "risk"),
            ("core", "health"),
        }
    )
    drawing = draw(("raw", "base", "core", "risk", "health"), edges)
    y = {box.name: box.y for box in drawing.boxes}
    assert y["raw"] < y["base"] < y["core"] < y["risk"] == y["health"]
    shown = {edge for edge, _ in drawing.ways}
    assert shown == {("raw", "base"), ("base", "core"), ("core", "risk"), ("core", "health")}
    side = sorted((b for b in drawing.boxes if b.y == y["risk"]), key=lambda b: b.x)
    assert side[0].x + side[0].width <= side[1].x
    crowd = draw(tuple("abcdefg"), frozenset(("a", name) for name in "bcdefg"))
    row = sorted((box for box in crowd.boxes if box.y > 50), key=lambda box: box.x)
    assert all(one.x + one.width <= other.x for one, other in zip(row, row[1:], strict=False))
    assert crowd.left <= row[0].x and row[-1].x + row[-1].width <= crowd.left + crowd.width
    loop = frozenset({("a", "b"), ("b", "source c"), ("source c", "a")})
    assert without_loops(loop, frozenset({("b", "source c")})) == loop - {("b", "source c")}
    assert without_loops(edges, edges) == edges


def test_numbers_and_texts_as_people_read_them() -> None:
    assert number(None, "usd") == "no value"
    assert number(-1234.5, "usd") == "-$1,234"
    assert [number(x, "ratio") for x in (0.98765, 1.0, 12.34)] == ["0.9877", "1", "12.3"]
    assert [number(x, "users") for x in (1234.0, 4.256, 512.34)] == ["1,234", "4.26", "512.3"]
    starts = [("month", "2026-01"), ("quarter", "Q1 2026"), ("year", "2026"), ("day", "2026-01-01")]
    assert all(period(grain, date(2026, 1, 1)) == text for grain, text in starts)
    assert prose("a **b**\n\n`c` <d>") == (
        "<p>a <strong>b</strong></p><p><code>c</code> &lt;d&gt;</p>"
    )
    days = [date(2026, 1, day) for day in (1, 2, 3, 4)]
    line = sparkline([Point(d, v) for d, v in zip(days, (1.0, None, 3.0, 2.0), strict=True)])
    assert line.count("M") == 2 and line.count("L") == 1
    assert sparkline([Point(days[0], 1.0)]) == ""
