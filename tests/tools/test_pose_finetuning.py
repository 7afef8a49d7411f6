"""The fine-tuning of the pose network: bodies in torch, the rasteriser, targets, turned views, the export."""

import hashlib

import numpy as np
import pytest
import torch

from tools.pose import rasteriser
from tools.pose.degrade import compressed
from tools.pose.export import export
from tools.pose.losses import CELL, CELLS, centres, heat_targets, rendered_loss, spots, total
from tools.pose.people import SIDE, turned_joints, turned_maps
from tools.pose.pictures import Batch, seen_otherwise
from tools.pose.scaling import plain_weights, scale_weights
from vpd.models import MODELS
from vpd.pose.movenet_torch import decode, load_movenet

SQUARE = torch.tensor([[0, 1, 2], [0, 2, 3]])


def square(x: float, y: float, size: float, depth: float) -> torch.Tensor:
    """A square whose front is seen."""
    corners = [(x, y), (x, y + size), (x + size, y + size), (x + size, y)]
    return torch.tensor([[a, b, depth] for a, b in corners])


def test_the_nearer_of_two_squares_is_seen():
    meshes = torch.stack([square(2, 2, 8, 5.0), square(6, 6, 8, 3.0)])
    keys = rasteriser.visible(meshes, SQUARE, torch.tensor([0, 0]), 1, 16)[0].view(16, 16)
    depth = rasteriser.depth_of(keys)
    expected = torch.full((16, 16), torch.inf)
    expected[2:10, 2:10] = 5.0
    expected[6:14, 6:14] = 3.0
    torch.testing.assert_close(depth, expected)


def test_backs_are_not_seen_and_views_are_apart():
    front, back = square(2, 2, 8, 5.0), square(2, 2, 8, 5.0).flip(0)
    keys = rasteriser.visible(torch.stack([front, back]), SQUARE, torch.tensor([1, 0]), 2, 16)
    assert (keys[0] == rasteriser.NOTHING).all()
    assert (keys[1] != rasteriser.NOTHING).sum() == 64


def test_what_lies_between_corners_is_interpolated_in_space_not_in_the_picture():
    """A square that leads away: half-way in the picture is nearer than half-way in space."""
    mesh = torch.tensor([[[0.0, 0, 1], [0.0, 16, 1], [16.0, 16, 3], [16.0, 0, 3]]])
    keys = rasteriser.visible(mesh, SQUARE, torch.tensor([0]), 1, 16)[0]
    filled = (keys != rasteriser.NOTHING).nonzero()[:, 0]
    x, y = filled % 16, filled // 16
    _, corner, weight = rasteriser.shares(mesh, SQUARE, keys[filled] & 0xFFFFFFFF, x, y)
    depth = (mesh[0, corner, 2] * weight).sum(1)
    torch.testing.assert_close(depth, 1 / (1 + ((x + 0.5) / 16) * (1 / 3 - 1)))


def scene(seed: int = 0) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    joints = 40 + 170 * torch.rand(2, 17, 2, generator=generator)
    none = torch.zeros(0, dtype=torch.long)
    seen = torch.ones(2, 17, dtype=torch.bool)
    zeros = torch.zeros(2)
    return Batch(torch.zeros(2, 3, 256, 256), joints, seen, joints[:0], none, seen[:0], zeros, zeros)


def perfect_heads(joints: torch.Tensor, heat: torch.Tensor, centre: torch.Tensor) -> dict[str, torch.Tensor]:
    ticks = torch.arange(CELLS, dtype=torch.float32)
    y = (joints[..., 1, None] / CELL - ticks)[..., :, None].expand(-1, -1, -1, CELLS)
    x = (joints[..., 0, None] / CELL - ticks)[..., None, :].expand(-1, -1, CELLS, -1)
    places = torch.stack([y, x], 2).flatten(1, 2)
    heat, centre = (v.clamp(1e-6, 1 - 1e-6).logit() for v in (heat, centre))
    return {"heatmap": heat, "center": centre, "regress": places, "offset": places}


def test_heads_as_wanted_are_decoded_to_the_joints_and_cost_nothing():
    batch = scene()
    heat, centre = heat_targets(batch.joints, batch.seen, batch.others, batch.others_in, batch.others_seen)
    heads = perfect_heads(batch.joints, heat, centre)
    joints, scores, _ = decode(heads)
    torch.testing.assert_close(joints * SIDE, batch.joints, atol=1e-3, rtol=0)
    assert (scores > 0.75).all()
    assert float(total(rendered_loss(heads, batch))) < 0.05
    away = {name: head.roll(3, -1) for name, head in heads.items()}
    assert float(total(rendered_loss(away, batch))) > 10


