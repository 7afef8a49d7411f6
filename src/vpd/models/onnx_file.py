"""Read an ONNX file without the package `onnx`: nodes, weights, inputs and outputs.

A file is Protocol Buffers (protobuf.dev/programming-guides/encoding): fields of a number, a wire type and a
value. The numbers are those of onnx.proto3, IR version 8.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vpd.errors import ArtefactError
from vpd.types import Array

VARINT, EIGHT_BYTES, LENGTH, FOUR_BYTES = 0, 1, 2, 5
TYPES = {1: "<f4", 2: "u1", 3: "i1", 6: "<i4", 7: "<i8", 9: "?", 10: "<f2", 11: "<f8"}
"""TensorProto.DataType to NumPy's types."""
TYPED = {4: "<f4", 5: "<i4", 7: "<i8", 10: "<f8"}
"""Fields of TensorProto that hold values of one type, where they are not raw."""


@dataclass(frozen=True)
class Node:
    """One operation: its name in ONNX, the names of its inputs and outputs, and its attributes."""

    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any]


@dataclass(frozen=True)
class Value:
    """An input or output of the whole network. Sizes that are not fixed are names or ""."""

    name: str
    shape: list[int | str]


@dataclass(frozen=True)
class Graph:
    """A network: nodes in an order in which they can run, and weights by name."""

    nodes: tuple[Node, ...]
    weights: dict[str, Array]
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]


def read_onnx(network: Path | bytes) -> Graph:
    """Read the network in a file, or in its content. Raises ArtefactError where it cannot be read."""
    content = network if isinstance(network, bytes) else network.read_bytes()
    name = "the network" if isinstance(network, bytes) else str(network)
    try:
        graph = next(value for number, value in _fields(memoryview(content)) if number == 7)
        return _graph(graph)
    except (StopIteration, IndexError, KeyError, TypeError, ValueError, struct.error) as error:
        raise ArtefactError(f"{name} cannot be read as an ONNX network: {error!r}") from error


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    """The number that begins at a byte, and the start of the next field."""
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def _fields(data: memoryview) -> Iterator[tuple[int, Any]]:
    """The fields of a message: number, and an int or bytes."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == VARINT:
            value, at = _varint(data, at)
            yield number, value
            continue
        if wire == LENGTH:
            size, at = _varint(data, at)
        elif wire in (EIGHT_BYTES, FOUR_BYTES):
            size = 8 if wire == EIGHT_BYTES else 4
        else:
            raise ValueError(f"wire type {wire}")
        if at + size > len(data):
            raise ValueError("the file ends within a field")
        yield number, data[at : at + size]
        at += size


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def _whole(value: int | memoryview) -> list[int]:
    """Whole numbers of a repeated field: one, or several packed together."""
    if isinstance(value, int):
        return [_signed(value)]
    found, at = [], 0
    while at < len(value):
        number, at = _varint(value, at)
        found.append(_signed(number))
    return found


def _text(value: memoryview) -> str:
    return bytes(value).decode("utf-8")


def _graph(data: memoryview) -> Graph:
    nodes, weights = [], {}
    values: dict[int, list[Value]] = {11: [], 12: []}
    for number, value in _fields(data):
        if number == 1:
            nodes.append(_node(value))
        elif number == 5:
            name, array = _tensor(value)
            weights[name] = array
        elif number in values:
            values[number].append(_value(value))
    inputs = tuple(v for v in values[11] if v.name not in weights)
    return Graph(tuple(nodes), weights, inputs, tuple(values[12]))


def _node(data: memoryview) -> Node:
    names: dict[int, list[str]] = {1: [], 2: [], 4: []}
    attributes: dict[str, Any] = {}
    for number, value in _fields(data):
        if number in names:
            names[number].append(_text(value))
        elif number == 5:
            attributes.update([_attribute(value)])
    return Node(names[4][0], tuple(names[1]), tuple(names[2]), attributes)


def _attribute(data: memoryview) -> tuple[str, Any]:
    name, kind = "", 0
    one: dict[int, Any] = {}
    floats: list[float] = []
    whole: list[int] = []
    for number, value in _fields(data):
        if number == 1:
            name = _text(value)
        elif number == 20:
            kind = value
        elif number == 7:
            floats += np.frombuffer(value, "<f4").tolist()
        elif number == 8:
            whole += _whole(value)
        else:
            one[number] = value
    # AttributeProto.AttributeType; values at their default are left out of the file.
    if kind == 1:
        return name, struct.unpack("<f", one.get(2, bytes(4)))[0]
    if kind == 2:
        return name, _signed(one.get(3, 0))
    if kind == 3:
        return name, _text(one.get(4, memoryview(b"")))
    if kind == 4:
        return name, _tensor(one[5])[1]
    if kind in (6, 7):
        return name, floats if kind == 6 else whole
    return name, None


def _tensor(data: memoryview) -> tuple[str, Array]:
    name, kind, raw = "", 0, None
    shape: list[int] = []
    typed: list[Array] = []
    for number, value in _fields(data):
        if number == 1:
            shape += _whole(value)
        elif number == 2:
            kind = value
        elif number == 8:
            name = _text(value)
        elif number == 9:
            raw = np.frombuffer(value, TYPES[kind])
        elif number in (5, 7):
            typed.append(np.array(_whole(value), TYPED[number]))
        elif number in TYPED:
            typed.append(np.frombuffer(value, TYPED[number]))
        elif number == 13:
            raise ValueError(f"the weights {name} lie in another file")
    if raw is None:
        parts = np.concatenate(typed) if typed else np.empty(0, TYPES[kind])
        # Half precision lies in int32 fields as its bits.
        raw = parts.astype(np.uint16).view(np.float16) if kind == 10 else parts.astype(TYPES[kind])
    return name, raw.reshape(shape)


def _value(data: memoryview) -> Value:
    name = ""
    shape: list[int | str] = []
    for number, value in _fields(data):
        if number == 1:
            name = _text(value)
        elif number == 2:
            dims = [d for n, kind in _fields(value) if n == 1 for m, s in _fields(kind) if m == 2
                    for k, d in _fields(s) if k == 1]  # fmt: skip
            for dim in dims:
                found = dict(_fields(dim))
                shape.append(_signed(found[1]) if 1 in found else _text(found.get(2, memoryview(b""))))
    return Value(name, shape)
