"""Make a library of the sample in seconds: the true poses are given, so that none has to be estimated.

python docs/examples/make_library.py sample_library
"""

import json
import sys
from pathlib import Path

import numpy as np

import vpd

SAMPLE = Path(vpd.__file__).parent / "sample"
SETTINGS = """
[teach]
teachers = ["joints2d"]              # `vipe` takes poses of the shipped estimator alone

[distill]
heads = [{ teacher = "joints2d" }]
"""


def make_library(root: Path, videos: str = "*_a.mp4") -> vpd.Library:
    """A library of the sample's videos that fit the pattern, with labels, split and features ``joints2d``."""
    library = vpd.Library.new(root, sorted((SAMPLE / "videos").glob(videos)))
    names = list(library.videos.rows)
    library.layout.settings.write_text(SETTINGS, encoding="utf-8")

    # Boxes and poses that lie in these folders are taken instead of detection and estimation.
    truth = np.load(SAMPLE / "truth.npz")
    for name in names:
        boxes, joints = truth[f"{name}/boxes"], truth[f"{name}/keypoints2d"]
        rows = [f"{f},{x},{y},{w},{h}" for f, (x, y, w, h) in enumerate(boxes) if w > 0 and h > 0]
        library.layout.boxes(name).parent.mkdir(exist_ok=True)
        library.layout.boxes(name).write_text("frame,x,y,w,h\n" + "\n".join(rows) + "\n")
        poses = [
            {"frame": f, "keypoints": np.c_[xy, np.ones(17)].ravel().tolist(), "score": 1.0}
            for f, xy in enumerate(joints.astype(float))
        ]
        given = root / "poses_given" / f"{name}.json"
        given.parent.mkdir(exist_ok=True)
        given.write_text(json.dumps(poses))

    for table in ("labels.csv", "splits.csv"):
        header, *rows = (SAMPLE / table).read_text().splitlines()
        kept = [row for row in rows if row.split(",")[0] in names]
        (root / table).write_text("\n".join([header, *kept]) + "\n")

    report = library.run(["teach"])
    assert report.complete, report.set_aside
    return library


if __name__ == "__main__":
    print(make_library(Path(sys.argv[1] if len(sys.argv) > 1 else "sample_library")))
