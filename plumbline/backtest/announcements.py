"""Churns beside the worklists before them: was the account on the list early enough?

**Source** of the definitions: `early_warning_rate` and `lead_time_days` of the metric definitions,
as `fct_churn_warnings` has them for the nights that were published.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from plumbline.replay.dates import NIGHT_DAYS

EARLY_DAYS = 30


def announced(churns: pd.DataFrame, scores: pd.DataFrame, nights: Sequence[date]) -> pd.DataFrame:
    """Say of each churn what the lists said before it.

    Parameters
    ----------
    churns : pd.DataFrame
        account_id, churn_date, lost_arr_usd; established by the last build.
    scores : pd.DataFrame
        account_id, as_of_date, life_number, is_flagged.
    nights : sequence of date
        Scored nights, ascending.

    Returns
    -------
    pd.DataFrame
        One row per churn that the nights could announce: from 30 days after the first night on,
        and no later than 30 days and a week after the last. `was_announced`: on the list on the
        last night of the life that is 30 days or more before. `was_listed`: on any list of the
        life that ended. `lead_days`: churn date less the first night of the unbroken stay on the
        list that stood when the account left; NaN where it was not listed on the last night
        before the churn. `is_from_start`: that night is the first of all, so that the lead is at
        least so long. `chance`: share of all accounts that were on the list of the deciding
        night.
    """
    first, last = pd.Timestamp(nights[0]), pd.Timestamp(nights[-1])
    early = pd.Timedelta(days=EARLY_DAYS)
    dates = pd.to_datetime(churns["churn_date"])
    reached = (dates >= first + early) & (dates - early < last + pd.Timedelta(days=NIGHT_DAYS))
    rows = churns[reached].assign(churn_date=dates[reached]).reset_index(drop=True)
    scores = scores.assign(as_of_date=pd.to_datetime(scores["as_of_date"]))
    scores = scores.sort_values(["account_id", "as_of_date"], kind="stable")
    shares = scores.groupby("as_of_date")["is_flagged"].mean()
    by_account = dict(tuple(scores.groupby("account_id")))
    found = [
        _said(row, by_account.get(row.account_id), shares, early, first)
        for row in rows.itertuples()
    ]
    kinds = {
        "was_announced": bool,
        "was_listed": bool,
        "lead_days": float,
        "is_from_start": bool,
        "chance": float,
    }
    told = pd.DataFrame(found, columns=list(kinds)).astype(kinds)
    return pd.concat([rows, told], axis=1)


def _said(
    churn: object,
    scored: pd.DataFrame | None,
    shares: pd.Series,
    early: pd.Timedelta,
    first: pd.Timestamp,
) -> tuple[bool, bool, float, bool, float]:
    day = churn.churn_date
    chance = float(shares[shares.index <= day - early].iloc[-1])
    before = scored[scored["as_of_date"] < day] if scored is not None else None
    if before is None or before.empty:
        return False, False, np.nan, False, chance
    nights = before[before["life_number"] == before["life_number"].iloc[-1]]
    in_time = nights[nights["as_of_date"] <= day - early]
    was_announced = bool(len(in_time) and in_time["is_flagged"].iloc[-1])
    was_listed = bool(nights["is_flagged"].any())
    # the stay that stood at the end: nights after the last one off the list
    stay = nights[nights["is_flagged"][::-1].cummin()[::-1]]["as_of_date"]
    if stay.empty:
        return was_announced, was_listed, np.nan, False, chance
    lead_days = float((day - stay.iloc[0]).days)
    return was_announced, was_listed, lead_days, stay.iloc[0] == first, chance
