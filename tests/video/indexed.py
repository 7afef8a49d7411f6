"""A file with its index, as the scan leaves it, for tests that enter it in the middle."""

from pathlib import Path

from vpd.library.artefact import Recipe
from vpd.library.frames import Recording, write_index
from vpd.video import scan_video


def indexed(path: Path, folder: Path, fps: float = 0.0) -> Recording:
    """The recording of ``path``; its index is written into ``folder`` and read from there."""
    _, index = scan_video(path, fps=fps)
    out = folder / f"{path.stem[:40]}.parquet"
    write_index(out, index, Recipe("scan", 1))
    return Recording(path, out)
