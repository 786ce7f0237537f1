"""Faults that are planted in the features, for the proofs that no feature sees the future."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """A fault of one model.

    Attributes
    ----------
    changes : dict of str to str
        Parts of the model's text, and what becomes of them.
    columns : set of str
        Features that go wrong; of several faults no feature is the same.
    """

    name: str
    model: str
    changes: dict[str, str]
    columns: set[str]


FAULTS = (
    Fault(
        "current_date",
        "feat_accounts_daily",
        {"days_between('days.as_of_date', 'days.term": "days_between('current_date', 'days.term"},
        {"days_to_term_end"},
    ),
    Fault(
        "[T - n, T] instead of [T - n, T)",
        "int_usage_sum_changes__dated",
        {
            "{{ add_days('usage_days.known_date', 1) }}": "usage_days.known_date",
            "{{ add_days('usage_days.event_date', 1) }}": "usage_days.event_date",
        },
        {
            "avg_dau_7d",
            "avg_dau_14d",
            "avg_dau_30d",
            "usage_trend_ratio_7d_30d",
            "usage_trend_ratio_30d_90d",
            "action_trend_ratio",
            "invites_sent_30d",
            "usage_change_ratio_30d",
            "usage_decline",
            "core_actions_per_seat_30d",
            "invite_rate_30d",
            "usage_held_ratio_30d_180d",
        },
    ),
    Fault(
        "no cut by known_at",
        "int_usage_distinct_changes__dated",
        {"{{ add_days('members.known_date', 1) }},\n": ""},
        {"features_adopted", "features_adopted_90d", "seat_utilization", "users_commenting"},
    ),
    Fault(
        "a value known 30 days later",
        "feat_accounts_daily",
        {
            "days.as_of_date >= renewals.": "{{ add_days('days.as_of_date', 30) }} >= renewals.",
            "days.as_of_date < renewals.": "{{ add_days('days.as_of_date', 30) }} < renewals.",
        },
        {"renewing_days_60d", "is_past_due"},
    ),
)
