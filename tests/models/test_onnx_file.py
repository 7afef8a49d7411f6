"""ONNX files as the package `onnx` reads them."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from vpd.errors import ArtefactError
from vpd.models import MODELS, model_path
from vpd.models.onnx_file import read_onnx

NETWORKS = [name for name in MODELS if MODELS[name].file.endswith(".onnx")]


@pytest.mark.parametrize("name", NETWORKS)
def test_a_shipped_network_is_read_as_by_onnx(name: str) -> None:
    graph, wanted = read_onnx(model_path(name)), onnx.load(str(model_path(name))).graph
    read = [(node.op, node.inputs, node.outputs) for node in graph.nodes]
    assert read == [(node.op_type, tuple(node.input), tuple(node.output)) for node in wanted.node]
    for node, other in zip(graph.nodes, wanted.node, strict=True):
        for attribute in other.attribute:
            value = helper.get_attribute_value(attribute)
            assert node.attributes[attribute.name] == (
                value.decode() if isinstance(value, bytes) else value if np.isscalar(value) else list(value)
            )
    assert list(graph.weights) == [tensor.name for tensor in wanted.initializer]
    for tensor in wanted.initializer:
        np.testing.assert_array_equal(graph.weights[tensor.name], numpy_helper.to_array(tensor), strict=True)
    assert [value.name for value in graph.outputs] == [value.name for value in wanted.output]
    sizes = wanted.input[0].type.tensor_type.shape.dim
    assert graph.inputs[0].shape == [size.dim_param or size.dim_value for size in sizes]


def test_values_that_are_not_raw_are_read(tmp_path: Path) -> None:
    tensors = [
        helper.make_tensor("whole", TensorProto.INT64, [3], [-1, 2, -(2**40)]),
        helper.make_tensor("small", TensorProto.INT32, [2], [-7, 7]),
        helper.make_tensor("single", TensorProto.FLOAT, [2, 1], [0.5, -2.0]),
        helper.make_tensor("half", TensorProto.FLOAT16, [2], [0.5, -2.0]),
        helper.make_tensor("true", TensorProto.BOOL, [2], [True, False]),
    ]
    graph = helper.make_graph([], "g", [], [], initializer=tensors)
    path = tmp_path / "values.onnx"
    onnx.save(helper.make_model(graph), str(path))
    weights = read_onnx(path).weights
    for tensor in tensors:
        np.testing.assert_array_equal(weights[tensor.name], numpy_helper.to_array(tensor), strict=True)


@pytest.mark.parametrize("content", [b"", b"no network at all", b"\x3a\xff\xff\xff\xff\x0f"])
def test_what_is_no_network_is_refused(content: bytes) -> None:
    with pytest.raises(ArtefactError, match="ONNX"):
        read_onnx(content)
