"""The published data sets by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vpd.errors import LabelError, unknown_name
from vpd.paper.dataset import About, Dataset, Part
from vpd.paper.datasets import activitynet, diving48, finegym, fs, spot, tennis


@dataclass(frozen=True)
class Reader:
    """The reader of one data set: (folder of labels, names of the present clips) to the data set."""

    about: About
    read: Callable[[Path, Sequence[str]], Dataset]


READERS: dict[str, Reader] = {
    reader.about.key: reader
    for reader in (
        Reader(fs.ABOUT, fs.read),
        Reader(tennis.ABOUT, tennis.read),
        Reader(finegym.FX, finegym.read_fx),
        Reader(diving48.ABOUT, diving48.read),
        Reader(finegym.GYM99, finegym.read_gym99),
        Reader(finegym.GYM288, finegym.read_gym288),
        *(Reader(about, spot.reader(about)) for about in (spot.FINEDIVING, spot.F3SET, spot.SPOT)),
        *(
            Reader(about, activitynet.reader(about))
            for about in (activitynet.ACTIVITYNET, activitynet.THUMOS)
        ),
    )
}
PARTS: tuple[Part, ...] = ("train", "test")
"""The parts that every data set has."""
PAPER = ("fs", "tennis", "fx", "diving48")
"""The paper's own data sets, in the order of its tables' columns."""


def read_dataset(key: str, labels: Path, clips: Sequence[str] = ()) -> Dataset:
    """Read the data set ``key`` from the label files in the folder ``labels``.

    ``clips`` are names (without suffix) of the user's videos, which some readers need. Raises InputError,
    also where the training or the test part has no action.
    """
    if key not in READERS:
        raise unknown_name("data set", key, READERS)
    found = READERS[key].read(labels, clips)
    for part in PARTS:
        if not found.part(part):
            raise LabelError(f"the label files of {found.about.title} in {labels} have no {part} action")
    if found.subsets or key not in PAPER:
        return found
    note = "there are no few-shot lists (train_K_I.ids.txt), and subsets are drawn at random"
    return replace(found, notes=(*found.notes, note))
