"""The metrics as the semantic layer defines them, from dbt's manifest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from plumbline.site.graph import Manifest, ancestors_of, meta_of, parents_of

# As the definitions go; a category that is not here comes after them.
ORDER = (
    "revenue",
    "churn",
    "usage",
    "support",
    "sentiment",
    "preparedness",
    "engagement",
    "health",
    "models",
)


@dataclass(frozen=True)
class Metric:
    """One metric, in words.

    Attributes
    ----------
    key : str
        dbt's unique id.
    grains, dimensions, models : tuple of str
        Periods it is measured over, what it may be cut by, the models that its measures read.
    facts : tuple of (str, str)
        What else `config.meta` says, as label and text: owner, unit, direction and so on.
    """

    key: str
    name: str
    label: str
    description: str
    category: str
    formula: str
    unit: str
    grains: tuple[str, ...]
    dimensions: tuple[str, ...]
    models: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]


# Cuts exist at this grain; others have totals only.
CUT_GRAIN = "month"
SHOWN_FACTS = (
    "unit",
    "direction",
    "additivity",
    "over_time",
    "settling_days",
    "owner",
    "tier",
    "version",
)


def read_metrics(manifest: Manifest) -> tuple[Metric, ...]:
    """Every metric that has its catalogue keys in `config.meta`, in the manifest's order.

    A metric without a category is a building block of others and has no page.
    """
    parents = parents_of(manifest)
    return tuple(
        _metric(manifest, parents, key, node)
        for key, node in manifest.get("metrics", {}).items()
        if meta_of(node).get("category")
    )


def by_category(metrics: Iterable[Metric]) -> dict[str, tuple[Metric, ...]]:
    """Metrics of each category, the categories in the order of the definitions."""
    found: dict[str, tuple[Metric, ...]] = {}
    for metric in metrics:
        found[metric.category] = (*found.get(metric.category, ()), metric)
    places = {category: place for place, category in enumerate(ORDER)}
    ordered = sorted(found, key=lambda category: (places.get(category, len(ORDER)), category))
    return {category: found[category] for category in ordered}


def _metric(
    manifest: Manifest,
    parents: Mapping[str, tuple[str, ...]],
    key: str,
    node: Mapping[str, Any],
) -> Metric:
    meta = meta_of(node)
    grains = _listed(meta.get("grains"))
    models = [
        manifest["nodes"][parent]["name"]
        for semantic in _semantic_models(manifest, parents, key)
        for parent in parents.get(semantic["unique_id"], ())
        if parent in manifest["nodes"]
    ]
    return Metric(
        key=key,
        name=node["name"],
        label=node.get("label") or node["name"],
        description=(node.get("description") or "").strip(),
        category=str(meta["category"]),
        formula=str(meta.get("formula") or ""),
        unit=str(meta.get("unit") or ""),
        grains=grains,
        dimensions=_dimensions(manifest, parents, key) if CUT_GRAIN in grains else (),
        models=tuple(dict.fromkeys(models)),
        facts=tuple(
            (name.replace("_", " "), ", ".join(_listed(meta[name])).replace("_", " "))
            for name in SHOWN_FACTS
            if meta.get(name)
        ),
    )


def _listed(value: Any) -> tuple[str, ...]:
    if not value:
        return ()
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return tuple(map(str, value)) if isinstance(value, list | tuple) else (str(value),)


def _semantic_models(
    manifest: Manifest, parents: Mapping[str, tuple[str, ...]], key: str
) -> list[Mapping[str, Any]]:
    known = manifest.get("semantic_models", {})
    return [known[node] for node in sorted(ancestors_of(key, parents)) if node in known]


def _dimensions(
    manifest: Manifest, parents: Mapping[str, tuple[str, ...]], key: str
) -> tuple[str, ...]:
    # What every measure of the metric reaches over an entity. The fact's own attributes, such as
    # the kind of a movement, are what the measure is made of.
    reached = [
        _reached(manifest, semantic) for semantic in _semantic_models(manifest, parents, key)
    ]
    common = set(reached[0]).intersection(*reached[1:]) if reached else set()
    return tuple(name for name in (reached[0] if reached else ()) if name in common)


def _reached(manifest: Manifest, semantic: Mapping[str, Any]) -> list[str]:
    entities = {entity["name"] for entity in semantic["entities"]}
    return [
        dimension["name"]
        for other in manifest["semantic_models"].values()
        if other is not semantic
        and any(
            entity["type"] in ("primary", "unique") and entity["name"] in entities
            for entity in other["entities"]
        )
        for dimension in other["dimensions"]
        if dimension["type"] == "categorical"
    ]
