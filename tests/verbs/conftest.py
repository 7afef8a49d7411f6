"""A small library with labels, features and tracks, on which every verb has an answer."""

import numpy as np
import pytest

from tests.pipeline.made import made_library
from vpd.library.artefact import Recipe
from vpd.library.features import write_features
from vpd.library.labels import write_labels
from vpd.library.poses import write_poses
from vpd.pipeline.run import run
from vpd.types import FeatureSequence, PoseSequence, Segment

NAMES = ["a1", "a2", "b1", "b2", "new1", "new2"]
FRAMES = 60
FPS = 25


def _write(layout, name, bases, rng):
    """Noise, with the action of the video's kind in frames 10 to 30, and both kinds in new videos."""
    values = np.cumsum(0.2 * rng.standard_normal((FRAMES, 2, 6)), axis=0)
    for kind, start in ((name[0], 10),) if name[0] in "ab" else (("a", 5), ("b", 35)):
        values[start : start + 20] = bases[kind] + 0.05 * rng.standard_normal((20, 2, 6))
    frames, ones = np.arange(FRAMES), np.ones(FRAMES)
    sequence = FeatureSequence(name, 0, frames, frames / FPS, values, ones > 0, ones)
    for features in ("joints2d", "vipe-window"):
        write_features(layout.features(features, name), [sequence], 6, Recipe("teach", 1))
    keypoints = np.concatenate([rng.uniform(0, 60, (FRAMES, 17, 2)), np.ones((FRAMES, 17, 1))], axis=2)
    write_poses(layout.poses(name), [PoseSequence(0, frames, keypoints)], Recipe("pose", 1))


@pytest.fixture(scope="session")
def layout(tmp_path_factory):
    """The library, made once."""
    return answering_library(tmp_path_factory.mktemp("verbs"))


def answering_library(folder):
    """Four labelled videos of two actions, and two videos without labels; all scanned and tracked."""
    layout = made_library(folder, NAMES, frames=FRAMES)
    layout.settings.write_text('[detect]\nmethod = "search"\nfolds = 2\n')
    run(layout, ["track"])
    rng = np.random.default_rng(0)
    bases = {kind: 3 + np.cumsum(rng.standard_normal((20, 2, 6)), axis=0) for kind in "ab"}
    for name in NAMES:
        _write(layout, name, bases, rng)
    labels = [Segment(name, 10 / FPS, 30 / FPS, 0, name[0]) for name in NAMES[:4]]
    write_labels(layout.labels, labels)
    return layout
