"""Each network is the one it is called: outputs of the public implementations, keys, parameter counts."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import torch
from torchvision.models.video import MViT_V2_S_Weights

from tests.baselines.refs import filled, given_input, parameters, reference, same
from tests.shared import shared_path
from vpd.baselines.networks.bninception import BNInception
from vpd.baselines.networks.graph import (
    COCO,
    NTU,
    OPENPOSE,
    k_adjacency,
    scale_adjacencies,
    spatial_partition,
    window_adjacency,
)
from vpd.baselines.networks.gsm import GateShift
from vpd.baselines.networks.inceptionv3 import InceptionV3
from vpd.baselines.networks.msg3d import MSG3D
from vpd.baselines.networks.poseconv3d import PoseConv3D
from vpd.baselines.networks.stgcn import STGCN
from vpd.baselines.networks.stgcnpp import STGCNPlusPlus
from vpd.baselines.networks.timesformer import LONG, TimeSformer, TimeSformerShape
from vpd.baselines.networks.trn import TUPLES, MultiScaleRelation
from vpd.baselines.networks.video3d import MViT


def gate_of(frames: int):
    return lambda channels: GateShift(channels, frames)


def test_bninception_gives_the_public_features():
    ref = reference("ref_rgb.json.gz")["bninception"]
    network = filled(BNInception())
    ours = {key: list(t.shape) for key, t in network.state_dict().items()}
    assert ours == {key: shape for key, shape in ref["keys"].items() if not key.startswith("fc.")}
    with torch.inference_mode():
        features = network(given_input(ref["input"]))
    same(features[:, :8], ref["feature"])
    assert float(features.mean()) == pytest.approx(ref["mean"], rel=1e-5)
    assert float(features.std()) == pytest.approx(ref["std"], rel=1e-5)


def test_inceptionv3_with_gates_gives_the_public_features():
    ref = reference("ref_rgb.json.gz")["gsm_inceptionv3_16"]
    network = filled(InceptionV3(gate=gate_of(ref["segments"])))
    ours = {key: list(t.shape) for key, t in network.state_dict().items()}
    assert ours == {key: shape for key, shape in ref["keys"].items() if not key.startswith("top_cls_fc.")}
    with torch.inference_mode():
        features = network(given_input(ref["input"]))
    same(features[:, :8], ref["feature"])
    assert float(features.mean()) == pytest.approx(ref["mean"], rel=1e-5)
    assert float(features.std()) == pytest.approx(ref["std"], rel=1e-5)


def test_parameters_of_the_backbones():
    assert parameters(BNInception()) == 10_270_240
    assert parameters(BNInception(channels=10)) == 10_270_240 + 21_952
    assert parameters(BNInception(gate=gate_of(8))) == 10_321_300
    assert parameters(InceptionV3()) == 21_802_784
    assert parameters(InceptionV3(gate=gate_of(16))) == 21_851_060


def test_the_gate_gives_the_public_output():
    ref = np.load(shared_path("data/paper/refs/gate.npz"))
    frames = 4
    gate = GateShift(8, frames).eval()
    gate.load_state_dict(
        {k: torch.from_numpy(np.asarray(ref[k])) for k in ref.files if k not in ("input", "output")}
    )
    with torch.inference_mode():
        same(gate(torch.from_numpy(ref["input"])), ref["output"])


@pytest.mark.parametrize(
    ("channels", "order"),
    [(8, [0, 2, 1, 3, 4, 6, 5, 7]), (16, [0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15])],
)
def test_a_gate_at_zero_is_a_permutation(channels, order):
    x = torch.randn(6, channels, 3, 2)
    assert torch.equal(GateShift(channels, 3)(x), x[:, order])
    assert torch.equal(GateShift(channels, 3, interleave=False)(x), x)


def test_an_open_gate_moves_channels_to_the_frames_beside():
    gate = GateShift(4, 3, interleave=False).eval()
    torch.nn.init.constant_(gate.conv3D.bias, 30.0)  # tanh is 1
    x = torch.arange(12.0).view(3, 4, 1, 1)
    moved = gate(x)[:, :, 0, 0]
    assert moved[:, :2].tolist() == [[4, 5], [8, 9], [0, 0]]
    assert moved[:, 2:].tolist() == [[0, 0], [2, 3], [6, 7]]


def test_relations_give_the_public_logits():
    ref = reference("ref_trn.json")["trn_ms"]
    network = filled(MultiScaleRelation(ref["dim"], ref["frames"], ref["classes"], ref["bottleneck"]))
    assert {k: list(t.shape) for k, t in network.state_dict().items()} == ref["keys"]
    assert [[list(t) for t in tuples] for tuples in network.tuples] == ref["tuples"]
    x = given_input(ref["input"])
    with torch.inference_mode():
        same(network(x, [[0], *ref["picks"]]), ref["output"])
        network.every_tuple = True
        same(network(x), ref["all_tuples_sum"])


def test_relations_are_drawn_by_their_seed():
    network = MultiScaleRelation(4, 8, 3, seed=5)
    first = [network.draw() for _ in range(20)]
    network.seed_draws(5)
    assert [network.draw() for _ in range(20)] == first
    network.seed_draws(6)
    assert [network.draw() for _ in range(20)] != first
    for drawn in first:
        assert drawn[0] == [0]
        assert all(len(set(d)) == len(d) == TUPLES for d in drawn[1:])
    seen = {i for drawn in first for i in drawn[4]}
    assert seen <= set(range(70))
    assert len(seen) > 30
    assert [len(t) for t in network.tuples] == [1, 8, 28, 56, 70, 56, 28]
    assert network.tuples[2] == list(combinations(range(8), 6))


@pytest.mark.parametrize(
    ("classes", "count"), [(6, 2_306_346), (7, 2_308_145), (35, 2_358_517), (48, 2_381_904)]
)
def test_parameters_of_the_relations(classes, count):
    assert parameters(MultiScaleRelation(256, 8, classes)) == count


def test_stgcn_gives_the_public_logits():
    data = reference("ref_stgcn.json")
    ref = data["stgcn_coco17_7"]
    np.testing.assert_allclose(spatial_partition(COCO), data["stgcn_A_coco_spatial"], atol=1e-7)
    network = filled(STGCN(7), skip=("A",))
    assert {k: list(t.shape) for k, t in network.state_dict().items()} == ref["keys"]
    assert parameters(network) == ref["params"]
    with torch.inference_mode():
        same(network(given_input(ref["input"])), ref["output"])


@pytest.mark.parametrize(
    ("graph", "sums", "counts"),
    [
        (COCO, (6.367, 7.133, 3.5), (17, 22, 10)),
        (OPENPOSE, (6.667, 8.583, 2.75), (18, 25, 9)),
        (NTU, (8.95, 13.3, 2.75), None),
    ],
)
def test_partition_sums(graph, sums, counts):
    partition = spatial_partition(graph)
    np.testing.assert_allclose(partition.sum((1, 2)), sums, atol=1e-3)
    np.testing.assert_allclose(partition.sum(0).sum(0), 1, atol=1e-6)
    if counts:
        assert tuple((partition > 0).sum((1, 2))) == counts


@pytest.mark.parametrize(("classes", "count"), [(6, 3_074_826), (35, 3_082_279), (48, 3_085_620)])
def test_parameters_of_stgcn(classes, count):
    assert parameters(STGCN(classes)) == count


def test_parameters_of_stgcn_on_the_released_skeleton():
    assert parameters(STGCN(400, OPENPOSE)) == 3_177_140


def test_stgcn_shortens_time_by_four():
    network = STGCN(3).eval()
    lengths = []
    network.st_gcn_networks[-1].register_forward_hook(lambda m, i, o: lengths.append(o.shape[2]))
    network(torch.randn(1, 3, 30, 17, 2))
    assert lengths == [8]


def test_msg3d_gives_the_public_logits():
    ref = reference("ref_msg3d.json")["msg3d_coco17_7"]
    network = filled(MSG3D(7))
    assert {k: list(t.shape) for k, t in network.state_dict().items()} == ref["keys"]
    assert parameters(network) == ref["params"]
    means = {}
    for name in ("sgcn1", "gcn3d1"):
        module = network.get_submodule(name)
        module.register_forward_hook(lambda m, i, o, name=name: means.update({name: float(o.mean())}))
    with torch.inference_mode():
        same(network(given_input(ref["input"])), ref["output"])
    assert means["sgcn1"] == pytest.approx(ref["sgcn1_mean"], rel=1e-4)
    assert means["gcn3d1"] == pytest.approx(ref["gcn3d1_mean"], rel=1e-4)


@pytest.mark.parametrize(("classes", "count"), [(6, 2_963_124), (35, 2_974_289), (48, 2_979_294)])
def test_parameters_of_msg3d(classes, count):
    assert parameters(MSG3D(classes)) == count


def test_parameters_of_msg3d_on_the_released_skeletons():
    assert parameters(MSG3D(400, OPENPOSE, persons=2)) == 3_144_328
    assert parameters(MSG3D(60, NTU, persons=2, scales=13, window_scales=6)) == 3_194_595


@pytest.mark.parametrize(
    ("network", "count"),
    [(STGCNPlusPlus, 1_393_016), (PoseConv3D, 2_024_860)],
    ids=["ST-GCN++", "PoseConv3D"],
)
def test_parameters_of_networks_over_skeletons_of_60_classes(network, count):
    """PYSKL states 1.39 and 2.0 million for NTU-60."""
    assert parameters(network(60)) == count


def test_parameters_of_mvit_are_torchvisions():
    with torch.device("meta"):
        count = parameters(MViT(400))
    assert count == MViT_V2_S_Weights.KINETICS400_V1.meta["num_params"] == 34_537_744


def test_k_adjacencies_part_the_pairs_by_distance():
    pairs = [int((k_adjacency(COCO.adjacency, k) - np.eye(17)).sum()) for k in range(1, 9)]
    assert pairs[:7] == [32, 40, 56, 62, 48, 24, 8]
    assert sum(pairs) == 17 * 16
    stacked = scale_adjacencies(COCO.adjacency, 8).reshape(8, 17, 17)
    np.testing.assert_array_equal(stacked[0], np.eye(17))
    for matrix in stacked:
        np.testing.assert_allclose(matrix, matrix.T, atol=1e-7)
        assert np.abs(np.linalg.eigvalsh(matrix)).max() <= 1 + 1e-6
    assert window_adjacency(COCO, 3).shape == (51, 51)


def test_timesformer_gives_the_public_logits():
    ref = reference("ref_timesformer.json")["timesformer_small"]
    c = ref["config"]
    names = ("image_size", "patch_size", "num_frames", "hidden_size", "num_hidden_layers")
    names += ("num_attention_heads", "intermediate_size")
    network = filled(TimeSformer(c["num_labels"], TimeSformerShape(**{n: c[n] for n in names})))
    assert {k: list(t.shape) for k, t in network.state_dict().items()} == ref["keys"]
    assert parameters(network) == ref["params"]
    with torch.inference_mode():
        same(network(given_input(ref["input"])), ref["output"])


@pytest.mark.parametrize(("classes", "count"), [(400, 121_633_936), (48, 121_363_248)])
def test_parameters_of_timesformer(classes, count):
    with torch.device("meta"):
        assert parameters(TimeSformer(classes, LONG)) == count


def test_time_attention_of_a_new_timesformer_starts_with_the_first_layer():
    network = TimeSformer(3, TimeSformerShape(32, 16, 2, 24, 3, 3, 48)).eval()
    layers = list(network.get_submodule("timesformer.encoder.layer").children())
    assert layers[0].temporal_dense.weight.abs().sum() > 0
    x = torch.randn(2, 1 + 4 * 2, 24)
    for layer in layers[1:]:
        torch.testing.assert_close(layer.in_time(x[:, 1:]), x[:, 1:])


def test_joint_attention_sees_all_frames_at_once():
    shape = TimeSformerShape(32, 16, 2, 24, 2, 3, 48, attention="joint_space_time")
    network = TimeSformer(3, shape).eval()
    assert not any("temporal" in key for key in network.state_dict())
    clips = torch.randn(1, 2, 3, 32, 32)
    changed = clips.clone()
    changed[:, 1] += 1
    assert not torch.allclose(network(clips), network(changed))
