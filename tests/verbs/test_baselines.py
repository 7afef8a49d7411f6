"""`evaluate` runs baselines beside recognisers of features, on the same split and subsets."""

from __future__ import annotations

import os
from fractions import Fraction

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from tests.baselines.made import FPS, made_skeleton
from tests.indexes import plain_index
from vpd.baselines import presets
from vpd.baselines.networks.stgcn import STGCN
from vpd.baselines.options import BaselineOptions
from vpd.baselines.settings import Training
from vpd.baselines.skeleton_classifier import SkeletonClassifier
from vpd.errors import InputError
from vpd.library.artefact import Recipe
from vpd.library.features import write_features
from vpd.library.frames import write_index
from vpd.library.labels import write_labels
from vpd.library.poses import write_poses
from vpd.library.videos import Videos
from vpd.pipeline.register import make_library
from vpd.teachers.joints2d import D, features
from vpd.types import PoseSequence, Segment, VideoInfo
from vpd.verbs.evaluate import EvaluateRequest, evaluate

RECIPE = Recipe("test", 1)


@pytest.fixture
def library(tmp_path, monkeypatch):
    """Nine videos of one action each, with poses and joints; training takes two updates."""
    monkeypatch.setattr(presets, "SMALL_GRAPH", Training(batch=6, epochs=2))
    layout = make_library(tmp_path / "library")
    rng = np.random.default_rng(0)
    files, segments = [], []
    for i in range(9):
        files.append(tmp_path / f"v{i}.mp4")
        files[-1].write_bytes(b"%d" % i)
    videos = Videos.read(layout)
    videos.register(files, lambda paths: paths[0].stem)
    for i, path in enumerate(files):
        skeleton = made_skeleton("abc"[i % 3], path.stem, rng)
        n = len(skeleton)
        times = np.arange(n) / FPS
        info = VideoInfo(path.stem, path, path.stem, 640, 480, 0, Fraction(25), times)
        videos.put(videos[path.stem].scanned(info))
        poses = PoseSequence(1, np.arange(n), skeleton.keypoints[0])
        write_index(layout.frames(path.stem), plain_index(times), RECIPE)
        write_poses(layout.poses(path.stem), [poses], RECIPE)
        joints = features(poses, times, path.stem)
        write_features(layout.features("joints2d", path.stem), [joints], D, RECIPE)
        segments.append(Segment(path.stem, 0.0, n / FPS, label="abc"[i % 3]))
    videos.write()
    write_labels(layout.labels, segments)
    return layout


def test_a_baseline_stands_beside_a_recogniser_of_features(library):
    request = EvaluateRequest(["joints2d"], ["dtw-nn", "stgcn"], ks=[1], subsets=2, all_labels=False)
    found = evaluate(library, request).evaluation
    assert found.rows() == [("joints2d", "dtw-nn"), ("poses", "stgcn")]
    assert found.missing == {"joints2d": 0, "poses": 0}
    for row in found.rows():
        assert len(found.of(*row)[1]) == 2


def test_a_baseline_needs_no_features(library):
    request = EvaluateRequest(recognisers=["stgcn"], ks=[1], subsets=1, all_labels=False)
    result = evaluate(library, request)
    assert [row["recogniser"] for row in result.rows()] == ["stgcn"]
    assert result.to_json()["missing"] == {"poses": 0}
    assert [*map(str, result.notes)] == ["stgcn: preset laptop, from random weights."]


def test_a_stopped_evaluation_continues(library, monkeypatch):
    request = EvaluateRequest(recognisers=["stgcn"], ks=[1], subsets=2, all_labels=False)
    fit, fitted = SkeletonClassifier.fit, []

    def until_the_second(self, *examples):
        if len(fitted) == 1:
            raise KeyboardInterrupt
        fitted.append(self.seed)
        return fit(self, *examples)

    with monkeypatch.context() as patched:
        patched.setattr(SkeletonClassifier, "fit", until_the_second)
        with pytest.raises(KeyboardInterrupt):
            evaluate(library, request)
    monkeypatch.setattr(SkeletonClassifier, "fit", lambda self, *x: fitted.append(self.seed) or fit(self, *x))
    first = evaluate(library, request).rows()
    assert fitted == [0, 1]
    assert evaluate(library, request).rows() == first
    assert fitted == [0, 1]
    monkeypatch.setattr("vpd.verbs.baselines.version", lambda: "of a changed network")
    evaluate(library, request)
    assert fitted == [0, 1, 0, 1]


def test_other_weights_under_the_same_name_are_measured_again(library, tmp_path, monkeypatch):
    weights = tmp_path / "graph.safetensors"
    options = BaselineOptions(weights=str(weights))
    request = EvaluateRequest(recognisers=["stgcn"], ks=[1], subsets=1, all_labels=False, baselines=options)
    fit, fitted = SkeletonClassifier.fit, []
    monkeypatch.setattr(SkeletonClassifier, "fit", lambda self, *x: fitted.append(self.seed) or fit(self, *x))
    for seed, wanted in ((0, 1), (1, 2)):
        torch.manual_seed(seed)
        save_file(STGCN(3).state_dict(), weights)
        os.utime(weights, (seed, seed))
        evaluate(library, request)
        evaluate(library, request)
        assert len(fitted) == wanted


def test_what_a_baseline_cannot_do_is_said(library):
    def ask(name, **options):
        request = EvaluateRequest(
            recognisers=[name], ks=[1], subsets=1, all_labels=False, baselines=BaselineOptions(**options)
        )
        return evaluate(library, request)

    with pytest.raises(InputError, match=r"no recogniser 'stgcm'; there are .*dtw-nn.*stgcn"):
        ask("stgcm")
    with pytest.raises(InputError, match="no preset 'desk'"):
        ask("stgcn", preset="desk")
    with pytest.raises(InputError, match="of 9 segments none has crops"):
        ask("tsn-crop")
    with pytest.raises(InputError, match="cannot be read"):
        ask("stgcn", weights="nowhere.pth")
    with pytest.raises(InputError, match="cannot be read"):  # before crops are looked for
        ask("tsn-2stream-crop", weights="nowhere.pth")
    with pytest.raises(InputError, match="are of baselines: name one"):
        ask("dtw-nn", weights="graph.pth")
