"""Devices: what a batch may take, and trainings that follow each other on different ones."""

import pytest
import torch
from accelerate.state import AcceleratorState, PartialState

from vpd.device import ITEM_BYTES, SHARE, items_at_once, make_accelerator


def test_a_training_on_one_device_may_follow_one_on_another() -> None:
    make_accelerator("cpu")
    # As a training on a GPU leaves it.
    for state in (PartialState, AcceleratorState):
        state._shared_state.update(device=torch.device("meta"), _cpu=False)
    assert make_accelerator("cpu").device.type == "cpu"


def test_processes_that_work_together_keep_their_state() -> None:
    make_accelerator("cpu")
    PartialState._shared_state["num_processes"] = 2
    try:
        before = PartialState._shared_state["process_index"] = 1
        make_accelerator("cpu")
        assert PartialState._shared_state["process_index"] == before
    finally:
        AcceleratorState._reset_state(reset_partial_state=True)


def test_memory_decides_how_much_a_gpu_takes_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu, gpu = torch.device("cpu"), torch.device("cuda")
    assert items_at_once(0, cpu, 8, 256) == 8
    assert items_at_once(5, gpu, 8, 256) == 5
    for items in (1, 40, 1000):
        free = int((items + 0.5) * ITEM_BYTES / SHARE)
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device, free=free: (free, free))
        assert items_at_once(0, gpu, 8, 256) == min(items, 256)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (0, 1))
    assert items_at_once(0, gpu, 8, 256) == 1
