"""Places the rooms in ranks, readers below what they read, and draws ways between them.

networkx is loaded where it is used: by then dbt has done so, and other commands do without it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

WIDTH, BOX, HEIGHT, PITCH, GAP, LANE = 660, 196, 56, 96, 24, 22
Edge = tuple[str, str]


@dataclass(frozen=True)
class Box:
    """A room's place; x and y are its top left corner."""

    name: str
    x: float
    y: float
    width: float
    height: float = HEIGHT


@dataclass(frozen=True)
class Drawing:
    """Boxes, and ways as SVG paths with the rooms that they join.

    Attributes
    ----------
    left, width, height : float
        What of the sheet is used.
    """

    boxes: tuple[Box, ...]
    ways: tuple[tuple[Edge, str], ...]
    left: float
    width: float
    height: float


def without_loops(edges: frozenset[Edge], may_go: frozenset[Edge]) -> frozenset[Edge]:
    """Edges less those of `may_go` that lead back to where they come from."""
    import networkx

    kept = networkx.DiGraph(edges)
    for read, reader in sorted(may_go & edges):
        if networkx.has_path(kept, reader, read):
            kept.remove_edge(read, reader)
    return frozenset(kept.edges)


def draw(names: tuple[str, ...], edges: frozenset[Edge]) -> Drawing:
    """Lay out a graph from top to bottom.

    Parameters
    ----------
    names : tuple of str
        The rooms.
    edges : frozenset of (read, reader)
        Without loops. An edge that a longer way already shows is not drawn.
    """
    ranks = _ranks(names, edges)
    shown = sorted(_needed(edges))
    rows = _rows(names, ranks, shown)
    places = _places(rows)
    widths = {item: _spacing(row)[1] for row in rows for item in row if ">" not in item}
    boxes = tuple(
        Box(name, places[name] - widths[name] / 2, ranks[name] * PITCH + 4, widths[name])
        for name in sorted(names)
    )
    ways = tuple((edge, _way(edge, ranks, places)) for edge in shown)
    left = min(place - widths.get(item, LANE) / 2 for item, place in places.items()) - 4
    right = max(place + widths.get(item, LANE) / 2 for item, place in places.items()) + 4
    return Drawing(boxes, ways, left, right - left, max(ranks.values()) * PITCH + HEIGHT + 8)


def _ranks(names: tuple[str, ...], edges: frozenset[Edge]) -> dict[str, int]:
    import networkx

    graph = networkx.DiGraph(edges)
    graph.add_nodes_from(names)
    layers = networkx.topological_generations(graph)
    return {name: rank for rank, layer in enumerate(layers) for name in layer}


def _needed(edges: frozenset[Edge]) -> Iterable[Edge]:
    # Without the edges that a way over another room implies.
    import networkx

    return networkx.transitive_reduction(networkx.DiGraph(edges)).edges


def _rows(names: tuple[str, ...], ranks: Mapping[str, int], edges: list[Edge]) -> list[list[str]]:
    # A lane of its own in every rank that an edge passes, so that it runs beside the boxes.
    rows: list[list[str]] = [[] for _ in range(max(ranks.values(), default=0) + 1)]
    for name in sorted(names):
        rows[ranks[name]].append(name)
    near: dict[str, list[str]] = {}
    for edge in edges:
        stops = [edge[0], *_lanes(edge, ranks), edge[1]]
        for number, lane in enumerate(stops[1:-1], start=ranks[edge[0]] + 1):
            rows[number].append(lane)
        for one, other in zip(stops, stops[1:], strict=False):
            near.setdefault(one, []).append(other)
            near.setdefault(other, []).append(one)
    for sweep in range(8):
        for row in rows if sweep % 2 == 0 else rows[::-1]:
            centres = _places(rows)
            wanted = {
                item: sum(centres[n] for n in near[item]) / len(near[item])
                for item in row
                if near.get(item)
            }
            row.sort(key=lambda item: (wanted.get(item, centres[item]), item))  # noqa: B023
    return rows


def _lanes(edge: Edge, ranks: Mapping[str, int]) -> list[str]:
    return [f"{edge[0]}>{edge[1]}>{n}" for n in range(ranks[edge[0]] + 1, ranks[edge[1]])]


def _places(rows: list[list[str]]) -> dict[str, float]:
    centres: dict[str, float] = {}
    for row in rows:
        gap, width = _spacing(row)
        widths = [LANE if ">" in item else width for item in row]
        x = (WIDTH - sum(widths) - gap * (len(row) - 1)) / 2
        for item, own in zip(row, widths, strict=True):
            centres[item] = x + own / 2
            x += own + gap
    return centres


def _spacing(row: list[str]) -> tuple[float, float]:
    # Gap and box width: both shrink where a rank is crowded.
    lanes = sum(">" in item for item in row)
    boxes = len(row) - lanes
    for gap in (GAP, GAP / 2, GAP / 4):
        room = (WIDTH - lanes * LANE - gap * (len(row) - 1)) / max(boxes, 1)
        if room >= BOX:
            return gap, BOX
    return gap, room


def _way(edge: Edge, ranks: Mapping[str, int], places: Mapping[str, float]) -> str:
    x, y = places[edge[0]], ranks[edge[0]] * PITCH + 4 + HEIGHT
    path = f"M{x:.0f} {y:.0f}"
    for number, stop in enumerate([*_lanes(edge, ranks), edge[1]], start=ranks[edge[0]] + 1):
        x, top = places[stop], number * PITCH + 4
        half = (y + top) / 2
        path += f" C{_last_x(path)} {half:.0f} {x:.0f} {half:.0f} {x:.0f} {top:.0f}"
        if stop != edge[1]:
            path += f" L{x:.0f} {top + HEIGHT:.0f}"
        y = top + HEIGHT
    return path


def _last_x(path: str) -> str:
    return path.replace("M", " ").replace("L", " ").split()[-2]
