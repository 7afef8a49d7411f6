"""MoveNet in torch is the shipped network, and is decoded alike."""

import numpy as np
import onnxruntime as ort
import torch

from vpd.models import model_path
from vpd.pose import movenet
from vpd.pose.movenet_torch import RGB_MEAN, RGB_STD, decode, load_movenet


def test_torch_and_the_shipped_file_agree():
    image = np.random.default_rng(0).integers(0, 255, (1, 256, 256, 3)).astype(np.float32)
    session = ort.InferenceSession(str(model_path("movenet_thunder")))
    names = ["heatmap", "center", "regress", "offset"]
    expected = dict(zip(names, session.run(names, {"image": image}), strict=True))
    with torch.inference_mode():
        inputs = (torch.from_numpy(image).permute(0, 3, 1, 2) - RGB_MEAN) / RGB_STD
        found = load_movenet().eval()(inputs)
    for name in names:
        value = torch.sigmoid(found[name]) if name in ("heatmap", "center") else found[name]
        np.testing.assert_allclose(
            value.numpy(), expected[name], rtol=1e-3, atol=1e-2 if "e" in name else 1e-3
        )


def test_joints_are_those_of_the_published_decoding():
    """Made heads: of the person in the middle, the joint at the peak near the place that is regressed."""
    with torch.inference_mode():
        heads = {
            "heatmap": torch.full((1, 17, 8, 8), -9.0), "center": torch.full((1, 1, 8, 8), -9.0),
            "regress": torch.zeros(1, 34, 8, 8), "offset": torch.zeros(1, 34, 8, 8),
        }  # fmt: skip
        heads["center"][0, 0, 4, 3] = 2.0
        heads["regress"][0, 0::2, 4, 3], heads["regress"][0, 1::2, 4, 3] = -2.0, 1.0
        heads["heatmap"][0, :, 2, 4] = 1.0
        heads["heatmap"][0, :, 7, 0] = 2.0
        heads["offset"][0, 0::2, 2, 4], heads["offset"][0, 1::2, 2, 4] = 0.5, 0.25
        joints, scores, regressed = decode(heads)
    torch.testing.assert_close(regressed[0, 0], torch.tensor([4 / 8, 2 / 8]))
    torch.testing.assert_close(
        joints[0, 0], torch.tensor([4.25 / 8, 2.5 / 8]), msg="the near peak, not the high"
    )
    torch.testing.assert_close(scores[0, 0], torch.sigmoid(torch.tensor(1.0)))


def test_arrays_and_tensors_are_decoded_alike():
    generator = torch.Generator().manual_seed(0)
    heads = {
        name: torch.randn(3, channels, 16, 16, generator=generator)
        for name, channels in (("heatmap", 17), ("center", 1), ("regress", 34), ("offset", 34))
    }
    joints, scores, _ = decode(heads)
    y, x = np.mgrid[:16, :16]
    distance = np.hypot(y - 8, x - 8) + 1.8
    arrays = {name: head.numpy().astype(np.float32) for name, head in heads.items()}
    heat, centre = (1 / (1 + np.exp(-arrays[name])) for name in ("heatmap", "center"))
    found = movenet.decode(heat, centre / distance, arrays["regress"], arrays["offset"])
    np.testing.assert_allclose(found[..., 1::-1], joints, atol=1e-5)
    np.testing.assert_allclose(found[..., 2], scores, atol=1e-5)
