"""The nights' own SQL, run in memory on what a past day knew (D171).

A model runs here as dbt compiled it for a date that the session says. What it reads is either made
the same way before it, or an input: staging, the daily features and the reference seeds as the last
build left them, and what the replay itself has trained and scored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import networkx
import pyarrow as pa

from plumbline.config import Settings
from plumbline.errors import UserError
from plumbline.store.dbt import Dbt

FEATURES = "features.feat_accounts_daily"
MADE_BY_REPLAY = ("ml", "ops")
# Playbooks answer reasons, and those are of tonight's list alone (D195).
PLAYBOOKS = "risk.int_playbooks__assigned"
SESSION = "session"  # the value of the var with which the date is read from the session
STAGING = "models/staging/"


@dataclass(frozen=True)
class Step:
    """One model: its relation (`schema.table`), what it reads, and its compiled SQL."""

    relation: str
    reads: tuple[str, ...]
    sql: str


@dataclass(frozen=True)
class Chain:
    """Models in an order in which each one's inputs stand before it.

    Attributes
    ----------
    steps : mapping of str to Step
        By the model's name.
    inputs : tuple of str
        Relations that the last build left; those of schema `ml` and `ops` are not among them, nor
        the playbooks.
    """

    steps: Mapping[str, Step]
    inputs: tuple[str, ...]

    def needed(self, names: Iterable[str], stop: frozenset[str] = frozenset()) -> list[Step]:
        """The steps that lead to some models, in order; nothing before the relations of `stop`."""
        reads = {step.relation: step.reads for step in self.steps.values()}
        graph = networkx.DiGraph(reads)
        graph.remove_nodes_from(stop)
        asked = {self.steps[name].relation for name in names}
        wanted = asked.union(*(networkx.descendants(graph, relation) for relation in asked))
        return [step for step in self.steps.values() if step.relation in wanted]


def load_chain(settings: Settings, variables: Mapping[str, Any], names: Iterable[str]) -> Chain:
    """Compile some models, and all that lies between them and the inputs."""
    dbt = Dbt(settings, {**variables, "as_of_date": SESSION})
    dbt.parse()
    nodes = {**dbt.manifest.nodes, **dbt.manifest.sources}
    order: dict[str, str] = {}
    inputs: set[str] = set()

    def visit(key: str) -> None:
        node = nodes[key]
        relation = f"{node.schema}.{getattr(node, 'alias', None) or node.identifier}"
        if _is_input(node, relation):
            if node.schema not in MADE_BY_REPLAY and relation != PLAYBOOKS:
                inputs.add(relation)
        elif key not in order:
            for read in sorted(node.depends_on.nodes):
                visit(read)
            order[key] = relation

    for name in names:
        visit(f"model.plumbline.{name}")
    compiled = dbt.compiled([nodes[key].name for key in order])
    steps = {
        nodes[key].name: Step(
            relation,
            tuple(
                f"{nodes[read].schema}.{getattr(nodes[read], 'alias', None) or nodes[read].name}"
                for read in nodes[key].depends_on.nodes
            ),
            compiled[nodes[key].name],
        )
        for key, relation in order.items()
    }
    return Chain(steps, tuple(sorted(inputs)))


def _is_input(node: Any, relation: str) -> bool:
    if str(node.resource_type) in ("seed", "source") or relation in (FEATURES, PLAYBOOKS):
        return True
    # nights keep it, by the day it was known
    if node.config.materialized == "incremental" and relation.startswith("intermediate."):
        return True
    # staging of what Python writes reads sources, that of raw exports base models
    reads_exports = any(read.startswith("model.") for read in node.depends_on.nodes)
    return str(node.original_file_path).startswith(STAGING) and reads_exports


class Memory:
    """A database in memory that knows what a day knew.

    Parameters
    ----------
    chain : Chain
        What can run in it.
    tables : mapping of str to pyarrow.Table
        The chain's inputs, by relation, with all that the last build knew.
    """

    def __init__(self, chain: Chain, tables: Mapping[str, pa.Table]) -> None:
        self.chain = chain
        self.connection = duckdb.connect()
        self.connection.execute("set TimeZone = 'UTC'")
        # Compiled SQL names relations by the file that dbt builds.
        self.connection.execute("attach ':memory:' as plumbline")
        self.connection.execute("use plumbline")
        self.connection.execute("create schema past")
        self.columns: dict[str, list[str]] = {}
        self.made: dict[str, date] = {}  # relations that show what is known now, as of which day
        for relation, rows in tables.items():
            self.columns[relation] = rows.column_names
            self.connection.register("rows", rows)
            self.connection.execute(f"create table {_kept(relation)} as select * from rows")
            self.connection.unregister("rows")
        for relation in {*tables, *(step.relation for step in chain.steps.values())}:
            self._create_schema(relation)

    def know(self, day: date) -> None:
        """Show of every input what was known before `day`; of the features, dates up to it."""
        self.made.clear()
        for relation, columns in self.columns.items():
            limit = ""
            if relation == FEATURES:
                limit = f"where as_of_date <= date '{day}'"
            elif "known_at" in columns:
                limit = f"where known_at < date '{day}'"
            elif "known_date" in columns:
                limit = f"where known_date < date '{day}'"
            self.connection.execute(
                f"create or replace view {relation} as select * from {_kept(relation)} {limit}"
            )

    def put(self, relation: str, rows: pa.Table) -> None:
        """Set what the replay itself has made; what reads it is to be made anew."""
        stale = {relation}
        self.made.pop(relation, None)
        for step in self.chain.steps.values():
            if not stale.isdisjoint(step.reads):
                stale.add(step.relation)
                self.made.pop(step.relation, None)
        self._create_schema(relation)
        self.connection.register("rows", rows)
        self.connection.execute(f"create or replace table {relation} as select * from rows")
        self.connection.unregister("rows")

    def run(self, day: date, *names: str, given: Iterable[str] = ()) -> None:
        """Run models, with all that they read, as a night of `day` would; `given` stays as put.

        What was made for the day already, from the same, is not made again.
        """
        self.connection.execute(f"set variable as_of_date = date '{day}'")
        for step in self.chain.needed(names, frozenset(given)):
            if self.made.get(step.relation) != day:
                self.connection.execute(f"create or replace table {step.relation} as {step.sql}")
                self.made[step.relation] = day

    def read(self, query: str, parameters: Iterable[Any] = ()) -> pa.Table:
        """Rows of a query."""
        return self.connection.sql(query, params=list(parameters)).to_arrow_table()

    def fingerprint(self) -> str:
        """Counts and hashes of all inputs; the order of their rows does not matter."""
        found = []
        for relation in sorted(self.columns):
            row = self.connection.execute(
                f"select count(*), bit_xor(hash(kept)), sum(hash(kept)) from {_kept(relation)}"
                " as kept"
            ).fetchone()
            found.append(f"{relation}: {row}")
        return "\n".join(found)

    def _create_schema(self, relation: str) -> None:
        schema = relation.partition(".")[0]
        self.connection.execute(f"create schema if not exists {schema}")


def read_inputs(
    settings: Settings, relations: Iterable[str], dates: Iterable[date]
) -> dict[str, pa.Table]:
    """Read relations of the private file; of the features, some dates and the first.

    Raises
    ------
    UserError
        A raw file that staging shows is gone, or a table is not there.
    """
    tables: dict[str, pa.Table] = {}
    with duckdb.connect(str(settings.build_file), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        for relation in sorted(relations):
            query, values = f"select * from {relation}", []
            if relation == FEATURES:
                # (the first date says from when on windows are warm)
                query += (
                    " where list_contains(?, as_of_date)"
                    f" or as_of_date = (select min(as_of_date) from {FEATURES})"
                )
                values = [sorted(dates)]
            try:
                tables[relation] = connection.sql(query, params=values).to_arrow_table()
            except (duckdb.CatalogException, duckdb.IOException) as error:
                raise UserError(
                    f"{relation} cannot be read ({str(error).splitlines()[0]})",
                    "restore the raw exports, or run `plumbline nightly` first",
                ) from None
    return tables


def _kept(relation: str) -> str:
    return f'past."{relation}"'
