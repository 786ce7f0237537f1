"""Accounts: what never changes about them, and what the plans cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from plumbline.demo import text
from plumbline.demo.config import CATEGORIES, END, NONE, USD_PER_UNIT, Config, stream

SHARES = np.array([120, 480, 1800, 1800]) / 4200
"""Accounts by segment. Source: seed 001, the segment table."""

PLAN_NAMES = ("Starter", "Team", "Business", "Enterprise", "Automation pack")
PLAN_KEYS = ("plan_starter", "plan_team", "plan_business", "plan_enterprise", "plan_automation")
ENTITLED = np.array([7, 9, 10, 10, 10])
"""Feature categories of each plan: the first so many of `CATEGORIES`."""

LIST_USD = np.array([49.0, 159.0, 209.0, 259.0, 59.0])
"""Monthly list price of a seat at `user_scale` 1."""

INTERVALS = ("week", "month", "quarter", "year")
INTERVAL_DAYS = np.array([7, 30, 91, 365])
INTERVAL_MONTHS = np.array([0, 1, 3, 12])
_PER_INTERVAL = np.array([12 / 52, 1.0, 3.0, 10.2])
_PER_MONTH = np.array([52 / 12, 1.0, 1 / 3, 1 / 12])

COUNTRIES = (
    "United States",
    "Canada",
    "United Kingdom",
    "Germany",
    "France",
    "Netherlands",
    "Spain",
    "Ireland",
    "Australia",
    "Sweden",
)
_COUNTRY_SHARE = np.array([0.52, 0.07, 0.12, 0.09, 0.06, 0.04, 0.03, 0.02, 0.03, 0.02])
_COUNTRY_CURRENCY = np.array([0, 0, 2, 1, 1, 1, 1, 1, 0, 1])
_COUNTRY_REGION = np.array([0, 0, 1, 1, 1, 1, 1, 1, 2, 1])
REGIONS = ("us-east", "eu-west", "ap-southeast")
REGION_UTC_OFFSET = np.array([-6, 1, 10])
INDUSTRIES = (
    "Software",
    "Professional Services",
    "Marketing",
    "Manufacturing",
    "Healthcare",
    "Education",
    "Retail",
    "Construction",
    "Financial Services",
    "Non-profit",
)
_INDUSTRY_SHARE = np.array([0.22, 0.15, 0.14, 0.09, 0.08, 0.08, 0.08, 0.06, 0.06, 0.04])

CSM_IDS = tuple(f"005CS{i:010d}YAA" for i in range(1, 13))


@dataclass(frozen=True)
class Accounts:
    """Static attributes, one element per account (n accounts).

    `segment` indexes `config.SEGMENTS`; `join` is the day of the first trial or purchase in the
    window, or `NONE` for accounts that were customers before it; `created` is the day of creation;
    `category_order` (n, 10) lists categories in the order in which the account adopts them.
    """

    id: pa.Array
    workspace: pa.Array
    segment: np.ndarray
    plan: np.ndarray
    seats: np.ndarray
    interval: np.ndarray
    discount: np.ndarray
    currency: np.ndarray
    country: np.ndarray
    region: np.ndarray
    industry: np.ndarray
    owner: np.ndarray
    join: np.ndarray
    created: np.ndarray
    has_trial: np.ndarray
    trial_days: np.ndarray
    is_silent: np.ndarray
    frailty: np.ndarray
    category_order: np.ndarray

    def __len__(self) -> int:
        return len(self.segment)


def price_minor(config: Config) -> np.ndarray:
    """Unit amounts in minor units, by (plan, interval, currency, vintage).

    The second vintage holds the prices of subscriptions opened after the price rise of June 2025.
    """
    local = np.array([1.0, 0.92, 0.79])
    rise = np.array([1.0, 1.05])
    amount = (
        LIST_USD[:, None, None, None]
        / config.size.user_scale
        * _PER_INTERVAL[None, :, None, None]
        * local[None, None, :, None]
        * rise
    )
    return np.maximum(np.round(amount * 100), 1).astype(np.int64)


def monthly_usd(config: Config) -> np.ndarray:
    """List price of one unit in US dollars a month, by (plan, interval, currency, vintage)."""
    per_month = price_minor(config) / 100 * _PER_MONTH[None, :, None, None]
    return per_month * USD_PER_UNIT[None, None, :, None]


def _segments(config: Config, rng: np.random.Generator) -> np.ndarray:
    n = config.size.accounts
    counts = np.round(SHARES * n).astype(int)
    counts[2] += n - counts.sum()
    return rng.permutation(np.repeat(np.arange(4), counts))


def _target_mrr(segment: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    low = np.array([5900, 1200, 235, 36])[segment]
    high = np.array([17000, 4600, 900, 180])[segment]
    position = rng.beta(1.0, 1.7, len(segment))
    return low * (high / low) ** position


def make_accounts(config: Config) -> Accounts:
    """Draw every account's static attributes."""
    rng = stream(config, "accounts")
    n = config.size.accounts
    segment = _segments(config, rng)
    target = _target_mrr(segment, rng)
    existing = rng.random(n) < 0.41
    growth = np.sqrt(rng.random(n) * 0.9 + 0.1)
    join = np.where(existing, NONE, ((growth - 0.316) / 0.684 * (END - 1)).astype(int))
    annual = np.array([0.80, 0.65, 0.40, 0.20])[segment]
    draw = rng.random(n)
    weekly = (segment == 3) & (draw > 0.93)
    interval = np.where(draw < annual, 3, np.where(draw < annual + 0.10, 2, 1))
    interval = np.where(weekly, 0, interval)
    country = rng.choice(len(COUNTRIES), n, p=_COUNTRY_SHARE)
    currency = _COUNTRY_CURRENCY[country]
    plan = np.array([3, 2, 1, 0])[segment]
    steps = np.array([0, 10, 15, 20, 25])
    discount = steps[rng.choice(5, n, p=[0.74, 0.11, 0.07, 0.05, 0.03])]
    unit = monthly_usd(config)[plan, interval, currency, 0] * (1 - discount / 100)
    seats = np.maximum(np.round(target / unit), 1).astype(np.int64)
    popularity = np.array([2.6, 1.5, 1.7, 1.2, 1.2, 1.0, 0.9, 0.8, 0.5, 0.3])
    taste = popularity + 1.2 * rng.gumbel(size=(n, 10))
    blocked = np.arange(len(CATEGORIES))[None, :] >= ENTITLED[plan][:, None]
    order = np.argsort(-np.where(blocked, taste - 1e3, taste), axis=1)
    age = np.minimum(rng.exponential(420, n), 2400).astype(int) + 20
    return Accounts(
        id=text.crm_ids("001CF", n),
        workspace=text.ids("ws_", n, 12),
        segment=segment,
        plan=plan,
        seats=seats,
        interval=interval,
        discount=discount,
        currency=currency,
        country=country,
        region=_COUNTRY_REGION[country],
        industry=rng.choice(len(INDUSTRIES), n, p=_INDUSTRY_SHARE),
        owner=rng.integers(0, len(CSM_IDS), n),
        join=join,
        created=np.where(existing, -age, join),
        has_trial=rng.random(n) < np.array([0.45, 0.7, 0.9, 0.95])[segment],
        trial_days=np.array([14, 21, 30])[rng.choice(3, n, p=[0.6, 0.15, 0.25])],
        is_silent=rng.random(n) < 0.025,
        frailty=0.2 * rng.standard_normal(n),
        category_order=order,
    )
