"""Reading the past that the last build left."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa

from plumbline.config import Settings
from plumbline.errors import UserError
from plumbline.night.last_build import last_build
from plumbline.replay.chain import Chain, load_chain, read_inputs
from plumbline.replay.dates import Dates
from plumbline.store import ops, past
from plumbline.store.lock import run_lock

RULES = "reference.retraining_rules"


@dataclass(frozen=True)
class Past:
    """What the last build knew.

    Attributes
    ----------
    as_of : date
        T of the last build: what was known by then is the truth.
    tables : dict
        Inputs of the chain, and what else was asked for, by relation.
    """

    as_of: date
    dates: Dates
    chain: Chain
    tables: dict[str, pa.Table]


def read_past(
    settings: Settings,
    models: Sequence[str],
    lay_out: Callable[[tuple[date, date] | None], Dates],
    also: Iterable[str] = (),
) -> Past:
    """Read all that a replay of some models needs; nights may run once it is read.

    Parameters
    ----------
    lay_out : callable
        Makes the calendar of the first and last date of the features, None where there are none.
    also : iterable of str
        Relations to read beside the inputs of the models.

    Raises
    ------
    UserError
        There is no whole build of this code, or the dates are not in it.
    """
    with run_lock(settings):
        as_of, variables = last_build(settings, None)
        known = past.dates_between(settings.build_file)
        check_build(settings, as_of, variables, known)
        dates = lay_out(known)
        chain = load_chain(settings, variables, models)
        days = dates.read(known[0], int(settings.dbt_var("training_grid_days")))
        tables = read_inputs(settings, {*chain.inputs, *also}, days)
    return Past(as_of, dates, chain, tables)


def check_build(
    settings: Settings, as_of: date, variables: dict[str, Any], known: tuple[date, date] | None
) -> None:
    """Check that the last build is whole, and of this code.

    Raises
    ------
    UserError
        It is not.
    """
    if known is not None and known[1] != as_of:
        raise UserError(
            f"the last build, as of {as_of}, did not reach the features",
            "run `plumbline nightly` to its end first",
        )
    with duckdb.connect(str(settings.build_file), read_only=True) as connection:
        detail = connection.execute(
            "select detail from ops.runs where run_id = ? and state = ?",
            [variables["run_id"], ops.STARTED],
        ).fetchone()
    if detail is None or not past.is_of_this_code(settings, json.loads(detail[0])):
        raise UserError(
            "models, seeds or settings have changed since the last build",
            "run `plumbline nightly` first",
        )


def rest_days(settings: Settings, target: str) -> int:
    """Days between two trainings of a target, as the retraining rule allows them."""
    with duckdb.connect(str(settings.build_file), read_only=True) as connection:
        rows = connection.execute(
            f"select rest_days from {RULES} where target in (?, 'default')"
            " order by case target when 'default' then 1 else 0 end limit 1",
            [target],
        ).fetchone()
    return int(rows[0])
