"""The docs site: one static page with lineage and every description, readable offline."""

from __future__ import annotations

import functools
import shutil
import socketserver
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

from pipeline.config import Settings
from pipeline.dbt import Dbt, Report
from pipeline.errors import UserError

STATIC_PAGE = "static_index.html"


def build_site(dbt: Dbt, report: Report | None = None) -> Path:
    """Generate the site.

    Returns
    -------
    Path
        `index.html`, a single file.
    """
    dbt.docs(report)
    site = dbt.settings.site
    site.mkdir(parents=True, exist_ok=True)
    page = site / "index.html"
    temporary = site / "index.html.tmp"
    shutil.copyfile(dbt.settings.target / STATIC_PAGE, temporary)
    temporary.replace(page)
    return page


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
