"""The nightly run: check, build, score, build, check, publish."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace

import duckdb
from rich.console import Console

from plumbline.config import Settings
from plumbline.errors import UserError, explain
from plumbline.night import (
    beyond,
    figures,
    gate,
    kept,
    leakage,
    masking,
    own_seeds,
    publish,
    restatements,
    scoring,
    told,
    worse_model,
)
from plumbline.night.gate import Night
from plumbline.night.planning import Options, Plan, make_plan
from plumbline.night.summary import Summary
from plumbline.site import docs
from plumbline.store import ops, preflight
from plumbline.store.connections import open_private
from plumbline.store.dbt import AFTER_SCORING, BEFORE_TRAINING, SEEDS_KEPT, Dbt
from plumbline.store.lock import run_lock
from plumbline.store.outcomes import BuildOutcome
from plumbline.terminal import Stages, Step

STAGES = 9


def run_nightly(settings: Settings, options: Options, console: Console) -> Summary:
    """Run one night and publish it.

    Returns
    -------
    Summary
        What was found; the caller prints it.

    Raises
    ------
    UserError
        The run stopped; nothing was published, unless the line says otherwise.
    """
    stages = Stages(console, STAGES if options.site else STAGES - 1)
    with contextlib.ExitStack() as stack:
        with stages.stage("Check the raw files") as step:
            masking.read_masking(settings)
            stack.enter_context(run_lock(settings))
            raw = preflight.check_raw(settings, step.update)
            preflight.check_disk(settings)
            recover(settings)
            step.outcome = f"{raw.file_count:,} files, {raw.byte_count / 1e6:,.0f} MB"
        with stages.stage("Find what changed") as step:
            plan = make_plan(settings, options, raw)
            step.outcome = plan.told
        dbt = Dbt(settings, plan.variables)
        with failures_recorded(settings, plan):
            summary = _publish_night(settings, options, plan, dbt, stages)
            summary = replace(summary, warnings=(*raw.told, *summary.warnings))
        if options.site:
            with stages.stage("Docs site") as step:
                summary = _with_site(summary, dbt, plan.code, step)
        return summary


def _publish_night(
    settings: Settings, options: Options, plan: Plan, dbt: Dbt, stages: Stages
) -> Summary:
    with stages.stage("Build to the features") as step:
        features = replace(dbt, variables={**plan.variables, "changed_since": plan.features_since})
        selector = SEEDS_KEPT if plan.features_since else BEFORE_TRAINING
        before = features.build(selector=selector, report=step.update)
        dbt = replace(features, variables=plan.variables)
        with open_private(settings) as connection:
            input_checks = gate.read_input_gate(connection)
        if before.failed:
            gate.require_input_gate(input_checks)
        before.require_success("the build")
        with open_private(settings) as connection:
            ops.record(connection, plan.run_id, plan.as_of, settings.source, ops.BUILT)
        step.outcome = before.counted()
    with stages.stage("Train") as step, build_kept():
        asked = scoring.retraining_asked(settings, plan.as_of)
        models = scoring.choose_models(settings, plan.run_id, plan.as_of, options.retrain, asked)
        if not plan.since:
            leakage.check_unchanged_models(settings, plan.as_of, models)
        step.outcome = "; ".join(model.outcome for model in models)
    with stages.stage("Score and explain") as step, build_kept():
        counts = [scoring.score(settings, plan.run_id, plan.as_of, model) for model in models]
        with open_private(settings) as connection:
            ops.record(connection, plan.run_id, plan.as_of, settings.source, ops.SCORED)
            night = Night(
                plan.run_id,
                plan.as_of,
                gate.visible_runs(connection, plan.run_id, plan.as_of, models),
            )
        step.outcome = scoring.told(models, counts)
        model = models[0]
    with stages.stage("Build worklist and marts") as step:
        after = dbt.build(selector=AFTER_SCORING, report=step.update)
        after.require_success("the build")
        step.outcome = after.counted()
    with stages.stage("Publish gate") as step:
        with open_private(settings) as connection:
            checks = gate.check_gate(connection, night)
            checks += leakage.recorded_checks(connection, models)
            totals, fixed_cut = figures.read_figures(connection), figures.read_fixed_cut(connection)
            cut = figures.read_cut(connection)
            quality = figures.read_model_quality(connection, model.version)
            labels = figures.read_labels(connection, scoring.alternatives(settings))
            contradictions = figures.read_contradictions(connection)
            doubted = (
                *told.doubt_sentences(figures.read_doubts(connection)),
                *told.word_sentences(figures.read_unmapped_words(connection)),
                *told.health_sentences(figures.read_health(connection, plan.as_of)),
                *beyond.sentences(connection, plan.as_of, settings.vendors, plan.is_dump),
                *own_seeds.sentences(connection, settings),
            )
            invoiced = figures.read_invoiced(connection)
            alerts = figures.read_standing(connection)
            outlook = figures.read_outlook(connection, plan.as_of)
            worse = tuple(worse_model.sentences(connection, settings, plan.as_of))
            rules = figures.read_rule_counts(connection)
        gate.require_gate(checks)
        step.outcome = f"{len(checks)} checks hold"
    with stages.stage("Publish") as step:
        seconds = {name: round(value, 2) for name, value in stages.seconds.items()}
        detail = {"seconds": seconds, "rules": rules}
        with open_private(settings) as connection:
            restated = restatements.record(connection, settings, night, dbt.manifest)
        count = publish.publish(settings, night, dbt.published(), detail, step.update)
        with open_private(settings) as connection:
            ops.record(connection, plan.run_id, plan.as_of, settings.source, ops.PUBLISHED, detail)
        step.outcome = f"{count} tables"
    scored_count, flagged, arr, at_risk, first_accounts = totals
    return Summary(
        source=settings.source,
        as_of=plan.as_of,
        run_id=plan.run_id,
        scored=scored_count,
        flagged=flagged,
        fixed_cut=fixed_cut,
        arr_usd=arr,
        arr_at_risk_usd=at_risk,
        first_accounts=first_accounts,
        cut=cut,
        model=quality,
        label=settings.label,
        labels=labels,
        contradictions=contradictions,
        invoiced=invoiced,
        input_checks=tuple(input_checks),
        gate_checks=tuple(checks),
        is_trusted=model.is_trusted,
        warnings=(
            *doubted,
            *model.sentences,
            *worse,
            *(f"{one.target}: {one.sentence}" for one in models[1:] if one.version is None),
            *_suspicions(before, after),
        ),
        published_file=settings.published_file,
        site=None,
        seconds=stages.seconds,
        alerts=alerts,
        outlook=outlook,
        restated=restated,
    )


def _with_site(summary: Summary, dbt: Dbt, code: str, step: Step) -> Summary:
    # The night is published by now: a docs site that fails is told, and does not fail the run.
    try:
        site = docs.build_site(dbt, step.update, code=code)
        step.outcome = site.counted
        return replace(summary, site=site.page)
    except UserError as error:
        told = f"The docs site was not made: {error.message}"
        return replace(summary, warnings=(*summary.warnings, told))


def recover(settings: Settings) -> None:
    """Mend what a killed run may have left; the caller holds the lock."""
    for leftover in publish.leftovers(settings):
        leftover.unlink(missing_ok=True)
    with open_private(settings) as connection:
        ops.create_tables(connection, settings.root)
        ops.heal(connection, settings.published_file)
        kept.rename(connection)
        kept.restore(connection, settings.published_file)


@contextlib.contextmanager
def build_kept() -> Iterator[None]:
    """Say, where what follows the build fails, that the build is not lost."""
    try:
        yield
    except Exception as error:
        known = explain(error)
        if known is None:
            raise
        kept = "the finished build is kept, the next run goes on from it"
        raise UserError(known.message, f"{known.remedy}; {kept}", known.notes) from error


@contextlib.contextmanager
def failures_recorded(settings: Settings, plan: Plan) -> Iterator[None]:
    """Write a failure down where that is still possible; the cause goes on to the caller."""
    try:
        yield
    except BaseException as error:
        known = explain(error)
        cause = known.message if known else f"{type(error).__name__}: {error}"
        with contextlib.suppress(duckdb.Error, UserError, OSError), open_private(settings) as con:
            ops.record(con, plan.run_id, plan.as_of, settings.source, ops.FAILED, {"cause": cause})
        raise


def _suspicions(*outcomes: BuildOutcome) -> tuple[str, ...]:
    return tuple(node.line for outcome in outcomes for node in outcome.warned)
