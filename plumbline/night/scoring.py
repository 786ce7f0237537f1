"""Between the nightly run and `ml`: which model scores, and whether its list deserves trust."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING

import duckdb

from plumbline.config import Settings

if TYPE_CHECKING:
    from ml.config import Settings as Knobs
    from ml.registry.runs import ModelRun

CAPACITY = "select sum(slots) from core.dim_csms"
ASKED = """
    select model_version, reason
    from outcomes.rpt_retraining_decision
    where should_retrain and as_of_date = ?
"""
CHURN = "churn"


@dataclass(frozen=True)
class Model:
    """The model that scores a night.

    Attributes
    ----------
    version : str or None
        None where there was too little data to train one.
    verdict : str
        `ok`, `no_signal` or `too_few_positives`.
    sentence : str
        The verdict in plain words.
    outcome : str
        What was done, for the stage's line.
    left_out : mapping
        Features that a new model does without, each with what it was in training: `unknown` or
        `constant`.
    """

    version: str | None
    target: str
    verdict: str
    sentence: str
    outcome: str
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_trusted(self) -> bool:
        """Whether the list deserves to be shown."""
        return self.verdict == "ok"

    @property
    def sentences(self) -> tuple[str, ...]:
        """What the summary must say about the model, worst first."""
        doubt = () if self.is_trusted else (self.sentence,)
        return (*doubt, *self.told_left_out)

    @property
    def told_left_out(self) -> tuple[str, ...]:
        """A sentence for the features that were unknown in training, and one for the constant."""
        names: dict[str, list[str]] = {}
        for name, kind in self.left_out.items():
            names.setdefault(kind, []).append(name)
        return tuple(
            f"Left out of the model, {kind} in training: {', '.join(of_kind)}."
            for kind, of_kind in names.items()
        )


def choose_models(
    settings: Settings,
    run_id: str,
    as_of: date,
    retrain: bool,
    asked: Mapping[str, str] | None = None,
    since: date | None = None,
) -> tuple[Model, ...]:
    """Load or train the champion of every target that is on, the churn model first."""
    targets = targets_on(settings)
    return tuple(
        choose_model(settings, run_id, as_of, retrain, name, asked or {}, since) for name in targets
    )


def targets_on(settings: Settings) -> tuple[str, ...]:
    """Targets that this source learns, the churn model first."""
    return tuple(name for name in knobs(settings).target if name not in settings.targets_off)


def knobs(settings: Settings) -> Knobs:
    """The settings of the models, where the source's own dbt vars count."""
    from ml.config import load_settings

    return load_settings(dbt_vars=settings.dbt_vars)


def retraining_asked(settings: Settings, as_of: date) -> dict[str, str]:
    """Models that `outcomes.rpt_retraining_decision` asks to be trained anew, and why."""
    with duckdb.connect(str(settings.build_file), read_only=True) as connection:
        rows = connection.execute(ASKED, [as_of]).fetchall()
    return {version: reason for version, reason in rows}


def choose_model(
    settings: Settings,
    run_id: str,
    as_of: date,
    retrain: bool,
    target: str = CHURN,
    asked: Mapping[str, str] = MappingProxyType({}),
    since: date | None = None,
) -> Model:
    """Load the champion that fits this source, or train one.

    Parameters
    ----------
    retrain : bool
        Train even where a champion fits.
    asked : mapping
        Model versions that do not do any longer, and why. A version that is champion no more is
        not meant: a night that is run again does not train again.
    since : date, optional
        First night that a new champion counts for; `as_of` where it is left out, or where there
        was none before.

    Raises
    ------
    UserError
        Features, labels, files or the database are at fault.

    See Also
    --------
    ml.train.train : Trains in any case, and lets the best challenge the champion.
    """
    from ml.registry import runs, stages
    from ml.train import train

    if since is None or stages.champion(settings.build_file, target) is None:
        since = as_of
    champion = stages.champion(settings.build_file, target, since)
    why = asked.get(champion.model_version) if champion is not None else None
    because = f" ({why})" if why else ""
    usable = champion is not None and fits_now(settings, champion)
    if usable and not retrain and why is None:
        return _as_model(champion, f"{champion.model_version} fits")
    result = train(
        settings.build_file,
        settings.models_folder,
        as_of,
        run_id,
        settings.source_types_off,
        capacity(settings),
        label_of(settings, target),
        target=target,
        since=since,
        settings=knobs(settings),
    )
    if usable and not result.is_champion:
        tried = f", after {result.model_version}: {result.decision}"
        stays = tried if result.model_kind else f" stays. {result.sentence}"
        return _as_model(champion, f"{champion.model_version}{because}{stays}")
    if result.model_kind is None:
        outcome = f"no {target} model: too little data"
        return Model(None, target, result.verdict, result.sentence, outcome)
    if not result.is_champion:
        # trained before, and another was made champion by hand since
        stages.promote(
            settings.build_file,
            settings.models_folder,
            result.model_version,
            since,
            "the only model that reads these features and this label",
        )
    done = "new:" if result.is_new else "same data as"
    run = runs.find(settings.build_file, result.model_version)
    return _as_model(run, f"{done} {result.model_version}{because}", result.left_out)


