"""What a column is, where its model does not say: what it is in a neighbour (D152).

A step passes columns on, and a base model prepares those of the staging model that it feeds. What
such a column is stands once, and every page says it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from plumbline.site.graph import Manifest

Texts = Mapping[str, Mapping[str, str]]


def inherited(
    described: Texts, found: Mapping[str, Collection[str]], neighbours: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, str]]:
    """Descriptions of columns that are not described, from the nearest neighbour that has one.

    Parameters
    ----------
    described : mapping
        Descriptions by model (or source) and column.
    found : mapping
        Columns that a model has; only those are explained.
    neighbours : mapping
        Where a model's columns come from (`neighbours_of`), the first choice first.

    Examples
    --------
    >>> inherited({"tickets": {"ticket_id": "Ticket."}}, {"step": ["ticket_id", "rank"]},
    ...           {"step": ["tickets"]})
    {'step': {'ticket_id': 'Ticket.'}}
    """
    explained: dict[str, dict[str, str]] = {}
    for model, columns in found.items():
        for column in columns:
            if described.get(model, {}).get(column):
                continue
            text = _nearest(model, column, described, found, neighbours)
            if text:
                explained.setdefault(model, {})[column] = text
    return explained


def _nearest(
    model: str,
    column: str,
    described: Texts,
    found: Mapping[str, Collection[str]],
    neighbours: Mapping[str, Sequence[str]],
) -> str:
    seen, level = {model}, [model]
    while level:
        near = [n for one in level for n in neighbours.get(one, ()) if n not in seen]
        level = list(dict.fromkeys(near))
        for one in level:
            if text := described.get(one, {}).get(column):
                return text
        seen.update(level)
        # only where the column passes through
        level = [one for one in level if column in found.get(one, ())]
    return ""


def neighbours_of(reads: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Where a model's columns come from: what it reads; for a base model first what it feeds."""
    feeds: dict[str, list[str]] = {}
    for model, read in reads.items():
        for one in read:
            feeds.setdefault(one, []).append(model)
    return {
        model: [*(feeds.get(model, ()) if _name(model).startswith("base_") else ()), *read]
        for model, read in reads.items()
    }


def _name(key: str) -> str:
    return key.rsplit(".", 1)[-1]


def complete(manifest: Manifest, catalog: Mapping[str, Any]) -> None:
    """Write into a manifest what its models do not say of their columns.

    Parameters
    ----------
    manifest, catalog : mapping
        As dbt's JSON files have them; the manifest is changed.
    """
    nodes = {**manifest["nodes"], **manifest["sources"]}
    described = {
        key: {name.lower(): one["description"] for name, one in node["columns"].items()}
        for key, node in nodes.items()
    }
    found = {
        key: [name.lower() for name in table["columns"]]
        for key, table in catalog["nodes"].items()
        if key in manifest["nodes"]
    }
    reads = {key: manifest["parent_map"].get(key, ()) for key in manifest["nodes"]}
    for key, texts in inherited(described, found, neighbours_of(reads)).items():
        columns = manifest["nodes"][key]["columns"]
        for name, text in texts.items():
            columns.setdefault(name, {"name": name, "meta": {}, "tags": []})["description"] = text
