"""Networks by path: tiny ones, made here, whose answer is known."""

from pathlib import Path

import numpy as np
import pytest

from vpd.errors import ArtefactError, InputError, SettingsError
from vpd.pose.onnx_estimator import OnnxEstimator
from vpd.pose.table import open_estimator
from vpd.settings import PoseSettings

onnx = pytest.importorskip("onnx")
helper, numpy_helper = onnx.helper, onnx.numpy_helper
NO_MEAN, NO_STD = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)


def network(
    path: Path, shape: list[int | str], outputs: dict[str, np.ndarray], channel_axis: int = 1
) -> Path:
    """A network whose outputs are the given arrays (1, ...) times the mean of the picture's first channel."""
    axes = [a for a in range(1, 4) if a != channel_axis]
    n = shape[0]
    initial = [numpy_helper.from_array(v.astype(np.float32), f"{k}_is") for k, v in outputs.items()]
    initial += [
        numpy_helper.from_array(np.array(axes, np.int64), "axes"),
        numpy_helper.from_array(np.array(0, np.int64), "first"),
        numpy_helper.from_array(np.array([-1, 1, 1], np.int64), "three"),
        numpy_helper.from_array(np.array([-1, 1, 1, 1], np.int64), "four"),
    ]
    nodes = [
        helper.make_node("ReduceMean", ["in", "axes"], ["means"], keepdims=0),
        helper.make_node("Gather", ["means", "first"], ["red"], axis=1),
    ]
    for name, value in outputs.items():
        nodes.append(
            helper.make_node("Reshape", ["red", "three" if value.ndim == 3 else "four"], [f"{name}_by"])
        )
        nodes.append(helper.make_node("Mul", [f"{name}_is", f"{name}_by"], [name]))
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("in", onnx.TensorProto.FLOAT, shape)],
        [
            helper.make_tensor_value_info(k, onnx.TensorProto.FLOAT, [n, *v.shape[1:]])
            for k, v in outputs.items()
        ],
        initial,
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8), str(path))
    return path


def red(n: int, height: int, width: int) -> np.ndarray:
    """Pictures whose first channel is 1, 2, ... n."""
    crops = np.zeros((n, height, width, 3), np.uint8)
    crops[..., 0] = np.arange(1, n + 1)[:, None, None]
    return crops


def peaks(shape: tuple[int, int], joints: int = 17) -> np.ndarray:
    """Heatmaps (1, joints, *shape) with the peak of joint j at row j + 2, column j + 1."""
    heatmap = np.zeros((1, joints, *shape))
    for j in range(joints):
        heatmap[0, j, j + 2, j + 1] = 0.5
        heatmap[0, j, j + 2, j + 2] = 0.2
        heatmap[0, j, j + 1, j + 1] = 0.1
    return heatmap


@pytest.mark.parametrize("batch", ["N", 1, 4])
def test_reads_heatmaps(tmp_path: Path, batch: int | str) -> None:
    path = network(tmp_path / "hrnet.onnx", [batch, 3, 256, 192], {"maps": peaks((64, 48))})
    estimator = OnnxEstimator(path, NO_MEAN, NO_STD, threads=1)
    assert estimator.size == (192, 256)
    pose = estimator.keypoints(red(2, 256, 192))
    j = np.arange(17)
    np.testing.assert_allclose(pose[0, :, 0], (j + 1.25) * 4)
    np.testing.assert_allclose(pose[0, :, 1], (j + 1.75) * 4)
    np.testing.assert_allclose(pose[:, :, 2], [[0.5] * 17, [1.0] * 17])


@pytest.mark.parametrize("swapped", [False, True])
def test_reads_simcc_in_either_order_and_wholebody(tmp_path: Path, swapped: bool) -> None:
    x, y = np.zeros((1, 133, 384)), np.zeros((1, 133, 512))
    for j in range(133):
        x[0, j, 2 * j + 3], y[0, j, 3 * j + 8] = 0.9, 0.6
    heads = {"simcc_y": y, "simcc_x": x} if swapped else {"simcc_x": x, "simcc_y": y}
    path = network(tmp_path / "rtmpose.onnx", ["N", 3, 256, 192], heads)
    pose = OnnxEstimator(path, NO_MEAN, NO_STD, threads=1).keypoints(red(1, 256, 192))
    j = np.arange(17)
    assert pose.shape == (1, 17, 3)
    np.testing.assert_allclose(pose[0], np.stack([j + 1.5, (3 * j + 8) / 2, [0.6] * 17], axis=1), rtol=1e-6)


def test_normalises_and_takes_channels_last(tmp_path: Path) -> None:
    path = network(tmp_path / "vitpose.onnx", ["N", 64, 64, 3], {"maps": peaks((32, 32))}, channel_axis=3)
    estimator = OnnxEstimator(path, (10.0, 0, 0), (20.0, 1, 1), threads=1)
    crops = np.full((1, 64, 64, 3), 20, np.uint8)
    np.testing.assert_allclose(estimator.keypoints(crops)[0, :, 2], 0.25)


def test_says_what_it_does_not_understand(tmp_path: Path) -> None:
    other = network(tmp_path / "other.onnx", ["N", 3, 64, 64], {"classes": np.ones((1, 80, 8, 8))})
    with pytest.raises(InputError, match="heatmap"):
        OnnxEstimator(other, NO_MEAN, NO_STD)
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"not a network")
    with pytest.raises(ArtefactError, match=r"broken\.onnx"):
        OnnxEstimator(broken, NO_MEAN, NO_STD)
    with pytest.raises(ArtefactError, match="does not exist"):
        open_estimator(PoseSettings(estimator=str(tmp_path / "none.onnx")))
    with pytest.raises(SettingsError, match="movenet_thunder"):
        open_estimator(PoseSettings(estimator="openpose"))


def test_every_back_end_opens_by_its_setting(tmp_path: Path) -> None:
    path = network(tmp_path / "any.onnx", ["N", 3, 64, 64], {"maps": peaks((32, 32))})
    for name in ("movenet_thunder", str(path)):
        estimator = open_estimator(PoseSettings(estimator=name), threads=1)
        width, height = estimator.size
        pose = estimator.keypoints(np.zeros((2, height, width, 3), np.uint8))
        assert pose.shape == (2, 17, 3)
        assert pose.dtype == np.float32
        assert ((pose[..., 2] >= 0) & (pose[..., 2] <= 1)).all()
        assert estimator.device in ("CPU", "CUDA")
        assert estimator.padding > 1
