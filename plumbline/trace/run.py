"""Walks from a number to the raw rows, and prints each step."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from datetime import date, timedelta

import duckdb
from rich.console import Console

from plumbline.config import Settings
from plumbline.errors import UserError
from plumbline.store import ops
from plumbline.store.connections import open_published
from plumbline.store.dbt import Dbt
from plumbline.store.definitions import Definitions
from plumbline.store.staging import staging_tables
from plumbline.trace import show
from plumbline.trace.facts import sum_facts
from plumbline.trace.features import (
    feature_expressions,
    read_feature,
    source_types_of,
    trace_feature,
)
from plumbline.trace.lineage import Lineage
from plumbline.trace.question import ask
from plumbline.trace.rows import read_rows
from plumbline.trace.scores import trace_score

# What is foretold are churns, which billing tells.
PREDICTIONS, OUTCOMES = "predictions", "subscription"
FEATURE_MODEL = "model.plumbline.feat_accounts_daily"


class Tracer:
    """What a trace reads and where it prints.

    Parameters
    ----------
    limit : int
        Rows of each step that are shown.
    with_personal : bool
        Whether columns that may lead to a person are shown.
    is_every_test_named : bool
        Whether the tests between a fact and staging are named, or counted.
    """

    def __init__(
        self,
        settings: Settings,
        console: Console,
        limit: int,
        with_personal: bool,
        is_every_test_named: bool,
    ) -> None:
        self.settings = settings
        self.console = console
        self.limit = limit
        self.with_personal = with_personal
        self.is_every_test_named = is_every_test_named

    def value(self, metric: str, period: str, cut: str | None, account: str | None) -> None:
        """Trace a value of the catalogue.

        Raises
        ------
        UserError
            There is no such value, or its rows do not give it.
        """
        with open_published(self.settings) as published:
            run = ops.last_published(published) or ("unknown", date.min)
            question, value = ask(published, metric, period, cut, account)
            dbt = Dbt(self.settings, self.settings.shaping_vars)
            dbt.parse()
            definitions, lineage = Definitions(dbt.manifest), Lineage(dbt.manifest)
            source_type = definitions.metrics[metric].source_type
            show.show_value(self.console, question, value, run)
            sums = sum_facts(published, definitions, question, self.limit)
            show.show_facts(self.console, question, value, sums)
            if not sums.adds_up(value):
                raise UserError(
                    f"the rows of the facts give {show.plain(sums.whole)}, and the catalogue says"
                    f" {show.plain(value.value)}",
                    "do not use the number; run `plumbline verify catalogue`",
                )
            kinds = {OUTCOMES if source_type == PREDICTIONS else source_type}
            first = next((fact for fact in sums.facts if fact.rows), None)
            if first is None:
                return
            whose = account or str(first.rows[0][first.names.index("account_id")])
            span = question.period.start, question.period.end
            for fact in sums.facts:
                staging = [step.key for step in lineage.staging_of([fact.key], kinds)]
                between = lineage.between(fact.key, staging)
                step = lineage.step(fact.key)
                show.show_steps(self.console, between, step, self.is_every_test_named)
            self._staging(lineage, [fact.key for fact in sums.facts], kinds, whose, span, run, None)
            if source_type == PREDICTIONS:
                self._score_behind(published, first.relation, whose, question.period.last_month)

    def feature(self, name: str, account: str, day: date) -> None:
        """Trace a feature of an account at a date.

        Raises
        ------
        UserError
            There is no such feature, or its inputs do not give it.
        """
        with open_published(self.settings) as published:
            run = ops.last_published(published) or ("unknown", date.min)
            value, of_row = read_feature(published, name, account, day)
            variables = {**self.settings.shaping_vars, "as_of_date": day.isoformat()}
            dbt = Dbt(self.settings, variables)
            expression = feature_expressions(dbt)[name]
            lineage = Lineage(dbt.manifest)
            with self._private(run) as private:
                if private is None:
                    raise UserError(
                        "the rows below a feature are in the private file alone",
                        "run this where nights run, after one was published",
                    )
                traced = trace_feature(private, name, value, of_row, expression, account)
            show.show_feature(self.console, traced, account, day)
            if not traced.adds_up:
                raise UserError(
                    f"counted anew {name} is {show.plain(traced.recomputed)}, and the features say"
                    f" {show.plain(traced.value)}",
                    "run `plumbline verify point-in-time`",
                )
            longest = max((one.window_days or 0 for one in traced.inputs), default=0)
            span = day - timedelta(days=longest or 30), day
            kinds = source_types_of(traced)
            self._staging(lineage, [FEATURE_MODEL], kinds, account, span, run, day)

    def score(self, target: str, account: str, day: date) -> None:
        """Trace a score of an account at a date.

        Raises
        ------
        UserError
            There is no such score, or its parts do not give it.
        """
        with open_published(self.settings) as published:
            traced = trace_score(published, target, account, day)
        show.show_score(self.console, traced, target, account, day)
        if not traced.adds_up:
            told = f"; since then moved {', '.join(traced.moved)}" if traced.moved else ""
            raise UserError(
                f"the parts give {show.plain(traced.summed)}, and the score is"
                f" {show.plain(traced.log_odds)}{told}",
                "run `plumbline verify no-leakage`",
            )

    def _score_behind(
        self, published: duckdb.DuckDBPyConnection, relation: str, account: str, month: date
    ) -> None:
        night = published.execute(
            "select max(as_of_date) from monitoring.fct_account_risk_monthly"
            " where account_id = ? and month_start_date = ?",
            [account, month],
        ).fetchone()
        if night and night[0]:
            show.head(self.console, "Score", "ml.predictions")
            self.console.print(
                f"  plumbline trace score churn --account {account} --date {night[0]}",
                markup=False,
                highlight=False,
            )

    def _staging(
        self,
        lineage: Lineage,
        keys: Collection[str],
        source_types: Collection[str],
        account: str,
        span: tuple[date, date],
        run: tuple[str, date],
        known_before: date | None,
    ) -> None:
        with self._private(run) as private:
            if private is None:
                show.head(self.console, "Staging", "not there")
                self.console.print(
                    "  the private file is not there, at work, or of a night that was not"
                    " published: the trace ends at the published facts",
                    highlight=False,
                )
                return
            tables = {table.name: table for table in staging_tables(private)}
            for step in lineage.staging_of(keys, source_types):
                if step.name in tables:
                    found = read_rows(
                        private,
                        self.settings,
                        lineage,
                        step,
                        tables[step.name],
                        account=account,
                        start=span[0],
                        end=span[1],
                        limit=self.limit,
                        with_personal=self.with_personal,
                        known_before=known_before,
                    )
                    if found.count:
                        show.show_staging(self.console, found, account)

    @contextlib.contextmanager
    def _private(self, run: tuple[str, date]) -> Iterator[duckdb.DuckDBPyConnection | None]:
        """The private file, where it holds what is published; None where it does not."""
        if not self.settings.build_file.exists():
            yield None
            return
        try:
            connection = duckdb.connect(str(self.settings.build_file), read_only=True)
        except duckdb.Error:
            # a night is at work on it
            yield None
            return
        with connection:
            built = connection.execute(
                "select run_id from ops.runs where state = ? order by recorded_at desc limit 1",
                [ops.STARTED],
            ).fetchone()
            yield connection if built and built[0] == run[0] else None
