"""How fast the churn model trains and scores, and how much memory that takes.

Rows come from the world's own features: accounts are drawn again and their numbers shaken a little.
Each measure runs in a process of its own; its start, imports and the making of rows are not timed.
"""

from __future__ import annotations

import json
import resource
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from bench import night
from bench.model import champion
from bench.record import Figure, run_child
from ml import warehouse
from ml.checks import constant_features
from ml.config import load_settings
from ml.contract import load_contract
from ml.fitting.splits import rows_of, split_dates
from ml.judging.candidates import TrainingData, choose, judge_candidates, refit
from ml.registry.artefact import Artefact, load_artefact
from ml.score import score, score_frame

TRAINING_ROWS, MANY_ACCOUNTS, REFERENCE_ACCOUNTS = 200_000, 1_000_000, 4187
ONE_ROW_CALLS = 1000
JITTER = 0.02  # standard deviation of the factor on each number
CAPACITY = 60
SEED = 20260228
GB = 1e9


class Clock:
    """Wall and CPU seconds since it was made; on a busy machine the latter are the lower bound."""

    def __init__(self) -> None:
        self.began = time.perf_counter(), time.process_time()

    def read(self) -> tuple[float, float]:
        """Return wall and CPU seconds."""
        return time.perf_counter() - self.began[0], time.process_time() - self.began[1]


def shaken(frame: pd.DataFrame, names: list[str], rows: int) -> pd.DataFrame:
    """Draw rows with replacement and shake the numbers that are not whole.

    Whole numbers (counts, flags) stay as they are; unknown stays unknown.

    Examples
    --------
    >>> drawn = shaken(pd.DataFrame({"count": [1.0, 2.0], "rate": [0.5, 1.25]}), ["rate"], 3)
    >>> len(drawn), bool(drawn["count"].isin([1.0, 2.0]).all())
    (3, True)
    """
    rng = np.random.default_rng(SEED)
    drawn = frame.iloc[rng.integers(0, len(frame), rows)].reset_index(drop=True)
    values = drawn[names].to_numpy()
    broken = values != np.round(values)
    values = np.where(broken, values * rng.lognormal(0, JITTER, values.shape), values)
    return pd.concat([drawn.drop(columns=names), pd.DataFrame(values, columns=names)], axis=1)


