"""No feature sees the future: the proof, a plain reference beside it, and faults planted for both.

The reference (`plain_features`) shares nothing with the models but the reference seeds. The faults
are planted in the parsed project, whose features are then built as a night would build them.
"""

from __future__ import annotations

import math
import random
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import ROOT, World, digest
from manifest import clean_environment
from plain_exports import Exports, read_exports
from plain_features import features
from plain_sample import Key, sample
from planted_faults import FAULTS
from proof_context import QUIET, context_of

from plumbline.config import Settings
from plumbline.proofs import later_rows, point_in_time, registry
from plumbline.store import preflight
from plumbline.store.dbt import Dbt
from plumbline.store.landings import Landing
from plumbline.store.past import FEATURES
from plumbline.terminal import Stages

ROWS, SEED = 200, 20260227
# Of what is appended too little is past due: its window is held by the plain reference.
NEVER_MOVED = {"account_age_days", "never_active", "life_number", "is_past_due"}


@pytest.fixture(scope="module")
def dbt_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """dbt in this process leaves no trace in the environment."""
    with clean_environment(tmp_path_factory.mktemp("dbt")):
        yield


@pytest.fixture(scope="module")
def world(ci_first_night: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A copy of its own: a proof opens the private file, and only one program may."""
    return ci_first_night.copy(tmp_path_factory.mktemp("proven"))


@pytest.fixture(scope="module")
def context(world: World, dbt_environment: None) -> registry.Context:
    """What `plumbline verify` hands to a proof."""
    return context_of(world)


@pytest.fixture(scope="module")
def parsed(context: registry.Context) -> Any:
    """The project, parsed once for all builds of this family."""
    dbt = Dbt(context.settings, {**context.variables, "changed_since": ""})
    dbt.parse()
    return dbt.manifest


@pytest.fixture(scope="module")
def parsed_once(parsed: Any) -> Iterator[Any]:
    """Builds take the parsed project, with their own raw folder, instead of parsing it again."""

    def parse(self: Dbt) -> None:
        for source in parsed.sources.values():
            for meta in (source.meta, source.config.meta):
                if location := meta.get("external_location"):
                    place = f"'{self.settings.raw}/{source.source_name}/"
                    meta["external_location"] = re.sub(
                        f"'[^']*/{source.source_name}/", place, location
                    )
        self.manifest = parsed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Dbt, "parse", parse)
        yield parsed


def state_of(world: World) -> dict[Path, Any]:
    """What a proof must leave: the two databases and every raw file."""
    files = {path: path.lstat().st_mtime_ns for path in world.raw.rglob("*")}
    return {**files, **{f: digest(f) for f in (world.build_file, world.published_file)}}


@pytest.fixture(scope="module")
def untouched(world: World, context: registry.Context) -> dict[Path, Any]:
    """The state before the proof runs."""
    return state_of(world)


@dataclass(frozen=True)
class Run:
    """A run of the proof, and a copy of the raw folder that it made."""

    proven: registry.Proven
    outcome: point_in_time.Outcome
    raw: Path


@pytest.fixture(scope="module")
def run(
    context: registry.Context,
    parsed_once: Any,
    untouched: dict[Path, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Run:
    """The proof on the published night."""
    outcomes, raw = [], tmp_path_factory.mktemp("future") / "raw"
    rebuild = point_in_time.rebuild_past

    def noted(settings: Settings, scratch: Settings, *given: Any) -> point_in_time.Outcome | None:
        outcomes.append(rebuild(settings, scratch, *given))
        shutil.copytree(scratch.raw, raw, symlinks=True)
        return outcomes[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(point_in_time, "rebuild_past", noted)
        proven = registry.select_proofs("point-in-time")[0].run(context)
    return Run(proven, *outcomes, raw)


@pytest.fixture(scope="module")
def exports(world: World) -> Exports:
    """Everything that was delivered about every account."""
    with duckdb.connect(str(world.build_file), read_only=True) as connection:
        rows = connection.execute(f"select distinct account_id from {FEATURES}").fetchall()
    return read_exports(
        world.raw, ROOT / "seeds/reference", [account for (account,) in sorted(rows)]
    )


@pytest.fixture(scope="module")
def chosen(world: World, exports: Exports) -> dict[str, list[Key]]:
    """The rows that the reference recomputes."""
    query = f"select account_id, as_of_date from {FEATURES}"
    keys = world.read(query, private=True)
    returned = world.read(f"{query} where life_number > 1", private=True)
    return sample(exports, keys, returned, ROWS, SEED)


@pytest.fixture(scope="module")
def reference(exports: Exports, chosen: dict[str, list[Key]]) -> dict[Key, dict[str, Any]]:
    """The reference's rows."""
    keys = [key for found in chosen.values() for key in found]
    return {key: features(exports, *key) for key in keys}


def disagreements(file: Path, reference: dict[Key, dict[str, Any]]) -> dict[str, list[str]]:
    """Columns in which rows of a file are not what the reference says; a line for each row.

    Counts, flags and money are equal; rates are so within 1e-9.
    """
    found: dict[str, list[str]] = {}
    with duckdb.connect(str(file), read_only=True) as connection:
        connection.execute(
            "create temp table keys as select unnest(?) as account_id, unnest(?) as as_of_date",
            [[account_id for account_id, _ in reference], [day for _, day in reference]],
        )
        rows = connection.execute(
            f"select features.* from {FEATURES} as features semi join keys"
            " on features.account_id = keys.account_id and features.as_of_date = keys.as_of_date"
        )
        names = [column[0] for column in rows.description]
        built = {row[:2]: dict(zip(names[2:], row[2:], strict=True)) for row in rows.fetchall()}
    for key, plain in reference.items():
        assert plain is not None, f"the reference has no row of {key}"
        assert plain.keys() == built[key].keys()
        for name in plain:
            value = built[key][name]
            if not is_same(value, plain[name]):
                line = f"{name} of {key[0]} as of {key[1]}: {value}, plainly {plain[name]}"
                found.setdefault(name, []).append(line)
    return found


def is_same(value: float | None, plain: float | None) -> bool:
    """Equal, or as near as another order of the same operations may bring a rate."""
    if value is None or plain is None or not isinstance(plain, float):
        return value == plain
    return math.isclose(value, plain, rel_tol=1e-9, abs_tol=1e-9)


def test_features_equal_a_plain_reference(
    world: World, chosen: dict[str, list[Key]], reference: dict[Key, dict[str, Any]]
) -> None:
    found = disagreements(world.build_file, reference)
    assert not found, "\n".join(line for lines in found.values() for line in lines[:3])
    assert len(reference) == ROWS
    difficult = {
        "returned",
        "corrected",
        "backdated",
        "trialing",
        "past_due",
        "late event",
        "several subscriptions",
        "redelivered event",
        "deleted ticket",
    }
    assert all(len(chosen[kind]) >= 5 for kind in difficult), chosen.keys()
    for name in next(iter(reference.values())):
        assert len({row[name] for row in reference.values()}) > 1, f"{name} is always the same"


def test_reference_has_no_row_where_there_is_none(world: World, exports: Exports) -> None:
    keys = set(world.read(f"select account_id, as_of_date from {FEATURES}", private=True))
    days = sorted({day for _, day in keys})
    absent = sorted({(name, day) for name in exports.accounts for day in days} - keys)
    assert len(absent) > 1000
    for key in random.Random(SEED).sample(absent, 20):
        assert features(exports, *key) is None, key


def test_past_stays_the_same_with_the_future_known(run: Run, parsed_once: Any) -> None:
    assert run.proven.is_passed, run.proven.measured
    past = run.outcome.past
    assert past["history"].rows == past["replay"].rows > 100_000
    assert past["history"].dates > 500
    assert run.outcome.appended > 50_000
    moved = set(run.outcome.later.differing_columns)
    columns = set(parsed_once.nodes["model.plumbline.feat_accounts_daily"].columns)
    unmoved = columns - moved - {"account_id", "as_of_date"} - NEVER_MOVED
    assert not unmoved, "what is appended puts some features to no test"


def test_proof_leaves_all_as_it_was(world: World, untouched: dict[Path, Any], run: Run) -> None:
    assert untouched == state_of(world)
    assert not list(world.build_file.parent.glob(f"{point_in_time.SCRATCH}*"))


def test_planted_faults_make_proof_and_reference_fail(
    world: World,
    context: registry.Context,
    parsed_once: Any,
    run: Run,
    reference: dict[Key, dict[str, Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All at once, in features that have nothing to do with each other."""
    planted = world.copy(tmp_path)
    settings = replace(context.settings, warehouse=planted.warehouse, target=tmp_path / "target")
    variables = {**context.variables, "changed_since": ""}
    built = date.fromisoformat(variables["as_of_date"])
    # the future is the one that the proof before has appended
    monkeypatch.setattr(
        later_rows, "link_files", lambda *given: shutil.copytree(run.raw, given[-1], symlinks=True)
    )
    monkeypatch.setattr(later_rows, "append_later_rows", lambda *given: run.outcome.appended)
    sound = {}
    try:
        for fault in FAULTS:
            node = parsed_once.nodes[f"model.plumbline.{fault.model}"]
            sound.setdefault(fault.model, node.raw_code)
            for text, wrong_text in fault.changes.items():
                assert text in node.raw_code, f"{fault.model} has no {text}"
                node.raw_code = node.raw_code.replace(text, wrong_text)
        dbt = Dbt(settings, variables)
        wrong_models = [*sound, "int_account_days__usage_windowed", "feat_accounts_daily"]
        dbt.build(wrong_models, point_in_time.NOT_NEEDED).require_success("the night")
        terms = dbt.test(("assert_features_hold_no_later_term",))
        with point_in_time.scratch_of(settings) as scratch:
            outcome = point_in_time.rebuild_past(
                settings,
                scratch,
                variables,
                landings(settings),
                built - timedelta(days=14),
                Stages(QUIET, 3),
                replay=False,
            )
    finally:
        for model, text in sound.items():
            parsed_once.nodes[f"model.plumbline.{model}"].raw_code = text
    proven = outcome.proven
    assert not proven.is_passed
    first = outcome.past["history"].first
    assert first.column in proven.measured and first.account_id in proven.measured
    assert str(first.as_of) in proven.measured
    wrong = set(outcome.past["history"].differing_columns)
    seen = set(disagreements(settings.build_file, reference))
    for fault in FAULTS:
        assert wrong & fault.columns, f"the proof does not see {fault.name}"
        assert seen & fault.columns, f"the reference does not see {fault.name}"
    everything = set().union(*(fault.columns for fault in FAULTS))
    assert wrong <= everything and seen <= everything
    assert {"renewing_days_60d", "usage_trend_ratio_30d_90d", "features_adopted_90d"} <= wrong
    assert terms.failed, "terms that are known later pass the test that every night runs"


def landings(settings: Settings) -> tuple[Landing, ...]:
    """What lies in the raw folder now."""
    return preflight.check_raw(settings).landings
