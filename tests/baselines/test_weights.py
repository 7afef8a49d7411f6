"""Released weights load by their public names; what does not fit is said."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import save_file

from vpd.baselines.networks.bninception import BNInception
from vpd.baselines.networks.segments import GSM, TRN, TSN
from vpd.baselines.networks.spotter import Spotter
from vpd.baselines.networks.stgcn import STGCN
from vpd.baselines.weights import load_weights, public_key, read_weights
from vpd.errors import InputError


def public_state(network, rename=lambda key: key):
    """A state dict of the public shape: random tensors under the released names."""
    generator = torch.Generator().manual_seed(1)
    return {
        rename(key): torch.rand(t.shape, generator=generator) if t.is_floating_point() else t
        for key, t in network.state_dict().items()
    }


def test_a_released_tsn_loads_whole(tmp_path):
    wanted = public_state(TSN(101), lambda key: f"module.{key}")
    torch.save({"state_dict": wanted, "epoch": 80}, tmp_path / "tsn.pth.tar")
    network = TSN(101)
    assert load_weights(network, read_weights(str(tmp_path / "tsn.pth.tar")), ("new_fc.",)) == []
    for key, tensor in network.state_dict().items():
        torch.testing.assert_close(tensor, wanted[f"module.{key}"])


def test_a_classifier_of_other_classes_is_left_random():
    network = TSN(7)
    before = network.new_fc.weight.detach().clone()
    missing = load_weights(network, public_state(TSN(101)), ("new_fc.",))
    assert missing == ["new_fc.weight", "new_fc.bias"]
    torch.testing.assert_close(network.new_fc.weight, before)


def test_caffe_imagenet_weights_fill_the_picture_network():
    state = public_state(BNInception(), lambda key: key)
    state = {k: t[None] if "_bn." in k and t.ndim == 1 else t for k, t in state.items()}
    state |= {"fc.weight": torch.rand(1000, 1024), "fc.bias": torch.rand(1000)}
    network = GSM(7, 8, "bninception", 224)
    missing = load_weights(network, state, ("new_fc.",))
    assert all("gsm" in key or key.startswith("new_fc.") for key in missing)
    torch.testing.assert_close(network.base_model.state_dict()["conv2_3x3.weight"], state["conv2_3x3.weight"])


def test_colours_are_spread_to_flow():
    state = public_state(BNInception())
    network = TSN(7, channels=10)
    load_weights(network, state, ("new_fc.",))
    first = network.base_model.state_dict()["conv1_7x7_s2.weight"]
    mean = state["conv1_7x7_s2.weight"].mean(1)
    assert first.shape[1] == 10
    for channel in range(10):
        torch.testing.assert_close(first[:, channel], mean)


def test_torchvisions_weights_fill_a_gated_resnet():
    from torchvision.models import resnet18

    state = {k: t.clone() for k, t in resnet18(weights=None).state_dict().items()}
    for network, heads in (
        (GSM(3, 4, "resnet18", 64), ("new_fc.",)),
        (TRN(3, 4, "resnet18", 64), ("new_fc.", "consensus.")),
        (Spotter(2, 4, side=64), ("gru.", "classifier.")),
    ):
        missing = load_weights(network, state, heads)
        assert all("gsm" in key or key.startswith(heads) for key in missing)


def test_torchvisions_weights_are_read_from_its_cache(tmp_path, monkeypatch):
    from torchvision.models import ResNet18_Weights, resnet18

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    (tmp_path / "hub" / "checkpoints").mkdir(parents=True)
    state = resnet18(weights=None).state_dict()
    name = ResNet18_Weights.DEFAULT.url.rpartition("/")[2]
    torch.save(state, tmp_path / "hub" / "checkpoints" / name)
    network = TSN(3, "resnet18", 64)
    missing = load_weights(network, read_weights("torchvision", "resnet18"), ("new_fc.",))
    assert missing == ["new_fc.weight", "new_fc.bias"]
    torch.testing.assert_close(network.base_model.state_dict()["conv1.weight"], state["conv1.weight"])


def test_weights_of_the_hub_are_read_from_its_cache(tmp_path, monkeypatch):
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    kept, commit = tmp_path / "models--owner--networks", "0" * 40
    (kept / "snapshots" / commit / "graphs").mkdir(parents=True)
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text(commit)
    state = public_state(STGCN(7))
    save_file(state, kept / "snapshots" / commit / "graphs" / "stgcn.safetensors")
    network = STGCN(7)
    assert load_weights(network, read_weights("hub:owner/networks/graphs/stgcn.safetensors"), ()) == []
    torch.testing.assert_close(network.fcn.weight, state["fcn.weight"])
    with pytest.raises(InputError, match="could not be fetched"):
        read_weights("hub:owner/networks/other.safetensors")


def test_weights_are_taken_whole_or_not_at_all():
    state = public_state(TSN(7, "resnet18", 64))
    network = TSN(7, "resnet18", 64)
    before = network.new_fc.weight.detach().clone()
    for changed, why in (
        ({"gsm.gate.weight": torch.zeros(2)}, r"hold 1 tensor that the network does not have.*gsm\.gate"),
        ({"new_fc.bias": torch.full((7,), torch.nan)}, "new_fc.bias holds values that are no finite"),
        ({"new_fc.bias": torch.zeros(7, dtype=torch.int8)}, "new_fc.bias is of torch.int8"),
    ):
        with pytest.raises(InputError, match=why):
            load_weights(network, state | changed, ("new_fc.",))
        torch.testing.assert_close(network.new_fc.weight, before)
    half = {key: t.bfloat16() if t.is_floating_point() else t for key, t in state.items()}
    assert load_weights(network, half | {"fc.weight": torch.zeros(9, 2)}, ("new_fc.",)) == []
    torch.testing.assert_close(network.new_fc.weight, half["new_fc.weight"].float())


def test_tensors_are_found_in_any_wrapping(tmp_path):
    torch.save({"model": {"state_dict": {"a": torch.ones(1)}}, "epoch": 3}, tmp_path / "wrapped.pth")
    assert list(read_weights(str(tmp_path / "wrapped.pth"))) == ["a"]


def test_keys_of_other_releases():
    assert public_key("module.base_model.conv1.weight") == "base_model.conv1.weight"
    assert public_key("last_linear.weight") == "fc.weight"


def test_what_does_not_fit_is_said(tmp_path):
    state = public_state(STGCN(7))
    del state["st_gcn_networks.3.gcn.conv.weight"]
    with pytest.raises(InputError, match=r"st_gcn_networks\.3\.gcn\.conv\.weight is missing"):
        load_weights(STGCN(7), state, ("fcn.",))
    (tmp_path / "bad.safetensors").write_bytes(b"nothing")
    with pytest.raises(InputError, match="cannot be read"):
        read_weights(str(tmp_path / "bad.safetensors"))
    save_file({"a": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(InputError, match="do not fit"):
        load_weights(STGCN(7), read_weights(str(tmp_path / "other.safetensors")), ("fcn.",))
    with pytest.raises(InputError, match="does not name a file"):
        read_weights("hub:owner/name")
    torch.save({"model": {}}, tmp_path / "none.pth")
    with pytest.raises(InputError, match="hold no tensor"):
        read_weights(str(tmp_path / "none.pth"))
    with pytest.raises(InputError, match="torchvision has no weights"):
        read_weights("torchvision")
