"""Rules about who reads what: of models as models/_rooms.yml declares it, and Python's.

Each rule is a pure function from a `Project` to the violations it finds.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from project_types import Model, Project, Violation

from plumbline.site.graph import ancestors_of

# Stand for the staging of that type alone.
TOLD = frozenset({"ml", "operations"})
# Schemas that Python writes, by the folder of staging that brings them back.
WRITTEN_BY_PYTHON = {"ml": "ml", "operations": "ops"}
NOT_FEATURES = re.compile(r"\b(base|stg|int|dim|fct|rpt|sync)_[a-z0-9]+_\w+")

# Which rooms of Python a room imports, beyond itself; `plumbline.<room>`, and `ml`.
FLOOR = frozenset({"config", "errors", "terminal"})
IMPORTED_BY_ROOM = {
    "errors": frozenset(),
    "ml": frozenset({"errors"}),
    "config": frozenset({"errors", "ml"}),
    "terminal": frozenset({"errors"}),
    "demo": FLOOR,
    "store": FLOOR | {"ml"},
    "inspect_raw": FLOOR | {"store"},
    "site": FLOOR | {"store"},
    "night": FLOOR | {"store", "site", "ml"},
    "replay": FLOOR | {"store", "night", "ml"},
    "backtest": FLOOR | {"store", "night", "replay", "ml"},
    "backfill": FLOOR | {"store", "site", "night", "replay", "ml"},
    "proofs": FLOOR | {"store", "night", "ml"},
    "activation": FLOOR | {"store"},
    "trace": FLOOR | {"store", "site"},
    "commands": FLOOR
    | {"store", "inspect_raw", "site", "night", "replay", "backtest", "backfill", "proofs"}
    | {"activation", "trace", "ml"},
    "cli": FLOOR | {"commands"},
    "__main__": frozenset({"cli"}),
}
IMPORTERS_OF_DEMO = ("plumbline/commands/demo.py", "plumbline/proofs/exports/world.py")


def _reads_known_rooms(
    model: Model, read: Model | None, rooms: Mapping[str, frozenset[str]]
) -> bool:
    """Whether `model` may read `read`, which is None for a seed."""
    if model.room == "base":
        is_own_tool = read is not None and bool(read.tool) and read.folder == model.folder
        return is_own_tool and not model.tool
    if read is None or read.room == model.room:
        return True
    if read.is_private:
        return False
    allowed = rooms.get(model.room, frozenset())
    return read.room in allowed or (read.room == "staging" and read.folder in allowed)


def reads_allowed_rooms(project: Project) -> Iterator[Violation]:
    """A model reads its own room, the seeds, and the rooms that its room is declared to read."""
    for model in project.models:
        if model.room not in project.rooms:
            yield Violation("reads_allowed_rooms", model.name, f"unknown room {model.room}")
            continue
        for read in model.reads:
            if not _reads_known_rooms(model, project.by_name.get(read), project.rooms):
                yield Violation("reads_allowed_rooms", f"{model.name} <- {read}")


def reads_own_source(project: Project) -> Iterator[Violation]:
    """A base model reads one table of its vendor; staging reads what Python wrote; no one else.

    The model of a sync tool reads the tables that this tool makes of one.
    """
    for model in project.models:
        if model.room in ("quality", "monitoring"):
            continue
        vendor = f"{model.folder}_{model.tool}" if model.tool else model.folder
        own = {"base": vendor, "staging": WRITTEN_BY_PYTHON.get(model.folder)}.get(model.room)
        for source in model.sources:
            if source.split(".")[0] != own:
                yield Violation("reads_own_source", f"{model.name} <- {source}")
        count = len(model.sources) if model.tool else len(model.sources) + len(model.reads)
        if model.room == "base" and (count < 1 or (count > 1 and not model.tool)):
            yield Violation("reads_own_source", model.name, f"{count} sources")


def rooms_are_declared_once(project: Project) -> Iterator[Violation]:
    """A model's group is its room; a step is private for dbt, too; no room is declared in vain."""
    for model in project.models:
        if model.group != model.room:
            yield Violation("rooms_are_declared_once", model.name, f"group {model.group}")
        is_step = model.is_private and not model.tool
        if is_step != (model.access == "private"):
            yield Violation("rooms_are_declared_once", model.name, f"access {model.access}")
    for room in sorted(project.rooms.keys() - {model.room for model in project.models}):
        yield Violation("rooms_are_declared_once", room, "has no model")
    named = {name for reads in project.rooms.values() for name in reads}
    for name in sorted(named - project.rooms.keys() - TOLD):
        yield Violation("rooms_are_declared_once", name, "is read and not declared")


