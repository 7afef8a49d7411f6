"""Tables of joints are symmetrical, and small rules of the embeddings hold at their edges."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from vpd.errors import ArtefactError, InputError
from vpd.pose.skeleton import BODY13, MIRROR13
from vpd.settings.vipe import VipeSettings
from vpd.teachers import vipe_window
from vpd.teachers.embedding_file import fill_networks, weights_of
from vpd.teachers.on_tensors import VipeWindowOnTensors
from vpd.teachers.vipe import keypoints
from vpd.teachers.vipe.model import body13
from vpd.teachers.vipe.readers import arrays, deepmimic, layout, read_motions, table
from vpd.teachers.vipe.readers.table import Given
from vpd.teachers.vipe.train import Validation
from vpd.teachers.vipe_window import features as window_features
from vpd.types import PoseSequence


def other_side(name):
    if name.startswith("left"):
        return name.replace("left", "right")
    return name.replace("right", "left")


def test_groups_that_go_missing_together_are_of_both_sides():
    groups = [tuple(sorted(group)) for group in keypoints._GROUPS]
    assert sorted(groups) == sorted(tuple(sorted(int(MIRROR13[j]) for j in group)) for group in groups)
    assert len(set(groups)) == len(groups)


def test_faces_are_symmetrical():
    places = layout._FACE_FROM_HEAD
    for name, place in places.items():
        assert places[other_side(name)] == (place[0], -place[1] if name != "nose" else 0.0, place[2])


def test_joints_of_human36m_follow_their_limbs():
    """A limb's joints are numbered one after the other; the sides lie 5 (legs) and 8 (arms) apart."""
    number = {name: i for i, name in arrays.H36M_32.items()}
    assert len(number) == len(arrays.H36M_32) == 14
    for limb, apart in ((("hip", "knee", "ankle"), -5), (("shoulder", "elbow", "wrist"), 8)):
        left = [number[f"left_{part}"] for part in limb]
        assert left == list(range(left[0], left[0] + 3))
        assert [number[f"right_{part}"] for part in limb] == [i + apart for i in left]


def deepmimic_frames(turns):
    """Two frames at rest but for ``turns``, by joint: four numbers of a quaternion, or an angle."""
    frame = [1 / 25, 1.0, 2.0, 3.0]
    for name, _, _, size in deepmimic.SKELETON:
        frame += turns.get(name, [1.0, 0, 0, 0] if size == 4 else [0.0])
    return [frame, [0.0, *frame[1:]]]


def read_deepmimic(path: Path, turns):
    path.write_text(json.dumps({"Frames": deepmimic_frames(turns)}))
    names, positions, fps = deepmimic.read_deepmimic(path)
    return dict(zip(names, positions[0], strict=True)), fps


def test_deepmimic_at_rest_is_symmetrical_and_stands(tmp_path):
    at, fps = read_deepmimic(tmp_path / "rest.txt", {})
    assert fps == pytest.approx(25)
    np.testing.assert_allclose(at["root"], [1, 2, 3])
    for name in at:
        np.testing.assert_allclose(at[name] * [1, 1, -1] + [0, 0, 6], at[other_side(name)], atol=1e-9)
    for a, b in (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist")):
        bone = at[f"left_{b}"] - at[f"left_{a}"]
        np.testing.assert_allclose(bone[[0, 2]], 0, atol=1e-9)
        assert -0.45 < bone[1] < -0.25
    # the shoulders lie a little behind the neck, the right one at positive z
    assert (at["right_shoulder"] - at["neck"])[[0, 2]] == pytest.approx([-0.02405, 0.18311])


def test_deepmimic_turns_what_hangs_on_a_joint(tmp_path):
    quarter = np.sqrt(0.5)
    turns = {"chest": [quarter, 0, 0, quarter], "right_elbow": [np.pi / 2]}
    rest, _ = read_deepmimic(tmp_path / "rest.txt", {})
    at, _ = read_deepmimic(tmp_path / "turned.txt", turns)
    turn = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]])
    for name in ("neck", "left_elbow", "right_elbow", "left_wrist", "head"):
        np.testing.assert_allclose(
            at[name] - at["chest"], turn @ (rest[name] - rest["chest"]), atol=1e-9, err_msg=name
        )
    forearm = rest["right_wrist"] - rest["right_elbow"]
    np.testing.assert_allclose(at["right_wrist"] - at["right_elbow"], turn @ turn @ forearm, atol=1e-9)
    np.testing.assert_allclose(at["left_ankle"], rest["left_ankle"])


