"""What a metric's value is made of, as the semantic layer says it: parts, and SQL over them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

# What a query takes together, and how much of it is complete, is asked in the semantic layer alone.
GUARD = re.compile(r"case when (\w+) [=>] \d+ then (.+) end", re.DOTALL)
WORD = re.compile(r"\b([A-Za-z_]\w*)\b(?!\s*\()")
PERIOD_DAYS = "period_days"


@dataclass(frozen=True)
class Measure:
    """A sum over the rows of one fact.

    Attributes
    ----------
    relation : str
        Schema and table of the fact.
    operand : str
        SQL over its columns; what is summed.
    time_column : str
        Its day or month.
    key : str
        dbt's unique id of the model.
    """

    name: str
    relation: str
    operand: str
    time_column: str
    key: str


@dataclass(frozen=True)
class Definition:
    """A metric of the catalogue.

    Attributes
    ----------
    expression : str
        SQL over one column a part (double) and `period_days`.
    parts : tuple of str
        Measures that it reads.
    is_sum : bool
        Whether the value is a sum of parts.
    """

    name: str
    expression: str
    parts: tuple[str, ...]
    is_sum: bool
    over_time: str
    grains: tuple[str, ...]
    source_type: str
    unit: str


@dataclass(frozen=True)
class Definitions:
    """All metrics of a parsed project.

    Parameters
    ----------
    manifest : dbt.contracts.graph.manifest.Manifest
        What dbt parsed.
    """

    manifest: Any

    @cached_property
    def measures(self) -> dict[str, Measure]:
        """Parts of metrics, by name."""
        found = {}
        for model in self.manifest.semantic_models.values():
            if not (model.config.meta or {}).get("is_part", True):
                continue
            key = model.depends_on.nodes[0]
            node = self.manifest.nodes[key]
            for measure in model.measures:
                found[measure.name] = Measure(
                    measure.name,
                    f"{node.schema}.{node.alias}",
                    str(measure.expr or measure.name),
                    model.defaults.agg_time_dimension,
                    key,
                )
        return found

    @cached_property
    def metrics(self) -> dict[str, Definition]:
        """Metrics of the catalogue, by name."""
        nodes = {node.name: node for node in self.manifest.metrics.values()}
        return {
            name: self._definition(node, nodes)
            for name, node in sorted(nodes.items())
            if "tier" in node.config.meta
        }

    def _definition(self, node: Any, nodes: Mapping[str, Any]) -> Definition:
        meta = node.config.meta
        expression, is_sum = self._expression(node.name, nodes)
        parts = tuple(dict.fromkeys(w for w in WORD.findall(expression) if w in self.measures))
        # a sum over scores that nobody made is not known to be 0
        missing = is_sum and meta["source_type"] == "predictions"
        shown = WORD.sub(
            lambda word: (
                word[1] if word[1] not in self.measures or missing else f"coalesce({word[1]}, 0)"
            ),
            expression,
        )
        return Definition(
            node.name,
            shown,
            parts,
            is_sum,
            meta["over_time"],
            tuple(meta["grains"]),
            meta["source_type"],
            meta["unit"],
        )

    def _expression(self, name: str, nodes: Mapping[str, Any]) -> tuple[str, bool]:
        params, kind = nodes[name].type_params, str(nodes[name].type.value)
        if kind == "simple":
            measure = params.measure.name
            is_part = measure in self.measures
            return (measure if is_part else PERIOD_DAYS), is_part
        if kind == "ratio":
            sides = [
                self._expression(side.name, nodes)[0]
                for side in (params.numerator, params.denominator)
            ]
            return f"(({sides[0]}) / nullif({sides[1]}, 0))", False
        inputs = {one.name: self._expression(one.name, nodes) for one in params.metrics}
        told = " ".join(params.expr.split())
        guarded = GUARD.fullmatch(told)
        if guarded and guarded[1] in inputs and not inputs[guarded[1]][1]:
            told = re.sub(r"coalesce\((\w+), 0\)", r"\1", guarded[2])
            inputs.pop(guarded[1])
        words = {word for word in WORD.findall(told) if word in inputs}
        is_sum = all(inputs[word][1] for word in words) and set(told.split()) <= words | {"+", "-"}
        return WORD.sub(
            lambda word: f"({inputs[word[1]][0]})" if word[1] in inputs else word[1], told
        ), is_sum
