"""Makes the sample that the package ships, in src/vpd/sample: `python tools/synthetic/sample.py`.

The truth is packed into one small file: 2D keypoints and boxes as float16 (to 1/8 pixel), by video.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tools.synthetic.generate import Plan, generate

SAMPLE = Path(__file__).resolve().parents[2] / "src" / "vpd" / "sample"
MOST_BYTES = 6_000_000


def pack(generated: Path, out: Path) -> int:
    """Copy what ``generate`` wrote to ``out``, its truth packed; returns the bytes. Stops when too large."""
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(generated / "videos", out / "videos")
    for name in ("labels.csv", "splits.csv"):
        shutil.copy(generated / name, out / name)
    packed = {}
    for path in sorted((generated / "truth").glob("*.npz")):
        with np.load(path) as truth:
            for name in ("keypoints2d", "boxes"):
                packed[f"{path.stem}/{name}"] = truth[name].astype(np.float16)
    np.savez_compressed(out / "truth.npz", **packed)
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    if size > MOST_BYTES:
        raise SystemExit(
            f"the sample has {size} bytes, more than {MOST_BYTES}: raise crf or make fewer videos"
        )
    return size


def main() -> None:
    """Generate with the default plan and pack it, or pack what was generated before."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--generated", type=Path, help="folder that generate.py wrote")
    generated = parser.parse_args().generated
    with tempfile.TemporaryDirectory() as scratch:
        if generated is None:
            generated = Path(scratch)
            generate(Plan(), generated, jobs=2)
        print(f"{pack(generated, SAMPLE)} bytes in {SAMPLE}")


if __name__ == "__main__":
    main()
