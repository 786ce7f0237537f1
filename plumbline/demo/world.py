"""Writes the demo world beside the old one, and swaps the two when it is complete."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from rich.console import Console

from plumbline.config import Settings
from plumbline.demo.generate import generate
from plumbline.errors import UserError
from plumbline.terminal import Stages, shown

MARK = "demo-world.json"


def create_world(
    size: str, days: int | None, seed: int, settings: Settings, console: Console
) -> None:
    """Generate raw exports and their truth.

    Raises
    ------
    UserError
        The raw folder holds files that this command did not write.
    """
    raw, truth = settings.raw, settings.raw.with_name("truth")
    for folder in (raw, truth):
        if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
            raise UserError(
                f"{folder} holds files that `plumbline demo` did not write",
                "move them away, or give another folder with --raw",
            )
    stages = Stages(console, 1)
    new = {folder: folder.with_name(f".{folder.name}.new") for folder in (raw, truth)}
    for temporary in new.values():
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
    try:
        with stages.stage(f"Create the demo world, size {size}") as step:
            try:
                generate(
                    size=size,
                    seed=seed,
                    days=days,
                    out_raw=new[raw],
                    out_truth=new[truth],
                    progress=lambda what, share: step.update(share, 1.0, what),
                )
            except ValueError as error:
                remedy = "see `plumbline demo --help` for what is allowed"
                raise UserError(str(error).rstrip("."), remedy) from error
            for temporary in new.values():
                mark = {"size": size, "seed": seed, "days": days}
                (temporary / MARK).write_text(json.dumps(mark) + "\n", encoding="utf-8")
            # The raw folder last: where it exists, its truth does too.
            for folder in (truth, raw):
                replace_folder(new[folder], folder)
            files = [path for path in raw.rglob("*.parquet")]
            total = sum(path.stat().st_size for path in files)
            step.outcome = f"{len(files):,} files, {total / 1e6:,.0f} MB"
    finally:
        for temporary in new.values():
            shutil.rmtree(temporary, ignore_errors=True)
    console.print(f"{shown(raw)} is ready; next: plumbline nightly")
    console.print(
        f"The truth behind it is in {shown(truth)}: for tests and benches, never for models"
    )


def replace_folder(new: Path, old: Path) -> None:
    """Put a folder where another one may be."""
    away = old.with_name(f".{old.name}.old")
    shutil.rmtree(away, ignore_errors=True)
    if old.exists():
        old.rename(away)
    new.rename(old)
    shutil.rmtree(away, ignore_errors=True)
