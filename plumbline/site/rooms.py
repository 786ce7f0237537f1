"""The rooms of the project and who reads whom, from dbt's manifest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from plumbline.site.graph import Manifest, meta_of, parents_of

RAW = "raw exports"
SEEDS = "reference"
METRICS = "metrics"
READERS = "people and tools"
SHORT = 28
# What is no room of models; those say it in models/_rooms.yml.
HOLDS = {
    RAW: "what the vendors delivered, as it landed",
    SEEDS: "rules, tiers, thresholds, targets: the tables that people edit",
    "staging/ml": "what the ML step wrote, runs that were not published left out",
    METRICS: "one definition per number, in the semantic layer",
    READERS: "who uses the numbers",
}


@dataclass(frozen=True)
class Item:
    """A line in a room's list.

    Attributes
    ----------
    key : str
        dbt's unique id.
    is_private : bool
        A step that only its own room may read.
    """

    key: str
    name: str
    summary: str
    is_private: bool = False


@dataclass(frozen=True)
class Room:
    """A part of the project.

    Attributes
    ----------
    name, holds : str
        What it is called and what is in it.
    place : int or None
        Its place in the declared order of the rooms of models.
    what : str
        Its items counted, such as `12 models`.
    tests : int
        Data and unit tests on its items.
    reads, read_by : tuple of (str, int)
        Other rooms, with the number of links; seeds left out.
    """

    name: str
    place: int | None
    holds: str
    what: str
    items: tuple[Item, ...]
    tests: int
    reads: tuple[tuple[str, int], ...]
    read_by: tuple[tuple[str, int], ...]

    @property
    def short(self) -> str:
        """The same in the width of a box."""
        tests = f", {self.tests} tests" if self.tests else ""
        longest_first = (f"{self.what}{tests}", self.what, f"{len(self.items)} parts")
        return next((text for text in longest_first if len(text) <= SHORT), longest_first[-1])

    @property
    def anchor(self) -> str:
        """Its id on the page."""
        return "room-" + "".join(c if c.isalnum() else "-" for c in self.name)


def read_rooms(manifest: Manifest) -> tuple[Room, ...]:
    """All rooms that have something in them, in no particular order."""
    members = _members(manifest)
    room_of = {key: room for room, nodes in members.items() for key in nodes}
    links: Counter[tuple[str, str]] = Counter()
    for child, parents in parents_of(manifest).items():
        for parent in parents:
            pair = (room_of.get(parent), room_of.get(child))
            if pair[0] and pair[1] and pair[0] != pair[1] and pair[0] != SEEDS:
                links[pair] += 1
    tests = _tests(manifest)
    declared = {group["name"]: group for group in manifest.get("groups", {}).values()}
    places = {name: place for place, name in enumerate(declared)}
    holds = {**{name: group["description"] for name, group in declared.items()}, **HOLDS}
    return tuple(
        Room(
            name=name,
            place=places.get(name),
            holds=holds.get(name, "") or _first_description(nodes),
            what=_counted(nodes),
            items=tuple(
                sorted((_item(key, node) for key, node in nodes.items()), key=lambda i: i.name)
            ),
            tests=sum(tests[key] for key in nodes),
            reads=tuple(sorted((a, n) for (a, b), n in links.items() if b == name)),
            read_by=tuple(sorted((b, n) for (a, b), n in links.items() if a == name)),
        )
        for name, nodes in members.items()
    )


def _members(manifest: Manifest) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    groups = ("sources", "nodes", "semantic_models", "metrics", "exposures")
    for group in groups:
        for key, node in manifest.get(group, {}).items():
            room = _room_of(node)
            if room:
                found.setdefault(room, {})[key] = node
    return found


def _room_of(node: Mapping[str, Any]) -> str | None:
    kind = node["resource_type"]
    if kind == "source":
        written = meta_of(node).get("written_by_python")
        return f"source {node['source_name']}" if written else RAW
    if kind == "exposure":
        return f"exposure {node['name']}" if meta_of(node).get("writes") else READERS
    if kind == "model":
        folders = node["original_file_path"].split("/")[1:-1]
        if folders[:2] == ["staging", "ml"]:
            return "staging/ml"
        return folders[1] if folders[0] == "marts" else folders[0]
    if kind == "metric":
        # a measure as a metric belongs to its semantic model; what is made of metrics does not
        is_measure = node.get("type", "simple") == "simple" and not meta_of(node).get("category")
        return "semantic" if is_measure else METRICS
    return {"seed": SEEDS, "semantic_model": "semantic"}.get(str(kind))


def _tests(manifest: Manifest) -> Counter[str]:
    counts: Counter[str] = Counter()
    for node in manifest["nodes"].values():
        if node["resource_type"] == "test":
            # A test on several models counts where it is attached, or once on the first.
            counts[node.get("attached_node") or next(iter(node["depends_on"]["nodes"]), "")] += 1
    for test in manifest.get("unit_tests", {}).values():
        counts[next(iter(test["depends_on"]["nodes"]), "")] += 1
    return counts


def _item(key: str, node: Mapping[str, Any]) -> Item:
    name = node["name"]
    if node["resource_type"] == "source":
        name = f"{node['source_name']}.{name}"
    elif node["resource_type"] in ("exposure", "metric"):
        name = node.get("label") or name
    private = name.startswith("int_") and "/marts/" in node["original_file_path"]
    return Item(key, name, first_sentence(node.get("description") or ""), private)


def _counted(nodes: Mapping[str, Any]) -> str:
    words = {"source": "table", "semantic_model": "semantic model"}
    kinds = Counter(
        "measure"
        if n["resource_type"] == "metric" and not meta_of(n).get("category")
        else words.get(str(n["resource_type"]), n["resource_type"])
        for n in nodes.values()
    )
    return ", ".join(f"{count} {kind}{'' if count == 1 else 's'}" for kind, count in kinds.items())


def _first_description(nodes: Mapping[str, Any]) -> str:
    node = next(iter(nodes.values()))
    return first_sentence(node.get("source_description") or node.get("description") or "")


def first_sentence(text: str) -> str:
    """The first sentence of a description, on one line."""
    line = " ".join(text.split("\n\n")[0].split())
    end = line.find(". ")
    return line if end < 0 else line[: end + 1]
