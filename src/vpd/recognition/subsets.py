"""Few-shot subsets: for each k, several lists of k training examples of every class, stored as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vpd.errors import InputError, LabelError
from vpd.files import parse_json, read_text
from vpd.library.artefact import write_text
from vpd.library.cells import parse_whole
from vpd.library.names import VideoNames
from vpd.recognition.actions import ActionFinder, action_key, segment_key
from vpd.strings import Sentence
from vpd.types import Array, Segment

KS = (1, 2, 4, 8, 16)
SUBSETS = 10
"""Subsets for each k. The paper takes five; ten halve the variance of the mean and cost little."""

Subsets = dict[int, list[Array]]
"""For each k, the indices of the training examples of each subset."""


def make_subsets(
    labels: Sequence[str] | Array, train: Array, ks: Sequence[int], subsets: int, rng: np.random.Generator
) -> Subsets:
    """Nested random subsets: within a subset, the examples of a smaller k are among those of a larger one.

    A class with fewer than k examples gives all it has, as in the paper. A k beyond the largest class equals
    the whole training part and is left out. Raises InputError where no k is left.
    """
    names = np.asarray(labels)
    classes, possible = np.unique(names[train]), possible_ks(names[train], ks)
    orders = [[rng.permutation(train[names[train] == c]) for c in classes] for _ in range(subsets)]
    return {k: [np.concatenate([members[:k] for members in order]) for order in orders] for k in possible}


def possible_ks(trained: Array, ks: Sequence[int]) -> list[int]:
    """Those of ``ks`` that the largest class of the training labels has examples for, in order. Raises
    InputError where there is none.
    """
    most = np.unique(trained, return_counts=True)[1].max(initial=0)
    possible = sorted(k for k in set(ks) if 1 <= k <= most)
    if not possible:
        values = {"most": f"{most}", "ks": ", ".join(map(str, ks))}
        raise InputError(Sentence("error_few_examples", values))
    return possible


def write_subsets(path: Path, subsets: Subsets, segments: Sequence[Segment]) -> None:
    """Write the subsets by the names of their segments."""
    named = {
        str(k): [[segment_key(segments[i]) for i in one] for one in lists] for k, lists in subsets.items()
    }
    write_text(json.dumps(named, indent=1, ensure_ascii=False) + "\n", path)


def _named(path: Path) -> Mapping[str, Any]:
    try:
        named = parse_json(read_text(path, "utf-8-sig"))
    except (OSError, ValueError) as error:
        raise LabelError(f"{path} cannot be read: {error}") from error
    if not isinstance(named, Mapping) or not all(_is_list_of_lists(lists) for lists in named.values()):
        raise LabelError(f"{path} is not a list of subsets by k")
    if not named:
        raise LabelError(f"{path} lists no subset. Delete it to have subsets drawn.")
    return named


def listed_ks(path: Path) -> tuple[int, ...]:
    """Every k that the file has subsets for, in order; none where there is no file. Raises LabelError."""
    return tuple(sorted(_k(k, path) for k in _named(path))) if path.exists() else ()


def read_subsets(path: Path, segments: Sequence[Segment], names: VideoNames | None = None) -> Subsets:
    """Read subsets that name segments, or videos that hold one labelled segment.

    Parameters
    ----------
    names : of the library's videos, so that a file may be named; without, videos are named by their ids,
        with a suffix or not.

    Raises LabelError for a name that is unknown or could mean several segments, for an example that a subset
    has twice, and for a number of examples that is none.
    """
    named = _named(path)
    find = ActionFinder(segments, names)

    def index(name: str) -> int:
        try:
            found = find(name)
        except InputError as error:
            raise LabelError(f"{path}: {error}") from error
        if len(found) != 1:
            raise LabelError(f"{path}: {name!r} {_why(len(found), action_key(name, names) is not None)}")
        return found[0]

    def subset(k: str, written: list[str]) -> Array:
        members = [index(name) for name in written]
        if len(set(members)) < len(members):
            raise LabelError(f"{path}: a subset of k = {k} names an example twice")
        return np.array(members)

    return {_k(k, path): [subset(k, one) for one in lists] for k, lists in named.items()}


def _why(count: int, is_span: bool) -> str:
    """Why a name does not mean one segment."""
    if not count:
        return "is not among the labels; correct it, or delete the file to have it made again"
    if is_span:
        return f"has {count} labels: `vpd labels check` names them"
    return f"holds {count} labelled segments; name a segment as VIDEO@START-END"


def _is_list_of_lists(lists: object) -> bool:
    if not isinstance(lists, list) or not lists:
        return False
    return all(isinstance(one, list) and one and all(isinstance(name, str) for name in one) for one in lists)


def _k(text: str, path: Path) -> int:
    try:
        k = parse_whole(text)
    except InputError:
        k = 0
    if k < 1:
        raise LabelError(f"{path}: {text!r} is not a number of examples a class")
    return k
