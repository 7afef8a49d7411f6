"""Overlap and suppression, against torchvision."""

import numpy as np
import torch
from torchvision.ops import box_iou, nms

from vpd.athletes.boxes import iou, suppress


def boxes(rng: np.random.Generator, n: int) -> np.ndarray:
    return np.concatenate([rng.uniform(0, 100, (n, 2)), rng.uniform(5, 60, (n, 2))], axis=1)


def corners(xywh: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.concatenate([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]], axis=1))


def test_overlap_is_that_of_torchvision() -> None:
    rng = np.random.default_rng(0)
    a, b = boxes(rng, 30), boxes(rng, 20)
    np.testing.assert_allclose(iou(a, b), box_iou(corners(a), corners(b)).numpy(), atol=1e-12)


def test_a_box_without_area_overlaps_nothing() -> None:
    assert iou(np.array([[0, 0, 0, 0]]), np.array([[0, 0, 0, 0], [0, 0, 5, 5]])).tolist() == [[0, 0]]


def test_suppression_is_that_of_torchvision() -> None:
    rng = np.random.default_rng(1)
    a, scores = boxes(rng, 80), rng.random(80)
    expected = nms(corners(a), torch.from_numpy(scores), 0.5).tolist()
    assert suppress(a, scores, 0.5).tolist() == expected
