"""The embedding of movements: what it starts as and is taught, that training goes on, and the shipped one."""

import math

import numpy as np
import pytest
import torch

from vpd.errors import ArtefactError, InputError
from vpd.pose.skeleton import MIRROR17
from vpd.settings.vipe import OFFSETS_S, VipeSettings, VipeWindowSettings
from vpd.teachers import vipe, vipe_window
from vpd.teachers.vipe.keypoints import encoder_input
from vpd.teachers.vipe.motion import Motion
from vpd.teachers.vipe.retrieval import procrustes_mpjpe
from vpd.teachers.vipe.target import bone_directions, pose_target
from vpd.teachers.vipe_window.features import features
from vpd.teachers.vipe_window.model import VipeWindow
from vpd.teachers.vipe_window.network import VipeWindowEncoder
from vpd.teachers.vipe_window.noise import add_keypoint_noise, project_windows
from vpd.teachers.vipe_window.synthesis import Movements
from vpd.teachers.vipe_window.train import train, window_target
from vpd.types import PoseSequence

K = len(OFFSETS_S)
MIDDLE = K // 2
SMALL = VipeWindowSettings(steps=4, validate_every=2, batch=8, width=16)
EXACT = {"jitter": 0.0, "unsure": 0.0, "swapped": 0.0, "dropped": 0.0}
POSES = VipeSettings()


def swing(name: str, seed: int, frames: int = 60) -> Motion:
    """A body that swings its limbs; enough of a motion to be cut into windows."""
    rng = np.random.default_rng(seed)
    base = np.zeros((17, 3), np.float32)
    base[:5] = [0.1, 0, 1.6]
    base[5:11] = [[0, s * w, z] for z, w in ((1.4, 0.18), (1.1, 0.25), (0.9, 0.25)) for s in (1, -1)]
    base[11:] = [[0, s * 0.12, z] for z in (0.9, 0.5, 0.1) for s in (1, -1)]
    phase = np.linspace(0, 8, frames)[:, None] + rng.uniform(0, 6, 17)
    moved = np.stack([0.2 * np.sin(phase), np.zeros_like(phase), 0.05 * np.cos(phase)], 2)
    moved[:, [5, 6, 11, 12]] *= 0.1
    return Motion(name, "made", (base + moved).astype(np.float32), 30.0)


@pytest.fixture(scope="module")
def movements():
    return Movements([swing("a", 0), swing("b", 1)], SMALL, POSES)


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_bones_keep_their_lengths_throughout_a_movement(movements):
    joints = movements.draw(40, 0.5, seeded(0))
    assert joints.shape == (40, K, 13, 3)
    for a, b in ((1, 3), (3, 5), (2, 4), (4, 6), (7, 9), (9, 11), (8, 10), (10, 12)):
        lengths = (joints[:, :, a] - joints[:, :, b]).norm(dim=-1)
        torch.testing.assert_close(lengths, lengths[:, :1].expand_as(lengths), atol=1e-4, rtol=1e-4)


def test_made_movements_do_not_jump(movements):
    joints = movements.draw(200, 0.0, seeded(1))
    turned = bone_directions(joints.flatten(0, 1)).view(200, K, 14, 3).diff(dim=1).norm(dim=-1)
    whole = (bone_directions(joints[:, 0]) - bone_directions(joints[:, -1])).norm(dim=-1)
    assert whole.mean() > 2 * turned.mean()
    assert turned.quantile(0.99) < 1.2


def test_without_errors_joints_stay():
    xy = torch.randn(5, K, 13, 2)
    moved, visibility = add_keypoint_noise(xy, SMALL.model_copy(update=EXACT), seeded(0))
    torch.testing.assert_close(moved, xy)
    assert (visibility >= 0.5).all()


def test_a_swap_lasts_for_some_poses_and_moves_no_place():
    xy = torch.randn(300, K, 13, 2)
    moved, _ = add_keypoint_noise(xy, SMALL.model_copy(update=EXACT | {"swapped": 1.0}), seeded(0))
    torch.testing.assert_close(moved.sort(2).values, xy.sort(2).values)
    assert 0 < (moved != xy).any(-1).any(-1).float().mean() < 0.9


def test_joints_go_missing_for_some_poses_or_for_all_and_five_stay():
    xy = torch.randn(400, K, 13, 2)
    _, visibility = add_keypoint_noise(xy, SMALL.model_copy(update=EXACT | {"dropped": 1.0}), seeded(0))
    gone = visibility == 0
    assert (visibility[~gone] >= 0.5).all()
    assert (~gone).sum(2).min() == 5
    assert gone.all(1).any(1).float().mean() > 0.2
    assert (gone.any(1) & ~gone.all(1)).any(1).float().mean() > 0.5
    _, visibility = add_keypoint_noise(xy, SMALL.model_copy(update=EXACT | {"dropped": 0.25}), seeded(0))
    assert 0.15 < (visibility == 0).flatten(1).any(1).float().mean() < 0.35


def test_the_place_of_a_missing_joint_is_not_looked_at():
    """Nor does it say how large the torso is."""
    torch.manual_seed(0)
    network = VipeWindowEncoder(vipe.shipped().encoder, K, 16)
    xy, seen = torch.randn(4, K, 13, 2), torch.ones(4, K, 13)
    seen[0, :, 3] = 0
    seen[1, 2, 1] = 0
    seen[2, :, 7] = 0
    elsewhere = torch.where(seen[..., None] > 0, xy, xy + 9)
    torch.testing.assert_close(network(elsewhere, seen), network(xy, seen))


