"""Masks what leads to a person in the published file, where the source asks for it.

A masked value is a keyed hash, HMAC-SHA256: equal values stay equal in every table, so that joins
and counts hold, and without the key nobody finds the value again by hashing what it may be.

Source: RFC 2104 (HMAC).
"""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from plumbline.config import Settings
from plumbline.errors import UserError

SEED = Path("seeds", "reference", "published_personal_columns.csv")
KEY = "PLUMBLINE_MASK_KEY"
SHORTEST_KEY = 16
# What stands in such a column where there is no person.
NOBODY = ("default", "unassigned")
PREFIX = "masked_"
BLOCK_BYTES = 64


@dataclass(frozen=True)
class Masking:
    """What is masked in each table, and with which key.

    Attributes
    ----------
    columns : mapping
        By schema and table: the condition on the rows (empty: all of them) by column.
    """

    columns: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    key: bytes = field(default=b"", repr=False)

    def selected(self, schema: str, table: str) -> tuple[str, list[bytes]]:
        """What to select of a table, and the parameters of that."""
        masked = self.columns.get((schema, table), {})
        if not masked:
            return "*", []
        parts = ", ".join(f'{_masked(name, rows)} as "{name}"' for name, rows in masked.items())
        pads = [_padded(self.key, pad) for pad in (0x5C, 0x36)]
        return f"* replace ({parts})", pads * len(masked)


def read_masking(settings: Settings, environ: Mapping[str, str] = os.environ) -> Masking:
    """Read what a source masks, and the key.

    Raises
    ------
    UserError
        The source masks, and the environment holds no key or a short one.
    """
    if not settings.masked:
        return Masking()
    key = environ.get(KEY, "").encode()
    if len(key) < SHORTEST_KEY:
        fault = f"has fewer than {SHORTEST_KEY} characters" if key else "is not set"
        raise UserError(
            f"plumbline.toml [source.{settings.source}] masks {', '.join(settings.masked)}, and"
            f" {KEY} {fault}",
            f"set {KEY} to a secret that stays the same every night, or take masked out",
        )
    columns: dict[tuple[str, str], dict[str, str]] = {}
    with (settings.root / SEED).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["person"] in settings.masked:
                schema, _, table = row["relation"].partition(".")
                columns.setdefault((schema, table), {})[row["column_name"]] = row["only_where"]
    return Masking(columns, key)


def _masked(name: str, rows: str) -> str:
    # A night that was put back from the published file is masked already.
    value = f'cast("{name}" as varchar)'
    nobody = ", ".join(f"'{word}'" for word in NOBODY)
    return (
        f"case when not ({rows or 'true'}) or {value} in ({nobody})"
        f" or regexp_full_match({value}, '{PREFIX}[0-9a-f]{{64}}') then {value}"
        f" else '{PREFIX}' || sha256(? || unhex(sha256(? || encode({value})))) end"
    )


def _padded(key: bytes, pad: int) -> bytes:
    block = hashlib.sha256(key).digest() if len(key) > BLOCK_BYTES else key
    return bytes(byte ^ pad for byte in block.ljust(BLOCK_BYTES, b"\0"))
