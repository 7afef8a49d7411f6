"""Augmentations agree with torchvision and with geometry, and noise stays off the athlete."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
from torchvision.transforms.v2 import functional as reference

from tests.student.synthetic import tiny_settings
from vpd.settings.distill import NO_AUGMENTATION, AugmentSettings
from vpd.student.corpus.augment import Draw, augment, colour_matrices, draw, jitter, person_masks
from vpd.student.corpus.batches import Batch
from vpd.student.corpus.inputs import InputSpec
from vpd.student.network.spec import student_spec
from vpd.student.network.student import Student

SPEC = InputSpec()


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def batch(n=6, size=48, channels=5):
    random = generator()
    raw = torch.randint(1, 255, (n, size, size, channels), generator=random, dtype=torch.uint8)
    joints = 0.3 + 0.4 * torch.rand(n, 17, 2, generator=random)
    return Batch(raw, joints, [], [])


def settings(**changes):
    return AugmentSettings(**{**NO_AUGMENTATION.model_dump(), **changes})


def test_nothing_is_changed_without_augmentation():
    b = batch()
    found = augment(b, draw(6, NO_AUGMENTATION, generator()), SPEC, NO_AUGMENTATION, generator())
    torch.testing.assert_close(found, b.raw.permute(0, 3, 1, 2).float(), atol=2e-3, rtol=0)


def test_flip_is_the_students_mirror():
    b = batch()
    wanted = settings(flip=True)
    drawn = draw(6, wanted, generator(1))
    assert 0 < drawn.flip.sum() < 6
    student = Student(student_spec(tiny_settings(), 48, {"joints2d": 26}))
    student.set_channels(torch.full((3,), 100.0), torch.full((3,), 50.0))
    found = student.normalise(augment(b, drawn, SPEC, wanted, generator()))
    plain = student.normalise(b.raw.permute(0, 3, 1, 2))
    expected = torch.where(drawn.flip.view(-1, 1, 1, 1), student.mirror(plain), plain)
    torch.testing.assert_close(found, expected, atol=1e-3, rtol=0)


def test_draws_lie_in_their_ranges_and_are_fixed_by_the_seed():
    wanted = AugmentSettings()
    drawn = draw(4000, wanted, generator())
    area = drawn.extent.prod(1)
    aspect = drawn.extent[:, 0] / drawn.extent[:, 1]
    assert (drawn.corner >= 0).all()
    assert (drawn.corner + drawn.extent <= 1 + 1e-6).all()
    assert 0.49 < area.min() < 0.52
    assert 0.97 < area.max() <= 1
    assert aspect.min() >= 1 / 1.1 - 1e-5
    assert aspect.max() <= 1.1 + 1e-5
    assert drawn.flip.float().mean() == pytest.approx(0.5, abs=0.03)
    assert drawn.noise.float().mean() == pytest.approx(0.5, abs=0.03)
    assert drawn.colour[:, 0].min() >= 0.8
    assert 0.3 < drawn.colour[:, 3].abs().max() <= 0.05 * 2 * np.pi
    torch.testing.assert_close(draw(4000, wanted, generator()).corner, drawn.corner)
    torch.testing.assert_close(drawn.rows(slice(10, 20)).colour, drawn.colour[10:20])


def test_colours_stay_colours_under_noise():
    b, wanted = batch(), settings(noise_share=1, noise_variance=1)
    found = augment(b, draw(6, wanted, generator()), SPEC, wanted, generator())[:, :3]
    assert (float(found.min()), float(found.max())) == (0, 255)


@pytest.mark.parametrize("flip", [False, True])
def test_random_crop_is_where_it_says(flip):
    """A smooth picture of coordinates shows where each output pixel came from; flow grows with it."""
    size = 64
    ticks = (torch.arange(size) + 0.5) / size * 250
    raw = torch.full((1, size, size, 5), 128.0)
    raw[..., 0], raw[..., 1] = ticks[None, None, :], ticks[None, :, None]
    raw[..., 3], raw[..., 4] = 128 + 12, 128 - 20
    corner, extent = torch.tensor([[0.2, 0.1]]), torch.tensor([[0.75, 0.8]])
    drawn = Draw(corner, extent, torch.tensor([flip]), torch.tensor([[1.0, 1, 1, 0]]), torch.tensor([False]))
    b = Batch(raw.round().to(torch.uint8), torch.zeros(1, 17, 2), [], [])
    found = augment(b, drawn, SPEC, NO_AUGMENTATION, generator())[0]
    along = (torch.arange(size) + 0.5) / size
    x = 0.2 + 0.75 * (along.flip(0) if flip else along)
    torch.testing.assert_close(found[0], (x * 250).expand(size, size), atol=1.5, rtol=0)
    torch.testing.assert_close(
        found[1], ((0.1 + 0.8 * along) * 250)[:, None].expand(size, size), atol=1.5, rtol=0
    )
    torch.testing.assert_close(found[3, 5, 5] - 128, torch.tensor((-12 if flip else 12) / 0.75))
    torch.testing.assert_close(found[4, 5, 5] - 128, torch.tensor(-20 / 0.8))


def test_colours_agree_with_torchvision():
    colours = 100 + 40 * torch.rand(1, 3, 16, 16, generator=generator())
    for column, adjust in enumerate(
        (reference.adjust_brightness, reference.adjust_contrast, reference.adjust_saturation)
    ):
        for factor in (0.8, 1.15):
            colour = torch.tensor([[1.0, 1, 1, 0]])
            colour[0, column] = factor
            # torchvision rounds the weights of grey to four digits
            expected = adjust(colours / 255, factor) * 255
            torch.testing.assert_close(jitter(colours, colour), expected, atol=0.05, rtol=0)


def test_hue_turns_about_grey():
    third = torch.tensor([[1.0, 1, 1, 2 * torch.pi / 3]])
    matrix, share = colour_matrices(third)
    torch.testing.assert_close(matrix[0], torch.eye(3).roll(1, 0), atol=1e-5, rtol=0)
    assert share.item() == 0
    small = colour_matrices(torch.tensor([[1.0, 1, 1, 0.3]]))[0][0]
    torch.testing.assert_close(small @ torch.ones(3), torch.ones(3))
    pink = torch.tensor([1.0, 0.4, 0.4])
    theirs = reference.adjust_hue(pink.view(3, 1, 1), 0.05).flatten() - pink
    ours = colour_matrices(torch.tensor([[1.0, 1, 1, 0.05 * 2 * torch.pi]]))[0][0] @ pink - pink
    # hexagon and circle differ, but turn the same way and about as far
    assert ours[1] - ours[2] == pytest.approx(float(theirs[1] - theirs[2]), rel=0.2)


def test_noise_stays_off_a_given_mask_through_crop_and_mirror():
    size = 32
    wanted = settings(noise_share=1.0, noise_variance=0.05, min_area=0.5, flip=True)
    raw = torch.zeros(3, size, size, 5, dtype=torch.uint8)
    raw[..., :3] = 100
    raw[0, 4:12, 6:20, :3] = 220  # the athlete is the bright part, and the joints are elsewhere
    masks = torch.zeros(3, size, size, dtype=torch.uint8)
    masks[0, 4:12, 6:20] = 255
    joints = torch.full((3, 17, 2), 0.9)
    joints[2] = torch.nan
    there = torch.tensor([True, False, False])
    b = Batch(raw, joints, [], [], (masks, there))
    drawn = draw(3, wanted, generator(2))
    found = augment(b, drawn, SPEC, wanted, generator())[:, :3]
    quiet = replace(drawn, noise=torch.zeros(3, dtype=torch.bool))
    plain = augment(b, quiet, SPEC, wanted, generator())[:, :3]
    changed = (found != plain).any(1)
    bright = plain[0, 0] > 100.5
    assert bright.sum() > 50
    assert not changed[0][bright].any()
    assert changed[0][~bright].float().mean() > 0.9
    assert changed[1].any(), "without a mask the hull of the joints is the person"
    assert not changed[2].any(), "with neither there is no noise"


def test_mask_is_the_grown_hull():
    joints = 0.2 + 0.5 * torch.rand(20, 17, 2, generator=generator(3))
    masks = person_masks(joints, 64, 0.05)[:, 0]
    for mask, points in zip(masks, joints, strict=True):
        hull = cv2.convexHull(points.numpy())
        distance = np.array(
            [
                [cv2.pointPolygonTest(hull, ((x + 0.5) / 64, (y + 0.5) / 64), True) for x in range(64)]
                for y in range(64)
            ]
        )
        assert mask[distance >= -0.049].all()
        # the hull's longest edge, 0.5, seen by 24 directions, bulges by 0.5 / 2 tan(7.5 degrees)
        assert not mask[distance < -0.05 - 0.035 - 0.01].any()


@pytest.mark.parametrize("flip", [False, True])
def test_noise_is_on_the_background_alone(flip):
    wanted = settings(noise_share=1, noise_variance=0.01, person_margin=0.02)
    b = batch(4, 64)
    b.raw[:] = 128
    corner, extent = torch.full((4, 2), 0.1), torch.full((4, 2), 0.8)
    plain = torch.tensor([[1.0, 1, 1, 0]]).expand(4, 4)
    noise = torch.tensor([True, True, True, False])
    drawn = Draw(corner, extent, torch.full((4,), flip), plain, noise)
    b.joints[2, 0, 0] = torch.nan
    found = augment(b, drawn, SPEC, wanted, generator())
    changed = (found[:, :3] - 128).abs() > 1e-2
    assert not changed[2:].any()
    torch.testing.assert_close(found[:, 3:], torch.full_like(found[:, 3:], 128.0))
    points = (b.joints[:2] - 0.1) / 0.8
    if flip:
        points[..., 0] = 1 - points[..., 0]
    masks = person_masks(points, 64, 0.02).expand(2, 3, 64, 64)
    assert not changed[:2][masks].any()
    assert changed[:2][~masks].float().mean() > 0.99
    assert (found[:2, :3] - 128)[~masks].std() == pytest.approx(25.5, rel=0.03)


def test_each_input_alone():
    wanted = AugmentSettings()
    for spec in (InputSpec(flow=False), InputSpec(rgb=False), InputSpec(neighbours=(-1, 2))):
        b = batch(3, 32, spec.channels)
        found = augment(b, draw(3, wanted, generator()), spec, wanted, generator())
        assert found.shape == (3, spec.channels, 32, 32)
        assert found.isfinite().all()
