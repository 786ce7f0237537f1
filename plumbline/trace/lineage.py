"""What lies between a fact and the raw exports, and which tests guard it, by dbt's own graph."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from plumbline.site.graph import ancestors_of, parents_of

STAGING = "stg_"


@dataclass(frozen=True)
class Step:
    """A model or a raw table.

    Attributes
    ----------
    name : str
        Of a raw table, vendor and table.
    tests : tuple of str
        Tests that read it.
    """

    key: str
    name: str
    relation: str
    tests: tuple[str, ...]


@dataclass(frozen=True)
class Lineage:
    """The graph of a parsed project.

    Parameters
    ----------
    manifest : dbt.contracts.graph.manifest.Manifest
        What dbt parsed.
    """

    manifest: Any

    @cached_property
    def parents(self) -> dict[str, tuple[str, ...]]:
        """Parents of every node, steps of Python put in."""
        manifest = self.manifest
        manifest.build_parent_and_child_maps()
        return parents_of(
            {
                "parent_map": manifest.parent_map,
                "exposures": {k: v.to_dict() for k, v in manifest.exposures.items()},
                "sources": {k: v.to_dict() for k, v in manifest.sources.items()},
                "saved_queries": {k: v.to_dict() for k, v in manifest.saved_queries.items()},
            }
        )

    @cached_property
    def tests(self) -> dict[str, list[str]]:
        """Names of the tests that read a node, by its unique id."""
        found: dict[str, list[str]] = {}
        for node in self.manifest.nodes.values():
            if node.resource_type == "test":
                for key in node.depends_on.nodes:
                    found.setdefault(key, []).append(node.name)
        for unit in self.manifest.unit_tests.values():
            for key in unit.depends_on.nodes[:1]:
                found.setdefault(key, []).append(unit.name)
        return found

    def step(self, key: str) -> Step:
        """A node as a step."""
        tests = tuple(sorted(self.tests.get(key, ())))
        if key in self.manifest.sources:
            source = self.manifest.sources[key]
            return Step(key, source.name, f"{source.source_name}/{source.name}", tests)
        node = self.manifest.nodes[key]
        return Step(key, node.name, f"{node.schema}.{node.alias}", tests)

    def staging_of(self, keys: Collection[str], source_types: Collection[str]) -> list[Step]:
        """Models of staging of some source types that nodes come from."""
        found = {key for one in keys for key in ancestors_of(one, self.parents)}
        prefixes = tuple(f"{STAGING}{source_type}__" for source_type in source_types)
        return [
            self.step(key)
            for key in sorted(found)
            if key in self.manifest.nodes and self.manifest.nodes[key].name.startswith(prefixes)
        ]

    def between(self, top: str, bottom: Collection[str]) -> list[Step]:
        """Models on a way from `bottom` up to `top`, both left out, the upper ones first."""
        above = ancestors_of(top, self.parents)
        # whatever has a node of `bottom` among its ancestors lies on a way to it
        found = [
            key
            for key in above - set(bottom)
            if key in self.manifest.nodes
            and self.manifest.nodes[key].resource_type == "model"
            and ancestors_of(key, self.parents) & set(bottom)
        ]
        depth = {key: len(ancestors_of(key, self.parents)) for key in found}
        return [self.step(key) for key in sorted(found, key=lambda key: (-depth[key], key))]

    def sources_of(self, key: str) -> list[Any]:
        """dbt's nodes of the raw tables that a model of staging comes from."""
        found = ancestors_of(key, self.parents)
        return [self.manifest.sources[one] for one in sorted(found) if one in self.manifest.sources]

    def personal_columns(self, key: str) -> set[str]:
        """Columns of a model of staging that may lead to a person, as it or its base declares."""
        nodes = [self.manifest.nodes[key]]
        nodes += [
            self.manifest.nodes[one]
            for one in ancestors_of(key, self.parents)
            if one in self.manifest.nodes
        ]
        nodes += self.sources_of(key)
        return {
            name.lower()
            for node in nodes
            for name, column in node.columns.items()
            if (column.config.meta or {}).get("pii") or (column.meta or {}).get("pii")
        }
