"""A seed draws what it drew when the shipped weights were trained.

The figures were written down from the code that trained them: nobody can derive them, and every constant of
the bodies, cameras and keypoint errors moves at least one of them.
"""

import pytest
import torch

from tests.teachers.vipe_window.test_vipe_window import SMALL, swing
from vpd.settings.vipe import VipeSettings
from vpd.teachers.vipe.body import put_together, take_apart
from vpd.teachers.vipe.camera import project, random_views
from vpd.teachers.vipe.keypoints import encoder_input, missing_together, with_errors
from vpd.teachers.vipe.sampler import Sampler
from vpd.teachers.vipe.synthesis import (
    Chance,
    mixed_bodies,
    on_supports,
    sampled_bodies,
    towards_head_centre,
    vary_lengths,
)
from vpd.teachers.vipe.target import pose_target
from vpd.teachers.vipe_window.noise import add_keypoint_noise
from vpd.teachers.vipe_window.synthesis import Movements

POSES, CPU = VipeSettings(), torch.device("cpu")
WINDOWS = torch.randn(64, 9, 13, 2, generator=torch.Generator().manual_seed(16))
MOTIONS = [swing("a", 0), swing("b", 1)]


def seeded():
    return torch.Generator().manual_seed(15)


def figure(values):
    """One number that changes with every value and with their order."""
    flat = values.double().flatten()
    return float(flat @ torch.linspace(-1, 1, len(flat), dtype=torch.double))


@pytest.fixture(scope="module")
def bodies():
    return sampled_bodies(256, Chance(seeded()))


def keypoints(joints):
    generator = seeded()
    views = random_views(len(joints), POSES, generator)
    xy, depth = project(joints, views, POSES, generator)
    return with_errors(xy, depth, POSES, generator)


DRAWN = {
    "sampled": (lambda b: put_together(b), -19.3376),
    "mixed": (lambda b: put_together(mixed_bodies(b, 256, Chance(seeded()))), -17.9999),
    "lengths": (lambda b: vary_lengths(b, 0.12, Chance(seeded())).lengths, 1.7967),
    "on supports": (lambda b: put_together(on_supports(b, Chance(seeded()))), 47.8912),
    "nose": (lambda b: towards_head_centre(put_together(b), b, Chance(seeded()))[:, 0], -1.0934),
    "target": (lambda b: pose_target(put_together(b), 1.0), -26.9970),
    "views": (lambda b: random_views(256, POSES, seeded()), 9.8449),
    "keypoints": (lambda b: keypoints(put_together(b))[0], 4.2103),
    "visibility": (lambda b: keypoints(put_together(b))[1], -14.6436),
    "input": (lambda b: encoder_input(*keypoints(put_together(b))), 17.9502),
    "missing": (lambda b: missing_together(4000, seeded()), 50.0652),
    "samples": (lambda b: Sampler(MOTIONS, POSES, CPU).draw(96, seeded()).views, -66.3950),
    "captured": (lambda b: Movements(MOTIONS, SMALL, POSES).draw(64, 1.0, seeded()), 10.8685),
    "made": (lambda b: Movements(MOTIONS, SMALL, POSES).draw(64, 0.0, seeded()), -2.9307),
    "noise": (lambda b: add_keypoint_noise(WINDOWS, SMALL, seeded())[0], 39.3129),
}


@pytest.mark.parametrize("name", DRAWN)
def test_a_seed_draws_what_it_drew(bodies, name):
    drawn, expected = DRAWN[name]
    assert figure(drawn(bodies)) == pytest.approx(expected, abs=2e-3)


def test_the_spread_of_joints_stands_for_a_trunk_that_is_not_seen():
    """1.2 times the root mean square distance of the seen joints from their middle becomes the unit."""
    xy, visibility = torch.randn(4, 13, 2, generator=seeded()), torch.ones(4, 13)
    visibility[:2, 1:3] = 0  # no shoulders
    visibility[2:, 7:9] = 0  # no hips
    found = encoder_input(xy, visibility).view(4, 13, 3)[..., :2]
    for i, origin in enumerate((xy[:, 7:9].mean(1), xy[:, 7:9].mean(1), None, None)):
        seen = xy[i][visibility[i] > 0]
        centred = seen - (seen.mean(0) if origin is None else origin[i])
        unit = 1.2 * centred.square().sum(1).mean().sqrt()
        torch.testing.assert_close(found[i][visibility[i] > 0], centred / unit)


def test_bodies_of_captured_motions_keep_their_turn_without_inversion():
    """Only bodies that were made are put on supports."""
    settings = VipeSettings(
        captured=1, mixed=0, sampled=0, inverted=0, interpolate=0, limb_lengths=0, head_centre=False
    )
    drawn = Sampler(MOTIONS, settings, CPU).draw(32, seeded()).joints
    upright = drawn[:, 1:3].mean(1) - drawn[:, 7:9].mean(1)
    assert (upright[:, 2] > 0.4).all()
    assert take_apart(drawn).pelvis.shape == (32, 3, 3)
