"""Training of the detector's networks: losses by hand, the epoch that is kept, what windows show."""

import numpy as np
import pytest
import torch

from vpd.detection import training
from vpd.detection.targets import UNKNOWN
from vpd.detection.training import (
    EDGE_ROUNDING,
    RARE_WEIGHT_LIMIT,
    Schedule,
    Target,
    Windows,
    class_weights,
    edge_loss,
    tick_loss,
    train,
)


def target(classes):
    return Target(np.array(classes), np.zeros((len(classes), 2), np.float32))


def test_segments_weigh_by_the_root_of_how_rare_they_are():
    weights = class_weights([target([0] * 36 + [1] * 2 + [2] * 2 + [UNKNOWN] * 50)], 3)
    np.testing.assert_allclose(weights, [1, 3, 3])
    assert class_weights([target([0] * 1000 + [1])], 2)[1] == RARE_WEIGHT_LIMIT
    assert class_weights([target([0] + [1] * 9)], 2)[1] == 1


def test_the_edge_loss_is_that_of_ticks_in_segments():
    classes = torch.tensor([[0, 1, 2]])
    edges = torch.tensor([[[9.0, 9.0], [1.0, 2.0], [0.5, 0.5]]])
    said = torch.tensor([[[0.0, 0.0], [1.0 + EDGE_ROUNDING / 2, 2.0], [0.5, 1.5]]])
    small, large = 0.5 * (EDGE_ROUNDING / 2) ** 2 / EDGE_ROUNDING, 1 - EDGE_ROUNDING / 2
    assert float(edge_loss(said, classes, edges)) == pytest.approx((small + large) / 4, rel=1e-4)
    assert float(edge_loss(said, torch.zeros(1, 3, dtype=torch.long), edges)) == 0


class Says(torch.nn.Module):
    """The inputs are the logits."""

    def forward(self, x):
        return x


def test_the_held_out_loss_is_the_weighted_mean_surprise_of_known_ticks():
    logits = np.log(np.array([[0.5, 0.5], [0.2, 0.8], [0.9, 0.1]], np.float32))
    inputs = np.stack([logits, logits], axis=1)
    loss = tick_loss(Says(), [inputs], [target([0, 1, UNKNOWN])], torch.tensor([1.0, 3.0]), True)
    assert loss == pytest.approx(-(np.log(0.5) + 3 * np.log(0.8)) / 4, rel=1e-5)


def test_windows_are_mirrored_at_random_or_never():
    inputs = np.zeros((50, 2, 1), np.float32)
    inputs[:, 0], inputs[:, 1] = 1.0, -1.0
    for mirror, expected in ((True, {1.0, -1.0}), (False, {1.0})):
        x, _, _ = Windows([inputs], [target([1] * 50)], 5, 0.0, mirror=mirror).draw(
            60, np.random.default_rng(0)
        )
        assert set(x[:, 0, 0].tolist()) == expected


def test_a_window_holds_the_targets_of_its_own_ticks():
    inputs = np.arange(100, dtype=np.float32)[:, None, None].repeat(2, axis=1)
    classes = np.where(np.arange(100) % 10 == 3, UNKNOWN, np.arange(100) // 20)
    edges = np.stack([np.arange(100), 2 * np.arange(100)], axis=1).astype(np.float32)
    windows = Windows([inputs, inputs + 1000], [Target(classes, edges)] * 2, 8, 0.0)
    x, y, e = (t.numpy() for t in windows.draw(80, np.random.default_rng(0)))
    known = y != UNKNOWN
    tick = (x[..., 0] % 1000).astype(int)[known]
    np.testing.assert_array_equal(y[known], classes[tick])
    np.testing.assert_array_equal(e[known], edges[tick])
    assert {True, False} == set((x[..., 0] >= 1000).any(axis=1).tolist())


def run(epochs, patience, losses, monkeypatch):
    """A network trained while the held-out loss takes the values of ``losses``."""
    rng = np.random.default_rng(0)
    inputs = [rng.normal(size=(60, 2, 3)).astype(np.float32)]
    classes = [target(rng.integers(0, 2, 60))]
    found = iter(losses)
    monkeypatch.setattr(training, "tick_loss", lambda *_: next(found))
    schedule = Schedule(10, 8, epochs, 1e-2, windows=16, patience=patience, edges=1.0)
    network = train("convolutions", 4, 2, inputs, classes, schedule, 0, (inputs, classes))
    assert next(found, None) is None
    assert not network.training
    return network.state_dict()


def equal(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


def test_patience_keeps_the_epoch_of_least_loss_and_stops_in_time(monkeypatch):
    second = run(2, 9, [3.0, 1.0], monkeypatch)
    kept = run(9, 3, [3.0, 1.0, 2.0, 1.0, 1.5], monkeypatch)
    assert equal(kept, second)
    assert not equal(run(3, 9, [3.0, 2.0, 1.0], monkeypatch), second)


def test_without_patience_all_epochs_are_run(monkeypatch):
    one, two = run(1, 0, [], monkeypatch), run(2, 0, [], monkeypatch)
    assert not equal(one, two)
    assert equal(two, run(2, 0, [], monkeypatch))


def test_training_lowers_the_loss_of_what_it_sees():
    rng = np.random.default_rng(0)
    classes = rng.integers(0, 2, 300)
    inputs = [np.repeat((classes * 2.0 - 1)[:, None, None], 2, axis=1).astype(np.float32)]
    edges = np.stack([classes * 0.7, classes * 0.2], axis=1).astype(np.float32)
    targets = [Target(classes, edges)]
    schedule = Schedule(20, 8, 20, 1e-2, edges=1.0)
    network = train("convolutions", 16, 2, inputs, targets, schedule, 0)
    with torch.inference_mode():
        said = network(torch.from_numpy(inputs[0][None, :, 0]))[0]
    assert (said[:, :2].argmax(1).numpy() == classes).mean() > 0.95
    inside = classes == 1
    np.testing.assert_allclose(said[inside, 2:].mean(0), [0.7, 0.2], atol=0.15)
