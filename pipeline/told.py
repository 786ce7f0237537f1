"""What the input does not support, as sentences of the night's summary: in money where it is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pipeline.figures import Doubt, UnmappedWord
from pipeline.summary import money

REPORT = "quality.rpt_doubtful_subscriptions"
# What is wrong with them, and what to do; the report says what counts meanwhile.
WORDS = {
    "unreadable": ("cannot be read", "mend the rows and land them again"),
    "status_unmapped": (
        "are in a state that nobody mapped",
        "add the word to seeds/reference/reported_values.csv",
    ),
    "interval_unknown": (
        "are billed by an interval that nobody mapped",
        "add the word to seeds/reference/reported_values.csv",
    ),
    "price_unknown": ("have no price we can read", "land prices with their tiers"),
    "currency_unknown": (
        "are in a currency without a rate",
        "add it to seeds/reference/currency_rates.csv",
    ),
    "without_item": ("have no item", "let the sync bring the items"),
    "item_unpriced": (
        "have an item without a price we can read; the others count",
        "land prices with their tiers",
    ),
    "items_truncated": ("came with a part of their items", "let the sync fetch all pages"),
    "discount_unreadable": (
        "have a discount that does not say what it takes off, so that none is taken off",
        "let the sync expand discounts",
    ),
    "stale": (
        "go on unheard of since their paid period passed",
        "let the sync bring updates, not only new objects",
    ),
}


def doubt_sentences(doubts: Iterable[Doubt]) -> Iterator[str]:
    """One sentence a reason: how many, how much a month, what is wrong, what to do.

    Examples
    --------
    >>> from pipeline.figures import Doubt
    >>> next(doubt_sentences([Doubt("price_unknown", 3, 1200.0, "sub_1")]))
    '3 subscriptions, $1.2K a month, have no price we can read (such as sub_1, \
quality.rpt_doubtful_subscriptions): land prices with their tiers'
    """
    for one in doubts:
        wrong, remedy = WORDS[one.doubt]
        many = "1 subscription" if one.subscriptions == 1 else f"{one.subscriptions:,} subscriptions"
        much = f"{money(one.mrr_usd)} a month" if one.mrr_usd else "of unknown MRR"
        yield f"{many}, {much}, {wrong} (such as {one.example}, {REPORT}): {remedy}"


def word_sentences(words: Iterable[UnmappedWord]) -> Iterator[str]:
    """One sentence a word that puts its rows aside."""
    for one in words:
        rows = "1 row" if one.rows == 1 else f"{one.rows:,} rows"
        yield (
            f"{rows} put aside: {one.field} '{one.word}' (such as {one.example}) is not in"
            " seeds/reference/reported_values.csv"
        )
