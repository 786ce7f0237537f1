"""Whether a mutant changes any output, and which layer of tests notices it first."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb

from bench.mutate import operators
from bench.mutate.project import DataTest, Model, Project, in_order, statement

EQUIVALENT, SURVIVES = "equivalent", "survives"
UNIT_TESTS, DATA_TESTS, PROOFS = LAYERS = ("unit tests", "data tests", "proofs")
# A fault that makes a statement this much slower than any of the project's does not stay unseen.
PATIENCE = 30.0
MEMORY = "3GB"
FAULTY = (duckdb.Error, OverflowError)

# What recomputes numbers independently: it looks at the warehouse with the fault in it, and at the
# names of the models that this changed, and says what is wrong; nothing where all is well.
Proof = Callable[[duckdb.DuckDBPyConnection, set[str]], str]


@dataclass(frozen=True)
class Mutant:
    """A model with one fault; `number` is that of its place among the model's."""

    model: Model
    number: int

    @property
    def name(self) -> str:
        """By which it can be judged alone."""
        return f"{self.model.name}.{self.number}"


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant.

    Attributes
    ----------
    outcome : str
        `equivalent`, `survives`, or the layer that notices it first.
    by : str
        The test that notices it, or what else tells it.
    changed : int
        Relations of the warehouse that differ.
    """

    mutant: Mutant
    operator: str
    before: str
    after: str
    line: int
    outcome: str
    by: str = ""
    changed: int = 0
    seconds: float = 0.0

    @property
    def is_caught(self) -> bool:
        """Whether any layer notices it."""
        return self.outcome in LAYERS


class Judge:
    """Judges mutants on one copy of the warehouse, which each leaves as it was."""

    def __init__(
        self,
        project: Project,
        connection: duckdb.DuckDBPyConnection,
        proofs: Sequence[Proof] = (),
    ) -> None:
        self.project = project
        self.connection = connection
        self.proofs = proofs
        self.order = in_order(project.models)
        self.place = {model.name: number for number, model in enumerate(self.order)}
        self.sites: dict[str, list[operators.Site]] = {}
        self.known: dict[str, Any] = {}
        connection.execute(f"set memory_limit = '{MEMORY}'")
        failing = [test.name for test in project.data_tests if self._count(test.sql)]
        if failing:
            raise RuntimeError(f"data tests fail before anything is mutated: {', '.join(failing)}")

    def sites_of(self, model: Model) -> list[operators.Site]:
        """Where faults can be planted in a model."""
        if model.name not in self.sites:
            self.sites[model.name] = operators.sites(operators.parse(model.sql))
        return self.sites[model.name]

    def judge(self, mutant: Mutant) -> Verdict:
        """Plant a fault, look who notices it, and take it away again."""
        began = time.process_time()
        sql, before, after = operators.mutated(mutant.model.sql, mutant.number)
        site = self.sites_of(mutant.model)[mutant.number]
        changed: set[str] = set()
        given_rows_differ, by = self._unit_tests(mutant.model, site)
        outcome = UNIT_TESTS if by else ""
        if not outcome:
            with self._undone():
                by = self._spread(mutant.model, sql, changed)
                outcome = DATA_TESTS if by else ""
                if not by and not changed and not given_rows_differ:
                    outcome = EQUIVALENT
                elif not by:
                    by = next(filter(None, self._prove(changed)), "")
                    outcome = PROOFS if by else SURVIVES
        return Verdict(
            mutant,
            site.operator,
            before,
            after,
            operators.line_of(site),
            outcome,
            by,
            len(changed),
            time.process_time() - began,
        )

    def _unit_tests(self, model: Model, site: operators.Site) -> tuple[bool, str]:
        """Whether the output of given rows differs, and the first unit test that fails."""
        differs = False
        for test in (t for t in self.project.unit_tests if t.model == model.name):
            faulty = operators.twin(test.actual, site)
            if faulty is None:
                continue
            try:
                found = self._rows(test.compared.replace(test.actual, faulty))
                if _of(found, "actual") != _of(found, "expected"):
                    return True, test.name
                differs = differs or self._rows(faulty) != self._rows(test.actual)
            except FAULTY as error:
                return True, f"{test.name}: {_first_line(error)}"
        return differs, ""

    def _spread(self, model: Model, sql: str, changed: set[str]) -> str:
        """Build a faulty model and its readers anew, until a data test or the engine objects."""
        tests: list[DataTest] = []
        for other in self.order[self.place[model.name] :]:
            if other.name != model.name and not changed.intersection(other.reads):
                continue
            try:
                before = self._known_fingerprint(other)
                text = sql if other is model else other.sql
                self._run(statement(other, text, other.relation))
                if self._fingerprint(other) == before:
                    continue
                changed.add(other.name)
                tests += [t for t in self.project.data_tests if other.name in t.reads]
                for test in [t for t in tests if self._latest(t) <= self.place[other.name]]:
                    tests.remove(test)
                    if self._count(test.sql):
                        return test.name
            except FAULTY as error:
                return f"{other.name} does not run: {_first_line(error)}"
        return next((test.name for test in tests if self._count(test.sql)), "")

    def _prove(self, changed: set[str]) -> Iterator[str]:
        for proof in self.proofs:
            try:
                yield proof(self.connection, changed)
            except FAULTY as error:
                yield f"does not run: {_first_line(error)}"

    def _latest(self, test: DataTest) -> int:
        return max((self.place.get(name, 0) for name in test.reads), default=0)

    def _known_fingerprint(self, model: Model) -> Any:
        """That of the model without any fault: called before it is built anew."""
        if model.name not in self.known:
            self.known[model.name] = self._fingerprint(model)
        return self.known[model.name]

    def _fingerprint(self, model: Model) -> Any:
        """Of all rows in any order; numbers in nine digits, for sums depend on their order."""
        columns = self._run(f"describe {model.relation}").fetchall()
        listed = ", ".join(
            f'round("{name}", 9)' if kind in ("DOUBLE", "FLOAT") else f'"{name}"'
            for name, kind, *_ in columns
        )
        names = [(name, kind) for name, kind, *_ in columns]
        rows = self._run(
            f"select count(*), sum(hash(row({listed}))::hugeint) from {model.relation}"
        ).fetchone()
        return names, rows

    def _rows(self, sql: str) -> Counter[tuple[str, ...]]:
        rows = self._run(sql).fetchall()
        return Counter(tuple(_plain(value) for value in row) for row in rows)

    def _count(self, sql: str) -> int:
        return self._run(f"select count(*) from (\n{sql}\n)").fetchone()[0]

    def _run(self, sql: str) -> duckdb.DuckDBPyConnection:
        clock = threading.Timer(PATIENCE, self.connection.interrupt)
        clock.start()
        try:
            return self.connection.execute(sql)
        finally:
            clock.cancel()

    @contextmanager
    def _undone(self) -> Iterator[None]:
        self.connection.execute("begin")
        try:
            yield
        finally:
            self.connection.execute("rollback")


def _of(rows: Counter[tuple[str, ...]], side: str) -> Counter[tuple[str, ...]]:
    return Counter({row[:-1]: count for row, count in rows.items() if row[-1] == side})


def _plain(value: Any) -> str:
    return f"{value:.9g}" if isinstance(value, float) else str(value)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:120]
