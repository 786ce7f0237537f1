"""The proof `no-leakage`."""

from __future__ import annotations

from plumbline.errors import UserError
from plumbline.night.leakage import measure
from plumbline.night.scoring import targets_on
from plumbline.proofs.registry import Context, Proven, proof


@proof(
    "no-leakage",
    "No label is in the feature mart, no feature alone tells one, no account straddles a split.",
)
def no_leakage(context: Context) -> Proven:
    """The gates of every target's training, on what is built now."""
    told = []
    for target in targets_on(context.settings):
        try:
            alone = measure(context.settings, context.as_of, target)
        except UserError as error:
            return Proven(False, f"{target}: {error.message}")
        told.append(
            f"{target} too few rows to judge"
            if alone is None
            else f"{target} {alone.feature} {alone.auc:.3f} ({alone.slice_name})"
        )
    return Proven(True, f"best AUC of one feature alone: {', '.join(told)}")