def predictions_come_last(project: Project) -> Iterator[Violation]:
    """Nothing that features or health are made of has seen a prediction, at any remove."""
    reads = {model.name: model.reads for model in project.models}
    predictions = {m.name for m in project.models if (m.room, m.folder) == ("staging", "ml")}
    before, waiting = {"staging", "base"}, ["features", "health"]
    while waiting:
        room = waiting.pop()
        if room not in before:
            before.add(room)
            waiting.extend(project.rooms.get(room, ()))
    for model in project.models:
        if model.room in before - {"staging", "base"}:
            for name in sorted(ancestors_of(model.name, reads) & predictions):
                yield Violation("predictions_come_last", model.name, f"comes from {name}")


def outcomes_are_labels_only(project: Project) -> Iterator[Violation]:
    """In features, only the training examples read an outcome; no one builds on those."""
    for model in project.models:
        if model.room == "features" and model.name != "feat_training_examples":
            for read in model.reads:
                if "churn" in read:
                    yield Violation("outcomes_are_labels_only", f"{model.name} <- {read}")
        if "feat_training_examples" in model.reads and model.room not in ("quality", "monitoring"):
            yield Violation("outcomes_are_labels_only", f"{model.name} <- feat_training_examples")


def _strings(text: str) -> Iterator[str]:
    """String constants of a module, without its docstrings."""
    tree = ast.parse(text)
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.value


def ml_reads_features(project: Project) -> Iterator[Violation]:
    """`ml/` names no model but `feat_*`."""
    for path, text in project.files.items():
        if path.startswith("ml/") and path.endswith(".py"):
            named = {m.group() for string in _strings(text) for m in NOT_FEATURES.finditer(string)}
            for name in sorted(named):
                yield Violation("ml_reads_features", path, name)


def _imported(tree: ast.AST, is_deep: bool) -> Iterator[str]:
    """Dotted names that a module imports; without `is_deep` only those that it is loaded with."""
    for node in ast.walk(tree) if is_deep else ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _python(project: Project) -> Mapping[str, ast.AST]:
    rooms = ("plumbline/", "ml/")
    files = {f: text for f, text in project.files.items() if f.startswith(rooms)}
    return {file: ast.parse(text) for file, text in files.items() if file.endswith(".py")}


def _room_of_python(dotted: str) -> str:
    first, _, rest = dotted.partition(".")
    return rest.partition(".")[0] if first == "plumbline" else first if first == "ml" else ""


def python_keeps_its_order(project: Project) -> Iterator[Violation]:
    """A room of Python imports itself and what lies below it; few import the demo world."""
    for path, tree in _python(project).items():
        room = _room_of_python(path.removesuffix(".py").replace("/", "."))
        if room not in IMPORTED_BY_ROOM and path != "plumbline/__init__.py":
            yield Violation("python_keeps_its_order", path, f"unknown room {room}")
        for dotted in _imported(tree, is_deep=True):
            read = _room_of_python(dotted)
            allowed = {room, "", *IMPORTED_BY_ROOM.get(room, ())}
            if read not in allowed and not (read == "demo" and path in IMPORTERS_OF_DEMO):
                yield Violation("python_keeps_its_order", path, f"imports {dotted}")


def python_has_no_cycles(project: Project) -> Iterator[Violation]:
    """No module is loaded while it loads."""
    trees = {f.removesuffix(".py").replace("/", "."): t for f, t in _python(project).items()}
    graph = {
        module: {
            name
            for dotted in _imported(tree, is_deep=False)
            for name in (dotted, dotted.rpartition(".")[0])
            if name in trees
        }
        for module, tree in trees.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        cycle = error.args[1]
        yield Violation("python_has_no_cycles", min(cycle), " <- ".join(cycle))


def steps_are_read(project: Project) -> Iterator[Violation]:
    """What nobody looks at, another model reads; else it costs every night and serves nobody."""
    read = {name for model in project.models for name in model.reads}
    for model in project.models:
        is_step = model.room in ("base", "staging", "intermediate") or model.is_private
        # what a sync tool lands is read where that tool is switched on
        if is_step and not model.tool and model.name not in read:
            yield Violation("steps_are_read", model.name)


READ_RULES = (
    rooms_are_declared_once,
    reads_allowed_rooms,
    reads_own_source,
    predictions_come_last,
    outcomes_are_labels_only,
    ml_reads_features,
    python_keeps_its_order,
    python_has_no_cycles,
    steps_are_read,
)
