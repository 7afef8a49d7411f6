"""The loop of the embeddings' trainers: schedule, best step, what is saved, how losses are weighed."""

import json
import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from tests.teachers.vipe.test_model import SMALL, motion
from vpd.teachers.vipe.loop import HISTORY, Loop
from vpd.teachers.vipe.losses import (
    distances,
    hinge_embedding_loss,
    joined_distances,
    metric_loss,
    neighbour_loss,
    procrustes_distances,
)
from vpd.teachers.vipe.network import Encoder, PoseDecoder
from vpd.teachers.vipe.sampler import Sampler
from vpd.teachers.vipe.train import batch_loss, train


def looped(steps=40, validate_every=10, lr=0.1, folder=None):
    torch.manual_seed(0)
    settings = SMALL.model_copy(update={"steps": steps, "validate_every": validate_every, "lr": lr})
    return Loop(nn.Linear(1, 1, bias=False), nn.Linear(1, 1), torch.Generator(), settings, folder)


def run(loop, hits, rates=None):
    """Go down the encoder's weight; validation says what ``hits`` says."""
    hits, seen = iter(hits), []

    def loss():
        if rates is not None:
            rates.append(loop.optimiser.param_groups[0]["lr"])
        value = loop.encoder.weight.sum()
        return value, {"weight": value.detach()}

    def validation():
        seen.append(float(loop.encoder.weight.detach()))
        return {"hit1": next(hits)}

    loop.run(loss, validation, None)
    return seen


@pytest.mark.parametrize(("hits", "best"), [((0.1, 0.4, 0.2, 0.3), 1), ((0.4, 0.1, 0.4, 0.3), 2)])
def test_the_weights_of_the_best_validation_are_kept(hits, best):
    loop = looped()
    seen = run(loop, hits)
    assert len(set(seen)) == 4
    assert float(loop.encoder.weight.detach()) == seen[best]
    assert not loop.encoder.training
    assert [row["step"] for row in loop.history] == [10, 20, 30, 40]
    assert [row["hit1"] for row in loop.history] == list(hits)


def test_the_weight_falls_and_the_history_has_means_of_the_parts():
    loop = looped()
    start = float(loop.encoder.weight.detach())
    seen = run(loop, (0.1, 0.2, 0.3, 0.4))
    assert start > seen[0] > seen[1] > seen[2] > seen[3]
    # the mean over ten steps lies between the weights at their beginning and end
    assert start > loop.history[0]["weight"] > seen[0] > loop.history[1]["weight"] > seen[1]


def test_the_rate_warms_up_and_falls_along_a_cosine():
    rates = []
    run(looped(steps=100, validate_every=100), (1.0,), rates)
    top = rates.index(max(rates))
    assert max(rates) == pytest.approx(0.1, rel=1e-3)
    assert 5 <= top <= 12
    assert rates[0] == pytest.approx(0.1 / 25, rel=0.01)
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    middle = (top + 99) // 2
    assert rates[middle] == pytest.approx(
        0.05 * (1 + math.cos(math.pi * (middle - top) / (99 - top))), abs=2e-3
    )


def test_gradients_are_clipped():
    loop = looped(steps=2, validate_every=2)
    norms = []
    loop.optimiser.register_step_pre_hook(lambda *_: norms.append(float(loop.encoder.weight.grad.norm())))
    loop.run(lambda: (100 * loop.encoder.weight.sum(), {}), lambda: {"hit1": 1.0}, None)
    assert norms == pytest.approx([1.0, 1.0], abs=1e-4)


def test_the_papers_schedule_keeps_its_rate_and_clips_nothing():
    torch.manual_seed(0)
    settings = SMALL.model_copy(update={"steps": 3, "validate_every": 3, "lr": 0.1, "schedule": "constant"})
    loop = Loop(nn.Linear(1, 1, bias=False), nn.Linear(1, 1), torch.Generator(), settings, None)
    norms, rates = [], []
    loop.optimiser.register_step_pre_hook(lambda *_: norms.append(float(loop.encoder.weight.grad.norm())))
    loop.optimiser.register_step_pre_hook(lambda *_: rates.append(loop.optimiser.param_groups[0]["lr"]))
    loop.run(lambda: (100 * loop.encoder.weight.sum(), {}), lambda: {"hit1": 1.0}, None)
    assert norms == pytest.approx([100.0] * 3)
    assert rates == [0.1] * 3


def test_the_history_is_kept_beside_the_state(tmp_path):
    run(looped(folder=tmp_path), (0.1, 0.2, 0.3, 0.4))
    rows = [json.loads(line) for line in (tmp_path / HISTORY).read_text().splitlines()]
    assert [row["hit1"] for row in rows] == [0.1, 0.2, 0.3, 0.4]
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("procrustes", [0.0, 0.3])
def test_losses_are_weighed_by_the_settings(procrustes):
    weights = {"pair_weight": 2.0, "decode_weight": 3.0, "metric_weight": 5.0, "neighbour_weight": 7.0}
    settings = SMALL.model_copy(update={**weights, "procrustes": procrustes})
    torch.manual_seed(0)
    encoder, decoder = Encoder(8, 16, 1, 0.0).eval(), PoseDecoder(8)
    sampler = Sampler([motion("a", 0)], settings, torch.device("cpu"))
    sample = sampler.draw(16, torch.Generator().manual_seed(0))
    loss, parts = batch_loss(encoder, decoder, sample, settings)
    a, b = encoder(sample.views[:, 0]), encoder(sample.views[:, 1])
    apart, near = distances(a, b), torch.cdist(sample.targets, sample.targets)
    near = joined_distances(near, procrustes_distances(sample.joints), procrustes)
    expected = {
        "pair": hinge_embedding_loss(a, b, encoder(sample.negatives), sample.has_negative),
        "decode": sum(
            functional.mse_loss(decoder(z), sample.targets, reduction="none").sum(1).mean() for z in (a, b)
        )
        / 2,
        "metric": metric_loss(apart, near),
        "neighbour": neighbour_loss(apart, near, settings.temperature),
    }
    for name, value in expected.items():
        assert float(parts[name]) == pytest.approx(float(value.detach()), rel=1e-3), name
    weights = {"pair": 2, "decode": 3, "metric": 5, "neighbour": 7}
    total = sum(weights[name] * value for name, value in expected.items())
    assert float(loss.detach()) == pytest.approx(float(total.detach()), rel=1e-3)


def test_seeds_reach_weights_and_samples():
    given = [motion("a", 0)], [motion("b", 1)]
    a, same, other = (
        train(*given, SMALL.model_copy(update={"seed": seed, "steps": 3})).encoder.first.weight
        for seed in (0, 0, 1)
    )
    assert torch.equal(a, same)
    assert not torch.equal(a, other)
