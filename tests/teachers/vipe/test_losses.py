"""The losses between views: distances, and the least value each can have."""

import math

import torch

from vpd.teachers.vipe.losses import distances, metric_loss, neighbour_loss


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
