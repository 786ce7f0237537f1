"""Renders the site's own pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import jinja2

from plumbline.site.graph import Manifest
from plumbline.site.layout import Edge, draw, without_loops
from plumbline.site.metrics import Metric, by_category, read_metrics
from plumbline.site.rooms import SEEDS, Room, read_rooms
from plumbline.site.show import inline, number, period, prose, sparkline
from plumbline.site.values import Published

INDEX, DBT, LINEAGE = "index.html", "dbt.html", "lineage.html"
CATEGORY_PAGES = "metrics-*.html"
STATUS_CLASSES = {"on target": "good", "warning": "warn", "critical": "bad"}
# dbt's docs have no layout for narrow screens: there the tree goes, search and links stay.
NARROW = """<style>@media (max-width: 760px) {
.app-menu { display: none !important; }
.app-content, .app-content .panel { min-width: 0 !important; max-width: 100vw; overflow-x: auto; }
.app-content .app-frame { width: 94%; padding-left: 0 !important; padding-right: 0 !important; }
}</style>"""
BACK = (
    '<a href="index.html" style="position:fixed;top:6px;right:6px;z-index:9999;padding:2px 9px;'
    "border-radius:6px;background:#0b6e73;color:#fff;font:13px/1.6 sans-serif;"
    'text-decoration:none">Plumbline</a>'
)


@dataclass(frozen=True)
class Lineage:
    """The state of the column lineage's page.

    Attributes
    ----------
    told : str
        What a reader should know of it; empty where it is there and current.
    """

    is_there: bool
    told: str = ""


def render(manifest: Manifest, published: Published, lineage: Lineage) -> dict[str, str]:
    """Text of every page, by file name; the overview comes last."""
    environment = _environment()
    rooms = _in_order(read_rooms(manifest))
    categories = by_category(read_metrics(manifest))
    shared = {
        "links": _links(categories, lineage),
        "published": published,
        "lineage": lineage,
        "project": manifest["metadata"]["project_name"],
    }
    pages = {
        page_of(category): environment.get_template("category.html").render(
            **shared,
            current=page_of(category),
            category=category,
            metrics=metrics,
            published_series=dict(published.series),
        )
        for category, metrics in categories.items()
    }
    names = tuple(room.name for room in rooms if room.name != SEEDS)
    pages[INDEX] = environment.get_template("index.html").render(
        **shared,
        current=INDEX,
        categories=categories,
        rooms={room.name: room for room in rooms},
        drawing=draw(names, _flow(rooms)),
        lineage_start=_lineage_start(manifest),
    )
    return pages


def with_way_back(page: str) -> str:
    """A page that another tool made, with a link to the overview."""
    start, end, rest = page.rpartition("</body>")
    return f"{start}{NARROW}{BACK}{end}{rest}" if end else page


def page_of(category: str) -> str:
    """File name of a category's page."""
    return f"metrics-{''.join(c if c.isalnum() else '-' for c in category.lower())}.html"


def dbt_page(key: str) -> str:
    """Where dbt's docs describe a node."""
    return f"{DBT}#!/{key.split('.')[0]}/{key}"


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("plumbline.site"),
        autoescape=jinja2.select_autoescape(["html"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    environment.filters.update(prose=prose, inline=inline)
    environment.globals.update(
        dbt_page=dbt_page,
        number=number,
        page_of=page_of,
        sparkline=sparkline,
        period=period,
        status_class=lambda status: STATUS_CLASSES.get(status, ""),
    )
    return environment


def _links(categories: Mapping[str, tuple[Metric, ...]], lineage: Lineage) -> list[dict[str, str]]:
    pages = [(page_of(category), category.capitalize()) for category in categories]
    pages.append((DBT, "Models"))
    if lineage.is_there:
        pages.append((LINEAGE, "Column lineage"))
    return [{"href": href, "text": text} for href, text in pages]


def _in_order(rooms: Iterable[Room]) -> list[Room]:
    # As the data flows: top to bottom of the map, then by name.
    found = tuple(rooms)
    height = {box.name: box.y for box in draw(tuple(r.name for r in found), _flow(found)).boxes}
    return sorted(found, key=lambda room: (height[room.name], room.name))


def _flow(rooms: Iterable[Room]) -> frozenset[Edge]:
    # A night reads what earlier nights wrote down: what Python writes may lead back up. So may a
    # room that is declared before what it reads, as the features wait for the input gate.
    found = tuple(rooms)
    place = {room.name: room.place for room in found if room.place is not None}
    edges = frozenset((read, room.name) for room in found for read, _ in room.reads)
    up = {e for e in edges if set(e) <= place.keys() and place[e[0]] > place[e[1]]}
    back = {e for e in edges if e[1].startswith("source ")}
    return without_loops(edges, frozenset(up | back))


def _lineage_start(manifest: Manifest) -> str:
    # The column lineage opens on something that people use.
    used = [
        parent
        for exposure in manifest["exposures"].values()
        if exposure["type"] != "ml"
        for parent in exposure["depends_on"]["nodes"]
        if parent.startswith("model.")
    ]
    return f"?model={used[0]}&parents=1" if used else ""
