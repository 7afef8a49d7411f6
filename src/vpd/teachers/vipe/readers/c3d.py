"""Read C3D, the binary marker file of motion capture systems, by the package `c3d`."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np

from vpd.errors import InputError
from vpd.teachers.vipe.readers.trc import UNITS
from vpd.types import Array


def read_c3d(path: Path) -> tuple[list[str], Array, float, float]:
    """Marker names, positions (T, N, 3) with NaN where missing, frames per second and metres a unit."""
    try:
        library = importlib.import_module("c3d")
    except ImportError as error:
        raise InputError(f"{path}: reading C3D needs the package c3d. Run `pip install c3d`.") from error
    with path.open("rb") as file:
        try:
            reader = library.Reader(file)
            names = [str(name).strip() for name in reader.point_labels]
            frames = np.stack([points for _, points, _ in reader.read_frames()])
            unit = str(reader.get("POINT:UNITS").string_value).strip().lower()
            fps = float(reader.point_rate)
        except (AssertionError, AttributeError, KeyError, TypeError, UnicodeError, ValueError) as error:
            raise InputError(f"{path} is not a C3D file that can be read: {error}") from error
    if unit not in UNITS:
        raise InputError(f"{path}: the unit {unit!r} is unknown; {', '.join(UNITS)} are known")
    # The fourth column is the residual, negative where a marker was not seen.
    positions = np.where(frames[:, :, 3:4] < 0, np.nan, frames[:, :, :3].astype(np.float64))
    return names, positions[:, : len(names)], fps, UNITS[unit]
