"""Read TRC, the tab-separated marker table of OpenSim and Vicon."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vpd.errors import InputError
from vpd.types import Array

UNITS = {"m": 1.0, "cm": 0.01, "mm": 0.001}


def read_trc(path: Path) -> tuple[list[str], Array, float, float]:
    """Marker names, positions (T, N, 3) with NaN where missing, frames per second and metres a unit."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    try:
        header = dict(zip(lines[1].split("\t"), lines[2].split("\t"), strict=False))
        names = [name.strip() for name in lines[3].split("\t")[2:] if name.strip()]
        fps, metres = float(header["DataRate"]), UNITS[header["Units"].strip().lower()]
        rows = [line.split("\t") for line in lines[5:] if line.strip()]
        width = 2 + 3 * len(names)
        table = np.array(
            [[float(v) if v.strip() else np.nan for v in (row + [""] * width)[:width]] for row in rows]
        )
        positions = table[:, 2:].reshape(len(table), len(names), 3)
    except (IndexError, KeyError, ValueError) as error:
        raise InputError(f"{path} is not a TRC file that can be read: {error}") from error
    return names, positions, fps, metres
