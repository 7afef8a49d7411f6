"""Frozen networks: R3D-18 against its reference and over a library, foundation networks by their extra."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.baselines.made import made_clips
from tests.baselines.refs import filled, given_input, parameters, reference, same
from tests.baselines.test_library import FRAMES, layout  # noqa: F401 (a fixture)
from vpd.baselines.frozen import FOUNDATIONS, load_foundation
from vpd.baselines.networks.video3d import R3D
from vpd.baselines.probe_classifier import ProbeClassifier
from vpd.baselines.r3d_features import interpolated, load_r3d, with_crops, write_r3d_features
from vpd.baselines.settings import ClipView, Training
from vpd.baselines.weights import weights_stamp
from vpd.errors import InputError
from vpd.library.features import read_features


def test_r3d_gives_the_public_features_and_logits():
    ref = reference("ref_r3d.json")["r3d_18"]
    network = filled(R3D(400), lambda key: key.removeprefix("network."))
    assert parameters(network) == 33_371_472
    with torch.inference_mode():
        features = network.features(given_input(ref["input"]).transpose(1, 2))
        same(features[0, :5], ref["feature5"])
        same(network.network.fc(features)[0, :5], ref["output5"])


def test_r3d_features_need_weights():
    with pytest.raises(InputError, match="need pretrained weights"):
        load_r3d("")


def test_features_are_linear_between_windows():
    found = np.array([0.0, 4.0, 8.0], np.float32)[:, None, None] * np.ones((1, 2, 3), np.float32)
    between = interpolated(found, np.array([0, 4, 6]), 7)
    assert between[:, 0, 0].tolist() == [0, 1, 2, 3, 4, 6, 8]
    assert interpolated(found[:1], np.array([0]), 3)[:, 0, 0].tolist() == [0, 0, 0]


def test_videos_without_crops_are_known(layout):  # noqa: F811 (the fixture)
    assert with_crops(layout) == (["v"], [])
    crops = layout.crops("v")
    aside = crops.rename(crops.with_suffix(".aside"))
    try:
        assert with_crops(layout) == ([], ["v"])
    finally:
        aside.rename(crops)


@pytest.mark.slow
def test_r3d_features_of_a_library(layout, tmp_path):  # noqa: F811 (the fixture)
    save_file(R3D(400).network.state_dict(), tmp_path / "r3d.safetensors")
    assert write_r3d_features(layout, str(tmp_path / "r3d.safetensors"), device="cpu") == ["v"]
    first, second = read_features(layout.features("r3d", "v"))
    assert (len(first), len(second)) == (6, FRAMES - 2)
    assert first.values.shape == (6, 2, 512)
    assert not np.allclose(first.values[:, 0], first.values[:, 1])
    assert write_r3d_features(layout, str(tmp_path / "r3d.safetensors"), device="cpu") == []


def small_foundation(name, folder):
    """A network of the architecture with a few small layers and random weights, saved as the hub does."""
    transformers = pytest.importorskip("transformers")
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 32}
    if name == "vjepa2":
        config = transformers.VJEPA2Config(
            crop_size=32, frames_per_clip=4, hidden_size=24, num_hidden_layers=1, num_attention_heads=2,
            pred_hidden_size=24, pred_num_hidden_layers=1, pred_num_attention_heads=2,
        )  # fmt: skip
    elif name == "videomae":
        config = transformers.VideoMAEConfig(**sizes, num_frames=4, intermediate_size=32)
    else:
        config = transformers.DINOv3ViTConfig(**sizes, intermediate_size=32)
    network = getattr(transformers, FOUNDATIONS[name].architecture)(config)
    network.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("name", list(FOUNDATIONS))
def test_a_probe_learns_on_frozen_tokens(name, tmp_path):
    X, y = made_clips(tmp_path, 2)
    weights = str(small_foundation(name, tmp_path / name))
    training = Training("adamw", 3e-3, batch=6, epochs=30)
    view = ClipView(side=32, frames=4, scales=(1.0,))
    model = ProbeClassifier(name, weights, view, training, device="cpu").fit(X, y)
    assert model.started_ == f"{name} frozen, from {weights}"
    assert min(model.losses_[1:]) < model.losses_[0]
    assert model.predict_proba(X).shape == (6, 3)


def test_a_foundation_network_takes_whole_weights(tmp_path):
    path = small_foundation("videomae", tmp_path) / "model.safetensors"
    before = weights_stamp(str(tmp_path))
    state = load_file(path)
    lost = state.pop(next(iter(state)))
    assert lost.numel()
    save_file(state, path, {"format": "pt"})
    assert weights_stamp(str(tmp_path)) != before
    with pytest.raises(InputError, match="lack 1 tensor of videomae"):
        load_foundation("videomae", str(tmp_path))


def test_a_foundation_network_needs_weights():
    with pytest.raises(InputError, match="needs weights"):
        load_foundation("vjepa2", "")
    with pytest.raises(InputError, match="no foundation network"):
        load_foundation("vjepa3", "x")
