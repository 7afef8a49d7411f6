"""Where the shared real inputs lie; tests that need them skip, saying so, where they are absent."""

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("VPD_SHARED", Path(__file__).parents[2] / "shared"))


def shared_path(relative: str) -> Path:
    """The shared file or folder ``relative``; skips the test where it is absent."""
    path = SHARED / relative
    if not path.exists():
        pytest.skip(f"shared input {relative} is absent (set VPD_SHARED to the folder that holds it)")
    return path
