"""Decide whether a mirrored action is the same action: by the user's word, or from labelled examples.

Right- and left-handed forehands may be one class or two. Where they are one, mirrored copies of the examples
are more examples; where they are two, a mirrored copy is an example of another class.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from vpd.dtw import FALLBACK, many_to_many, pack
from vpd.errors import InputError
from vpd.types import MIRRORED, REGULAR, Array, FeatureSequence

ClassSides = Literal["same", "differ", "unsure"]
"""The sides of one class. ``same``: mirrored examples count like the others. ``differ``: they do not count.
``unsure``: they count, at a distance that is greater by `UNSURE_COST`.
"""
SIDES = ("same", "differ", "unsure")

Sides = Literal["auto", "same", "differ", "unsure"] | Mapping[str, ClassSides]
"""The sides of all classes, or by class. Classes that a mapping does not name are ``same``. ``auto`` decides
from the examples.
"""

UNSURE_COST = 0.2
"""Share by which the distance to a mirrored example is increased where nothing is decided. It regains most of
what mirroring costs where sides differ, and costs a point or two where they are the same
(docs/experiments/recognition.md).
"""
DIFFER_ODDS, SAME_ODDS = 4.0, 2.0
"""Natural logarithms of the odds that the examples must reach for a decision. ``differ`` needs more, because
a wrong ``differ`` loses more.
"""
WIDTH = 0.06
"""Width of the kernel around an example, in median distances."""
LEAST_SHARE = 1e-3
"""Least share of an example's own class, so that one unusual example cannot decide alone."""
MOST_DECIDING = 400
"""Examples that decide, drawn evenly from the classes: the distances of all pairs are computed."""


def mirror_distances(X: Sequence[FeatureSequence]) -> tuple[Array, Array]:
    """(N, N) DTW distances of all pairs, oriented alike and oriented apart.

    Each is the mean of two pairings. Alike: both as they are, and both mirrored. Apart: either one mirrored.
    """
    views = [s.values[s.valid] for s in X]
    packed = pack([view[:, side] for view in views for side in (REGULAR, MIRRORED)])
    regular = many_to_many([view[:, REGULAR] for view in views], packed, FALLBACK)
    mirrored = many_to_many([view[:, MIRRORED] for view in views], packed, FALLBACK)
    shape = (len(X), len(X), 2)
    mean = (regular.reshape(shape) + mirrored.reshape(shape)[..., ::-1]) / 2
    return mean[..., REGULAR], mean[..., MIRRORED]


def mirror_keeps_distances(X: Sequence[FeatureSequence]) -> bool:
    """Whether any two frames are as far apart when both are mirrored.

    That is so for joints in the picture, whose mirroring is a reflection, and not for embeddings.
    """
    for s in X:
        steps = np.linalg.norm(np.diff(s.values[s.valid].astype(np.float64), axis=0), axis=2)
        if not np.allclose(steps[:, REGULAR], steps[:, MIRRORED], rtol=1e-3, atol=1e-6):
            return False
    return True


def held_out_likelihood(distances: Array, targets: Array) -> Array:
    """Log probability of each example's class given all other examples, for examples that have another of
    their class.

    The classifier is the soft nearest neighbour. The votes of each class are divided by the number of its
    examples.
    """
    count = len(targets)
    itself = np.eye(count, dtype=bool)
    apart = np.where(itself, np.inf, distances)
    nearest = apart.min(axis=1, keepdims=True)
    usual = np.median(distances[~itself & np.isfinite(distances)])
    votes = np.exp(-(apart - nearest) / (WIDTH * usual)) if usual > 0 else (apart == nearest).astype(float)
    member = targets[:, None] == np.unique(targets)
    others = member.sum(axis=0) - member
    shares = (votes @ member) / np.maximum(others, 1)
    shares = shares / shares.sum(axis=1, keepdims=True) + LEAST_SHARE
    own = shares[member] / shares.sum(axis=1)
    likelihood: Array = np.log(own)[others[member] > 0]
    return likelihood


def decide(alike: Array, apart: Array, targets: Array) -> ClassSides:
    """Decide the sides of all classes, by leaving out one example after the other.

    Parameters
    ----------
    alike, apart : (N, N), see `mirror_distances`.
    targets : (N,) class of each example.

    ``differ`` where the examples are more likely without mirrored copies of the others by `DIFFER_ODDS`,
    ``same`` where they are more likely with them by `SAME_ODDS`; else, and with one example a class,
    ``unsure``.
    """
    with_mirrored = held_out_likelihood(np.minimum(alike, apart), targets)
    without = held_out_likelihood(alike, targets)
    gain = float((without - with_mirrored).sum())
    if gain > DIFFER_ODDS:
        return "differ"
    return "same" if gain < -SAME_ODDS else "unsure"


def decide_sides(X: Sequence[FeatureSequence], y: Sequence[str] | Array) -> ClassSides:
    """`decide` for labelled sequences. A single class is ``same``: it cannot be confused."""
    _, targets = np.unique(np.asarray(y), return_inverse=True)
    kept = spread_out(targets, MOST_DECIDING)
    if targets.max(initial=0) == 0:
        return "same"
    return decide(*mirror_distances([X[i] for i in kept]), targets[kept])


def spread_out(targets: Array, most: int) -> Array:
    """Indices of at most ``most`` examples, shared evenly among the classes as far as they have enough."""
    rank = np.zeros(len(targets), np.int64)
    for k in np.unique(targets):
        of_class = np.flatnonzero(targets == k)
        rank[of_class] = np.arange(len(of_class))
    return np.sort(np.argsort(rank, kind="stable")[:most])


def sides_by_class(
    sides: Sides, classes: Sequence[str] | Array, X: Sequence[FeatureSequence], y: Sequence[str] | Array
) -> dict[str, ClassSides]:
    """The sides of each of ``classes``; "auto" is decided from the examples ``X`` with labels ``y``.

    Raises InputError for an unknown word, or a class that has no example.
    """
    names = [str(name) for name in classes]
    if isinstance(sides, str):
        if sides == "auto":
            sides = decide_sides(X, y)
        _check_word(sides)
        return dict.fromkeys(names, sides)
    unknown = sorted(set(sides) - set(names))
    if unknown:
        raise InputError(f"sides are given for {', '.join(unknown)}; the classes are {', '.join(names)}")
    for word in sides.values():
        _check_word(word)
    return {name: sides.get(name, "same") for name in names}


def _check_word(word: str) -> None:
    if word not in SIDES:
        raise InputError(f"sides are {word!r}; known: auto, {', '.join(SIDES)}")


def mirror_costs(by_class: Mapping[str, ClassSides], classes: Sequence[str] | Array) -> Array:
    """(C,) share by which the distance to a mirrored example is increased: 0, `UNSURE_COST` or infinite."""
    cost = {"same": 0.0, "unsure": UNSURE_COST, "differ": np.inf}
    return np.array([cost[by_class[str(name)]] for name in classes])
