"""The generator of synthetic athletes: motions, retargeting, cameras, performances."""

from itertools import pairwise

import numpy as np
import pytest

from tests.shared import shared_path

pytest.importorskip("anny", reason="needs the extra `synthetic`")
pytest.importorskip("pybullet_data", reason="needs the extra `synthetic`")

from tools.synthetic.body import BodyModel
from tools.synthetic.camera import Views, intrinsics, look_at
from tools.synthetic.film import exposure
from tools.synthetic.motions import LINKS, load
from tools.synthetic.performance import FADE_S, Variation, perform
from tools.synthetic.retarget import bone_transforms

L_SHOULDER, R_SHOULDER, L_ELBOW, R_ELBOW, L_WRIST, R_WRIST = range(5, 11)
L_HIP, R_HIP, L_KNEE, R_KNEE, L_ANKLE, R_ANKLE = range(11, 17)
LIMBS = [
    (L_SHOULDER, L_ELBOW), (L_ELBOW, L_WRIST), (R_SHOULDER, R_ELBOW), (R_ELBOW, R_WRIST),
    (L_HIP, L_KNEE), (L_KNEE, L_ANKLE), (R_HIP, R_KNEE), (R_KNEE, R_ANKLE), (L_HIP, R_HIP),
]  # fmt: skip


@pytest.fixture(scope="module")
def body():
    return BodyModel().make(np.random.default_rng(0))


def keypoints(body, name, times_s):
    return body.keypoints_at(bone_transforms(body, *load(name).at(times_s)))


@pytest.mark.parametrize("name", ["kick", "cartwheel", "backflip", "roll", "spinkick"])
def test_limbs_point_where_an_independent_forward_kinematics_has_them(body, name):
    with np.load(shared_path("data/mocap/deepmimic.npz")) as mocap:
        reference = mocap[f"deepmimic_{name}"]
    times_s = np.arange(len(reference)) / 30
    ours = keypoints(body, name, np.minimum(times_s, load(name).duration_s))
    # The reference faces +x at rest, ours -y: a quarter turn about the vertical.
    ours = ours @ np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    cosines = []
    for start, end in LIMBS:
        a, b = (x[:, end] - x[:, start] for x in (ours, reference))
        cosines.append((a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1))
    # A body's joints are not the figure's: elbows and knees lie off the line by some degrees.
    assert np.median(cosines) > 0.98
    assert np.quantile(cosines, 0.02) > 0.85


def test_the_kick_is_done_with_the_right_leg(body):
    height = keypoints(body, "kick", np.linspace(0, load("kick").duration_s, 60))[..., 2]
    assert height[:, R_ANKLE].max() > height[:, L_ANKLE].max() + 0.5


def test_mirroring_swaps_the_sides_and_twice_is_nothing(body):
    kick = load("kick")
    mirrored = kick.mirrored()
    np.testing.assert_allclose(mirrored.mirrored().quats, kick.quats, atol=1e-12)
    times_s = np.linspace(0, kick.duration_s, 20)
    points = body.keypoints_at(bone_transforms(body, *mirrored.at(times_s)))
    assert points[:, L_ANKLE, 2].max() > points[:, R_ANKLE, 2].max() + 0.5


def test_keypoints_from_bones_are_those_of_the_skinned_mesh_at_rest(body):
    rest = np.tile(np.eye(3, 4), (1, len(body.names), 1, 1))
    points = body.keypoints_at(rest)[0]
    assert points[L_SHOULDER, 0] > 0.1 > -0.1 > points[R_SHOULDER, 0]
    low, high = body.vertices.min(axis=0) - 0.02, body.vertices.max(axis=0) + 0.02
    assert ((points > low) & (points < high)).all()


def test_pixels_and_the_renderers_clip_space_agree():
    rng = np.random.default_rng(1)
    eyes, points = rng.normal([0, -6, 2], 0.3, (5, 3)), rng.normal([0, 0, 1], 0.5, (5, 7, 3))
    camera = look_at(eyes, np.tile([0.0, 0.0, 1.0], (5, 1)), rng.normal(0, 0.1, 5))
    views = Views(camera, intrinsics(rng.uniform(200, 400, 5), 320, 240), 320, 240)
    clip = np.einsum(
        "tij,tnj->tni", views.clip_matrices(), np.pad(points, [(0, 0)] * 2 + [(0, 1)], constant_values=1)
    )
    ndc = clip[..., :3] / clip[..., 3:]
    pixels = np.stack([(ndc[..., 0] + 1) / 2 * 320, (1 - ndc[..., 1]) / 2 * 240], axis=-1)
    np.testing.assert_allclose(pixels, views.project(points), atol=1e-6)


def test_a_performance_has_the_actions_asked_for_and_never_jumps():
    actions = ["kick", "roll", "cartwheel"]
    performance = perform(actions, np.random.default_rng(2), Variation())
    assert [label for *_, label in performance.labels] == actions
    ends = [span[:2] for span in performance.labels]
    assert all(a[1] <= b[0] for a, b in pairwise(ends))
    roots, quats = performance.at(np.arange(0, performance.duration_s, 0.01))
    assert np.linalg.norm(np.diff(roots, axis=0), axis=1).max() < 0.12  # 12 m/s
    cosines = np.abs((quats[1:] * quats[:-1]).sum(-1))
    assert 2 * np.arccos(np.clip(cosines, 0, 1)).max() < 0.4
    assert quats.shape[1:] == (len(LINKS), 4)


def test_executions_differ_and_the_same_seed_gives_the_same():
    first, again, other = (perform(["kick"], np.random.default_rng(s), Variation()) for s in (3, 3, 4))
    times_s = np.linspace(FADE_S, 1.0, 5)
    np.testing.assert_array_equal(first.at(times_s)[1], again.at(times_s)[1])
    assert np.abs(first.at(times_s)[1] - other.at(times_s)[1]).max() > 0.02


@pytest.mark.parametrize("blur", [0.0, 0.33, 0.66, 1.0])
def test_an_exposure_is_centred_and_as_long_as_the_shutter_is_open(blur):
    moments = exposure(np.array([1.0]), 25.0, blur)
    count = moments.shape[1]
    assert count % 2 == 1
    assert moments[0, count // 2] == pytest.approx(1.0)
    spread = moments[0, -1] - moments[0, 0]
    assert spread == pytest.approx(blur / 25 * (count - 1) / count)
