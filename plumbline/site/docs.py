"""The docs site: an overview, the metrics, dbt's docs and column lineage, readable offline.

Decided: D165.
"""

from __future__ import annotations

import functools
import hashlib
import json
import socketserver
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

from plumbline.config import Settings
from plumbline.errors import UserError
from plumbline.site import lineage
from plumbline.site.columns import complete
from plumbline.site.graph import Manifest
from plumbline.site.pages import (
    CATEGORY_PAGES,
    DBT,
    INDEX,
    LINEAGE,
    Lineage,
    render,
    with_way_back,
)
from plumbline.site.values import read_published
from plumbline.store.dbt import Dbt, Report

# Names the code and the manifest that dbt's page is of.
MADE_OF = "docs-made-of.txt"
# dbt's page, and where it is to hold what it shows
DBT_PAGE = "index.html"
MANIFEST_GOES, CATALOG_GOES = '"MANIFEST.JSON INLINE DATA"', '"CATALOG.JSON INLINE DATA"'


@dataclass(frozen=True)
class Site:
    """What was made.

    Attributes
    ----------
    page : Path
        The overview; the other pages lie beside it.
    told : str
        A sentence on what is missing, or empty.
    """

    page: Path
    page_count: int
    told: str = ""

    @property
    def counted(self) -> str:
        """How much was made, in words."""
        return f"{self.page_count} pages"


def build_site(
    dbt: Dbt, report: Report | None = None, *, code: str = "", with_lineage: bool = False
) -> Site:
    """Generate the site; each page is replaced in one step, the overview last.

    Parameters
    ----------
    code : str
        Fingerprint of the code that was built. dbt's page follows from that alone, and takes a
        third of a night's time: the one that is there stays where it is of the same code.
    with_lineage : bool
        Trace every column, which takes seconds; else a page of column lineage that is there stays
        as it is, and the overview says so where the SQL has changed since.
    """
    settings = dbt.settings
    settings.site.mkdir(parents=True, exist_ok=True)
    made_of = settings.target / MADE_OF
    is_kept = bool(code) and _is_of(settings, code)
    if not is_kept:
        made_of.unlink(missing_ok=True)
        dbt.docs(report)
    manifest: Manifest = _read(settings.target / "manifest.json")
    catalog = _read(settings.target / "catalog.json")
    complete(manifest, catalog)
    state = _lineage(settings, manifest, catalog, with_lineage)
    pages = render(manifest, read_published(settings.published_file), state)
    for old in settings.site.glob(CATEGORY_PAGES):
        if old.name not in pages:
            old.unlink()
    if not is_kept:
        _replace(settings.site / DBT, _dbt_page(settings, manifest, catalog))
        if code:
            made_of.write_text(_made_of(settings, code), encoding="utf-8")
    for name, text in pages.items():
        _replace(settings.site / name, text)
    told = "" if state.is_there else f"no column lineage: {state.told}"
    return Site(settings.site / INDEX, len(pages) + 1 + state.is_there, told)


def _made_of(settings: Settings, code: str) -> str:
    # dbt, called by hand on other code, writes a manifest of that
    manifest = (settings.target / "manifest.json").read_bytes()
    return f"{code} {hashlib.sha256(manifest).hexdigest()}"


def _is_of(settings: Settings, code: str) -> bool:
    made_of = settings.target / MADE_OF
    files = [settings.target / name for name in (MADE_OF, "manifest.json", "catalog.json")]
    return all(file.exists() for file in (*files, settings.site / DBT)) and (
        made_of.read_text(encoding="utf-8") == _made_of(settings, code)
    )


def _lineage(settings: Settings, manifest: Manifest, catalog: Any, is_wanted: bool) -> Lineage:
    page = settings.site / LINEAGE
    code = lineage.fingerprint(manifest)
    if lineage.is_current(page, code):
        return Lineage(True)
    if is_wanted and lineage.is_installed():
        _replace(page, with_way_back(lineage.make_page(manifest, catalog, code)))
        return Lineage(True)
    if page.exists():
        return Lineage(True, "of earlier SQL; plumbline docs renews it")
    if lineage.is_installed():
        return Lineage(False, "plumbline docs makes it")
    return Lineage(False, "dbt-colibri is not installed")


def _dbt_page(settings: Settings, manifest: Manifest, catalog: Any) -> str:
    page = (settings.target / DBT_PAGE).read_text(encoding="utf-8")
    for place, data in ((MANIFEST_GOES, manifest), (CATALOG_GOES, catalog)):
        page = page.replace(place, json.dumps(data))
    # (compiled SQL names the raw files by their full path, which says more than readers need)
    return with_way_back(page.replace(str(settings.raw), "raw"))


def _read(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


def _replace(page: Path, text: str) -> None:
    temporary = page.with_name(f"{page.name}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(page)


def serve_site(settings: Settings, port: int) -> socketserver.TCPServer:
    """Make a server for the site on this machine alone; the caller runs it.

    Raises
    ------
    UserError
        The port is taken.
    """
    handler = functools.partial(_Quiet, directory=str(settings.site))
    socketserver.TCPServer.allow_reuse_address = True
    try:
        return socketserver.TCPServer(("127.0.0.1", port), handler)
    except OSError as error:
        raise UserError(
            f"port {port} cannot be used: {error.strerror}", "give another one with --port"
        ) from None


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing per request."""
