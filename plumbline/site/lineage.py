"""Column-level lineage as one static page, where dbt-colibri is installed."""

from __future__ import annotations

import copy
import hashlib
import json
import logging
import tempfile
from pathlib import Path
from typing import Any

from plumbline.site.graph import Manifest, parents_of

MARK = "<!-- sql "


def fingerprint(manifest: Manifest) -> str:
    """SHA-256 of what lineage depends on: SQL, macros, columns; neither data nor dates."""
    models = [n for n in manifest["nodes"].values() if n["resource_type"] == "model"]
    parts = [
        *(f"{node['unique_id']} {node['raw_code']}" for node in models),
        *(
            f"{key} {macro['macro_sql']}"
            for key, macro in manifest["macros"].items()
            if macro["package_name"] == manifest["metadata"]["project_name"]
        ),
        *(f"{key} {','.join(node['columns'])}" for key, node in manifest["sources"].items()),
        *(f"{key} {node['depends_on']['nodes']}" for key, node in manifest["exposures"].items()),
    ]
    return hashlib.sha256("\n".join(sorted(parts)).encode()).hexdigest()


def is_current(page: Path, code: str) -> bool:
    """Whether the page was made from the SQL of this fingerprint."""
    if not page.exists():
        return False
    with page.open("rb") as file:
        file.seek(-min(page.stat().st_size, 200), 2)
        return f"{MARK}{code}".encode() in file.read()


def is_installed() -> bool:
    """Whether the optional package can be imported."""
    try:
        import dbt_colibri  # noqa: F401
        import sqlglot  # noqa: F401
    except ImportError:
        return False
    return True


def make_page(manifest: Manifest, catalog: dict[str, Any], code: str) -> str:
    """Trace every column and return the page's text.

    Raw files stand in the graph as the tables that their sources name, and the ML step joins its
    two ends, so that a way leads from a worklist's column to the raw tables.
    """
    _mend_union_lineage()
    from dbt_colibri.lineage_extractor import extractor as tracing
    from dbt_colibri.report import generator as reporting

    logging.getLogger("colibri").setLevel(logging.CRITICAL)
    named, complete = name_raw_tables(manifest, catalog)
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / name for name in ("manifest.json", "catalog.json", "page.html")]
        files[0].write_text(json.dumps(named), encoding="utf-8")
        files[1].write_text(json.dumps(complete), encoding="utf-8")
        traced = tracing.DbtColumnLineageExtractor(str(files[0]), str(files[1]))
        report = reporting.DbtColibriReportGenerator(traced, disable_telemetry=True)
        data = report.build_full_lineage()
        edges = data["lineage"]["edges"]
        edges.extend(_ml_edges(manifest, len(edges)))
        shown = {key: data[key] for key in ("metadata", "nodes", "tree")}
        reporting.inject_data_into_html(
            data={**shown, "lineage": {"edges": edges}},
            template_html_path=str(Path(reporting.__file__).with_name("index.html")),
            output_html_path=str(files[2]),
            disable_telemetry=True,
        )
        return f"{files[2].read_text(encoding='utf-8')}\n{MARK}{code} -->\n"


def name_raw_tables(
    manifest: Manifest, catalog: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Manifest and catalogue in which raw files are the tables that their sources name.

    Compiled SQL reads files by their paths, and dbt's catalogue lists no files.
    """
    named: dict[str, Any] = copy.deepcopy(dict(manifest))
    complete = {**catalog, "sources": dict(catalog["sources"])}
    for key, source in named["sources"].items():
        table = f'"{source["database"]}"."{source["schema"]}"."{source["name"]}"'
        files, source["relation_name"] = source["relation_name"], table
        for child in named["child_map"].get(key, ()):
            node = named["nodes"].get(child)
            if node and node.get("compiled_code"):
                node["compiled_code"] = node["compiled_code"].replace(files, table)
        complete["sources"].setdefault(
            key,
            {
                "unique_id": key,
                "metadata": {
                    "type": "BASE TABLE",
                    "name": source["name"],
                    "schema": source["schema"],
                    "database": source["database"],
                    "comment": None,
                    "owner": None,
                },
                "columns": {
                    name: {
                        "name": name,
                        "type": column["data_type"],
                        "index": index,
                        "comment": None,
                    }
                    for index, (name, column) in enumerate(source["columns"].items(), start=1)
                },
                "stats": {},
            },
        )
    return named, complete


def _ml_edges(manifest: Manifest, count: int) -> list[dict[str, Any]]:
    found = [
        (parent, key)
        for key, parents in parents_of(manifest).items()
        if key in manifest["sources"]
        for parent in parents
    ]
    return [
        {"id": number, "source": a, "target": b, "sourceColumn": "", "targetColumn": ""}
        for number, (a, b) in enumerate(sorted(found), start=count + 1)
    ]


def _mend_union_lineage() -> None:
    # dbt-colibri 0.3.7 calls the branches of a union by the name that sqlglot had for them until
    # 30.10; without it, no column passes a union.
    from sqlglot import exp
    from sqlglot.optimizer.scope import Scope

    if not hasattr(Scope(exp.Select()), "union_scopes"):
        Scope.union_scopes = property(lambda scope: scope.set_operation_scopes)
