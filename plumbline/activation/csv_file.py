"""A folder of CSV files: one file a batch, whole or not there, that no spreadsheet calculates."""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from plumbline.activation.deliver import Outcome
from plumbline.activation.errors import Denied
from plumbline.activation.wanted import Fields
from plumbline.store import outbox
from plumbline.store.outbox import Entry

# How a spreadsheet would take a text for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


class CsvFolder:
    """Writes what differs; a file is named after what is in it, so that the same is written once.

    Parameters
    ----------
    folder : Path
        Made where it is not there.
    """

    name = "csv"
    secrets = ()

    def __init__(self, folder: Path, fields: Fields) -> None:
        self.folder, self.fields = folder, fields

    def batch_size(self, total: int) -> int:
        """All of them make one file."""
        return max(total, 1)

    def send(self, entries: Sequence[Entry], tell_job: Callable[[str], None]) -> Iterable[Outcome]:
        """Write one file, in one step."""
        keys = "\n".join(sorted(entry.key for entry in entries))
        digest = hashlib.sha256(keys.encode()).hexdigest()[:12]
        as_of = max(entry.as_of for entry in entries)
        file = self.folder / f"accounts_{as_of:%Y%m%d}_{digest}.csv"
        partial = file.with_name(f".{file.name}.{os.getpid()}")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with partial.open("w", newline="", encoding="utf-8") as stream:
                writer = csv.writer(stream)
                writer.writerow(
                    ["idempotency_key", self.fields.key, "is_blank", *self.fields.names]
                )
                for entry in entries:
                    values = (entry.values.get(name) for name in self.fields.names)
                    cells = (entry.key, entry.record_id, str(entry.is_blank).lower(), *values)
                    writer.writerow([cell(value) for value in cells])
                stream.flush()
                os.fsync(stream.fileno())
            partial.replace(file)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise Denied(
                f"{file} cannot be written ({error.strerror})", "give another folder with --to"
            ) from None
        return [Outcome(entry.key, outbox.SENT) for entry in entries]


def cell(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula.

    Examples
    --------
    >>> cell("=HYPERLINK(A1)"), cell("Acme"), cell(-3.5), cell(None)
    ("'=HYPERLINK(A1)", 'Acme', -3.5, None)
    """
    is_formula = isinstance(value, str) and value.lstrip(" ").startswith(FORMULA)
    return f"'{value}" if is_formula else value
