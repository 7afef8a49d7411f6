"""Training, resuming, saving, refusing, and the shipped embedding on shared motion."""

import numpy as np
import pytest
import torch

from tests.shared import shared_path
from vpd.errors import ArtefactError, InputError
from vpd.pose.skeleton import BODY13
from vpd.settings.vipe import VipeSettings, VipeWindowSettings
from vpd.teachers import TEACHERS, teacher
from vpd.teachers.vipe import Vipe, VipeCard, features, shipped
from vpd.teachers.vipe.body import put_together
from vpd.teachers.vipe.camera import project, random_views
from vpd.teachers.vipe.keypoints import encoder_input, with_errors
from vpd.teachers.vipe.motion import Motion
from vpd.teachers.vipe.network import Block, Encoder
from vpd.teachers.vipe.readers import read_motions
from vpd.teachers.vipe.retrieval import hit_at_k, procrustes_mpjpe
from vpd.teachers.vipe.synthesis import Chance, sampled_bodies
from vpd.teachers.vipe.train import train
from vpd.teachers.vipe_window.train import train as train_window
from vpd.types import PoseSequence

SMALL = VipeSettings(d=8, width=16, blocks=1, steps=6, batch=16, validate_every=3, device="cpu")


def motion(name: str, seed: int) -> Motion:
    joints = put_together(sampled_bodies(40, Chance(torch.Generator().manual_seed(seed)))).numpy()
    whole = np.zeros((40, 17, 3), np.float32)
    whole[:, BODY13] = joints
    return Motion(name, "made", whole, 30.0)


@pytest.mark.parametrize("pair_weight", [0.0, 1.0])
def test_resumed_training_equals_uninterrupted(tmp_path, pair_weight):
    settings = SMALL.model_copy(update={"pair_weight": pair_weight, "dropout": 0.1})
    whole = train([motion("a", 0)], [motion("b", 1)], settings)

    class StopError(Exception):
        pass

    def stop(step, row):
        raise StopError

    with pytest.raises(StopError):
        train([motion("a", 0)], [motion("b", 1)], settings, tmp_path, stop)
    resumed = train([motion("a", 0)], [motion("b", 1)], settings, tmp_path)
    for name, value in whole.encoder.state_dict().items():
        assert torch.equal(value, resumed.encoder.state_dict()[name]), name
    assert whole.history == resumed.history


def test_a_damaged_state_is_not_taken_up(tmp_path):
    train([motion("a", 0)], [motion("b", 1)], SMALL, tmp_path)
    state = tmp_path / "state.safetensors"
    content = bytearray(state.read_bytes())
    content[-9] ^= 0x40
    state.write_bytes(content)
    with pytest.raises(InputError, match="is damaged"):
        train([motion("a", 0)], [motion("b", 1)], SMALL, tmp_path)


def test_a_state_of_other_settings_and_training_on_held_out_motion_are_refused(tmp_path):
    train([motion("a", 0)], [motion("b", 1)], SMALL, tmp_path)
    with pytest.raises(InputError, match="other settings"):
        train([motion("a", 0)], [motion("b", 1)], SMALL.model_copy(update={"seed": 5}), tmp_path)
    with pytest.raises(InputError, match="held-out"):
        train([motion("a", 0)], [motion("a", 0)], SMALL)


@pytest.mark.parametrize("subtract", [False, True])
def test_folding_batch_norm_changes_nothing(subtract):
    torch.manual_seed(0)
    encoder = Encoder(8, 16, 2, 0.0, subtract)
    encoder(torch.randn(64, 39))
    x = torch.randn(32, 39)
    assert torch.allclose(encoder.eval()(x), encoder.folded()(x), atol=1e-5)


@pytest.mark.parametrize(("subtract", "sign"), [(False, 1), (True, -1)])
def test_a_block_adds_its_input_or_takes_it_away(subtract, sign):
    block, x = Block(4, 0.0, subtract).eval(), torch.randn(3, 4)
    assert torch.equal(block(x), block.layers(x) + sign * x)


def test_the_papers_networks_are_kept_by_the_card(tmp_path):
    settings = SMALL.model_copy(update={"residual": "subtract", "decoder_width": 24})
    trained = train([motion("a", 0)], [motion("b", 1)], settings)
    card = VipeCard(8, 16, 1, residual="subtract", decoder_width=24)
    model = Vipe(card, trained.encoder, trained.decoder)
    model.save(tmp_path / "v.safetensors")
    again = Vipe.load(tmp_path / "v.safetensors")
    xy, seen = np.random.default_rng(0).normal(size=(9, 13, 2)), np.ones((9, 13))
    np.testing.assert_allclose(again.embed(xy, seen), model.embed(xy, seen), atol=2e-2)
    np.testing.assert_allclose(
        again.decode_3d(model.embed(xy, seen)), model.decode_3d(model.embed(xy, seen)), atol=2e-2
    )
    with pytest.raises(InputError, match="takes it away"):
        train_window([motion("a", 0)], [motion("b", 1)], again, VipeWindowSettings(), settings)


