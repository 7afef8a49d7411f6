"""Teacher and student as blur grows: errors of their poses against the truth, and accuracy from few labels.

    for b in 0 0.33 0.66 1.0; do
      python tools/synthetic/generate.py --out FOLDER/$b --blur $b \
        --videos 6 --scenes 6 --test-scenes 3 --seed 7
    done
    python benchmarks/blur.py FOLDER --out WORK [--jobs 2]

Of every folder a library is made and run: the teachers, the default student, and
a student of joints2d.

Errors are distances of the 13 joints from the true ones, both normalised as joints2d normalises them, in
lengths of the torso; unsure frames are those whose pose has a score below the 0.5 that students learn from.
Accuracy: nearest neighbour, k examples a class from the training scenes, queries from the test scenes. Last,
how well a missed joint is told by its score.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

import vpd
from few_shot import read_plain_labels
from vpd.crops import CropFile
from vpd.library.features import read_features
from vpd.library.layout import Layout
from vpd.library.poses import read_poses
from vpd.pose.skeleton import BODY13
from vpd.teachers import joints2d
from vpd.types import REGULAR, Array
from vpd.verbs.few_shot import measure, prepare

TORSO = 2.0
"""Normalised joints have a torso of 0.5."""
FAR = 0.25
"""Torso lengths from the true place beyond which a joint counts as missed."""
STUDENTS = {
    "student2d": 'name = "student2d"\n[[distill.heads]]\nteacher = "joints2d"\n',
    "vpd": 'name = "vpd"\n',
}
FEATURES = ["joints2d", "student2d", "vipe", "vipe-window", "vpd"]


def run(videos: Path, library: Path, jobs: int) -> Layout:
    """The library with features of the teachers and both students."""
    if not library.exists():
        vpd.Library.new(library, videos)
    layout = Layout(library)
    for settings in STUDENTS.values():
        layout.settings.write_text(
            f'[teach]\nteachers = ["joints2d", "vipe", "vipe-window"]\n[distill]\n{settings}'
        )
        report = vpd.Library(library).run(jobs=jobs)
        assert report.complete, report
    return layout


@dataclass(frozen=True, eq=False)
class Truth:
    """What is known of one video's athlete: joints (F, 13, 2) normalised, and boxes (F, 4), of all frames."""

    video: str
    joints: Array
    boxes: Array

    @classmethod
    def read(cls, path: Path) -> Truth:
        """Of one file of the generator."""
        with np.load(path) as known:
            keypoints, boxes = known["keypoints2d"], known["boxes"]
        whole = np.concatenate([keypoints, np.ones_like(keypoints[..., :1])], 2)
        return cls(path.stem, joints2d.normalise(whole), boxes)

    def rows(self, crops: CropFile) -> Array:
        """Rows of the crops that show the athlete: the middle of the crop lies in the true box."""
        x, y, side = crops.squares.T
        middle = np.stack([x + side / 2, y + side / 2], 1)
        of = self.boxes[crops.frames]
        return np.flatnonzero(((middle > of[:, :2]) & (middle < of[:, :2] + of[:, 2:])).all(1))


def errors(layout: Layout, name: str, truths: list[Truth]) -> tuple[Array, Array]:
    """(N, 13) distances of the joints in torso lengths, and (N,) whether the frame's pose is unsure.

    Frames of the athlete alone.
    """
    found: list[Array] = []
    unsure: list[Array] = []
    for truth in truths:
        crops = CropFile(layout.crops(truth.video))
        scores = {
            (s.athlete, int(frame)): float(score)
            for s in read_features(layout.features("joints2d", truth.video))
            for frame, score in zip(s.frames, s.scores, strict=True)
        }
        inside = truth.rows(crops)
        mine = {(int(a), int(f)) for a, f in zip(crops.athletes[inside], crops.frames[inside], strict=True)}
        for s in read_features(layout.features(name, truth.video)):
            rows = [i for i, f in enumerate(s.frames) if (s.athlete, int(f)) in mine and s.valid[i]]
            seen = s.values[rows, REGULAR].reshape(-1, 13, 2)
            found.append(TORSO * np.linalg.norm(seen - truth.joints[s.frames[rows]], axis=2))
            unsure.append(np.array([scores.get((s.athlete, int(f)), 0.0) < 0.5 for f in s.frames[rows]]))
    return np.concatenate(found), np.concatenate(unsure)


def signs(layout: Layout, truths: list[Truth]) -> tuple[Array, Array, Array]:
    """Of the teacher's joints (N, 13) the error in torso lengths and the score; (N,) whether the frame's pose
    has a high score."""
    columns: list[list[Array]] = [[], []]
    for truth in truths:
        crops = CropFile(layout.crops(truth.video))
        mine = truth.rows(crops)
        for poses in read_poses(layout.poses(truth.video)):
            rows = mine[np.isin(crops.frames[mine], poses.frames) & (crops.athletes[mine] == poses.athlete)]
            seen = poses.keypoints[np.searchsorted(poses.frames, crops.frames[rows])]
            apart = joints2d.normalise(seen) - truth.joints[crops.frames[rows]]
            columns[0].append(TORSO * np.linalg.norm(apart, axis=2))
            columns[1].append(seen[:, BODY13, 2])
    error, score = (np.concatenate(c) for c in columns)
    return error, score, score.mean(axis=1) >= 0.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--ks", type=int, nargs="+", default=[1, 2])
    given = parser.parse_args()
    print("| blur | unsure | poses of | error, torsos | missed | error, unsure | missed, unsure |")
    print("|---|---|---|---|---|---|---|")
    accuracies: list[str] = []
    tells: list[str] = []
    for folder in sorted((p for p in given.folder.iterdir() if p.is_dir()), key=lambda p: float(p.name)):
        layout = run(folder / "videos", given.out / folder.name, given.jobs)
        truths = [Truth.read(path) for path in sorted((folder / "truth").glob("*.npz"))]
        error, score, sure = signs(layout, truths)
        for what, part in (("all", np.ones_like(sure)), ("sure", sure)):
            told = roc_auc_score(error[part].ravel() > FAR, -score[part].ravel())
            tells.append(f"| {folder.name} | {what} | {told:.2f} |")
        for name in ("joints2d", "student2d"):
            apart, unsure = errors(layout, name, truths)
            cells = [
                cell
                for part in (apart, apart[unsure])
                for cell in (f"{part.mean():.3f}", f"{100 * (part > FAR).mean():.1f} %")
            ]
            print(
                f"| {folder.name} | {100 * unsure.mean():.0f} % | {name} | {' | '.join(cells)} |", flush=True
            )
        parts = prepare(
            read_plain_labels(folder / "labels.csv"),
            layout.root / "results",
            folder / "splits.csv",
            ks=given.ks,
        )
        found = measure(layout, parts, FEATURES, ["dtw-nn"])
        for name in FEATURES:
            figures = [found.summary(name, "dtw-nn")[k] for k in found.summary(name, "dtw-nn")]
            cells = [
                f"{100 * f.mean:.1f}" + (f" ± {100 * f.sd:.1f}" if f.subsets > 1 else "") for f in figures
            ]
            accuracies.append(f"| {folder.name} | {name} | {' | '.join(cells)} |")
    print(f"\n| blur | features | {' | '.join(f'k = {k}' for k in given.ks)} | all |")
    print("|---|---|" + "---|" * (len(given.ks) + 1))
    print("\n".join(accuracies))
    print("\nHow well a missed joint is told (area under the ROC curve)")
    print("| blur | frames | score |\n|---|---|---|")
    print("\n".join(tells))


if __name__ == "__main__":
    main()
