"""The split and the subsets that vpd makes itself: used again while they fit the labels, else made again.

A file that a person wrote, or wrote to since, is his own and is never replaced.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

import numpy as np

from vpd.errors import LabelError
from vpd.library.backup import keep, states
from vpd.library.names import VideoNames
from vpd.library.own_folder import record_file, untouched
from vpd.recognition.split import (
    TEST,
    TRAIN,
    Place,
    extend_split,
    make_split,
    part_of,
    read_split,
    write_split,
)
from vpd.recognition.subsets import KS, SUBSETS, make_subsets, possible_ks, read_subsets, write_subsets
from vpd.strings import Sentence
from vpd.types import Array, Segment

SAVED = "splits and subsets"
"""What the mark of their folder says."""


def keep_split(
    path: Path, segments: Sequence[Segment], names: VideoNames | None, seed: int
) -> Sentence | None:
    """Make the split at ``path`` where there is none, or where vpd's own no longer fits the labels.

    Videos that it places keep their places, unless a part would have no label. Returns a sentence where it
    was made again; the former one is kept beside it. Raises InputError as `make_split`.
    """
    why = split_misfit(path, segments, names)
    if path.exists() and why is None:
        return None
    labels, videos = [str(s.label) for s in segments], [s.video for s in segments]
    places = extend_split(read_split(path, names), labels, videos) if why else {}
    if not _both_parts(places, segments):
        places = make_split(labels, videos, None, seed)
    return _made(path, why, lambda: write_split(path, places))


def _both_parts(places: Mapping[str, Place], segments: Sequence[Segment]) -> bool:
    """Whether there are labels to train and labels to test."""
    found = (part_of(places, segment) for segment in segments)
    return {TRAIN, TEST} <= {place.split for place in found if place is not None}


def split_misfit(path: Path, segments: Sequence[Segment], names: VideoNames | None) -> Sentence | None:
    """The reason why a split that vpd made no longer fits the labels; None where it fits, or vpd did not make
    it.
    """
    if path not in untouched(path.parent):
        return None
    places = read_split(path, names)
    if unplaced := sorted({s.video for s in segments if part_of(places, s) is None}):
        return Sentence("again_no_side", {"count": len(unplaced), "video": unplaced[0]})
    return None if _both_parts(places, segments) else Sentence("again_empty_part")


def keep_subsets(
    path: Path,
    segments: Sequence[Segment],
    train: Array,
    ks: Sequence[int],
    subsets: int,
    names: VideoNames | None,
    seed: int,
) -> Sentence | None:
    """Make subsets of the training part at ``path`` where there are none, or where vpd's own no longer fit.

    Returns a sentence where they were made again; the former ones are kept beside them.
    """
    labels: Array = np.array([segment.label for segment in segments])
    why = subsets_misfit(path, segments, train, possible_ks(labels[train], ks), subsets, names)
    if path.exists() and why is None:
        return None
    # More than is asked for now, so that a later evaluation finds what it asks for.
    every, most = sorted({*KS, *ks}), max(SUBSETS, subsets)
    made = make_subsets(labels, train, every, most, np.random.default_rng(seed))
    return _made(path, why, lambda: write_subsets(path, made, segments))


def subsets_misfit(
    path: Path,
    segments: Sequence[Segment],
    train: Array | None,
    ks: Collection[int],
    subsets: int,
    names: VideoNames | None,
) -> Sentence | None:
    """The reason why subsets that vpd made no longer fit the labels; None where they fit, or vpd did not make
    them. ``train`` is None where the training part is not known.
    """
    if path not in untouched(path.parent):
        return None
    try:
        found = read_subsets(path, segments, names)
    except LabelError:
        return Sentence("again_labels_gone")
    if train is None:
        return None
    members = {int(i) for lists in found.values() for one in lists for i in one}
    if members - set(train.tolist()):
        return Sentence("again_not_trained")
    if not set(ks) <= found.keys() or any(len(lists) < subsets for lists in found.values()):
        return Sentence("again_too_few")
    there = Counter(str(segments[i].label) for i in train)
    fewer: set[str] = set()
    for k, (one, *_) in found.items():
        shown = Counter(str(segments[i].label) for i in one)
        fewer |= {name for name, count in there.items() if shown[name] < min(k, count)}
    return Sentence("again_few_examples", {"classes": ", ".join(sorted(fewer))}) if fewer else None


def _made(path: Path, why: Sentence | None, write: Callable[[], None]) -> Sentence | None:
    """Keep the former file, write the new one, and say ``why``."""
    keep(path)
    write()
    record_file(path.parent, SAVED, path)
    if why is None:
        return None
    return Sentence("note_made_again", {"file": str(path), "why": why, "kept": str(states(path)[-1])})
