"""A sample of mutants, judged, and what the project's tests would not notice."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from bench.mutate.judge import EQUIVALENT, LAYERS, SURVIVES, Judge, Mutant, Verdict
from bench.mutate.project import KEPT, Model, load
from bench.mutate.proofs import proofs_of
from bench.record import ROOT, Figure

WORLD = KEPT / "ci"
# Percent of the mutants that change an output: all of them, and those of one room.
MOST_UNNOTICED, MOST_UNNOTICED_IN_ROOM = 3.0, 10.0


def candidates(judge: Judge, room: str, seed: int) -> Iterator[Mutant]:
    """Mutants of a room in a random order, of each operator in turn as far as it goes."""
    draw = random.Random(f"{seed} {room}")
    places: dict[str, list[Mutant]] = defaultdict(list)
    for model in judge.project.models.values():
        if model.room == room:
            for number, site in enumerate(judge.sites_of(model)):
                places[site.operator].append(Mutant(model, number))
    kinds = [draw.sample(found, len(found)) for _, found in sorted(places.items())]
    while any(kinds):
        yield from [found.pop() for found in draw.sample(kinds, len(kinds)) if found]


def sample(judge: Judge, count: int, seed: int, room: str | None = None) -> list[Verdict]:
    """Verdicts on mutants, so many that `count` change an output: the same number of each room.

    Raises
    ------
    ValueError
        There is no such room.
    """
    known = sorted({m.room for m in judge.project.models.values()})
    if room is not None and room not in known:
        raise ValueError(f"there is no room {room}: choose one of {', '.join(known)}")
    rooms = [room] if room else known
    verdicts = []
    for number, name in enumerate(rooms):
        share = (number + 1) * count // len(rooms) - number * count // len(rooms)
        found = candidates(judge, name, seed)
        while share and (mutant := next(found, None)):
            verdicts.append(judge.judge(mutant))
            share -= verdicts[-1].outcome != EQUIVALENT
    return verdicts


def named(judge: Judge, name: str) -> Mutant:
    """The mutant of a name.

    Raises
    ------
    ValueError
        There is none.
    """
    model, _, number = name.rpartition(".")
    found = judge.project.models.get(model)
    if found is None or not number.isdigit() or int(number) >= len(judge.sites_of(found)):
        raise ValueError(f"there is no mutant {name}: give MODEL.NUMBER as a survivor is listed")
    return Mutant(found, int(number))


def run(
    console: Console,
    count: int,
    seed: int,
    room: str | None = None,
    only: Sequence[str] = (),
    world: Path = WORLD,
) -> list[Figure]:
    """Judge a sample, or single mutants by name, and print what became of them.

    Parameters
    ----------
    room : str, optional
        Mutants of this room alone.
    world : Path
        Folder of the `ci` world.
    """
    project = load(world)
    with project.open() as connection:
        judge = Judge(project, connection, proofs_of(project, connection))
        alone = [judge.judge(named(judge, name)) for name in only]
        verdicts = alone or sample(judge, count, seed, room)
    console.print(_table(verdicts))
    shown = verdicts if only else [v for v in verdicts if v.outcome == SURVIVES]
    for verdict in shown:
        told = f"{verdict.outcome}, {verdict.by}" if verdict.by else verdict.outcome
        console.print(f"{verdict.mutant.name} ({verdict.operator}): {told}", style="bold")
        console.print(f"  {place(verdict.mutant.model, verdict.line)}")
        console.print(f"  - {verdict.before}\n  + {verdict.after}", markup=False)
    if project.left_out:
        left_out = Counter(name.split("__")[0] for name in project.left_out)
        console.print(
            f"not mutated, for the demo company has no need of them: {len(project.left_out)} models"
            f" ({', '.join(f'{name} {number}' for name, number in sorted(left_out.items()))})"
        )
    return _figures(verdicts)


def place(model: Model, line: int) -> str:
    """File and line of a place of compiled SQL: the nearest line above that the file has, too."""
    source = [text.strip() for text in (ROOT / model.file).read_text("utf-8").split("\n")]
    compiled = [text.strip() for text in model.sql.split("\n")]
    for text in reversed(compiled[:line]):
        if len(text) > 3 and text in source:
            return f"{model.file}:{source.index(text) + 1}"
    return model.file


def _table(verdicts: Iterable[Verdict]) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    heads = ("mutants", "equivalent", "change an output", *LAYERS, "survive", "caught")
    table.add_column("room")
    for head in heads:
        table.add_column(head, justify="right")
    rooms: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        rooms[verdict.mutant.model.room].append(verdict)
    rows = {**dict(sorted(rooms.items())), "all": [v for found in rooms.values() for v in found]}
    for room, found in rows.items():
        outcomes = Counter(v.outcome for v in found)
        changing = len(found) - outcomes[EQUIVALENT]
        caught = f"{100 - unnoticed(found):.0f}%" if changing else ""
        counts = (len(found), outcomes[EQUIVALENT], changing, *(outcomes[name] for name in LAYERS))
        table.add_row(room, *map(str, (*counts, outcomes[SURVIVES], caught)))
    return table


def unnoticed(verdicts: Iterable[Verdict]) -> float:
    """Percent of the mutants that change an output which no layer notices."""
    changing = [v for v in verdicts if v.outcome != EQUIVALENT]
    return 100 * sum(not v.is_caught for v in changing) / max(len(changing), 1)


def _figures(verdicts: Sequence[Verdict]) -> list[Figure]:
    outcomes = Counter(v.outcome for v in verdicts)
    rooms = sorted({v.mutant.model.room for v in verdicts})
    stopped = sum("does not run" in v.by or "Error" in v.by for v in verdicts)
    return [
        Figure("mutants", len(verdicts)),
        Figure("equivalent", outcomes[EQUIVALENT]),
        *(Figure(f"noticed by {layer}", outcomes[layer]) for layer in LAYERS),
        Figure("of these the engine refused", stopped),
        Figure("unnoticed", unnoticed(verdicts), "%", MOST_UNNOTICED),
        *(
            Figure(
                f"unnoticed in {room}",
                unnoticed(v for v in verdicts if v.mutant.model.room == room),
                "%",
                MOST_UNNOTICED_IN_ROOM,
            )
            for room in rooms
        ),
        Figure("CPU for a mutant", sum(v.seconds for v in verdicts) / max(len(verdicts), 1), "s"),
    ]
