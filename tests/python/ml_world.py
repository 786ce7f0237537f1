"""A small feature mart with a planted signal, in a real DuckDB file, for the tests of `ml/`."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import yaml

from ml.config import load_settings
from ml.registry.records import TrainResult
from ml.train import train

SETTINGS = load_settings()
QUICK = replace(
    SETTINGS,
    evaluation=replace(SETTINGS.evaluation, resamples=60),
    additive_boosting=replace(SETTINGS.additive_boosting, max_iter=60),
)
AS_OF = date(2026, 2, 28)
LABEL = "churned_within_60d"
FEATURES = {
    # name: (source type, missing, direction)
    "avg_dau_30d": ("usage", "never", "down"),
    "usage_trend_ratio": ("usage", "allowed", "down"),
    "mrr": ("subscription", "never", "unsure"),
    "downgraded_last_period": ("subscription", "never", "up"),
    "support_tickets_30d": ("support", "never", "up"),
    "avg_csat": ("support", "allowed", "down"),
    "nps_score": ("sentiment", "allowed", "down"),
    "always_zero": ("usage", "never", "unsure"),
}
RUNS = (
    "create table ops.runs (run_id varchar, as_of_date date, source_name varchar, "
    "state varchar, recorded_at timestamp, detail varchar)"
)


def contract_text(features: dict[str, tuple[str, str, str]] = FEATURES) -> str:
    """Return a contract of the same form as models/marts/features/feat_accounts_daily.yml."""
    columns = [{"name": "account_id", "data_type": "varchar"}]
    for name, (source_type, missing, direction) in features.items():
        meta = {
            "feature": True,
            "source_type": source_type,
            "missing": missing,
            "direction": direction,
            "unit": "a unit",
        }
        columns.append({"name": name, "data_type": "double", "config": {"meta": meta}})
    return yaml.safe_dump({"models": [{"name": "feat_accounts_daily", "columns": columns}]})


def feature_rows(accounts: int = 700, signal: float = 1.0, seed: int = 7) -> pd.DataFrame:
    """Return rows of account x grid date, with labels NULL where they are not known at AS_OF."""
    rng = np.random.default_rng(seed)
    dates = pd.date_range("2024-09-15", AS_OF, freq="14D")
    names = np.array([f"001{i:05d}" for i in range(accounts)])
    mrr = np.exp(rng.normal(6, 1, accounts))
    size = rng.normal(size=accounts)
    health = rng.normal(size=accounts)
    churned_at = np.full(accounts, 10**6)
    frames = []
    for step, day in enumerate(dates):
        health = 0.9 * health + 0.44 * rng.normal(size=accounts)
        hazard = 1 / (1 + np.exp(4.6 + signal * 1.3 * health))
        churned_at[(rng.random(accounts) < hazard) & (churned_at > step)] = step + 1
        frames.append(
            pd.DataFrame(
                {
                    "account_id": names,
                    "as_of_date": day,
                    "life_number": 1,
                    "is_paying": True,
                    "avg_dau_30d": np.exp(size + 0.5 * health),
                    "usage_trend_ratio": np.where(
                        rng.random(accounts) < 0.1, np.nan, 1 + 0.3 * health
                    ),
                    "mrr": mrr,
                    "downgraded_last_period": (rng.random(accounts) < 0.03).astype(float),
                    "support_tickets_30d": rng.poisson(np.exp(-0.3 * health)).astype(float),
                    "avg_csat": np.where(rng.random(accounts) < 0.5, np.nan, rng.random(accounts)),
                    "nps_score": np.where(
                        rng.random(accounts) < 0.7, np.nan, 7 + health + rng.normal(size=accounts)
                    ),
                    "always_zero": 0.0,
                    "step": step,
                }
            )
        )
    rows = pd.concat(frames, ignore_index=True)
    churn = np.tile(churned_at, len(dates))
    step = rows.pop("step").to_numpy()
    label = (churn <= step + 4).astype(float)
    mature = (rows["as_of_date"] + pd.Timedelta(days=90) <= pd.Timestamp(AS_OF)).to_numpy()
    rows[LABEL] = np.where(mature, label, np.nan)
    return rows[churn > step].reset_index(drop=True)


def write_mart(database: Path, rows: pd.DataFrame) -> None:
    """Write both feature relations; the last grid date stands for AS_OF."""
    daily = rows[rows["as_of_date"] == rows["as_of_date"].max()].drop(columns=LABEL)
    daily = daily.assign(as_of_date=pd.Timestamp(AS_OF))
    with duckdb.connect(str(database)) as connection:
        connection.execute("create schema features; create schema ops;" + RUNS)
        for name, frame in (("feat_training_examples", rows), ("feat_accounts_daily", daily)):
            connection.register("frame", frame)
            connection.execute(
                f"create table features.{name} as "
                "select * replace (cast(as_of_date as date) as as_of_date) from frame"
            )


def run_training(folder: Path, as_of: date, since: date | None = None) -> TrainResult:
    """Train quickly on the mart of a folder that holds its contract too."""
    return train(
        folder / "plumbline.duckdb",
        folder / "models",
        as_of,
        "run",
        (),
        30,
        since=since,
        contract_path=folder / "contract.yml",
        settings=QUICK,
    )


def execute(database: Path, *statements: str) -> None:
    """Run statements on a database file."""
    with duckdb.connect(str(database)) as connection:
        for statement in statements:
            connection.execute(statement)


def fetch(database: Path, query: str) -> list[tuple]:
    """Return the rows of a query."""
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(query).fetchall()