def training(file: Path) -> dict[str, float]:
    """Fit the champion's kind on 200K rows, and judge every kind on them."""
    settings = load_settings()
    aim = settings.of("churn")
    contract = load_contract()
    frame = warehouse.read_training(file, contract, aim, _last_date(file))
    copies = -(-TRAINING_ROWS // len(frame))
    drawn = shaken(frame, contract.names, TRAINING_ROWS)
    # An account drawn again is another account, on the same dates.
    again = np.random.default_rng(SEED).integers(0, copies, len(drawn)).astype(str)
    drawn["account_id"] = drawn["account_id"].astype(str) + "_" + again
    drawn = drawn.sort_values(["as_of_date", "account_id"], ignore_index=True)
    split = split_dates(drawn["as_of_date"].to_numpy(), settings.split, aim.known_after_days)
    constant = constant_features(rows_of(drawn, split.train), contract.names)
    data = TrainingData(drawn, contract.without_features(constant), aim.label, split, CAPACITY)
    with threadpool_limits(limits=settings.threads):
        judging = Clock()
        chosen = choose(judge_candidates(data, settings))
        judged = judging.read()
        fitting = Clock()
        refit(chosen, data, settings)
    fitted = fitting.read()
    return {"fit": fitted[0], "fit cpu": fitted[1], "judge": judged[0], "judge cpu": judged[1]}


def scoring(file: Path, accounts: int) -> dict[str, float]:
    """Score so many accounts from the feature mart to committed rows, in a copy of the file."""
    copy = file.with_name(f"speed_{accounts}.duckdb")
    shutil.copy(file, copy)
    try:
        as_of = _add_accounts(copy, accounts)
        clock = Clock()
        done = score(copy, file.parents[1] / "models", as_of, "bench")
        seconds, cpu = clock.read()
    finally:
        copy.unlink()
    if done.scored != accounts:
        raise RuntimeError(f"{done.scored} accounts were scored, not {accounts}")
    return {"seconds": seconds, "cpu": cpu, "reasons": done.reasons}


def one_row(file: Path) -> dict[str, float]:
    """Score one row at a time in memory, with and without reasons; milliseconds."""
    artefact, settings = _artefact(file), load_settings()
    population = settings.of("churn").population
    frame = warehouse.read_scoring(file, artefact.contract, population, _last_date(file))
    features = frame[artefact.contract.names]

    def taken(call: Callable[[pd.DataFrame], object]) -> np.ndarray:
        times = []
        for number in range(ONE_ROW_CALLS + 1):
            row = features.iloc[[number % len(features)]]
            clock = Clock()
            call(row)
            times.append(clock.read())
        return 1000 * np.quantile(times[1:], (0.5, 0.99), axis=0)

    with threadpool_limits(limits=settings.threads):
        (p50, _), (p99, p99_cpu) = taken(artefact.log_odds)
        _, (reasons, _) = taken(lambda row: score_frame(artefact, row, settings))
    return {"p50": p50, "p99": p99, "p99 cpu": p99_cpu, "with reasons p99": reasons}


def _last_date(file: Path) -> date:
    """Last date of the feature mart."""
    with closing(duckdb.connect(str(file), read_only=True)) as connection:
        query = "select max(as_of_date) from features.feat_accounts_daily"
        return connection.execute(query).fetchall()[0][0]


def _add_accounts(file: Path, accounts: int) -> date:
    """Give the feature mart a day of so many paying accounts; return the day."""
    names = load_contract().names
    last = _last_date(file)
    as_of = last + timedelta(days=1)
    with closing(duckdb.connect(str(file))) as connection:
        known = connection.execute(
            "select * from features.feat_accounts_daily where as_of_date = ? and is_paying", [last]
        ).df()
        drawn = shaken(known, names, accounts)
        drawn["account_id"] = "bench_" + pd.Series(np.arange(accounts)).astype(str)
        drawn["as_of_date"] = as_of
        connection.register("drawn", drawn)
        connection.execute("insert into features.feat_accounts_daily by name from drawn")
    return as_of


def _artefact(file: Path) -> Artefact:
    with closing(duckdb.connect(str(file), read_only=True)) as connection:
        version = champion(connection)[0]
        name, digest = connection.execute(
            "select artefact_path, artefact_sha256 from ml.model_runs where model_version = ?",
            [version],
        ).fetchone()
    return load_artefact(file.parents[1] / "models" / name, digest)


def run(folder: Path, size: str) -> list[Figure]:
    """Measure on a world; a world and a first night are made where there is none."""
    if not night.build_file(folder).exists():
        night.make_world(folder, size)
        night.run_night(folder, night.FIRST_NIGHT)
    trained = _child("training", folder)
    scored = _child(f"scoring {REFERENCE_ACCOUNTS}", folder)
    many = _child(f"scoring {MANY_ACCOUNTS}", folder)
    one = _child("one_row", folder)
    return [
        Figure(f"the champion's fit on {TRAINING_ROWS:,} rows", trained["fit"], "s", 20.0),
        Figure("  CPU", trained["fit cpu"], "s"),
        Figure("judging every kind on them before", trained["judge"], "s"),
        Figure("  CPU", trained["judge cpu"], "s"),
        Figure("  peak memory", trained["peak"], "GB"),
        Figure(f"scoring {REFERENCE_ACCOUNTS:,} accounts, all reasons", scored["seconds"], "s", 1),
        Figure("  CPU", scored["cpu"], "s"),
        Figure(f"scoring {MANY_ACCOUNTS:,} accounts", many["seconds"], "s", 60.0),
        Figure("  CPU", many["cpu"], "s"),
        Figure("  reasons written, of the highest scores", many["reasons"], "rows"),
        Figure("  peak memory, with the making of the rows", many["peak"], "GB", 4.0),
        Figure("one row, median", one["p50"], "ms"),
        Figure("one row, 99th percentile", one["p99"], "ms", 10.0),
        Figure("  CPU", one["p99 cpu"], "ms"),
        Figure("one row with reasons, 99th percentile", one["with reasons p99"], "ms"),
    ]


def _child(task: str, folder: Path) -> dict[str, float]:
    file = night.build_file(folder)
    done = run_child(["-m", "bench.speed", str(file), *task.split()])
    return json.loads(done.output.splitlines()[-1])


def main() -> None:
    """Run one measure and print it; peak memory is that of this process."""
    file, task, *counts = sys.argv[1:]
    tasks = {"training": training, "scoring": scoring, "one_row": one_row}
    found = tasks[task](Path(file), *map(int, counts))
    unit = 1 if sys.platform == "darwin" else 1024
    found["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / GB
    print(json.dumps(found))


if __name__ == "__main__":
    main()
