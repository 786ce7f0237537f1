"""Where personal data goes: from each column that is declared personal, through every model's SQL.

A column carries what stands in its expression, at any remove. What only decides (conditions, joins,
the order and the parts of a window) or is counted does not travel; nor does what ends as a number,
a flag or a date, unless it is an id.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from typing import Any

import sqlglot
from manifest import Compilation, said_of_columns
from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

from plumbline.site.graph import ancestors_of

# Where the columns of a relation come from: by column, the personal ones that it carries.
Carried = dict[str, frozenset[str]]
NOTHING: frozenset[str] = frozenset()
TEXTS = ("VARCHAR", "STRUCT", "JSON", "BLOB", "UUID")


def carried_columns(
    compilation: Compilation, types: Mapping[str, Mapping[str, str]]
) -> dict[str, Carried]:
    """Personal columns that each model, seed and source holds, and what each of them comes from.

    Parameters
    ----------
    types : mapping of str to mapping
        Type by column, by model.

    Returns
    -------
    dict
        By `schema.relation`, then by column in lower case: the columns that are declared.
    """
    nodes = {**compilation.manifest["sources"], **compilation.manifest["nodes"]}
    kinds = ("model", "seed", "source")
    nodes = {key: node for key, node in nodes.items() if node["resource_type"] in kinds}
    graph = {
        key: [read for read in node.get("depends_on", {}).get("nodes", ()) if read in nodes]
        for key, node in nodes.items()
    }
    found: dict[str, Carried] = {}
    for key in TopologicalSorter(graph).static_order():
        node, name = nodes[key], relation_of(nodes[key])
        carried = {column.lower(): NOTHING for column in node["columns"]}
        if node["resource_type"] == "model":
            sql = compilation.sql[node["name"]]
            for read in (nodes[read] for read in ancestors_of(key, graph)):
                if read["resource_type"] == "source":
                    # compiled SQL reads the files by their path
                    sql = sql.replace(read["relation_name"], relation_of(read))
            of_sql = _of_statement(sqlglot.parse_one(sql, dialect="duckdb"), found)
            for column, kind in types[node["name"]].items():
                travels = column.lower().endswith("_id") or any(text in kind for text in TEXTS)
                carried[column.lower()] = (
                    of_sql.get(column.lower(), NOTHING) if travels else NOTHING
                )
        for column, is_personal in said_of_columns(node).items():
            if is_personal:
                carried[column.lower()] |= {f"{name}.{column}"}
        found[name] = carried
    return found


def relation_of(node: Mapping[str, Any]) -> str:
    """`schema.relation` of a model, a seed or a source."""
    return f"{node['schema']}.{node.get('alias') or node['name']}"


def _of_statement(tree: exp.Expression, relations: Mapping[str, Carried]) -> Carried:
    carried: dict[int, Carried] = {}
    scope = None
    for scope in traverse_scope(tree):
        carried[id(scope)] = _of_scope(scope, carried, relations)
    return carried[id(scope)]


def _of_scope(
    scope: Scope, carried: Mapping[int, Carried], relations: Mapping[str, Carried]
) -> Carried:
    if scope.set_operation_scopes:
        branches = [carried[id(branch)] for branch in scope.set_operation_scopes]
        if scope.expression.args.get("by_name"):
            names = list(dict.fromkeys(name for branch in branches for name in branch))
            return {n: NOTHING.union(*(b.get(n, NOTHING) for b in branches)) for n in names}
        return {
            name: NOTHING.union(*parts)
            for name, *parts in zip(branches[0], *(b.values() for b in branches), strict=True)
        }
    within: dict[str, Carried] = {}
    for name, (_, source) in scope.selected_sources.items():
        if isinstance(source, Scope):
            within[name.lower()] = carried[id(source)]
        else:
            within[name.lower()] = relations.get(f"{source.db}.{source.name}", {})
    if not isinstance(scope.expression, exp.Select):
        # a function that makes rows of its arguments, under names of its own
        everything = NOTHING.union(*_of_parts(scope.expression, defaultdict(dict), relations))
        return defaultdict(lambda: everything)
    outer = {**_of_outer(scope.parent, carried, relations), **within}
    result: Carried = {}
    for projection in scope.expression.expressions:
        if projection.is_star:
            table = projection.table if isinstance(projection, exp.Column) else ""
            for source in [within[table.lower()]] if table else within.values():
                result |= source
        else:
            name = projection.alias_or_name.lower()
            result[name] = NOTHING.union(*_of_parts(projection, outer, relations))
    return result


def _of_outer(
    scope: Scope | None, carried: Mapping[int, Carried], relations: Mapping[str, Carried]
) -> dict[str, Carried]:
    """What a subquery sees of the query around it, as far as that has been read."""
    if scope is None or not scope.expression or not isinstance(scope.expression, exp.Select):
        return {}
    return {
        name.lower(): carried.get(id(source), {})
        if isinstance(source, Scope)
        else relations.get(f"{source.db}.{source.name}", {})
        for name, (_, source) in scope.selected_sources.items()
    }


def _of_parts(
    expression: exp.Expression, within: Mapping[str, Carried], relations: Mapping[str, Carried]
) -> Iterator[frozenset[str]]:
    """What the columns in an expression carry; those that only decide are passed over."""
    if isinstance(expression, exp.Column):
        name, table = expression.name.lower(), expression.table.lower()
        sources = [within[table]] if table in within else within.values()
        yield from (source[name] for source in sources if name in source)
        return
    if isinstance(expression, exp.Count | exp.Predicate | exp.Connector | exp.Not):
        return
    passed = {
        exp.Case: ("this",),
        exp.If: ("this",),
        exp.Filter: ("expression",),
        exp.Window: ("partition_by", "order"),
    }
    skipped = passed.get(type(expression), ())
    for part, value in expression.args.items():
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, exp.Expression) and part not in skipped:
                yield from _of_parts(child, within, relations)
