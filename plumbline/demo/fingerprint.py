"""One SHA-256 over the contents of a folder of Parquet files, whatever wrote their bytes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq


def fingerprint(root: Path) -> str:
    """Hash paths, column names, types and values of every Parquet file below `root`.

    Values rather than bytes, so that another release of the Parquet writer gives the same hash.
    """
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.parquet")):
        digest.update(str(path.relative_to(root)).encode())
        table = pq.ParquetFile(path).read()
        for field in table.schema:
            digest.update(f"{field.name}:{field.type}".encode())
            _update(digest, table[field.name].combine_chunks())
    return digest.hexdigest()


def _text_bytes(column: pa.Array) -> bytes | memoryview:
    if len(column) == 0:
        return b""
    _, offsets, data = column.buffers()
    ends = np.frombuffer(offsets, dtype=np.int32)[column.offset : column.offset + len(column) + 1]
    return memoryview(data)[ends[0] : ends[-1]] if data is not None else b""


def _update(digest: hashlib._Hash, column: pa.Array | pa.ChunkedArray) -> None:
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    digest.update(np.packbits(column.is_null().to_numpy(zero_copy_only=False)).tobytes())
    if pa.types.is_null(column.type):
        return
    if pa.types.is_string(column.type):
        lengths = pc.binary_length(column).fill_null(0).to_numpy(zero_copy_only=False)
        digest.update(lengths.astype(np.int32).tobytes())
        digest.update(_text_bytes(column.drop_null()))
        return
    plain = pa.types.is_temporal(column.type) and not pa.types.is_date32(column.type)
    column = column.cast(pa.int64()) if plain else column
    column = column.cast(pa.int32()) if pa.types.is_date32(column.type) else column
    column = column.cast(pa.int8()) if pa.types.is_boolean(column.type) else column
    digest.update(column.fill_null(0).to_numpy(zero_copy_only=False).tobytes())
