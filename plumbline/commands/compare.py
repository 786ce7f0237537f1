"""The command that compares kinds of model and leaves features out in turn."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import click
from rich import box
from rich.table import Table

from plumbline.commands.options import source_options
from plumbline.config import load_settings
from plumbline.night import scoring
from plumbline.night.last_build import last_build
from plumbline.store.lock import run_lock
from plumbline.terminal import Stages, make_console

if TYPE_CHECKING:  # no other command needs it to begin
    import pandas as pd

COLUMNS = {
    "auc_roc": ("AUC", "{:.3f}"),
    "auc_pr": ("AUC-PR", "{:.3f}"),
    "precision_at_80_recall": ("P@80R", "{:.3f}"),
    "lift_at_decile": ("lift", "{:.1f}"),
    "brier": ("Brier", "{:.4f}"),
    "ece": ("calibration", "{:.4f}"),
    "fit_seconds": ("fit s", "{:.1f}"),
    "latency_p50_ms": ("p50 ms", "{:.1f}"),
    "latency_p99_ms": ("p99 ms", "{:.1f}"),
}


@click.command()
@click.option("--target", default=scoring.CHURN, show_default=True, help="What they foretell.")
@click.option("--no-ablation", is_flag=True, help="Compare only; leave no feature out.")
@source_options()
def compare(
    target: str, no_ablation: bool, as_of: date | None, source: str, raw: str | None
) -> None:
    """Compare kinds of model, and leave out each feature in turn.

    Over rolling origins.

    Each kind is trained on what was known and judged on what came after, with and without the
    survey, several times over. Writes schema ml of the build file; the next `plumbline nightly`
    shows it in monitoring.rpt_model_comparison and monitoring.rpt_feature_ablation. Changes no
    champion. Features named for review could go: without each of them, nothing is worse beyond
    noise.

    \b
    Examples:
      plumbline compare
      plumbline compare --target expansion --no-ablation
    """
    from ml.study.study import ABLATION, COMPARISON, study

    settings, console = load_settings(source, raw), make_console()
    label = scoring.label_of(settings, target)
    stages = Stages(console, 1)
    with run_lock(settings):
        day, _ = last_build(settings, as_of)
        with stages.stage("Compare") as step:
            done = study(
                settings.build_file,
                day,
                settings.source_types_off,
                scoring.capacity(settings),
                label,
                target=target,
                settings=scoring.knobs(settings),
                with_ablation=not no_ablation,
                progress=step.update,
            )
            step.outcome = f"{len(done.origins)} origins, {done.study_version}"
    console.print(comparison_table(done.tables[COMPARISON]))
    if ABLATION in done.tables:
        console.print(ablation_table(done.tables[ABLATION]))
        named = ", ".join(for_review(done.tables[ABLATION])) or "none"
        console.print(f"for review: {named}", markup=False)
    console.print("next: plumbline nightly shows it in monitoring.rpt_model_comparison")


def comparison_table(rows: pd.DataFrame) -> Table:
    """One line a model; the AUC with its interval."""
    first = rows.iloc[0]
    table = Table(
        title=f"{first['target']}: {first['origins']} origins, judged on {first['examples']:,} rows"
        f" with {first['positives']:,} positives, {first['first_test_date']} to"
        f" {first['last_test_date']}",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    table.add_column("model")
    table.add_column("NPS")
    for name, _ in COLUMNS.values():
        table.add_column(name, justify="right")
    for (kind, features), group in rows.groupby(["model_kind", "feature_set"], sort=False):
        values = group.set_index("metric_name")
        cells = [
            form.format(values.loc[name, "metric_value"]) for name, (_, form) in COLUMNS.items()
        ]
        low, high = values.loc["auc_roc", ["lower_bound", "upper_bound"]]
        cells[0] += f" ({low:.3f}-{high:.3f})"
        table.add_row(kind.replace("_", " "), "yes" if features == "all" else "no", *cells)
    return table


def ablation_table(rows: pd.DataFrame, most: int = 12) -> Table:
    """Source types, and the features that are missed most, by what the AUC loses."""
    aucs = rows[rows["metric_name"] == "auc_roc"].sort_values(["difference", "left_out"])
    kinds = aucs["left_out_kind"]
    shown = (aucs[kinds == "source_type"], aucs[kinds == "feature"].head(most))
    table = Table(
        title=f"Left out, and what the AUC changes by (the {most} features that matter most)",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    for name in ("left out", "AUC", "interval"):
        table.add_column(name, justify="left" if name == "left out" else "right")
    for row in (row for part in shown for row in part.itertuples()):
        told = f"all of {row.left_out}" if row.left_out_kind == "source_type" else row.left_out
        table.add_row(
            told, f"{row.difference:+.4f}", f"{row.lower_bound:+.4f} to {row.upper_bound:+.4f}"
        )
    return table


def for_review(rows: pd.DataFrame) -> list[str]:
    """Features without which neither the AUC nor the log loss is worse beyond noise, by name.

    As `is_for_review` of monitoring.rpt_feature_ablation.
    """
    features = rows[rows["left_out_kind"] == "feature"]
    aucs = features[features["metric_name"] == "auc_roc"].set_index("left_out")
    losses = features[features["metric_name"] == "log_loss"].set_index("left_out")
    unharmed = (aucs["upper_bound"] >= 0) & (losses["lower_bound"].reindex(aucs.index) <= 0)
    return sorted(aucs.index[unharmed])