def test_another_persons_joints_are_wanted_in_the_heatmap_and_not_in_the_pose():
    batch = scene()
    other = torch.full((1, 17, 2), 30.0)
    heat, centre = heat_targets(
        batch.joints, batch.seen, other, torch.tensor([1]), torch.ones(1, 17, dtype=bool)
    )
    assert (heat[1, :, 7, 7] > 0.85).all()
    assert (heat[0, :, 7, 7] < 0.5).all()
    joints, _, _ = decode(perfect_heads(batch.joints, heat, centre))
    torch.testing.assert_close(joints[1] * SIDE, batch.joints[1], atol=1e-3, rtol=0)


def test_turned_maps_and_joints_agree():
    joints = scene().joints
    angles = torch.tensor([0.7, 3.0])
    upright = spots(joints, torch.ones(2, 17), 1.6)
    turned, known = turned_maps(upright, angles)
    wanted = spots(turned_joints(joints, angles), torch.ones(2, 17), 1.6)
    assert ((turned - wanted).abs() * known).max() < 0.12
    assert centres(joints).shape == (2, 2)


def test_scaled_weights_say_the_same_and_a_step_of_one_size_moves_all_by_as_much_of_their_own():
    network = load_movenet()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    scale_weights(network)
    for name, value in plain_weights(network).items():
        torch.testing.assert_close(value, before[name], rtol=1e-5, atol=1e-7)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 0.01
    after = plain_weights(network)
    for name in ("pyramid.2.pointwise.weight", "heads.regress.1.weight", "blocks.15.layers.2.weight"):
        size = before[name].pow(2).mean((1, 2, 3)).sqrt()
        moved = (after[name] - before[name]).abs().amax((1, 2, 3)) / size
        assert float(moved.median()) == pytest.approx(0.01, rel=0.05)


@pytest.mark.parametrize(("quarters", "mirrored"), [(0, True), (1, False), (3, True)])
def test_a_batch_seen_otherwise_shows_its_joints_where_it_says(quarters, mirrored):
    batch = scene()
    spot = spots(batch.joints[0, 9], torch.tensor(1.0), 1.6)
    batch.light[0, 1] = spot.repeat_interleave(4, 0).repeat_interleave(4, 1)
    seen = seen_otherwise(batch, quarters, mirrored=mirrored)
    row, column = divmod(int(seen.light[0, 1].argmax()), SIDE)
    wrist = seen.joints[0, 10 if mirrored else 9]
    assert abs(float(wrist[0]) - column) < 5
    assert abs(float(wrist[1]) - row) < 5


def test_compression_loses_more_the_lower_its_quality():
    pictures = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    lost = [
        float((compressed(pictures, torch.tensor([q])) - pictures).abs().mean()) for q in (100.0, 2.0, 0.3)
    ]
    assert lost[0] < 0.01 < lost[1] < lost[2]


def test_the_published_weights_are_exported_to_the_very_file_that_is_shipped(tmp_path):
    export(load_movenet(), tmp_path / "same.onnx")
    digest = hashlib.sha256((tmp_path / "same.onnx").read_bytes()).hexdigest()
    assert digest == MODELS["movenet_thunder"].sha256


@pytest.mark.slow
def test_baked_bodies_move_as_those_they_were_made_from(tmp_path, monkeypatch):
    pytest.importorskip("anny", reason="needs the extra `synthetic`")
    pytest.importorskip("pybullet_data", reason="needs the extra `synthetic`")
    from tools.pose import bake
    from tools.pose.puppets import Puppets
    from tools.synthetic.body import BodyModel
    from tools.synthetic.motions import load
    from tools.synthetic.retarget import bone_transforms

    monkeypatch.setattr(bake, "BODIES", 1)
    monkeypatch.setattr(bake, "TEST_BODIES", 1)
    bake.bake_bodies(tmp_path / "bodies.npz")
    puppets = Puppets(tmp_path / "bodies.npz", torch.device("cpu"))
    body = BodyModel().make(np.random.default_rng([bake.BODY_SEED, 1]))
    _, quats = load("cartwheel").at(np.linspace(0, 1, 5))
    bones = bone_transforms(body, np.zeros((5, 3)), quats)
    which = torch.ones(5, dtype=torch.long)
    transforms = puppets.transforms(which, torch.from_numpy(quats).float())
    found = puppets.keypoints_at(which, transforms).numpy()
    np.testing.assert_allclose(found, body.keypoints_at(bones), atol=1e-4)
    surface = puppets.skinned(which, transforms)[0][:, ::2].numpy()
    np.testing.assert_allclose(surface, body.surface_at(bones), atol=2e-3)
