"""ONNX networks in torch give what onnxruntime gives."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper

from vpd.errors import InputError
from vpd.models import model_path, session
from vpd.models.session import CPU, open_session
from vpd.models.torch_session import TorchSession
from vpd.types import Array

HERE = torch.device("cpu")


def network(path: Path, nodes: list[onnx.NodeProto], weights: dict[str, Array]) -> Path:
    """A network from (1, 3, 11, 8) "x" to "y"."""
    tensors = [onnx.numpy_helper.from_array(value, name) for name, value in weights.items()]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 11, 8])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "g", [x], [y], initializer=tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(path))
    return path


@pytest.mark.parametrize(
    ("name", "shape", "scale"),
    [("nanodet", (2, 3, 416, 416), 1.0), ("movenet_thunder", (2, 256, 256, 3), 255.0)],
)
def test_the_shipped_networks_say_the_same(name: str, shape: tuple[int, ...], scale: float) -> None:
    image = (np.random.default_rng(0).random(shape) * scale).astype(np.float32)
    wanted = open_session(model_path(name), 1, gpu=False).run(None, {"image": image})
    found = TorchSession(model_path(name), HERE).run(None, {"image": image})
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5 * max(1, np.abs(b).max()))


@pytest.mark.parametrize("auto_pad", ["SAME_UPPER", "SAME_LOWER", "NOTSET"])
def test_convolutions_pad_as_onnx_says(auto_pad: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    weights = {
        "w": rng.normal(size=(6, 1, 3, 4)).astype(np.float32),
        "b": rng.normal(size=6).astype(np.float32),
    }
    pads = {"pads": [1, 0, 2, 3]} if auto_pad == "NOTSET" else {"auto_pad": auto_pad}
    conv = helper.make_node("Conv", ["x", "w", "b"], ["c"], group=3, strides=[2, 1], **pads)
    pool = helper.make_node("MaxPool", ["c"], ["y"], kernel_shape=[2, 2], pads=[0, 0, 1, 1])
    path = network(tmp_path / "n.onnx", [conv, pool], weights)
    x = rng.normal(size=(1, 3, 11, 8)).astype(np.float32)
    wanted = open_session(path, 1, gpu=False).run(None, {"x": x})[0]
    np.testing.assert_allclose(TorchSession(path, HERE).run(["y"], {"x": x})[0], wanted, atol=1e-5)


@pytest.mark.parametrize(
    "node",
    [
        helper.make_node("Softmax", ["x"], ["y"]),
        helper.make_node("Pad", ["x", "w"], ["y"], mode="reflect"),
        helper.make_node("Resize", ["x", "", "", "w"], ["y"], mode="nearest"),
    ],
    ids=lambda node: node.op_type,
)
def test_an_unknown_operation_is_left_to_onnxruntime(
    node: onnx.NodeProto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = np.array([1, 3, 22, 16]) if node.op_type == "Resize" else np.array([0, 0, 1, 1, 0, 0, 1, 1])
    path = network(tmp_path / "n.onnx", [node], {"w": sizes.astype(np.int64)} if len(node.input) > 1 else {})
    with pytest.raises(InputError, match=node.op_type):
        TorchSession(path, HERE)
    monkeypatch.setattr(session, "gpu_of_torch", lambda: HERE)
    assert isinstance(open_session(path, 1), onnxruntime.InferenceSession)


def test_torch_stands_in_where_onnxruntime_has_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "gpu_of_torch", lambda: HERE)
    monkeypatch.setattr(session, "available_provider", lambda: CPU)
    path = model_path("nanodet")
    assert isinstance(open_session(path, 1), TorchSession)
    assert isinstance(open_session(path, 1, gpu=False), onnxruntime.InferenceSession)
