"""Processes that `torchrun` started: rank 0 runs the pipeline, the others only take part in the training."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from torch.distributed.distributed_c10d import Store

_rounds = itertools.count()
_PATIENCE = timedelta(days=30)
"""How long the others wait. Rank 0 may prepare for days; where it dies, torchrun ends the others."""


def _count() -> int:
    return int(os.environ.get("WORLD_SIZE", "1"))


def is_helper() -> bool:
    """Whether torchrun started this process as one of the others."""
    return _count() > 1 and int(os.environ.get("RANK", "0")) > 0


def _store() -> Store:
    from torch.distributed.rendezvous import rendezvous

    store, _, _ = next(rendezvous("env://", timeout=_PATIENCE))
    return cast("Store", store)


def _next() -> str:
    """The name of rank 0's next message. It differs for every run of a process."""
    return f"vpd/distill/{next(_rounds)}"


def begin(videos: Sequence[str]) -> None:
    """Tell the other processes to train on these videos. Without videos they end."""
    if _count() > 1:
        _store().set(_next(), json.dumps(list(videos)))


def wait_for_begin() -> list[str]:
    """Wait for rank 0. Returns the videos to train on, empty where no training is due."""
    store, word = _store(), _next()
    store.wait([word], _PATIENCE)
    videos: list[str] = json.loads(store.get(word))
    return videos