def test_the_network_starts_as_the_pose_embedding_of_who_stands_still():
    torch.manual_seed(0)
    pose = vipe.shipped().encoder
    network = VipeWindowEncoder(pose, K, 16)
    torch.nn.init.zeros_(network.last.weight)
    xy, seen = torch.randn(3, 1, 13, 2), torch.rand(3, 1, 13) * 0.5 + 0.5
    found = network(xy.expand(-1, K, -1, -1), seen.expand(-1, K, -1))
    torch.testing.assert_close(found, pose(encoder_input(xy[:, 0], seen[:, 0])), atol=1e-4, rtol=1e-4)


def test_movements_are_apart_by_the_weighted_mean_of_their_poses(movements):
    joints = movements.draw(2, 0.5, seeded(5))
    a, b = window_target(joints, torch.tensor(OFFSETS_S), 1.0, 1.0)
    poses = torch.stack([pose_target(j, 1.0) for j in joints])
    squared = (poses[0] - poses[1]).square().sum(1)
    others = torch.tensor([abs(o) + max(OFFSETS_S) / 2 for o in OFFSETS_S])
    others[MIDDLE] = 0
    wanted = math.sqrt((squared[MIDDLE] + (others / others.sum() * squared).sum()) / 2)
    assert float((a - b).norm()) == pytest.approx(wanted, rel=1e-4)


def test_a_training_that_was_stopped_ends_the_same(tmp_path):
    given = ([swing("a", 0)], [swing("h", 9)], vipe.shipped(), SMALL, POSES)
    whole, history = train(*given)
    assert [row["step"] for row in history] == [2, 4]

    def stop(step: int, row: dict[str, float]) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(*given, tmp_path, stop)
    resumed, _ = train(*given, tmp_path)
    torch.testing.assert_close(resumed.encoder.state_dict(), whole.encoder.state_dict(), rtol=0, atol=0)


def test_held_out_motion_must_not_be_trained_on():
    with pytest.raises(InputError, match="held-out"):
        train([swing("a", 0)], [swing("a", 0)], vipe.shipped(), SMALL, POSES)


def test_a_file_holds_what_was_saved(tmp_path):
    shipped = vipe_window.shipped()
    shipped.save(tmp_path / "m.safetensors")
    again = VipeWindow.load(tmp_path / "m.safetensors")
    assert again.card == shipped.card
    xy, seen = torch.randn(2, K, 13, 2), torch.ones(2, K, 13)
    torch.testing.assert_close(again.embed(xy, seen), shipped.embed(xy, seen))
    (tmp_path / "bad.safetensors").write_bytes(b"no")
    with pytest.raises(ArtefactError, match="no vipe-window embedding"):
        VipeWindow.load(tmp_path / "bad.safetensors")


def test_features_are_of_windows_in_time_and_of_both_orientations():
    """At any frame rate: twice the frames, each twice, have the same features."""
    rng = np.random.default_rng(0)
    joints = np.cumsum(rng.normal(0, 2, (30, 17, 2)), 0) + rng.uniform(0, 200, (1, 17, 2))
    keypoints = np.concatenate([joints, np.full((30, 17, 1), 0.8)], 2).astype(np.float32)
    model = vipe_window.shipped()
    found = features(PoseSequence(0, np.arange(30), keypoints), np.arange(30) / 30, model)
    assert found.values.shape == (30, 2, 64)
    assert found.valid.all()
    turned = keypoints[:, list(MIRROR17)] * np.array([-1, 1, 1], np.float32)
    mirrored = features(PoseSequence(0, np.arange(30), turned), np.arange(30) / 30, model)
    np.testing.assert_allclose(mirrored.values[:, 0], found.values[:, 1], atol=1e-4)
    double = features(PoseSequence(0, np.arange(60), keypoints.repeat(2, 0)), np.arange(60) / 60, model)
    np.testing.assert_allclose(double.values[20:40:2].mean(), found.values[10:20].mean(), atol=0.01)
    assert np.abs(double.values[20:40:2] - found.values[10:20]).mean() < 0.05


def test_decoded_poses_are_those_that_were_seen():
    """Half as far from them as from those of another movement, as with the embedding of poses."""
    joints = Movements([swing("a", 0)], SMALL, POSES).draw(200, 0.0, seeded(3))
    exact = VipeWindowSettings().model_copy(update=EXACT)
    xy, seen = add_keypoint_noise(project_windows(joints, POSES, seeded(4)), exact, seeded(5))
    decoded = torch.from_numpy(vipe_window.shipped().decode_3d(vipe_window.shipped().embed(xy, seen).numpy()))
    other = decoded.roll(1, 0)
    right, wrong = (procrustes_mpjpe(joints[:, MIDDLE], d).median() for d in (decoded, other))
    assert right < 0.6 * wrong


def test_the_shipped_embedding_knows_movements_from_another_side_better_than_that_of_poses():
    """Movements made here, with an estimator's errors."""
    made, generator = Movements([swing("a", 0), swing("b", 1)], VipeWindowSettings(), POSES), seeded(0)
    joints = made.draw(200, 0.0, generator)
    seen = [
        add_keypoint_noise(project_windows(joints, POSES, generator), VipeWindowSettings(), generator)
        for _ in range(2)
    ]
    moves = [vipe_window.shipped().embed(*view) for view in seen]
    with torch.no_grad():
        poses = [vipe.shipped().encoder(encoder_input(xy[:, MIDDLE], v[:, MIDDLE])) for xy, v in seen]

    def found(views: list[torch.Tensor]) -> float:
        return float((torch.cdist(*views).argmin(1) == torch.arange(200)).float().mean())

    assert found(moves) > 1.5 * found(poses)
