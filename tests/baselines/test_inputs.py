"""What a baseline sees of a clip and of a skeleton."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.baselines.made import SIDE, made_clips, made_skeletons
from vpd.baselines.clip_classifier import ClipSource
from vpd.baselines.networks.graph import COCO
from vpd.baselines.networks.poseconv3d import heatmaps
from vpd.baselines.settings import ClipView, SkeletonView
from vpd.baselines.skeleton_classifier import SkeletonSource
from vpd.baselines.skeletons import (
    about_athlete,
    bones,
    in_box,
    in_picture,
    padded,
    random_move,
    uniform,
    with_persons,
)
from vpd.baselines.skeletons import mirrored as mirrored_skeleton
from vpd.baselines.systems import CLIP_SYSTEMS
from vpd.baselines.views import corner_crops, cropped, fixed_crops, mirrored, normalised
from vpd.crops import flow_in_pixels
from vpd.pose.skeleton import MIRROR17


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    return made_clips(tmp_path_factory.mktemp("clips"), 1)[0]


def test_flow_stacks_hold_x_and_y_of_five_frames(clips):
    frames = np.array([[3, 4, 5, 6, 7]])
    stack = clips[0].flow(frames)
    assert stack.shape == (1, 10, SIDE, SIDE)
    right = flow_in_pixels(stack[0])
    left = flow_in_pixels(clips[1].flow(frames)[0])
    moving = np.abs(right[0]) > 1
    assert moving.any()
    assert right[0][moving].mean() > 1  # x of the square that moves right
    assert left[0::2][np.abs(left[0::2]) > 1].mean() < -1
    assert abs(right[1][moving].mean()) < 0.5 * right[0][moving].mean()  # y


def test_a_mirrored_stack_moves_the_other_way(clips):
    raw = torch.from_numpy(clips[0].flow(np.array([[3, 4, 5, 6, 7]])))[None].float()
    turned = mirrored(raw, flow=True)
    torch.testing.assert_close(turned[..., 0::2, :, :], 256 - raw.flip(-1)[..., 0::2, :, :])
    torch.testing.assert_close(turned[..., 1::2, :, :], raw.flip(-1)[..., 1::2, :, :])
    torch.testing.assert_close(mirrored(turned, flow=True), raw)


def test_caffe_networks_see_blue_first():
    clips = torch.zeros(1, 2, 3, 4, 4)
    clips[:, :, 0] = 255  # red
    norms = CLIP_SYSTEMS["tsn"].norms("bninception")
    seen = normalised(clips, norms.mean, norms.std, norms.bgr)
    assert seen[0, 0, :, 0, 0].tolist() == [-104, -117, 255 - 128]
    still = normalised(torch.full((1, 2, 10, 4, 4), 128.0), norms.mean, norms.std, norms.bgr)
    assert not still.any()


def test_corner_crops_are_of_tsns_places():
    boxes = corner_crops(128, (1.0, 0.875, 0.75, 0.66), 300, np.random.default_rng(0))
    sizes = [128, 112, 96, 84]
    assert (boxes[:, :2] >= 0).all()
    assert (boxes[:, :2] + boxes[:, 2:] <= 128).all()
    for x, _, w, h in boxes:
        assert abs(sizes.index(w) - sizes.index(h)) <= 1
        assert w == 128 or x % ((128 - w) // 4) == 0
    assert len(np.unique(boxes, axis=0)) > 50


def test_views_of_a_test():
    assert fixed_crops(128, 1) == [(0, 0, 128, 128)]
    assert len(fixed_crops(128, 3)) == 3
    assert len(set(fixed_crops(128, 5))) == 5
    picture = torch.arange(16.0).view(1, 1, 1, 4, 4)
    torch.testing.assert_close(cropped(picture, [(2, 0, 2, 2)], 2), picture[..., :2, 2:])
    torch.testing.assert_close(cropped(picture, [(0, 0, 4, 4)], 4), picture)


def test_batches_depend_on_the_seed_alone(clips):
    source = ClipSource(clips, ClipView(side=32), CLIP_SYSTEMS["tsn"].norms("resnet18"), torch.device("cpu"))
    items = np.arange(3)

    def batch(seed):
        return source.ready(source.read(items, seed, True), seed)

    torch.testing.assert_close(batch(3), batch(3))
    assert not torch.equal(batch(3), batch(4))
    assert batch(3).shape == (3, 3, 3, 32, 32)


def test_skeletons_in_the_picture_and_about_the_athlete():
    skeleton = made_skeletons(1)[0][0]
    points = with_persons(skeleton, 2)
    assert points.shape == (2, 20, 17, 3)
    assert not points[1].any()
    points[0, 3, 9, 2] = 0  # not seen
    picture = in_picture(points, skeleton.width, skeleton.height)
    np.testing.assert_allclose(picture[0, 0, 0, :2], points[0, 0, 0, :2] / (640, 480) - 0.5, rtol=1e-5)
    athlete = about_athlete(points)
    for values in (picture, athlete):
        assert not values[0, 3, 9].any()
        assert not values[1].any()
    moved = points + np.array([50, -20, 0], np.float32) * (points[..., 2:] > 0)
    np.testing.assert_allclose(about_athlete(moved)[..., :2], athlete[..., :2], atol=1e-4)


def test_bones_and_mirrors():
    values = np.random.default_rng(0).normal(size=(1, 4, 17, 3)).astype(np.float32)
    found = bones(values, COCO.parents)
    assert not found[..., 0, :].any()
    np.testing.assert_allclose(found[..., 9, :], values[..., 9, :] - values[..., 7, :])
    turned = mirrored_skeleton(values)
    np.testing.assert_allclose(turned[..., 9, 0], -values[..., 10, 0])
    np.testing.assert_allclose(mirrored_skeleton(turned), values)
    np.testing.assert_allclose(bones(turned, COCO.parents), mirrored_skeleton(found), atol=1e-6)
    assert (COCO.parents[MIRROR17] == MIRROR17[COCO.parents]).all()


def test_frames_of_skeletons():
    values = np.arange(10, dtype=np.float32)[None, :, None, None] * np.ones((1, 1, 17, 3), np.float32)
    assert padded(values, 12, None)[0, :, 0, 0].tolist() == [*range(10), 0, 0]
    assert padded(values, 4, None)[0, :, 0, 0].tolist() == [3, 4, 5, 6]
    assert uniform(values, 5, None)[0, :, 0, 0].tolist() == [1, 3, 5, 7, 9]
    drawn = uniform(values, 5, np.random.default_rng(0))[0, :, 0, 0]
    assert (drawn // 2 == np.arange(5)).all()
    assert uniform(values, 20, None)[0, :, 0, 0].tolist() == sorted([*range(10)] * 2)


def test_a_random_move_leaves_the_unseen_alone():
    values = np.ones((1, 8, 17, 3), np.float32)
    values[0, :, 5] = 0
    moved = random_move(values, np.random.default_rng(1))
    assert not moved[0, :, 5].any()
    assert not np.allclose(moved[0, :, 6], values[0, :, 6])
    np.testing.assert_array_equal(moved[..., 2], values[..., 2])


def test_heatmaps_peak_at_the_joints():
    points = torch.tensor([[0.25, 0.5]]).view(1, 1, 1, 1, 2)
    maps = heatmaps(points, torch.tensor([0.8]).view(1, 1, 1, 1), 16)
    assert maps.shape == (1, 1, 1, 16, 16)
    peak = int(maps.flatten().argmax())
    assert (peak // 16, peak % 16) == (8, 4)  # row y, column x
    assert float(maps.max()) == pytest.approx(0.8)
    assert not heatmaps(points, torch.zeros(1, 1, 1, 1), 16).any()
    skeletons = made_skeletons(1)[0]
    boxed = in_box(with_persons(skeletons[0], 1), None)
    assert boxed[..., :2].min() >= 0
    assert boxed[..., :2].max() <= 1
    source = SkeletonSource(skeletons, SkeletonView(8, heatmap=16), torch.device("cpu"))
    assert source.ready(source.read(np.arange(3), None, False), None).shape == (3, 17, 8, 16, 16)
