"""Columns of Arrow tables as arrays.

Arrow's own `to_numpy` imports pandas where that is installed, 0.2 s, and `is_valid` its functions, 0.1 s.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from vpd.types import Array


def values_of(column: pa.Array | pa.ChunkedArray) -> Array:
    """The values (rows,) of a column, as of `to_numpy`; of numbers in one piece a view, read-only."""
    return _joined(column, _values)


def is_filled(column: pa.Array | pa.ChunkedArray) -> Array:
    """Which rows (rows,) of a column have a value, bool."""
    return _joined(
        column, lambda piece: _bits(piece, 0) if piece.null_count else np.ones(len(piece), np.bool_)
    )


def _joined(column: pa.Array | pa.ChunkedArray, array_of: Callable[[pa.Array], Array]) -> Array:
    pieces = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    arrays = [array_of(piece) for piece in pieces or [pa.nulls(0, column.type)]]
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


def _bits(piece: pa.Array, buffer: int) -> Array:
    """The bits of a buffer: 0 says which rows have a value, 1 holds bools."""
    bits, stop = np.frombuffer(piece.buffers()[buffer], np.uint8), piece.offset + len(piece)
    found: Array = np.unpackbits(bits, count=stop, bitorder="little")[piece.offset :].view(np.bool_)
    return found


def _values(piece: pa.Array) -> Array:
    found: Array
    if pa.types.is_boolean(piece.type) and not piece.null_count:
        found = _bits(piece, 1)
    elif (pa.types.is_integer(piece.type) or pa.types.is_floating(piece.type)) and not piece.null_count:
        found = np.from_dlpack(piece)
    else:
        found = piece.to_numpy(zero_copy_only=False)
    return found
