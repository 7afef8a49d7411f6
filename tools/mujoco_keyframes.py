"""Motions of the CMU database that MuJoCo MPC carries as keyframes, as an archive for `vpd vipe train`.

    python tools/mujoco_keyframes.py FOLDER OUT.npz

FOLDER is `mjpc/tasks/humanoid/tracking/keyframes` of github.com/google-deepmind/mujoco_mpc (Apache-2.0; the
motions are from mocap.cs.cmu.edu): jumps, kicks, cartwheels, flips, a dance, 30 frames a second. Each key has
the places of sixteen points of the body. The hand stands for the wrist, drawn towards the elbow to a forearm
of 0.25 m, the heel for the ankle, raised towards the knee by 0.06 m.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import numpy as np

POINTS = (
    "pelvis", "head", "left_toe", "right_toe", "left_ankle", "right_ankle", "left_knee", "right_knee",
    "left_wrist", "right_wrist", "left_elbow", "right_elbow", "left_shoulder", "right_shoulder",
    "left_hip", "right_hip",
)  # fmt: skip
"""The points of a key in order (tracking.cc); heels and hands by what they stand for."""
FOREARM, HEEL = 0.25, 0.06
FPS = 30


def towards(start: np.ndarray, end: np.ndarray, distance: float) -> np.ndarray:
    """Points (T, 3) at a distance in metres from ``start`` on the way to ``end``."""
    way = end - start
    return start + distance * way / np.linalg.norm(way, axis=1, keepdims=True)


def read_keyframes(path: Path) -> np.ndarray:
    """(T, 16, 3) places of ``POINTS`` in metres, z up."""
    keys = re.findall(r'mpos="([^"]+)"', path.read_text(encoding="utf-8"))
    points = np.array([[float(n) for n in key.split()] for key in keys]).reshape(-1, len(POINTS), 3)
    place = dict(zip(POINTS, points.transpose(1, 0, 2).copy(), strict=True))
    for side in ("left", "right"):
        place[f"{side}_wrist"] = towards(place[f"{side}_elbow"], place[f"{side}_wrist"], FOREARM)
        place[f"{side}_ankle"] = towards(place[f"{side}_ankle"], place[f"{side}_knee"], HEEL)
    return np.stack([place[name] for name in POINTS], axis=1)


def main() -> None:
    """Write the archive."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    found = {}
    for path in sorted(options.folder.glob("*_poses.xml")):
        number = re.sub(r".*-(\d+_\d+)_poses", r"\1", path.stem)
        found[f"mjpc_{number}"] = read_keyframes(path).astype(np.float32)
    if not found:
        parser.error(f"{options.folder} holds no *_poses.xml")
    np.savez_compressed(options.out, names=np.array(POINTS), fps=np.array(FPS), **found)
    print(f"{len(found)} sequences, {sum(map(len, found.values()))} frames to {options.out}")


if __name__ == "__main__":
    main()
