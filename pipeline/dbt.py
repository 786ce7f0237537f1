"""Runs dbt inside this process: quiet, with progress, failures as one line each."""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.config import Settings
from pipeline.errors import UserError, explain_engine_text, one_line

QUIET = (
    "--quiet",
    "--log-level=none",
    "--log-level-file=none",
    "--no-version-check",
    "--no-send-anonymous-usage-stats",
    "--no-partial-parse",
)
BAD = {"error", "fail", "runtime error"}
Report = Callable[[float, float | None, str], None]


@dataclass(frozen=True)
class NodeOutcome:
    """What became of one dbt node.

    Attributes
    ----------
    kind, name : str
        Resource type (`model`, `test`, `seed`, ...) and name.
    status : str
        dbt's word: `success`, `pass`, `warn`, `fail`, `error`, `skipped`.
    message : str
        dbt's message on one line.
    failures : int
        Rows that a test returned.
    """

    kind: str
    name: str
    status: str
    message: str
    failures: int

    @property
    def line(self) -> str:
        """What went wrong, on one line."""
        if self.kind in ("test", "unit_test") and self.status in ("fail", "warn"):
            return f"{self.kind.replace('_', ' ')} {self.name}: {self.message}"
        return f"{self.kind} {self.name} could not be built: {self.message}"


@dataclass(frozen=True)
class BuildOutcome:
    """What became of one dbt invocation."""

    nodes: tuple[NodeOutcome, ...]

    @property
    def failed(self) -> tuple[NodeOutcome, ...]:
        """Nodes that ended in error and tests that failed with severity error."""
        return tuple(node for node in self.nodes if node.status in BAD)

    @property
    def warned(self) -> tuple[NodeOutcome, ...]:
        """Tests that failed with severity warn."""
        return tuple(node for node in self.nodes if node.status == "warn")

    def counted(self) -> str:
        """A short sentence on how much was done."""
        tests = sum(node.kind == "test" for node in self.nodes)
        return f"{len(self.nodes) - tests} relations, {tests} tests"

    def require_success(self, what: str) -> None:
        """Turn failures into an error for the user.

        Raises
        ------
        UserError
            A node failed; with more than one, each has its line.
        """
        if not self.failed:
            return
        for node in self.failed:
            known = explain_engine_text(node.message)
            if known:
                raise known
        first, *others = self.failed
        notes = tuple(node.line for node in self.failed) if others else ()
        message = f"{len(self.failed)} checks or tables failed, see above" if others else first.line
        raise UserError(
            f"{what} stopped, nothing was published: {message}",
            f"look at it with `dbt build --select {first.name}`, mend its cause and run again",
            notes,
        )


