"""Whether the reasons of scored accounts add up to their scores, and nobody's are missing.

Decided: D083.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from ml.config import ScoringSettings, load_settings


@dataclass(frozen=True)
class Additivity:
    """The explained accounts of some nights.

    Attributes
    ----------
    scored, explained, required : int
        Scores; those with reasons; those that must have them.
    wrong : int
        Reasons that do not add up, and accounts explained too few or too many.
    largest_gap : float
        Log-odds.
    tolerance : float
        Log-odds.
    """

    scored: int
    explained: int
    required: int
    wrong: int
    largest_gap: float
    tolerance: float

    @property
    def is_passed(self) -> bool:
        """Whether all that must be explained are, and add up."""
        return self.wrong == 0


def measure(
    connection: duckdb.DuckDBPyConnection,
    where: str,
    parameters: list[object],
    knobs: ScoringSettings | None = None,
) -> Additivity:
    """Add the reasons of every explained account up.

    A target's night of more than ``all_reasons_up_to`` scores explains ``most_reasons`` of them,
    any other all.

    Parameters
    ----------
    where : str
        Condition on ``ml.predictions``, with its ``parameters``.
    knobs : ScoringSettings, optional
        Instead of those in ``ml/model.toml``.
    """
    knobs = knobs or load_settings().scoring
    row = connection.execute(
        f"""
        with predicted as (
            select run_id, target, as_of_date, account_id, log_odds, baseline_log_odds
            from ml.predictions
            where {where}
        ),
        explained as (
            select run_id, target, as_of_date, account_id, sum(contribution) as contribution
            from ml.prediction_reasons
            group by run_id, target, as_of_date, account_id
        ),
        compared as (
            select predicted.run_id, predicted.target, predicted.as_of_date, abs(
                predicted.baseline_log_odds + explained.contribution - predicted.log_odds
            ) as gap
            from predicted
            left join explained
                on predicted.run_id = explained.run_id
                and predicted.target = explained.target
                and predicted.as_of_date = explained.as_of_date
                and predicted.account_id = explained.account_id
        ),
        nights as (
            select count(*) as scored, count(gap) as explained, max(gap) as largest_gap,
                count(*) filter (where not gap <= {knobs.additivity_tolerance}) as unequal,
                case when scored <= {knobs.all_reasons_up_to} then scored
                    else least(scored, {knobs.most_reasons}) end as required
            from compared
            group by run_id, target, as_of_date
        )
        select coalesce(sum(scored), 0), coalesce(sum(explained), 0), coalesce(sum(required), 0),
            coalesce(sum(unequal + abs(explained - required)), 0), coalesce(max(largest_gap), 0)
        from nights
        """,
        parameters,
    ).fetchone() or (0, 0, 0, 0, 0.0)
    return Additivity(*map(int, row[:4]), float(row[4]), knobs.additivity_tolerance)