def test_human36m_by_cdf_is_in_millimetres(tmp_path, monkeypatch):
    names = [name for name in arrays.H36M_17 if name not in ("spine", "thorax")]
    height = {"nose": 1600, "skull_top": 1750, "shoulder": 1400, "elbow": 1100, "wrist": 850, "hip": 900}
    height |= {"knee": 500, "ankle": 100, "root": 900}
    side = {name: 150.0 * (name.startswith("left") - name.startswith("right")) for name in names}
    places = np.array(
        [[0.0, side[n], next(h for part, h in height.items() if n.endswith(part))] for n in names]
    )
    monkeypatch.setattr(table, "read_h36m_cdf", lambda path: (names, np.stack([places, places])))
    (tmp_path / "S1.cdf").write_bytes(b"")
    motion = read_motions(tmp_path / "S1.cdf", Given(up="z"))[0]
    assert motion.joints[0, 5] - motion.joints[0, 15] == pytest.approx([0, 0, 1.3], abs=1e-5)


def test_amass_of_other_shapes_is_refused(tmp_path):
    np.savez(tmp_path / "a.npz", poses=np.zeros((3, 156)), trans=np.zeros((2, 3)))
    with pytest.raises(InputError, match="not those of AMASS"):
        read_motions(tmp_path / "a.npz", Given(body_model=tmp_path))


def test_keypoints_below_the_least_score_are_not_seen():
    poses = np.ones((1, 17, 3), np.float32)
    poses[0, 5:8, 2] = [0.29, 0.3, 0.31]
    xy, visibility = body13(poses, 0.3)
    shown = list(BODY13).index(5)
    assert visibility[0, shown : shown + 3].tolist() == pytest.approx([0, 0.3, 0.31])
    assert xy[0, shown].tolist() == [0, 0]


def test_only_what_may_be_missing_may_be_missing(tmp_path):
    networks = {"encoder": nn.Linear(2, 2)}
    weights = dict(weights_of(networks))
    del weights["encoder.bias"]
    fill_networks(tmp_path, weights, networks, optional="bias")
    for optional in ("", "scale"):
        with pytest.raises(ArtefactError, match=r"encoder\.bias"):
            fill_networks(tmp_path, weights, networks, optional)


def test_validation_finds_the_one_view_among_the_other():
    class Seen(nn.Module):
        def __init__(self):
            super().__init__()
            self.inputs = []

        def forward(self, x):
            self.inputs.append(x)
            return x

    from tests.teachers.vipe_window.test_vipe_window import swing

    validation, encoder = Validation([swing("a", 0)], VipeSettings(), torch.device("cpu")), Seen()
    validation(encoder)
    for found, given in zip(encoder.inputs, validation.inputs, strict=True):
        assert found is given
    assert not torch.equal(*validation.inputs)


def test_features_are_of_every_row_whatever_is_embedded_at_a_time(monkeypatch):
    rng = np.random.default_rng(0)
    keys = np.concatenate([rng.uniform(0, 100, (7, 17, 2)), np.ones((7, 17, 1))], 2).astype(np.float32)
    poses = PoseSequence(0, np.arange(7), keys)
    whole = window_features.features(poses, np.arange(7) / 30, vipe_window.shipped())
    monkeypatch.setattr(window_features, "BATCH", 3)
    parts = window_features.features(poses, np.arange(7) / 30, vipe_window.shipped())
    np.testing.assert_allclose(parts.values, whole.values, atol=1e-5)
    assert np.abs(whole.values).max(axis=2).min() > 0.01


@pytest.mark.parametrize("seconds", [(-0.1, 0.1), (-0.3, 0.3), ()])
def test_another_context_than_the_embeddings_is_refused(seconds):
    with pytest.raises(InputError, match="context_s"):
        VipeWindowOnTensors(seconds)


def test_shipped_weights_may_become_part_of_a_training():
    vipe_window.shipped.cache_clear()
    with torch.inference_mode():
        model = vipe_window.shipped()
    vipe_window.shipped.cache_clear()
    assert not any(p.is_inference() for p in model.encoder.parameters())
