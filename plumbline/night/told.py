"""What the input does not support, as sentences of the summary: in money where it is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from plumbline.night.figures import Doubt, HealthCoverage, UnmappedWord
from plumbline.night.summary import money

REPORT = "quality.rpt_doubtful_subscriptions"
# What is wrong with them, and what to do; the report says what counts meanwhile.
WORDS = {
    "unreadable": ("a row that cannot be read", "mend the rows and land them again"),
    "status_unmapped": (
        "a state that nobody mapped",
        "add the word to seeds/reference/reported_values.csv",
    ),
    "interval_unknown": (
        "a billing interval that nobody mapped",
        "add the word to seeds/reference/reported_values.csv",
    ),
    "price_unknown": ("no price we can read", "land prices with their tiers"),
    "currency_unknown": (
        "a currency without a rate",
        "add it to seeds/reference/currency_rates.csv",
    ),
    "without_item": ("no item", "let the sync bring the items"),
    "item_unpriced": (
        "one of several items has no price we can read; the others count",
        "land prices with their tiers",
    ),
    "items_truncated": ("only a part of the items came", "let the sync fetch all pages"),
    "discount_unreadable": (
        "a discount that does not say what it takes off, or until when",
        "let the sync expand discounts with their coupons, and add rates that currency_rates lacks",
    ),
    "stale": (
        "nothing was heard since the paid period passed",
        "let the sync bring updates, not only new objects",
    ),
}


def doubt_sentences(doubts: Iterable[Doubt]) -> Iterator[str]:
    """One sentence a reason: how many, how much a month, what is wrong, what to do.

    Examples
    --------
    >>> from plumbline.night.figures import Doubt
    >>> next(doubt_sentences([Doubt("price_unknown", 3, 1200.0, 0.0, "sub_1")]))
    '3 subscriptions, about $1.2K a month, counted with $0: no price we can read (such as sub_1, \
quality.rpt_doubtful_subscriptions); land prices with their tiers'
    """
    for one in doubts:
        wrong, remedy = WORDS[one.doubt]
        many = f"{one.subscriptions:,} subscription{'s' * (one.subscriptions != 1)}"
        much = f"about {money(one.told_usd)} a month" if one.told_usd else "of unknown MRR"
        if money(one.told_usd) != money(one.mrr_usd):
            much += f", counted with {money(one.mrr_usd)}"
        yield f"{many}, {much}: {wrong} (such as {one.example}, {REPORT}); {remedy}"


def word_sentences(words: Iterable[UnmappedWord]) -> Iterator[str]:
    """One sentence a word that puts its rows aside."""
    for one in words:
        rows = "1 row" if one.rows == 1 else f"{one.rows:,} rows"
        yield (
            f"{rows} put aside: {one.field} '{one.word}' (such as {one.example}) is not in"
            " seeds/reference/reported_values.csv"
        )


def health_sentences(health: HealthCoverage) -> Iterator[str]:
    """What health scores lack: where most accounts have none, and overrides that meet nobody.

    Examples
    --------
    >>> from plumbline.night.figures import HealthCoverage
    >>> next(health_sentences(HealthCoverage(500, 500, 33.6, 0)))
    '500 of 500 accounts have no health score: on average 34% of its weights is known \
(health.rpt_health_contributions says what is not)'
    """
    if 2 * health.unscored > health.accounts:
        yield (
            f"{health.unscored:,} of {health.accounts:,} accounts have no health score: on average"
            f" {health.coverage_pct:.0f}% of its weights is known"
            " (health.rpt_health_contributions says what is not)"
        )
    if health.idle_overrides:
        yield (
            f"{health.idle_overrides:,} of the overrides in seeds/reference/health_overrides.csv"
            " stand tonight for accounts that do not pay: take them out, or mend their account_id"
        )