def test_saved_weights_give_the_same_embedding_and_other_files_are_refused(tmp_path):
    trained = train([motion("a", 0)], [motion("b", 1)], SMALL)
    model = Vipe(VipeCard(8, 16, 1, estimators=("mine",)), trained.encoder, trained.decoder)
    model.save(tmp_path / "v.safetensors")
    again = Vipe.load(tmp_path / "v.safetensors")
    xy, seen = np.random.default_rng(0).normal(size=(9, 13, 2)), np.ones((9, 13))
    np.testing.assert_allclose(again.embed(xy, seen), model.embed(xy, seen), atol=2e-2)
    assert again.card == model.card
    (tmp_path / "no.safetensors").write_bytes(b"nothing")
    with pytest.raises(ArtefactError, match="no vipe embedding"):
        Vipe.load(tmp_path / "no.safetensors")


def poses(t: int = 12) -> PoseSequence:
    keypoints = np.random.default_rng(0).uniform(0, 300, (t, 17, 3)).astype(np.float32)
    keypoints[..., 2] = 0.8
    return PoseSequence(3, np.arange(2, 2 + t), keypoints)


def test_features_have_both_orientations_and_masks():
    sequence = poses()
    sequence.keypoints[4, :, 2] = 0.0
    sequence.keypoints[5, 0, 0] = np.nan
    found = features(sequence, np.arange(20) / 25, shipped(), "v")
    assert found.values.shape == (12, 2, shipped().card.d)
    assert found.valid.tolist() == [i != 4 for i in range(12)]
    assert found.times_s[0] == pytest.approx(2 / 25)
    picture = sequence.keypoints.copy()
    picture[..., 0] = 300 - picture[..., 0]
    swapped = picture[:, [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]]
    other = features(PoseSequence(3, sequence.frames, swapped), np.arange(20) / 25, shipped(), "v")
    np.testing.assert_allclose(other.values[:, 0], found.values[:, 1], atol=1e-3)


def test_invert_appends_the_embedding_of_the_picture_turned_over():
    """A picture flipped vertically shows the mirror image of a person: sides are exchanged, y reversed."""
    sequence = poses()
    whole = features(sequence, np.arange(20) / 25, shipped(), invert=True)
    plain = features(sequence, np.arange(20) / 25, shipped())
    assert whole.d == 2 * plain.d == 128
    np.testing.assert_array_equal(whole.values[..., :64], plain.values)
    flipped = sequence.keypoints[:, [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]].copy()
    flipped[..., 1] = 500 - flipped[..., 1]
    upside_down = features(PoseSequence(3, sequence.frames, flipped), np.arange(20) / 25, shipped())
    np.testing.assert_allclose(whole.values[..., 64:], upside_down.values, atol=1e-3)
    assert np.abs(whole.values[..., 64:] - plain.values).mean() > 0.02


def test_the_table_knows_the_teacher():
    assert teacher("vipe")(poses(), np.arange(20) / 25, "v").d == TEACHERS["vipe"].d


def test_procrustes_forgives_similarity_but_no_reflection():
    joints = put_together(sampled_bodies(20, Chance(torch.Generator().manual_seed(0))))
    turned = 1.7 * joints @ torch.linalg.qr(torch.randn(3, 3, generator=torch.Generator().manual_seed(1)))[0]
    sign = 1.0 if torch.allclose(procrustes_mpjpe(joints, turned), torch.zeros(20), atol=1e-4) else -1.0
    assert procrustes_mpjpe(joints, turned * sign).max() < 1e-4
    assert procrustes_mpjpe(joints, -turned * sign).median() > 0.02


@pytest.fixture(scope="module")
def seen_twice():
    motions = [m for m in read_motions(shared_path("data/mocap/cmu.npz")) if m.name.startswith("cmu_test")]
    joints = torch.cat([torch.from_numpy(m.joints[:, BODY13]) for m in motions])
    generator = torch.Generator().manual_seed(0)
    joints = joints[torch.randperm(len(joints), generator=generator)[:400]]
    settings = VipeSettings(dropped=0.0, wild_cameras=0.0)
    looks = []
    for _ in range(2):
        views = random_views(len(joints), settings, generator)
        looks.append(with_errors(*project(joints, views, settings, generator), settings, generator))
    return joints, looks


def test_the_shipped_embedding_finds_poses_across_views_where_joints_do_not(seen_twice):
    joints, looks = seen_twice
    z = [torch.from_numpy(shipped().embed(xy.numpy(), seen.numpy())) for xy, seen in looks]
    flat = [encoder_input(*look).view(-1, 13, 3)[..., :2].flatten(1) for look in looks]
    assert hit_at_k(*z, joints)[1] > hit_at_k(*flat, joints)[1] + 0.05


def test_the_decoded_pose_is_like_the_one_that_was_seen(seen_twice):
    joints, looks = seen_twice
    decoded = shipped().decode_3d(shipped().embed(looks[0][0].numpy(), looks[0][1].numpy()))
    error = procrustes_mpjpe(joints, torch.from_numpy(decoded))
    shuffled = procrustes_mpjpe(joints, torch.from_numpy(decoded).roll(57, 0))
    assert error.median() < 0.75 * shuffled.median()
    assert (decoded[:, 0, 2] > decoded[:, 11:, 2].max(1)).mean() > 0.95
