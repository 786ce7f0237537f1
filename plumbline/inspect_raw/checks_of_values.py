"""What the values of a table say: words, dates, types, JSON. No value of a text is ever shown."""

from __future__ import annotations

import re
from collections.abc import Iterator

from plumbline.inspect_raw.checks_of_shape import listed
from plumbline.inspect_raw.contract import NATIVE
from plumbline.inspect_raw.kinds import Finding, finding
from plumbline.inspect_raw.knowledge import Vocabulary
from plumbline.inspect_raw.parts import quoted
from plumbline.inspect_raw.values import MILLISECONDS, SECONDS, Rows, is_sane, moment, number

WORD = re.compile(r"^[a-z][a-z0-9_-]{0,39}$")
WHOLE = {"bigint", "integer"}
CASTS = WHOLE | {"double", "boolean", "date", "timestamp"}


def words(rows: Rows) -> Iterator[Finding]:
    """Words of a vocabulary that no seed knows."""
    for vocabulary in rows.known.vocabularies:
        column = rows.seen.column(vocabulary.column)
        is_of = (rows.seen.vendor, True) == (
            vocabulary.vendor,
            rows.seen.object_name in vocabulary.objects,
        )
        if not column or not is_of:
            continue
        unmapped = _unmapped(rows, column, vocabulary)
        if unmapped:
            text = f"{column}: {listed(unmapped)}; {vocabulary.place}{rows.seen.read.of_sample}"
            yield finding("word_unmapped", rows.seen.label, text)


def _unmapped(rows: Rows, column: str, vocabulary: Vocabulary) -> list[str]:
    value = f"cast({quoted(column)} as varchar)"
    if vocabulary.key:
        value = f"json_extract_string(try_cast({value} as json), '$.{vocabulary.key}')"
    found = rows.connection.execute(
        f"select lower(trim({value})) as word, count(*) from {rows.seen.read.relation}"
        " where word is not null and word <> '' group by word order by 2 desc, 1 limit 1000"
    ).fetchall()
    # what is no word may be a text of a person, in a column that slipped
    told = []
    for word, count in found:
        bare = word.replace(" ", "_") if vocabulary.may_have_spaces else word
        shown = word if WORD.match(bare) else f"a text of {len(word)} characters"
        if word not in vocabulary.words:
            told.append(f"{shown} ({count:,})")
    return told


def dates(rows: Rows) -> Iterator[Finding]:
    """Dates that are none, and epochs of another unit than seconds."""
    columns = rows.dated_columns()
    if not columns or not rows.seen.read.sample_rows:
        return
    asked: list[str] = []
    for name in columns:
        time, value = moment(name, rows.type_of(name)), number(name)
        asked += [
            f"count({quoted(name)})",
            f"count({quoted(name)}) - count({time})",
            f"count(*) filter ({time} is not null and not ({is_sane(time)}))",
            f"count(*) filter ({value} >= {MILLISECONDS})",
            f"count(*) filter ({value} >= {SECONDS} and {value} < {MILLISECONDS})",
        ]
    found = rows.ask(asked)
    sample, label = rows.seen.read.of_sample, rows.seen.label
    for place, name in enumerate(columns):
        filled, unread, outside, fine, coarse = found[5 * place : 5 * place + 5]
        if fine and (
            coarse
            or rows.type_of(name) == "varchar"
            or rows.is_among("epoch", name)
            or not rows.declared(name)
        ):
            beside = f", {coarse:,} in seconds" if coarse else ""
            yield finding(
                "epoch_milliseconds",
                label,
                f"{name}: {fine:,} of {filled:,} in milliseconds{beside}{sample}",
            )
        if outside:
            yield finding("date_outside", label, f"{name}: {outside:,} of {filled:,}{sample}")
        if unread and (coarse or fine or unread < filled or rows.declared(name)):
            yield finding("date_unread", label, f"{name}: {unread:,} of {filled:,}{sample}")