def champion(settings: Settings, target: str, night: date) -> Model | None:
    """The model that a night scores a target with, None where there is none."""
    from ml.registry import stages

    run = stages.champion(settings.build_file, target, night)
    return _as_model(run, "") if run is not None else None


def check_files(settings: Settings, as_of: date) -> None:
    """Look, before a night builds, at the files of the models that it would score with.

    Raises
    ------
    UserError
        A file is missing, was changed, or was written by other code or another scikit-learn.
    """
    from ml.registry import stages
    from ml.registry.artefact import load_registered

    for target in targets_on(settings):
        champion = stages.champion(settings.build_file, target, as_of)
        if champion is not None and fits_now(settings, champion):
            load_registered(champion, settings.models_folder)


def label_of(settings: Settings, target: str) -> str:
    """Label column that a target is learnt from."""
    return settings.label if target == CHURN else knobs(settings).of(target).label


def alternatives(settings: Settings) -> list[str]:
    """Labels that say of the same accounts, and as far ahead, what that of churn says."""
    labels = knobs(settings).labels
    learnt = labels[settings.label]
    asked = learnt.population, learnt.horizon_days
    return [name for name, of in labels.items() if (of.population, of.horizon_days) == asked]


def fits_now(settings: Settings, run: ModelRun) -> bool:
    """Whether a model reads the features and the label that there are now, as nights ask."""
    from ml.contract import load_contract
    from ml.registry.challenge import fits

    contract = load_contract().without_types(settings.source_types_off)
    return fits(run, contract, label_of(settings, run.target))


def _as_model(
    run: ModelRun, outcome: str, left_out: Mapping[str, str] = MappingProxyType({})
) -> Model:
    verdict, sentence = run.metrics["verdict"], run.metrics["sentence"]
    return Model(run.model_version, run.target, verdict, sentence, outcome, left_out)


def score(settings: Settings, run_id: str, as_of: date, model: Model) -> int:
    """Score the target's population of a date; return how many, 0 without a model."""
    from ml.score import score as score_date

    if model.version is None:
        return 0
    if model.target != CHURN:
        population = knobs(settings).of(model.target).population
        with duckdb.connect(str(settings.build_file), read_only=True) as connection:
            row = connection.execute(
                f"select count(*) from features.feat_accounts_daily"
                f" where as_of_date = ? and {population}",
                [as_of],
            ).fetchone()
        if row == (0,):
            return 0
    done = score_date(
        settings.build_file,
        settings.models_folder,
        as_of,
        run_id,
        target=model.target,
        settings=knobs(settings),
    )
    return done.scored


def told(models: Sequence[Model], counts: Sequence[int]) -> str:
    """How many accounts were scored for which target, in words."""
    return ", ".join(
        f"{count:,} for {model.target}" for model, count in zip(models, counts, strict=True)
    )


def capacity(settings: Settings) -> int:
    """Accounts that the team can work on from one list, by the last build."""
    with duckdb.connect(str(settings.build_file), read_only=True) as connection:
        ((slots,),) = connection.execute(CAPACITY).fetchall()
    return max(1, int(slots or 0))
