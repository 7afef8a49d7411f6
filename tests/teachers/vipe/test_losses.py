"""The losses between views: distances, and the least value each can have."""

import math

import numpy as np
import pytest
import torch

from vpd.teachers.vipe.losses import (
    PROCRUSTES_SCALE,
    distances,
    hinge_embedding_loss,
    joined_distances,
    metric_loss,
    neighbour_loss,
    procrustes_distances,
)


def test_distances_are_those_of_cdist_and_have_gradients_where_they_are_zero():
    a, b = (torch.randn(9, 5, generator=torch.Generator().manual_seed(s)) for s in (0, 1))
    torch.testing.assert_close(distances(a, b), torch.cdist(a, b), atol=1e-3, rtol=0)
    a.requires_grad_()
    distances(a, a).sum().backward()
    assert torch.isfinite(a.grad).all()


def test_no_distances_are_better_than_those_of_the_poses():
    generator = torch.Generator().manual_seed(0)
    near = torch.cdist(*[torch.randn(12, 3, generator=generator)] * 2)
    wanted = torch.softmax(-near / 0.5, 1)
    least = -(wanted * wanted.log()).sum(1).mean()
    assert torch.isclose(neighbour_loss(near, near, 0.5), least)
    assert metric_loss(near, near) == 0
    for _ in range(5):
        other = near + 0.05 * torch.randn(near.shape, generator=generator)
        assert neighbour_loss(other, near, 0.5) > least
        assert metric_loss(other, near) > 0


def test_neighbours_that_cannot_be_told_apart_cost_a_guess():
    near = torch.tensor([[0.0, 9.0], [9.0, 0.0]])
    assert math.isclose(neighbour_loss(torch.ones(2, 2), near, 0.1), math.log(2), rel_tol=1e-6)


def test_what_is_far_hardly_matters_to_neighbours_and_rules_the_metric():
    near = 5 * (1 - torch.eye(4))
    apart = near.clone()
    apart[0, 1] = 8
    assert neighbour_loss(apart, near, 0.1) < 1e-6 < metric_loss(apart, near)


def test_the_hinge_loss_pulls_pairs_together_and_pushes_negatives_up_to_the_margin():
    a = torch.tensor([[0.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    b = torch.tensor([[3.0, 4.0], [0.0, 1.0], [0.0, 0.0]])
    negative = torch.tensor([[0.6, 0.0], [0.0, 1.5], [0.0, 0.1]])
    has_negative = torch.tensor([True, True, False])
    # pairs: (5 + 1 + 0) / 3; negatives: (1 - 0.6) and 0 beyond the margin of 1, the third has none
    found = hinge_embedding_loss(a, b, negative, has_negative)
    assert float(found) == pytest.approx(2 + 0.4 / 3)
    assert float(hinge_embedding_loss(a, b, negative, ~has_negative & False)) == pytest.approx(2)


def test_the_distance_losses_by_hand():
    apart, near = torch.tensor([[1.0, 3.0], [2.0, 0.0]]), torch.tensor([[0.0, 3.0], [4.0, 0.0]])
    assert float(metric_loss(apart, near)) == pytest.approx((1 + 0 + 4 + 0) / 4)
    wanted, found = torch.softmax(-near / 0.5, 1), torch.log_softmax(-apart / 0.5, 1)
    columns = torch.log_softmax(-apart.T / 0.5, 1)
    expected = -((wanted * found).sum(1).mean() + (wanted * columns).sum(1).mean()) / 2
    assert float(neighbour_loss(apart, near, 0.5)) == pytest.approx(float(expected))


def test_procrustes_distances_are_those_of_the_singular_values():
    poses = torch.randn(7, 13, 3, generator=torch.Generator().manual_seed(3))
    # A mirror image is another pose; a pose that is turned, moved and of another size is the same one.
    turn = torch.linalg.qr(torch.randn(3, 3, generator=torch.Generator().manual_seed(4)))[0]
    turn = turn * torch.linalg.det(turn)
    poses = torch.cat([poses, poses[:1] * torch.tensor([-1.0, 1, 1]), 2.5 * poses[:1] @ turn + 3])
    found = procrustes_distances(poses).numpy() / PROCRUSTES_SCALE
    points = poses.double().numpy()
    points = points - points.mean(1, keepdims=True)
    trunk = np.linalg.norm(points[:, [1, 2]].mean(1) - points[:, [7, 8]].mean(1), axis=1)
    size = np.linalg.norm(points, axis=(1, 2))
    for i in range(len(points)):
        for j in range(len(points)):
            u, s, v = np.linalg.svd(points[i].T @ points[j] / size[i] / size[j])
            s[2] *= np.sign(np.linalg.det(u) * np.linalg.det(v))
            left = np.sqrt(max(0.0, 1 - s.sum() ** 2) * size[i] * size[j] / trunk[i] / trunk[j])
            assert found[i, j] == pytest.approx(left, abs=0.03 if left < 0.03 else 2e-3)
    assert found[0, 7] > 0.5 > 0.03 > found[0, 8]


def test_joined_distances_lie_between_both():
    a, b = torch.tensor([[3.0]]), torch.tensor([[4.0]])
    assert [float(joined_distances(a, b, share)) for share in (0.0, 1.0)] == [3.0, 4.0]
    assert float(joined_distances(a, b, 0.5)) == pytest.approx(math.sqrt(12.5))
