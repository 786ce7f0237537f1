"""What comes from what: dbt's graph, with the steps that Python takes put in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from plumbline.errors import UserError

Manifest = Mapping[str, Any]


def parents_of(manifest: Manifest) -> dict[str, tuple[str, ...]]:
    """Parents of every node, by unique id.

    dbt's graph ends at an exposure and begins anew at a source. Where an exposure writes a source
    (`config.meta.writes` holds the source's name), it is a parent of the source's tables here. Its
    metrics are those of the queries that `config.meta.saved_queries` names, too.

    Raises
    ------
    UserError
        There is no such query.
    """
    writers: dict[str, list[str]] = {}
    for key, exposure in manifest["exposures"].items():
        for source in meta_of(exposure).get("writes", ()):
            writers.setdefault(source, []).append(key)
    found = {key: tuple(parents) for key, parents in manifest["parent_map"].items()}
    asked = {query["name"]: query for query in manifest.get("saved_queries", {}).values()}
    for key, exposure in manifest["exposures"].items():
        for name in meta_of(exposure).get("saved_queries", ()):
            if name not in asked:
                raise UserError(
                    f"exposure {exposure['name']} names the saved query {name}, which is not there",
                    f"known: {', '.join(sorted(asked))}",
                )
            found[key] = (*found.get(key, ()), *asked[name]["depends_on"]["nodes"])
    for key, source in manifest["sources"].items():
        found[key] = (*found.get(key, ()), *sorted(writers.get(source["source_name"], ())))
    return found


def ancestors_of(node: str, parents: Mapping[str, Iterable[str]]) -> set[str]:
    """All that a node comes from, at any remove; the node itself only where it closes a loop."""
    found: set[str] = set()
    waiting = list(parents.get(node, ()))
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            waiting.extend(parents.get(key, ()))
    return found


def meta_of(node: Mapping[str, Any]) -> Mapping[str, Any]:
    """The `meta` of a node, wherever its kind keeps it."""
    return {
        **(node.get("source_meta") or {}),
        **(node.get("meta") or {}),
        **((node.get("config") or {}).get("meta") or {}),
    }
