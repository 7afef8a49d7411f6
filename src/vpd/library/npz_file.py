"""Read archives of arrays (.npz) of others. They are never unpickled, and their size is limited before
unpacking.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from vpd.errors import InputError
from vpd.types import Array

MOST_BYTES = 4 * 2**30
"""Largest size of all arrays together in bytes. A large body model has 0.4 GB."""


def read_npz(path: Path, names: Iterable[str] | None = None) -> dict[str, Array]:
    """Read the arrays of an archive, or those of ``names``.

    Raises InputError where the file is no archive, holds more than `MOST_BYTES`, or has an array that needs
    unpickling; KeyError where a name is missing.
    """
    try:
        with zipfile.ZipFile(path) as packed:
            entries = packed.infolist()
            if any(not entry.filename.endswith(".npy") for entry in entries):
                raise InputError(f"{path} holds files that are no arrays.")
            sizes = {entry.filename.removesuffix(".npy"): entry.file_size for entry in entries}
            if len(sizes) < len(entries):
                raise InputError(f"{path} holds two arrays of one name.")
            wanted = list(sizes) if names is None else list(names)
            total = sum(sizes.get(name, 0) for name in wanted)
            if total > MOST_BYTES:
                raise InputError(
                    f"{path} unpacks to {total / 1e9:.1f} GB, more than the {MOST_BYTES / 1e9:.1f} GB read."
                )
            for name in wanted:
                if name in sizes:
                    _check_shape(packed, f"{name}.npy", sizes[name], path)
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in wanted}
    except InputError:
        raise
    except KeyError:
        raise
    except (OSError, ValueError, EOFError, MemoryError, zipfile.BadZipFile, zlib.error) as error:
        raise InputError(f"{path} cannot be read as arrays without pickling: {error}") from error


def _check_shape(packed: zipfile.ZipFile, member: str, size: int, path: Path) -> None:
    """Refuse a header that asks for more memory than the member holds."""
    if member not in packed.namelist():
        return
    with packed.open(member) as file:
        version = np.lib.format.read_magic(file)
        read = (
            np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        )
        shape, _, dtype = read(file)
    needed = dtype.itemsize
    for length in shape:
        needed *= int(length)
    if needed > size:
        raise InputError(f"{path}: {member} says that it has {needed} bytes, and holds {size}.")
