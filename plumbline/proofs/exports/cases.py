"""Reads the catalogue: one JSON file a case, by kind; says which key of which file is wrong.

A case gives raw rows, only the columns that matter, and what is right, worked out by hand from the
definitions page. `@` before a name stands for the case, so that cases can share one world.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from plumbline.errors import UserError

INVOICES, INVOICES_OF_TOOLS = "stripe/invoices", "stripe/invoice"
FOLDER = Path(__file__).parent / "cases"
KEYS = {
    "title",
    "source",
    "worked_out",
    "rows",
    "types",
    "without",
    "changes",
    "files",
    "landed_by",
    "vendors",
    "not_on_file",
    "crowd",
    "expect",
}
EXPECTED_KEYS = {"mrr", "churns", "movements", "answers", "counted", "stopped"}
OWN_NAME = re.compile(r"(?<![\w.+-])@(?=[a-zA-Z_])")
LAST_MONTH = "2026-01"


@dataclass(frozen=True)
class Counted:
    """Rows that a rule must count for this case.

    Attributes
    ----------
    held_usd : float or None
        Monthly revenue that the rule must tell as held; None where the case does not say.
    """

    rule: str
    rows: int
    held_usd: float | None = None


@dataclass(frozen=True)
class Case:
    """One shape or fault, and what is right.

    Attributes
    ----------
    rows : mapping of table (`vendor/table`) to rows
        In the vendor's native layout, or in that of the tool in `landed_by`.
    types : mapping of table to mapping of column to type
        How the file's own column types differ from the contract.
    without : mapping of table to columns
        Columns that the file lacks.
    changes : mapping of table to SQL
        What becomes of a whole table of the sound world; `rows` is the table as it was.
    files : mapping of file name to lines
        CSV files, in the place of the sound ones.
    mrr : mapping of account to mapping of month to amount
        USD, or amount and currency (`10 jpy`); months that are not named have none.
    churns : mapping of account to (churn date, date of return or None)
    answers : mapping of SQL to its single value
    stopped : tuple of str
        Patterns that the line which stops the night must match, all of them.
    stopped_by : str
        `files` (before anything is built), `gate` or empty.
    crowd : int
        How many more times it is planted, so that the faults of its world are few among many.
    """

    name: str
    kind: str
    title: str
    source: str
    worked_out: str
    rows: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    types: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    without: Mapping[str, list[str]] = field(default_factory=dict)
    changes: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, list[str]] = field(default_factory=dict)
    landed_by: Mapping[str, str] = field(default_factory=dict)
    vendors: tuple[str, ...] = ()
    not_on_file: tuple[str, ...] = ()
    mrr: Mapping[str, Mapping[str, float | str]] = field(default_factory=dict)
    churns: Mapping[str, list[tuple[str, str | None]]] = field(default_factory=dict)
    movements: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    answers: Mapping[str, Any] = field(default_factory=dict)
    counted: tuple[Counted, ...] = ()
    stopped: tuple[str, ...] = ()
    stopped_by: str = ""
    crowd: int = 0

    @property
    def accounts(self) -> list[str]:
        """Accounts that the case names; each is on file in the CRM unless `not_on_file`."""
        named = {*self.mrr, *self.churns, *self.movements} - {"unassigned"}
        return sorted(named - set(self.not_on_file))

    @property
    def is_billed(self) -> bool:
        """Whether it says what was billed, so that its world holds invoices."""
        return any(table in self.rows for table in (INVOICES, INVOICES_OF_TOOLS))


def read_cases(folder: Path = FOLDER) -> list[Case]:
    """All cases of the catalogue, by kind and name.

    Raises
    ------
    UserError
        A file is not JSON, or says something that no case says.
    """
    return [_read(file) for file in sorted(folder.glob("*/*.json"))]


def read_shared(folder: Path) -> list[Case]:
    """Cases that lie beside the clone: native subscription rows with the right MRR by month."""
    cases: list[Case] = []
    for file in sorted(folder.glob("*.json")):
        told = json.loads(file.read_text(encoding="utf-8"))
        name = "shared_" + re.sub(r"\W", "_", file.stem)
        text = json.dumps(told["rows"])
        rows = json.loads(re.sub(r'(account_id\\": \\"|"id": ")(?=\w)', rf"\1{name}-", text))
        mrr = told.get("mrr_by_account_and_month", {})
        stale = not mrr
        named = set(re.findall(rf"{name}-[a-z_0-9]+(?=\\)", json.dumps(rows)))
        cases.append(
            Case(
                name,
                "shared",
                file.stem,
                told["public_source"],
                told["expected"],
                rows={"stripe/subscriptions": rows},
                mrr={f"{name}-{account}": months for account, months in mrr.items()},
                churns={account: [] for account in named} if stale else {},
                counted=(Counted("subscription_stale", len(rows)),) if stale else (),
            )
        )
    return cases


def _read(file: Path) -> Case:
    where = f"{file.parent.name}/{file.name}"
    prefix = f"{file.stem}-"
    try:
        text = OWN_NAME.sub(prefix, file.read_text(encoding="utf-8"))
        told = json.loads(text)
    except json.JSONDecodeError as error:
        raise UserError(f"case {where} is not JSON: {error}", "mend that line") from None
    expected = told.get("expect", {})
    for unknown in (set(told) - KEYS) | (set(expected) - EXPECTED_KEYS):
        raise UserError(
            f"case {where} has the unknown key '{unknown}'", "see plumbline/proofs/exports"
        )
    for missing in {"title", "source", "worked_out", "expect"} - set(told):
        raise UserError(f"case {where} does not say its '{missing}'", "add it")
    mrr = {name: months_of(spans) for name, spans in expected.get("mrr", {}).items()}
    churns = {name: [tuple(pair) for pair in c] for name, c in expected.get("churns", {}).items()}
    for account, months in mrr.items():
        if not is_steady(months) and account not in churns:
            raise UserError(
                f"case {where}: {account} is not paid in every month and no churn is stated",
                "say its churns, [] for none",
            )
    stopped = expected.get("stopped", {})
    return Case(
        file.stem,
        file.parent.name,
        told["title"],
        told["source"],
        told["worked_out"],
        rows=told.get("rows", {}),
        types=told.get("types", {}),
        without=told.get("without", {}),
        changes=told.get("changes", {}),
        files=told.get("files", {}),
        landed_by=told.get("landed_by", {}),
        vendors=tuple(told.get("vendors", ())),
        not_on_file=tuple(told.get("not_on_file", ())),
        mrr=mrr,
        churns=churns,
        movements=expected.get("movements", {}),
        answers=expected.get("answers", {}),
        counted=tuple(Counted(**entry) for entry in expected.get("counted", [])),
        stopped=tuple(stopped.get("line", ())),
        stopped_by=stopped.get("by", ""),
        crowd=told.get("crowd", 0),
    )


def months_of(spans: Mapping[str, Any]) -> dict[str, Any]:
    """`2025-06..2025-08` as its months, each with the amount of the span."""
    months: dict[str, Any] = {}
    for span, amount in spans.items():
        first, _, last = span.partition("..")
        months.update(dict.fromkeys(_each_month(first, last or first), amount))
    return months


def is_steady(months: Iterable[str]) -> bool:
    """Whether no month lies unpaid between the first paid one and the last complete one."""
    paid = set(months)
    return not paid or paid >= set(_each_month(min(paid), LAST_MONTH))


def _each_month(first: str, last: str) -> Iterator[str]:
    year, month = map(int, first.split("-"))
    while f"{year}-{month:02}" <= last:
        yield f"{year}-{month:02}"
        year, month = (year + month // 12, month % 12 + 1)
