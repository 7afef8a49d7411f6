"""Outputs of the public networks, and the rule by which their weights were filled: a formula of each key."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tests.shared import shared_path

RELATIVE = 1e-5


def reference(name: str) -> Any:
    """The reference file ``name`` of the shared folder; skips the test where it is absent."""
    path = shared_path(f"data/paper/refs/{name}")
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return json.loads(data)


def normal(key: str, shape: Iterable[int]) -> np.ndarray[Any, Any]:
    """Standard normal numbers seeded by the key."""
    rng = np.random.default_rng(zlib.crc32(key.encode()))
    return rng.standard_normal(tuple(shape)).astype(np.float32)


def given_input(shape: Iterable[int]) -> Tensor:
    """The input that the public networks were given."""
    return torch.from_numpy(normal("input", shape))


def value(key: str, shape: tuple[int, ...]) -> Tensor:
    """What the tensor called ``key`` in the public network is filled with."""
    last, n = key.rsplit(".", 1)[-1], normal(key, shape)
    if last == "running_var":
        n = 1 + 0.1 * np.abs(n)
    elif last in ("running_mean", "bias"):
        n = 0.1 * n
    elif key.startswith("edge_importance"):
        n = 1 + 0.1 * n
    elif last == "A_res":
        n = 0.01 * n
    elif len(shape) == 1:
        n = 1 + 0.1 * n
    else:
        n = n / np.sqrt(np.prod(shape[1:]))
    return torch.from_numpy(np.asarray(n, np.float32)).reshape(shape)


def filled(
    network: nn.Module, public: Callable[[str], str] = lambda key: key, skip: tuple[str, ...] = ()
) -> nn.Module:
    """The network with every tensor filled by the formula of its public key, in evaluation mode."""
    state = {
        key: tensor
        if key.endswith("num_batches_tracked") or key in skip
        else value(public(key), tuple(tensor.shape))
        for key, tensor in network.state_dict().items()
    }
    network.load_state_dict(state)
    return network.eval()


def parameters(network: nn.Module) -> int:
    """Number of weights."""
    return sum(p.numel() for p in network.parameters())


def same(got: Tensor, wanted: Any) -> None:
    """Assert equality to 1e-5 of the largest value."""
    expected = torch.as_tensor(wanted, dtype=torch.float32)
    assert got.shape == expected.shape
    assert float((got - expected).abs().max()) <= RELATIVE * float(expected.abs().max())