def types(rows: Rows) -> Iterator[Finding]:
    """Values that the contract's types cannot take."""
    contract = rows.seen.contract
    if contract is None or not rows.seen.read.sample_rows:
        return
    dated = set(rows.dated_columns())
    for declared_name, kind in contract.columns.items():
        name = rows.seen.column(declared_name)
        if name is None or kind not in CASTS or kind == rows.type_of(name):
            continue
        if name in dated and kind in ("date", "timestamp"):
            continue  # told as a date
        value = quoted(name)
        fits = f"try_cast({value} as {kind}) is not null"
        if kind in WHOLE:
            fits += f" and {number(name)} = round({number(name)})"
        filled, wrong = rows.ask(
            (f"count({value})", f"count(*) filter ({value} is not null and not ({fits}))")
        )
        if wrong:
            yield finding(
                "value_not_of_type",
                rows.seen.label,
                f"{name}: {wrong:,} of {filled:,} do not read as {kind}{rows.seen.read.of_sample}",
            )


def json_texts(rows: Rows) -> Iterator[Finding]:
    """Texts that the contract calls JSON and that are none, and lists that were cut off."""
    for name in rows.own_columns():
        if not rows.is_among("json", name) or rows.type_of(name) != "varchar":
            continue
        value = quoted(name)
        filled, broken, cut = rows.ask(
            (
                f"count({value})",
                f"count(*) filter (trim({value}) <> '' and not json_valid({value}))",
                f"count(*) filter (json_extract_string(try_cast({value} as json), '$.has_more')"
                " = 'true')",
            )
        )
        sample, label = rows.seen.read.of_sample, rows.seen.label
        if broken:
            yield finding("json_broken", label, f"{name}: {broken:,} of {filled:,}{sample}")
        if cut:
            yield finding("list_cut_off", label, f"{name}: {cut:,} of {filled:,}{sample}")


def marks(rows: Rows) -> Iterator[Finding]:
    """What tool and vendor say of single rows: taken out, deleted, test mode."""
    read, label = rows.seen.read, rows.seen.label
    for name, kind, told in (("livemode", "test_rows", "livemode is false in"),):
        column = rows.seen.column(name)
        if column:
            (count,) = rows.ask((_count_if(column, "false"),))
            if count:
                yield finding(
                    kind, label, f"{told} {count:,} of {read.sample_rows:,} rows{read.of_sample}"
                )
    column = rows.seen.column(*rows.seen.tool.deleted) if rows.seen.tool.deleted else None
    if column and rows.seen.tool.name != NATIVE:
        (count,) = rows.ask((_count_if(column, "true"),))
        if count:
            yield finding(
                "deleted_rows",
                label,
                f"{column} is true in {count:,} of {read.sample_rows:,} rows{read.of_sample}",
            )
    column = rows.seen.column("_airbyte_meta")
    if column:
        yield from _taken_out(rows, column)


def _count_if(column: str, value: str) -> str:
    return f"count(*) filter (lower(cast({quoted(column)} as varchar)) = '{value}')"


def _taken_out(rows: Rows, column: str) -> Iterator[Finding]:
    text = f"cast({quoted(column)} as varchar)"
    if rows.type_of(column).startswith("struct"):
        text = f"cast(to_json({quoted(column)}) as varchar)"
    changes = f"json_extract(try_cast({text} as json), '$.changes')"
    found = rows.connection.execute(
        "select json_extract_string(change, '$.field') as field, count(*) from ("
        f"select unnest(from_json({changes}, '[\"JSON\"]')) as change"
        f" from {rows.seen.read.relation}) group by field order by 2 desc, 1"
    ).fetchall()
    if found:
        told = [f"{field} in {count:,} rows" for field, count in found]
        yield finding("nulled_by_sync", rows.seen.label, listed(told) + rows.seen.read.of_sample)


CHECKS = (words, dates, types, json_texts, marks)
