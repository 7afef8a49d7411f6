"""Processes that `torchrun` started: rank 0 runs the pipeline, the others take part in the training alone."""

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
"""Rank 0 may have days of preparation before it; where it dies, torchrun ends the others."""


def _count() -> int:
    return int(os.environ.get("WORLD_SIZE", "1"))


def is_helper() -> bool:
    """Whether this process is one of torchrun's, and not the first."""
    return _count() > 1 and int(os.environ.get("RANK", "0")) > 0


def _store() -> Store:
    from torch.distributed.rendezvous import rendezvous

    store, _, _ = next(rendezvous("env://", timeout=_PATIENCE))
    return cast("Store", store)


def _next() -> str:
    """The name of rank 0's next word: every run of a process has its own."""
    return f"vpd/distill/{next(_rounds)}"


def begin(videos: Sequence[str]) -> None:
    """Tell the other processes to train on these videos; to end, where there are none."""
    if _count() > 1:
        _store().set(_next(), json.dumps(list(videos)))


def wait_for_begin() -> list[str]:
    """Wait for rank 0; the videos to train on, empty where no training is due."""
    store, word = _store(), _next()
    store.wait([word], _PATIENCE)
    videos: list[str] = json.loads(store.get(word))
    return videos
