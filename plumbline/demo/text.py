"""Fixed-width identifiers and joined text, made column-wise."""

from __future__ import annotations

import zlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_HEX = np.frombuffer("".join(f"{i:02x}" for i in range(256)).encode(), dtype="<u2")


def mixed(counter: np.ndarray, salt: int) -> np.ndarray:
    """Mix 64-bit counters by a bijection, so that distinct counters stay distinct.

    Source: the finaliser of splitmix64 (Steele, Lea and Flood 2014).
    """
    x = counter.astype(np.uint64) + np.uint64(salt & 0xFFFFFFFFFFFFFFFF)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def fixed_text(rows: np.ndarray) -> pa.Array:
    """Wrap an (n, width) uint8 array as a string array without copying row by row."""
    n, width = rows.shape
    offsets = np.arange(n + 1, dtype=np.int32) * np.int32(width)
    data = np.ascontiguousarray(rows)
    return pa.StringArray.from_buffers(n, pa.py_buffer(offsets), pa.py_buffer(data))


def hex_text(prefix: str, values: np.ndarray, digits: int = 16) -> pa.Array:
    """Text `prefix` + the last `digits` hexadecimal digits of 64-bit values."""
    big = np.ascontiguousarray(values.astype(">u8")).view(np.uint8).reshape(-1, 8)
    body = np.ascontiguousarray(_HEX[big]).view(np.uint8).reshape(-1, 16)
    rows = np.empty((len(values), len(prefix) + digits), dtype=np.uint8)
    rows[:, : len(prefix)] = np.frombuffer(prefix.encode(), dtype=np.uint8)
    rows[:, len(prefix) :] = body[:, 16 - digits :]
    return fixed_text(rows)


def ids(prefix: str, count: int | np.ndarray, digits: int = 14) -> pa.Array:
    """Identifiers for counters 0..count-1 (or for the counters given), scattered by prefix."""
    counter = np.arange(count) if isinstance(count, int) else count
    return hex_text(prefix, mixed(counter, zlib.crc32(prefix.encode()) << 20), digits)


def crm_ids(prefix: str, count: int | np.ndarray) -> pa.Array:
    """Salesforce ids: 15 characters that identify, and 3 that say which of them are capitals.

    `prefix` is the first five characters; the ten after it hold no capital.
    """
    capitals = sum(2**place for place, letter in enumerate(prefix) if letter.isupper())
    check = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"[capitals]
    return joined(ids(prefix, count, 10), f"{check}AA")


def short_crm_ids(ids_18: pa.Array, short: np.ndarray) -> pa.Array:
    """The ids, cut to the 15 characters that links and reports give where `short` is true."""
    return pc.if_else(pa.array(short), pc.utf8_slice_codeunits(ids_18, 0, 15), ids_18)


def picked(values: list[str] | tuple[str, ...] | pa.Array, index: np.ndarray) -> pa.Array:
    """`values[index]` as text; negative indices become null."""
    pool = values if isinstance(values, pa.Array) else pa.array(list(values), pa.string())
    index = np.asarray(index)
    return pool.take(pa.array(np.where(index < 0, 0, index), mask=index < 0))


def joined(*parts: str | pa.Array | np.ndarray) -> pa.Array:
    """Concatenate text, numbers and constants row by row; a null part makes the row null."""
    columns = [part if isinstance(part, str) else _as_text(part) for part in parts]
    return pc.binary_join_element_wise(*columns, "")


def _as_text(part: pa.Array | np.ndarray) -> pa.Array:
    column = part if isinstance(part, pa.Array | pa.ChunkedArray) else pa.array(part)
    return column if pa.types.is_string(column.type) else column.cast(pa.string())


def masked(column: pa.Array, keep: np.ndarray) -> pa.Array:
    """The column with null where `keep` is false."""
    return pc.if_else(pa.array(keep), column, pa.scalar(None, column.type))
