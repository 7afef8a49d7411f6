"""Warping by diagonals in torch gives what the compiled recurrences give."""

import numpy as np
import pytest
import torch

from vpd.dtw import PATTERNS, many, many_to_many, on_device, pack
from vpd.dtw.many import path_costs
from vpd.dtw.on_device import device_path_costs
from vpd.dtw.patterns import FALLBACK
from vpd.types import Array

HERE = torch.device("cpu")


def sequences(count: int, longest: int, d: int, seed: int) -> list[Array]:
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(n, d)).astype(np.float32) for n in rng.integers(1, longest, count)]


@pytest.mark.parametrize("distance", ["l2", "sqeuclidean", "cosine"])
@pytest.mark.parametrize("name", PATTERNS)
def test_path_costs_are_those_of_the_cpu(name: str, distance: str) -> None:
    packed = pack(sequences(50, 30, 7, 0), distance)
    prepared = [packed.prepare(query) for query in sequences(4, 25, 7, 1)]
    for window in (None, 0, 4):
        wanted, _ = path_costs(prepared, packed, name, window)
        found = device_path_costs(prepared, packed, PATTERNS[name], window, HERE)
        np.testing.assert_array_equal(np.isinf(found), np.isinf(wanted))
        there = np.isfinite(wanted)
        np.testing.assert_allclose(found[there], wanted[there], rtol=1e-5, atol=1e-5)


def test_pairs_that_do_not_fit_at_once_are_computed_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = pack(sequences(70, 40, 5, 2))
    prepared = [packed.prepare(query) for query in sequences(6, 40, 5, 3)]
    whole = device_path_costs(prepared, packed, PATTERNS["symmetric2"], None, HERE)
    monkeypatch.setattr(on_device, "ON_HOST", 300_000)
    np.testing.assert_allclose(
        device_path_costs(prepared, packed, PATTERNS["symmetric2"], None, HERE), whole, rtol=1e-5
    )


@pytest.mark.parametrize("pattern", ["symmetricP2", FALLBACK])
def test_the_device_changes_no_distance(pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    candidates, queries = sequences(40, 30, 6, 4), sequences(3, 30, 6, 5)
    wanted = many_to_many(queries, candidates, pattern)
    monkeypatch.setattr("vpd.device.choose_device", lambda name: HERE)
    np.testing.assert_allclose(many_to_many(queries, candidates, pattern, device="cuda"), wanted, rtol=1e-5)


@pytest.mark.parametrize(
    ("gpu", "cores", "pairs", "device"),
    [(HERE, 2, 120, "cuda"), (None, 2, 120, "cpu"), (HERE, 16, 120, "cpu"), (HERE, 2, 121, "cpu")],
)
def test_a_gpu_computes_many_pairs_where_cores_are_few(monkeypatch, gpu, cores, pairs, device) -> None:
    used = []
    computed = many.path_costs_on

    def on_gpu(*args):
        used.append(args[-1])
        return computed(*args)

    monkeypatch.setattr(many, "gpu_of_torch", lambda: gpu)
    monkeypatch.setattr(many, "cores", lambda: cores)
    monkeypatch.setattr(many, "GPU_PAIRS", pairs)
    monkeypatch.setattr(many, "path_costs_on", on_gpu)
    monkeypatch.setattr("vpd.device.choose_device", lambda name: HERE)
    queries = sequences(3, 30, 6, 5)
    candidates = sequences(40, 30, 6, 4)
    found = many_to_many(queries, candidates)
    np.testing.assert_allclose(found, many_to_many(queries, candidates, device="cpu"), rtol=1e-5)
    assert used == ([device] if device == "cuda" else [])
