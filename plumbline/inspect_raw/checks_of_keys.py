"""Whether keys identify and lead somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from plumbline.inspect_raw.checks_of_shape import listed
from plumbline.inspect_raw.kinds import Finding, finding
from plumbline.inspect_raw.knowledge import Link, plain
from plumbline.inspect_raw.parts import quoted
from plumbline.inspect_raw.recognise import UNKNOWN
from plumbline.inspect_raw.values import Rows

KEY_EXAMPLE = re.compile(r"^(?=.*\d)[A-Za-z0-9_.:/+=-]{1,40}$")
REFERENCES = ("customer", "subscription", "invoice", "product", "price")


@dataclass(frozen=True)
class IdForms:
    """How many Salesforce ids of a column have 15 and 18 characters."""

    where: str
    is_account: bool
    short: int
    long: int


def own_keys(rows: Rows) -> Iterator[Finding]:
    """Rows without a key, one key on different rows, rows that landed twice."""
    if rows.key is None or not rows.seen.read.sample_rows:
        return
    read, label, key = rows.seen.read, rows.seen.label, quoted(rows.key)
    (empty,) = rows.ask((f"count(*) filter (coalesce(cast({key} as varchar), '') = '')",))
    if empty:
        share = empty / read.sample_rows
        yield finding(
            "key_null",
            label,
            f"{rows.key}: {empty:,} of {read.sample_rows:,} rows, {share:.1%}{read.of_sample}",
        )
    version = _version_columns(rows)
    others = [quoted(name) for name in rows.own_columns()]
    active = rows.seen.column("_fivetran_active")
    is_current = f"lower(cast({quoted(active)} as varchar)) = 'true'" if active else "true"
    groups = ", ".join(["k", *(f"v{place}" for place in range(len(version)))])
    named = "".join(f", {quoted(name)} as v{place}" for place, name in enumerate(version))
    found = rows.connection.execute(
        f"with hashed as (select {key} as k{named}, hash({', '.join(others)}) as h"
        f" from {read.relation} where {key} is not null and {is_current}),"
        f" grouped as (select {groups}, count(*) as n, count(distinct h) as d from hashed"
        f" group by {groups})"
        " select coalesce(sum(n - d), 0), count(*) filter (d > 1),"
        " min(cast(k as varchar)) filter (d > 1) from grouped"
    ).fetchone()
    copies, repeated, example = found or (0, 0, None)
    if repeated:
        shown = f", for instance {example}" if KEY_EXAMPLE.match(example) else ""
        yield finding("key_repeats", label, f"{rows.key}: {repeated:,} keys{shown}{read.of_sample}")
    if copies:
        yield finding("rows_repeat", label, f"{int(copies):,} rows{read.of_sample}")


def _version_columns(rows: Rows) -> list[str]:
    """What tells two versions of an object apart, beside the key."""
    start = rows.seen.column("_fivetran_start")
    if start:
        return [start]
    if not rows.keeps_versions():
        return []
    columns = (rows.clock.column if rows.clock else None, rows.known_at())
    return [name for name in columns if name]


def references(rows: Rows) -> Iterator[Finding]:
    """Shares of empty keys that lead to other tables."""
    read = rows.seen.read
    names = [name for name in rows.own_columns() if _is_reference(rows, name)]
    if not names or not read.sample_rows:
        return
    counts = rows.ask(
        f"count(*) filter (coalesce(cast({quoted(name)} as varchar), '') = '')" for name in names
    )
    told = [
        f"{name} {count / read.sample_rows:.1%}"
        for name, count in zip(names, counts, strict=True)
        if count
    ]
    if told:
        yield finding("reference_null", rows.seen.label, listed(told) + read.of_sample)


def _is_reference(rows: Rows, name: str) -> bool:
    if name == rows.key or not (plain(name).endswith("id") or name in REFERENCES):
        return False
    linked = {plain(link.column) for link in rows.known.links if _is_of(rows, link)}
    if plain(name) in linked:
        return False
    is_expected = rows.declared(name) and not rows.is_among("nullable", name)
    return rows.seen.vendor == UNKNOWN or bool(is_expected)


def links(rows: Rows) -> Iterator[Finding]:
    """Rows that name no account."""
    read = rows.seen.read
    for link, value in _links(rows):
        (empty,) = rows.ask((f"count(*) filter (coalesce({value}, '') = '')",))
        if empty and link.column != rows.key:
            share = empty / read.sample_rows
            yield finding(
                "link_missing",
                rows.seen.label,
                f"{_told(link)} is empty in {empty:,} of {read.sample_rows:,} rows,"
                f" {share:.1%}{read.of_sample}",
            )


def _is_of(rows: Rows, link: Link) -> bool:
    return rows.seen.vendor == link.vendor and rows.seen.object_name in link.objects


def _told(link: Link) -> str:
    entry = f" entry {link.entry}" if link.entry else ""
    return f"{link.column}.{link.key}" if link.key else f"{link.column}{entry}"


def _links(rows: Rows) -> Iterator[tuple[Link, str]]:
    for link in rows.known.links:
        column = rows.seen.column(link.column)
        if not _is_of(rows, link) or column is None or not rows.seen.read.sample_rows:
            continue
        text = f"cast({quoted(column)} as varchar)"
        if rows.type_of(column).startswith(("struct", "map")) or "[" in rows.type_of(column):
            text = f"cast(to_json({quoted(column)}) as varchar)"
        json = f"try_cast({text} as json)"
        if link.key:
            yield link, f"json_extract_string({json}, '$.{link.key}')"
        elif link.entry:
            shape = '[{"id": "VARCHAR", "value": "VARCHAR"}]'
            entries = f"list_filter(from_json({json}, '{shape}'), lambda e: e.id = '{link.entry}')"
            yield link, f"{entries}[1].value"
        else:
            yield link, text


def id_forms(rows: Rows) -> Iterator[IdForms]:
    """Lengths of Salesforce ids: the CRM's own, and what other tables name their account by."""
    asked = {_told(link): value for link, value in _links(rows)}
    accounts = set(asked)
    if rows.seen.vendor == "salesforce" and rows.seen.object_name:
        for name in rows.own_columns():
            if re.search(r"(?:^|[a-z]|_)(?:Id|id)$", name) and rows.declared(name):
                asked.setdefault(name, f"cast({quoted(name)} as varchar)")
    if not asked or not rows.seen.read.sample_rows:
        return
    counts = rows.ask(
        f"count(*) filter (regexp_full_match({value}, '[a-zA-Z0-9]{{{length}}}'))"
        for value in asked.values()
        for length in (15, 18)
    )
    for place, name in enumerate(asked):
        short, long = counts[2 * place : 2 * place + 2]
        where = f"{rows.seen.label}: {name}"
        yield IdForms(where, name in accounts, short, long)


def mixed_ids(forms: Iterable[IdForms]) -> Iterator[Finding]:
    """Columns with ids of both lengths, and tables whose account ids have different ones."""
    accounts: list[IdForms] = []
    for form in forms:
        where, column = form.where.rsplit(": ", 1)
        if form.short and form.long:
            text = f"{column}: {form.short:,} of 15, {form.long:,} of 18 characters"
            yield finding("ids_15_and_18", where, text)
        elif form.is_account and (form.short or form.long):
            accounts.append(form)
    short = [form for form in accounts if form.short]
    long = [form for form in accounts if form.long]
    if short and long:
        told = listed([f"{form.where} has 18" for form in long], 3)
        for form in short:
            where, column = form.where.rsplit(": ", 1)
            yield finding("ids_15_and_18", where, f"{column} has 15 characters; {told}")


CHECKS = (own_keys, references, links)
