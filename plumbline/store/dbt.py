"""Runs dbt inside this process: quiet, with progress, failures as one line each."""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from plumbline.config import Settings
from plumbline.errors import UserError, explain_engine_text, one_line
from plumbline.store.folded_tests import fold
from plumbline.store.outcomes import BuildOutcome, NodeOutcome, read_outcome
from plumbline.store.raw import read_contract

QUIET = (
    "--quiet",
    "--log-level=none",
    "--log-level-file=none",
    "--no-version-check",
    "--no-send-anonymous-usage-stats",
)
# What differs from night to night is read when a model runs, never when the project is parsed
# (a test holds it): what one night has parsed serves the next one (D039).
NIGHTLY_VARS = ("as_of_date", "changed_since", "run_id", "tests_read_everything")
# Parsing opens no file, and what was parsed serves a copy of the warehouse elsewhere.
ANY_FILE = Path("plumbline.duckdb")
# Selectors of selectors.yml; the first is the tag of what it takes with all that this reads, too.
BEFORE_TRAINING, SEEDS_KEPT = "before_training", "before_training_seeds_kept"
AFTER_SCORING, AFTER_REPLAY = "after_scoring", "after_replay"
# Nothing is made of them; unit tests test code.
BUILT_BY_NOTHING = ("unit_test", "exposure", "saved_query")
STARTED, FINISHED = "LogStartLine", "NodeFinished"
COUNTED_EVENTS = (STARTED, FINISHED)
Report = Callable[[float, float | None, str], None]


