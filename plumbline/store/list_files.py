"""Files that people open in a spreadsheet: no text of ours becomes a formula there."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from plumbline.errors import UserError

# How a spreadsheet would take a text for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
NARROWEST, WIDEST = 8, 60  # characters
Rows = Iterable[Sequence[Any]]


def write_files(
    csv_file: Path | None, xlsx_file: Path | None, title: str, names: Sequence[str], rows: Rows
) -> list[Path]:
    """Write the files that were asked for, and return them.

    Raises
    ------
    UserError
        As of `write_csv` and `write_xlsx`.
    """
    if csv_file is not None:
        write_csv(csv_file, names, rows)
    if xlsx_file is not None:
        write_xlsx(xlsx_file, title, names, rows)
    return [file for file in (csv_file, xlsx_file) if file is not None]


def write_csv(file: Path, names: Sequence[str], rows: Rows) -> None:
    """Write rows as CSV, in one step; texts that a spreadsheet would calculate begin with `'`.

    Raises
    ------
    UserError
        The file cannot be written.
    """

    def fill(partial: Path) -> None:
        with partial.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(names)
            writer.writerows([cell(value) for value in row] for row in rows)

    _in_one_step(file, fill)


def write_xlsx(file: Path, title: str, names: Sequence[str], rows: Rows) -> None:
    """Write rows as one sheet of an Excel workbook, in one step, as texts, numbers and dates.

    The first row stays in sight and filters; columns are as wide as what they hold, up to a limit
    from which on texts wrap. Texts are made harmless as in `write_csv`.

    Raises
    ------
    UserError
        The file cannot be written, or openpyxl is not installed.
    """
    try:
        from openpyxl import Workbook
        from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
        from openpyxl.styles import Alignment, Font
        from openpyxl.utils import get_column_letter
    except ModuleNotFoundError:
        raise UserError(
            "an Excel file needs openpyxl, which is not installed",
            "pip install '.[xlsx]', or write --csv",
        ) from None

    book = Workbook()
    sheet = book.active
    sheet.title = title
    sheet.append(list(names))
    for head in sheet[1]:
        head.font = Font(bold=True)
    widths = [len(name) for name in names]
    for row in rows:
        values = [
            ILLEGAL_CHARACTERS_RE.sub("", value) if isinstance(value, str) else value
            for value in (cell(value) for value in row)
        ]
        sheet.append([float(v) if isinstance(v, Decimal) else v for v in values])
        widths = [max(w, len(_shown(v))) for w, v in zip(widths, values, strict=True)]
    for column, width in enumerate(widths, start=1):
        letter = get_column_letter(column)
        sheet.column_dimensions[letter].width = min(max(width + 2, NARROWEST), WIDEST)
        for (found,) in sheet[f"{letter}2:{letter}{sheet.max_row}"] if sheet.max_row > 1 else ():
            found.alignment = Alignment(vertical="top", wrap_text=width > WIDEST)
            if isinstance(found.value, date):
                found.number_format = "yyyy-mm-dd"
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions
    _in_one_step(file, book.save)


def cell(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula.

    Examples
    --------
    >>> cell("=HYPERLINK(A1)"), cell("Acme"), cell(-3.5), cell(None)
    ("'=HYPERLINK(A1)", 'Acme', -3.5, None)
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _shown(value: Any) -> str:
    return "" if value is None else str(value)


def _in_one_step(file: Path, fill: Callable[[Path], None]) -> None:
    partial = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        fill(partial)
        partial.replace(file)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise UserError(
            f"{file} cannot be written ({error.strerror})", "give another file"
        ) from None