@dataclass
class Dbt:
    """dbt on this project, with one set of vars; the project is parsed once.

    Parameters
    ----------
    settings : Settings
        Where files are; sets PLUMBLINE_BUILD and PLUMBLINE_RAW of the environment.
    variables : mapping
        Values of `--vars`.
    """

    settings: Settings
    variables: Mapping[str, Any]
    manifest: Any = field(default=None, repr=False)
    has_built: bool = False

    def parse(self) -> None:
        """Parse the project; later calls use what was parsed."""
        self.manifest = self._invoke(["parse", "--no-write-json"], None)

    def build(
        self,
        select: Sequence[str] = (),
        exclude: Sequence[str] = (),
        report: Report | None = None,
    ) -> BuildOutcome:
        """Run `dbt build`; a data test belongs to the call that builds its last parent.

        Unit tests are left out: they test code, not the night's data, and `make test` runs them.
        Models that are to be built anew know it by the var `changed_since`; no `--full-refresh`,
        which would empty what keeps each night.
        """
        arguments = ["build", "--no-write-json", "--indirect-selection=cautious"]
        arguments += ["--exclude-resource-type=unit_test"]
        arguments += ["--select", *select] if select else []
        arguments += ["--exclude", *exclude] if exclude else []
        self.has_built = True
        return self._outcome(arguments, report)

    def test(self, select: Sequence[str], report: Report | None = None) -> BuildOutcome:
        """Run `dbt test` on a selection, unit tests included."""
        return self._outcome(["test", "--no-write-json", "--select", *select], report)

    def compiled(self, names: Sequence[str]) -> dict[str, str]:
        """Compiled SQL of models, by name; nothing is run and nothing is looked up."""
        if self.manifest is None:
            self.parse()
        arguments = ["compile", "--no-introspect", "--no-write-json", "--select", *names]
        return {row.node.name: row.node.compiled_code for row in self._invoke(arguments, None)}

    def docs(self, report: Report | None = None) -> None:
        """Run `dbt docs generate --static` into the target folder.

        What a build has compiled is not compiled again.
        """
        arguments = ["docs", "generate", "--static"]
        if self.has_built:
            self.manifest.write(str(self.settings.target / "manifest.json"))
            arguments.append("--no-compile")
        self._invoke(arguments, report)

    def _outcome(self, arguments: list[str], report: Report | None) -> BuildOutcome:
        if self.manifest is None:
            self.parse()
        result = self._invoke(arguments, report)
        return BuildOutcome(tuple(_node_outcome(row) for row in result or ()))

    def _invoke(self, arguments: list[str], report: Report | None) -> Any:
        from dbt.cli.main import dbtRunner  # takes seconds: only when dbt runs

        os.environ["PLUMBLINE_BUILD"] = str(self.settings.build_file)
        os.environ["PLUMBLINE_RAW"] = str(self.settings.raw)
        os.environ["DO_NOT_TRACK"] = "1"
        folders = [
            f"--project-dir={self.settings.root}",
            f"--profiles-dir={self.settings.root}",
            f"--target-path={self.settings.target}",
            f"--log-path={self.settings.target / 'logs'}",
            f"--vars={json.dumps(dict(self.variables), default=str)}",
        ]
        counter = _Counter(report)
        runner = dbtRunner(manifest=self.manifest, callbacks=[counter])
        # dbt's graph of objects lives to the end: to look for garbage in it costs a third of the
        # time of a run.
        gc.disable()
        try:
            outcome = runner.invoke([*arguments, *folders, *QUIET])
        finally:
            gc.enable()
            release_connections()
        if isinstance(outcome.exception, KeyboardInterrupt | SystemExit):
            raise outcome.exception
        if outcome.exception is not None:
            text = one_line(str(outcome.exception))
            raise explain_engine_text(text) or UserError(
                f"dbt {arguments[0]} stopped: {text}", "mend that file and run again"
            )
        return outcome.result


class _Counter:
    def __init__(self, report: Report | None) -> None:
        self.report = report
        self.total: float | None = None
        self.done = 0

    def __call__(self, event: Any) -> None:
        if self.report is None:
            return
        if event.info.name == "LogStartLine":
            self.total = float(event.data.total)
            self.report(self.done, self.total, event.data.node_info.node_name)
        elif event.info.name == "NodeFinished":
            self.done += 1
            self.report(self.done, self.total, "")


def _node_outcome(result: Any) -> NodeOutcome:
    return NodeOutcome(
        kind=str(result.node.resource_type),
        name=result.node.name,
        status=str(result.status),
        message=_meaningful(result.message or ""),
        failures=int(result.failures or 0),
    )


def _meaningful(message: str) -> str:
    # dbt's first line repeats the node's name and file, its last one the compiled file.
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith("compiled code at")]
    if len(lines) > 1 and " Error in " in lines[0]:
        lines = lines[1:]
    return one_line(" ".join(lines))[:400]


def release_connections() -> None:
    """Close what dbt holds open, so that this process or another may open the file."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    environment = DuckDBConnectionManager._ENV
    if environment is not None:
        environment.close()
    DuckDBConnectionManager.close_all_connections()
