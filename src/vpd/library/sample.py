"""A quick sign of the content of files that may be large: their sizes, and what stands in a few places."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import xxhash

from vpd.files import must_be_a_file

BLOCK = 64 * 2**10
"""Bytes that are read at the beginning, in the middle, and at the end of a file."""


def content_sample(files: Sequence[Path]) -> str:
    """The XXH3 hash (128 bits) of the samples of all files, in order: what a copy has in common with them.

    Another recording has another sample; a change within a recording may not be seen. Raises OSError.
    """
    hashed = xxhash.xxh3_128()
    for path in files:
        must_be_a_file(path)
        size = path.stat().st_size
        hashed.update(size.to_bytes(8, "little"))
        with path.open("rb") as file:
            for place in (0, max(0, size - BLOCK) // 2, max(0, size - BLOCK)):
                file.seek(place)
                hashed.update(file.read(BLOCK))
    return hashed.hexdigest()
