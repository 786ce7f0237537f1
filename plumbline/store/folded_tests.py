"""Data tests of one folder as one dbt node a night: dbt's own cost of a test exceeds the engine's.

Decided: D147.


The tests stay what they are: declared at their model, run one by one by `dbt test`, and run again
one by one where their node finds anything, so that each tells its own line.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

PLAIN = {
    "where": None,
    "limit": None,
    "fail_calc": "count(*)",
    "warn_if": "!= 0",
    "error_if": "!= 0",
    "store_failures": None,
}
# Tests of tables that grow from night to night stay alone: in one query their memory would add up.
GROWING = "new_by"


def fold(manifest: Any, first: Collection[str]) -> tuple[Any, dict[str, list[Any]]]:
    """Put the tests of one model each together: by folder, severity and side of the selectors.

    Parameters
    ----------
    manifest : dbt Manifest
        Stays as it is.
    first : collection of str
        Models that one of two builds takes with all that they read. A node holds tests of one side
        only: it would otherwise wait for the other build.

    Returns
    -------
    manifest : dbt Manifest
        The same nodes, but for the tests.
    folded : dict
        The tests by the `unique_id` of the node that holds them.
    """
    before = _ancestors(manifest.nodes, first)
    groups: dict[tuple[str, ...], list[Any]] = defaultdict(list)
    pattern = None
    for node in manifest.nodes.values():
        if str(node.resource_type) != "test":
            continue
        if getattr(node, "test_metadata", None) is None:
            pattern = pattern or node
        elif _is_plain(node):
            (model,) = node.depends_on.nodes
            folder = manifest.nodes[model].fqn[1:-1] if model in manifest.nodes else ["sources"]
            side = "before" if model in before else "after"
            groups[(node.config.severity.lower(), side, *folder[:2])].append(node)
    nodes = dict(manifest.nodes)
    folded = {}
    for key, tests in groups.items():
        if len(tests) < 2 or pattern is None:
            continue
        node = _together("_".join(("tests", *key)), tests, pattern)
        nodes[node.unique_id] = node
        folded[node.unique_id] = tests
        for test in tests:
            del nodes[test.unique_id]
    thinner = type(manifest).__new__(type(manifest))
    vars(thinner).update(vars(manifest), nodes=nodes)
    return thinner, folded


def _is_plain(node: Any) -> bool:
    config = node.config
    return (
        len(node.depends_on.nodes) == 1
        and all(getattr(config, name) == value for name, value in PLAIN.items())
        and GROWING not in node.test_metadata.kwargs
    )


def _together(name: str, tests: Sequence[Any], pattern: Any) -> Any:
    node = copy.deepcopy(pattern)
    node.name = node.alias = name
    node.unique_id = f"test.{node.package_name}.{name}"
    node.path = f"{name}.sql"
    node.original_file_path = tests[0].original_file_path
    node.fqn = [*tests[0].fqn[:-1], name]
    node.config = copy.deepcopy(tests[0].config)
    node.group = tests[0].group  # which may read the steps of its room
    node.depends_on.nodes = sorted({id for test in tests for id in test.depends_on.nodes})
    node.depends_on.macros = sorted({id for test in tests for id in test.depends_on.macros})
    node.refs = [ref for test in tests for ref in test.refs]
    node.sources = [source for test in tests for source in test.sources]
    counts = "\nunion all\n".join(_count(test) for test in tests)
    node.raw_code = f"select *\nfrom (\n{counts}\n) as counted\nwhere row_count > 0"
    return node


def _count(test: Any) -> str:
    given = ", ".join(
        f"{name}={_literal(value)}" for name, value in test.test_metadata.kwargs.items()
    )
    call = f"{{{{ test_{test.test_metadata.name}({given}) }}}}"
    return f"select '{test.name}' as test_name, count(*) as row_count from (\n{call}\n) as found"


def _literal(value: Any) -> str:
    text = str(value).strip()
    if isinstance(value, str) and text.startswith("{{") and text.endswith("}}"):
        return text[2:-2].strip()
    return repr(value)


def _ancestors(nodes: Mapping[str, Any], names: Collection[str]) -> set[str]:
    waiting = [id for id, node in nodes.items() if node.name in names]
    found: set[str] = set()
    while waiting:
        id = waiting.pop()
        if id not in found and id in nodes:
            found.add(id)
            waiting.extend(getattr(nodes[id].depends_on, "nodes", ()))
    return found