@dataclass
class Dbt:
    """dbt on this project, with one set of vars; only what changed is parsed anew.

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
    absent: list[str] | None = field(default=None, repr=False)

    def parse(self) -> None:
        """Parse the project, or what changed in it since the last time; later calls use that.

        What was parsed lies in a folder of its own: dbt, called by hand with other vars, would
        parse everything anew each time, and so would the night after it.

        Raises
        ------
        UserError
            The project does not parse.
        """
        shaping = {name: v for name, v in self.variables.items() if name not in NIGHTLY_VARS}
        folder = self.settings.target / "parsed"
        arguments = ["parse", "--no-write-json", "--partial-parse"]
        self.manifest = self._invoke(arguments, None, shaping, folder, ANY_FILE)

    def build(
        self,
        select: Sequence[str] = (),
        exclude: Sequence[str] = (),
        report: Report | None = None,
        selector: str = "",
    ) -> BuildOutcome:
        """Run `dbt build`; a data test belongs to the call that builds its last parent.

        With a name of selectors.yml as `selector`, that alone says what is built.

        What cannot tell anything new is left out: seeds and their tests where the build adds to a
        published night of the same code, and unit tests, which test code; `make test` runs them.

        Models that are to be built anew know it by the var `changed_since`; no `--full-refresh`,
        which would empty what keeps each night.
        """
        if self.manifest is None:
            self.parse()
        arguments = ["build", "--no-write-json", "--indirect-selection=cautious"]
        arguments += [f"--exclude-resource-type={kind}" for kind in BUILT_BY_NOTHING]
        if selector:
            arguments.append(f"--selector={selector}")
            nodes = self.manifest.nodes.values()
            first = {node.name for node in nodes if BEFORE_TRAINING in node.tags}
        else:
            arguments += ["--select", *select] if select else []
            if self.variables.get("changed_since"):
                exclude = (*exclude, "path:seeds")
            arguments += ["--exclude", *exclude] if exclude else []
            first = {name[1:] for name in (*select, *exclude) if name.startswith("+")}
        self.has_built = True
        manifest, folded = fold(self.manifest, first)
        result = self._invoke(arguments, report, manifest=manifest) or ()
        alone = [row for row in result if row.node.unique_id not in folded]
        outcomes = [read_outcome(row, self.settings.build_file) for row in alone]
        again: list[str] = []
        unbuilt = {
            row.node.unique_id
            for row in alone
            if row.node.resource_type != "test" and str(row.status) in ("error", "skipped")
        }
        for row in result:
            # (a node is skipped as a whole, where one of its tests would be)
            for one in folded.get(row.node.unique_id, ()):
                is_left_out = unbuilt.intersection(one.depends_on.nodes)
                if str(row.status) == "pass" or is_left_out:
                    outcomes.append(NodeOutcome("test", one.name, str(row.status), "", 0))
                else:
                    again.append(one.name)
        if again:
            outcomes += self.test(again).nodes
        return BuildOutcome(tuple(outcomes))

    def build_changes(self, state: Path, report: Report | None = None) -> BuildOutcome:
        """Build and test what differs from the manifest in the folder `state`, and its readers."""
        arguments = ["build", "--no-write-json", "--indirect-selection=cautious"]
        arguments += ["--exclude-resource-type=exposure", "--exclude-resource-type=saved_query"]
        arguments += ["--select", "state:modified+", f"--state={state}"]
        return self._outcome(arguments, report)

    def test(self, select: Sequence[str], report: Report | None = None) -> BuildOutcome:
        """Run `dbt test` on a selection, unit tests included."""
        return self._outcome(["test", "--no-write-json", "--select", *select], report)

    def compiled(self, names: Sequence[str]) -> dict[str, str]:
        """Compiled SQL of models, by name; nothing is run and nothing is looked up.

        Raises
        ------
        UserError
            A model does not compile.
        """
        if self.manifest is None:
            self.parse()
        arguments = ["compile", "--no-introspect", "--no-write-json", "--indirect-selection=empty"]
        arguments += ["--select", *names]
        return {row.node.name: row.node.compiled_code for row in self._invoke(arguments, None)}

    def published(self) -> set[tuple[str, str]]:
        """Schema and name of what people read: the public models, and the seeds."""
        return {
            (node.schema, node.alias)
            for node in self.manifest.nodes.values()
            if node.resource_type == "seed"
            or (node.resource_type == "model" and node.access == "public")
        }

    def docs(self, report: Report | None = None) -> None:
        """Run `dbt docs generate` into the target folder.

        What a build has compiled is not compiled again.
        """
        from dbt.contracts.graph.semantic_manifest import SemanticManifest

        arguments = ["docs", "generate"]
        if self.has_built:
            self.manifest.write(str(self.settings.target / "manifest.json"))
            # what `mf query` reads
            SemanticManifest(self.manifest).write_json_to_file(
                str(self.settings.target / "semantic_manifest.json")
            )
            arguments.append("--no-compile")
        self._invoke(arguments, report)

    def _outcome(self, arguments: list[str], report: Report | None) -> BuildOutcome:
        if self.manifest is None:
            self.parse()
        result = self._invoke(arguments, report)
        file = self.settings.build_file
        return BuildOutcome(tuple(read_outcome(row, file) for row in result or ()))

    def _invoke(
        self,
        arguments: list[str],
        report: Report | None,
        variables: Mapping[str, Any] | None = None,
        target: Path | None = None,
        file: Path | None = None,
        manifest: Any = None,
    ) -> Any:
        # they take seconds: only when dbt runs
        from dbt.cli.main import dbtRunner
        from dbt_common.events.event_manager_client import ctx_set_event_manager

        ctx_set_event_manager(_event_manager())
        os.environ["PLUMBLINE_BUILD"] = str(file or self.settings.build_file)
        os.environ["PLUMBLINE_RAW"] = str(self.settings.raw)
        os.environ["DO_NOT_TRACK"] = "1"
        folders = [
            f"--project-dir={self.settings.root}",
            f"--profiles-dir={self.settings.root}",
            f"--target-path={target or self.settings.target}",
            f"--log-path={self.settings.target / 'logs'}",
            f"--vars={json.dumps(self._with_absent(variables or self.variables), default=str)}",
        ]
        counter = _Counter(report)
        runner = dbtRunner(manifest=manifest or self.manifest, callbacks=[counter])
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
            # (dbt goes on to tell the macros that lie between)
            text = one_line(str(outcome.exception)).partition(" > in macro ")[0]
            raise explain_engine_text(text) or UserError(
                f"dbt {arguments[0]} stopped: {text}", "mend that file and run again"
            )
        return outcome.result

    def _with_absent(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The vars, and which optional raw tables have no file: the engine would refuse them."""
        if self.absent is None:
            settings = self.settings
            listed = settings.vendors, f"[source.{settings.source}]", settings.landed_by
            tables = read_contract(settings.root, settings.raw, *listed)
            self.absent = [
                f"{table.source}.{table.name}"
                for table in tables
                if table.may_be_absent and not table.files()
            ]
        return {**variables, "tables_absent": self.absent}


def _event_manager() -> Any:
    """dbt's event manager, which writes a message only of what somebody reads.

    dbt words some ten events a node, for logs that are off here: a tenth of a night's time (D148).
    """
    from dbt_common.events.event_manager import EventManager

    class Listening(EventManager):
        def fire_event(self, e: Any, level: Any = None, *rest: Any, **options: Any) -> None:
            weight = str((level or e.level_tag()).value)
            if type(e).__name__ in COUNTED_EVENTS or weight in ("warn", "error"):
                super().fire_event(e, level, *rest, **options)

    return Listening()


class _Counter:
    def __init__(self, report: Report | None) -> None:
        self.report = report
        self.total: float | None = None
        self.done = 0

    def __call__(self, event: Any) -> None:
        if self.report is None:
            return
        if event.info.name == STARTED:
            self.total = float(event.data.total)
            self.report(self.done, self.total, event.data.node_info.node_name)
        elif event.info.name == FINISHED:
            self.done += 1
            self.report(self.done, self.total, "")


def release_connections() -> None:
    """Close what dbt holds open, so that this process or another may open the file."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    environment = DuckDBConnectionManager._ENV
    if environment is not None:
        environment.close()
    DuckDBConnectionManager.close_all_connections()
