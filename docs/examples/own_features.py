"""Features of your own: one file a video, then every verb takes them by name."""

import sys

import numpy as np

import vpd
from vpd.library.artefact import Recipe
from vpd.library.features import read_features, write_features
from vpd.types import FeatureSequence

library = vpd.Library(sys.argv[1] if len(sys.argv) > 1 else "sample_library")


def mine(joints: FeatureSequence) -> FeatureSequence:
    """Joints and how they move from frame to frame, for both orientations."""
    change = np.diff(joints.values, axis=0, prepend=joints.values[:1])
    values = np.concatenate([joints.values, change], axis=2)  # (T, 2, d): as it is, and mirrored
    return FeatureSequence(
        joints.video, joints.athlete, joints.frames, joints.times_s, values, joints.valid, joints.scores
    )


for video in library.videos.rows:
    sequences = [mine(joints) for joints in read_features(library.layout.features("joints2d", video))]
    # The recipe says what the file was made from. Change the version when the code changes.
    write_features(library.layout.features("mine", video), sequences, 52, Recipe("mine", version=1))

figures = library.retrieve(features=["joints2d", "mine"]).figures
for name, figure in figures.items():
    print(f"{name}: precision at 1 {figure.precision[1]:.2f}")
