"""What must hold before a score is made, and before anything is visible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from ml.config import ScoringSettings
from plumbline.errors import UserError
from plumbline.night.additivity import measure
from plumbline.night.scoring import CHURN, Model
from plumbline.store import ops

SMALLEST_SHOWN = 0.001
INPUT_GATE_TABLE = "quality.rpt_input_gate"


@dataclass(frozen=True)
class Check:
    """One measured truth of the publish gate.

    Attributes
    ----------
    measured, limit : str
        As people read them.
    """

    name: str
    measured: str
    limit: str
    is_passed: bool


@dataclass(frozen=True)
class Night:
    """Which rows are this night's.

    Attributes
    ----------
    scored_runs : mapping
        Target to the run whose scores stand for the night: this one, or an earlier published one
        that had the same. A target that could not be scored is not in it.
    """

    run_id: str
    as_of: date
    scored_runs: Mapping[str, str]

    def rows_of(self, *targets: str) -> tuple[str, list[object]]:
        """The condition, with its parameters, that finds the night's rows of some targets."""
        pairs = [(name, self.scored_runs[name]) for name in targets]
        either = " or ".join("(target = ? and run_id = ?)" for _ in pairs)
        return f"as_of_date = ? and ({either})", [self.as_of, *(x for pair in pairs for x in pair)]


def visible_runs(
    connection: duckdb.DuckDBPyConnection, run_id: str, as_of: date, models: Sequence[Model]
) -> dict[str, str]:
    """Target to the run whose scores stand for a date; targets without scores are left out."""
    found = {model.target: visible_run(connection, run_id, as_of, model) for model in models}
    return {target: run for target, run in found.items() if run is not None}


def visible_run(
    connection: duckdb.DuckDBPyConnection, run_id: str, as_of: date, model: Model
) -> str | None:
    """The run whose scores stand for a date: this one, or a published one with the same rows."""
    if model.version is None:
        return None
    rows = connection.execute(
        "select distinct run_id from ml.predictions"
        " where as_of_date = ? and target = ? and model_version = ?",
        [as_of, model.target, model.version],
    ).fetchall()
    present = {row[0] for row in rows}
    if run_id in present:
        return run_id
    published = reversed(ops.published_run_ids(connection))
    return next((run for run in published if run in present), None)


def check_gate(
    connection: duckdb.DuckDBPyConnection, night: Night, knobs: ScoringSettings | None = None
) -> list[Check]:
    """Measure what must hold before anything is visible.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        Open on the private file.
    knobs : ScoringSettings, optional
        Instead of those in ``ml/model.toml``.
    """
    paying = number(
        connection,
        "select count(*) from features.feat_accounts_daily where as_of_date = ? and is_paying",
        [night.as_of],
    )
    if CHURN not in night.scored_runs:
        return [Check("paying accounts", f"{paying:,}", "at least 1", paying > 0)]
    churn, key = night.rows_of(CHURN)
    scored = number(connection, f"select count(*) from ml.predictions where {churn}", key)
    mine, key = night.rows_of(*night.scored_runs)
    listed = number(
        connection,
        "select count(*) from risk.rpt_at_risk_accounts where as_of_date = ?",
        [night.as_of],
    )
    outside = number(
        connection,
        f"select count(*) from ml.predictions where {mine}"
        " and not coalesce(probability > 0 and probability < 1, false)",
        key,
    )
    reasons = measure(connection, mine, key, knobs)
    return [
        Check(
            "every paying account is scored and listed once",
            f"{scored:,} scored, {listed:,} listed",
            f"{paying:,} paying",
            scored == listed == paying and paying > 0,
        ),
        Check("probabilities inside (0, 1)", f"{outside:,} outside", "0", outside == 0),
        Check(
            "reasons add up to the score",
            f"{reasons.explained:,} explained, largest gap {reasons.largest_gap:.1e}",
            f"{reasons.required:,}, {reasons.tolerance:.0e}",
            reasons.is_passed,
        ),
    ]


def require_gate(checks: list[Check]) -> None:
    """Stop before anything is visible.

    Raises
    ------
    UserError
        A check of the publish gate failed.
    """
    failed = [check for check in checks if not check.is_passed]
    if failed:
        lines = [f"{c.name}: {c.measured}, must be {c.limit}" for c in failed]
        raise UserError(
            f"publish gate failed, nothing was published: {lines[0]}",
            "look at risk.rpt_at_risk_accounts and ml.predictions in the build file",
            tuple(lines) if len(lines) > 1 else (),
        )


def number(connection: duckdb.DuckDBPyConnection, query: str, parameters: list[object]) -> int:
    """The single number a query returns."""
    row = connection.execute(query, parameters).fetchone()
    return int(row[0]) if row else 0


@dataclass(frozen=True)
class InputCheck:
    """One row of the input gate.

    Attributes
    ----------
    severity : str
        `error` stops the run, `warn` is told in the summary.
    measured, limit : float or None
        In the unit that `detail` names.
    comparison : str
        `at most` or `at least`.
    """

    name: str
    severity: str
    measured: float | None
    comparison: str
    limit: float | None
    is_passed: bool
    detail: str

    @property
    def line(self) -> str:
        """The check on one line."""
        detail = f" ({self.detail})" if self.detail else ""
        return f"{self.title}: {plain(self.measured)}, must be {self.bound}{detail}"

    @property
    def title(self) -> str:
        """The check's name as words."""
        return self.name.replace("_", " ")

    @property
    def bound(self) -> str:
        """The limit and its side."""
        return f"{self.comparison} {plain(self.limit)}"


def read_input_gate(connection: duckdb.DuckDBPyConnection) -> list[InputCheck]:
    """Rows of the input gate, failed ones first; empty where it was not built."""
    try:
        rows = connection.execute(
            "select check_name, severity, measured_value, comparison, limit_value, is_passed,"
            f" detail from {INPUT_GATE_TABLE} order by is_passed, severity, check_name"
        ).fetchall()
    except duckdb.CatalogException:
        return []
    return [
        InputCheck(name, severity, measured, side, limit, bool(passed), detail or "")
        for name, severity, measured, side, limit, passed, detail in rows
    ]


def require_input_gate(checks: list[InputCheck]) -> None:
    """Stop where the input is not fit to be scored.

    Raises
    ------
    UserError
        A check of severity error failed.
    """
    failed = [c for c in checks if c.severity == "error" and not c.is_passed]
    if failed:
        raise UserError(
            f"input gate failed, nothing was scored or published: {failed[0].line}",
            "look at what landed, mend it and run again",
            tuple(c.line for c in failed) if len(failed) > 1 else (),
        )


def plain(value: float | None) -> str:
    """A number as people read it."""
    if value is None:
        return "unknown"
    value = float(value)
    if 0 < abs(value) < SMALLEST_SHOWN:
        return f"under {SMALLEST_SHOWN}"
    return f"{value:,.0f}" if value == int(value) else f"{value:,.3g}"
