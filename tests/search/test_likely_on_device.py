"""torch finds the likely slots that the compiled code finds, with the same distances to the bit."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from vpd.dtw.subsequence import stack_queries
from vpd.errors import InputError
from vpd.search import likely, likely_on_device
from vpd.search.coarse import MOST, NONE, CoarseQueries
from vpd.search.coarse_parts import CoarsePart
from vpd.search.likely import choose_gpu, likely_slots

HERE = torch.device("cpu")


def slots_of(kind: str, rng: np.random.Generator, count: int) -> np.ndarray:
    if kind == "constant":
        return np.full((count, 16), 3, np.int8)
    if kind == "extreme":
        return rng.choice([-MOST, MOST], (count, 16)).astype(np.int8)
    if kind == "repeated":
        return np.tile(rng.integers(-9, 10, (7, 16)), (count // 7 + 1, 1))[:count].astype(np.int8)
    return np.cumsum(rng.integers(-3, 4, (count, 16)), axis=0).clip(-MOST, MOST).astype(np.int8)


def part_of(name: str, kind: str, rng: np.random.Generator, count: int = 3000) -> CoarsePart:
    numbers = slots_of(kind, rng, count)
    edges = np.array([0, 1, 2, 40, count // 2, count])
    numbers[edges[1:] - 1, 0] = NONE
    numbers[rng.random(count) < 0.02, 0] = NONE
    return CoarsePart(name, numbers, edges, np.array([True, True, False, True, True]))


def queries_of(kind: str, rng: np.random.Generator) -> CoarseQueries:
    asked = [slots_of(kind, rng, n).astype(np.float32) for n in (1, 2, 10, 10, 25)]
    return CoarseQueries(stack_queries(asked, centred=False), 0.0)


@pytest.mark.parametrize("asked", ["smooth", "extreme", "constant"])
@pytest.mark.parametrize("kind", ["smooth", "extreme", "repeated", "constant"])
def test_slots_and_distances_are_those_of_the_cpu(kind: str, asked: str, monkeypatch) -> None:
    rng = np.random.default_rng(5)
    queries = queries_of(asked, rng)
    parts = [part_of("b", kind, rng), part_of("a", kind, rng, 300)]
    for count in (1, 40, 5000):
        wanted = likely_slots(queries, parts, count)
        assert wanted
        assert likely_slots(queries, parts, count, HERE) == wanted
        with monkeypatch.context() as patched:
            patched.setattr(likely_on_device, "room", lambda device: 50_000)
            assert likely_slots(queries, parts, count, HERE) == wanted


def test_where_nothing_can_be_found_nothing_is() -> None:
    rng = np.random.default_rng(6)
    queries = queries_of("smooth", rng)
    part = part_of("a", "smooth", rng, 300)
    nothing = np.zeros((0, 16), np.int8)
    for numbers, edges, asked in (
        (part.numbers, part.edges, np.zeros(5, bool)),
        (np.full_like(part.numbers, NONE), part.edges, part.asked),
        (nothing, np.array([0]), np.zeros(0, bool)),
    ):
        assert likely_slots(queries, [CoarsePart("a", numbers, edges, asked)], 5, HERE) == []


@pytest.mark.parametrize(
    ("name", "slots", "gpu", "chosen"),
    [
        ("auto", 10, HERE, HERE),
        ("auto", 9, HERE, None),
        ("auto", 10, None, None),
        ("cpu", 10, HERE, None),
        ("meta", 1, None, torch.device("meta")),
    ],
)
def test_a_gpu_is_taken_where_it_is_asked_for_or_pays(monkeypatch, name, slots, gpu, chosen) -> None:
    queries = CoarseQueries(stack_queries([np.ones((6, 16)), np.ones((4, 16))], centred=False), 0.0)
    monkeypatch.setattr(likely, "GPU_CELLS", 50)
    monkeypatch.setattr(likely, "cores", lambda: 2)
    monkeypatch.setattr(likely, "gpu_of_torch", lambda: gpu)
    assert choose_gpu(name, queries, slots) == chosen


def test_a_device_that_is_not_there_is_named() -> None:
    queries = CoarseQueries(stack_queries([np.ones((6, 16))], centred=False), 0.0)
    with pytest.raises(InputError, match="'nowhere' is not there"):
        choose_gpu("nowhere", queries, 1)


def test_a_search_on_the_cpu_imports_no_torch() -> None:
    code = "import sys, vpd.verbs.uncut; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
