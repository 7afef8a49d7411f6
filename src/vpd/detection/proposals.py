"""Decode a score for every tick into ranked intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d, maximum_filter1d

from vpd.compiling import compiled
from vpd.types import Array

LEAST_SCORE = 0.005
"""Proposals with a lower score, the tail of soft suppression, are dropped."""
MANY_THRESHOLDS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
LEAST_SPREAD, MOST_VOTERS = 0.05, 1.5
"""Standard deviation of votes for one middle, in mean lengths, and the radius within which votes count, in
longest lengths.
"""
REST = 0.05
"""Displacement of the fastest joint that counts as rest; votes count this much where no motion is known."""
PAPER_LIMITS = (0.67, 1.33)
"""Shortest and longest interval, in mean lengths of the training segments (paper, supplement)."""


@dataclass(frozen=True)
class Decoding:
    """The parameters of decoding scores into intervals. Lengths are in units of the mean training segment.

    Attributes
    ----------
    kind : "runs" of ticks above a threshold, "boxes": intervals of the training lengths that hold more
        score than what is beside them, or "votes": intervals on whose middle and edges the ticks agree.
    thresholds : runs are taken above each of these.
    smoothing : standard deviation of the filter over the scores, or over the votes.
    merge_gap, min_length : runs this near are joined; shorter ones are dropped.
    shortest, longest : intervals are stretched or cut about their middle to lie within.
    suppression : standard deviation of soft non-maximum suppression over temporal IoU; 0 keeps all.
    motion : votes are for the fastest moment of a segment, and are multiplied by the speed of the fastest
        joint to this power; 0 asks the votes alone.
    """

    kind: str = "runs"
    thresholds: tuple[float, ...] = MANY_THRESHOLDS
    smoothing: float = 0.0
    merge_gap: float = 0.0
    min_length: float = 0.0
    shortest: float = PAPER_LIMITS[0]
    longest: float = PAPER_LIMITS[1]
    suppression: float = 0.3
    motion: float = 0.0


@dataclass(frozen=True, eq=False)
class Lengths:
    """Durations of the training segments in seconds: their mean, and quantiles that represent them.

    ``fastest`` : the usual place of the fastest moment within them, 0 at the start and 1 at the end.
    """

    mean_s: float
    quantiles_s: tuple[float, ...]
    fastest: float = 0.5


def lengths_of(durations_s: Array, fastest: float = 0.5) -> Lengths:
    """Mean and the 10, 30, 50, 70 and 90 % quantiles. Equal quantiles occur once."""
    quantiles = np.quantile(durations_s, [0.1, 0.3, 0.5, 0.7, 0.9])
    distinct = [quantiles[0]]
    for value in quantiles[1:]:
        if value > 1.1 * distinct[-1]:
            distinct.append(value)
    return Lengths(float(np.mean(durations_s)), tuple(float(q) for q in distinct), fastest)


def runs_above(scores: Array, threshold: float) -> Array:
    """(N, 2) first tick and one past the last of every run with scores >= threshold."""
    above = np.r_[False, scores >= threshold, False]
    edges: Array = np.flatnonzero(above[1:] != above[:-1]).reshape(-1, 2)
    return edges


def merge_near(runs: Array, gap: float) -> Array:
    """Join runs with at most ``gap`` ticks between."""
    if len(runs) < 2:
        return runs
    apart = runs[1:, 0] - runs[:-1, 1] > gap
    joined: Array = np.stack([runs[np.r_[True, apart], 0], runs[np.r_[apart, True], 1]], axis=1)
    return joined


def clamp_lengths(spans: Array, shortest: float, longest: float) -> Array:
    """Stretch or cut (N, 2) spans about their middles to lengths within the limits."""
    middle = spans.mean(axis=1)
    half = np.clip(spans[:, 1] - spans[:, 0], shortest, longest) / 2
    return np.stack([middle - half, middle + half], axis=1)


def _integral(scores: Array) -> Array:
    total: Array = np.r_[0.0, np.cumsum(scores, dtype=np.float64)]
    return total


def _mean_within(total: Array, starts: Array, stops: Array) -> Array:
    """Mean score over start <= t < stop in fractional ticks. The score is 0 outside the timeline."""
    ticks = np.arange(len(total))
    held = np.interp(stops, ticks, total) - np.interp(starts, ticks, total)
    mean: Array = held / np.maximum(stops - starts, 1e-9)
    return mean


def _runs(scores: Array, lengths: Array, decoding: Decoding) -> tuple[Array, Array]:
    mean = lengths[0]
    spans, values = [], []
    total = _integral(scores)
    for threshold in decoding.thresholds:
        runs = merge_near(runs_above(scores, threshold), decoding.merge_gap * mean)
        runs = runs[runs[:, 1] - runs[:, 0] > decoding.min_length * mean]
        values.append(_mean_within(total, runs[:, 0], runs[:, 1]))
        spans.append(clamp_lengths(runs, decoding.shortest * mean, decoding.longest * mean))
    return np.concatenate(spans), np.concatenate(values)


def _boxes(scores: Array, lengths: Array, decoding: Decoding) -> tuple[Array, Array]:
    total = _integral(scores)
    starts = np.arange(len(scores), dtype=np.float64)
    spans, values = [], []
    sizes = np.clip(lengths[1:], decoding.shortest * lengths[0], decoding.longest * lengths[0])
    for length in np.unique(sizes):
        begin = starts + 0.5 - length / 2
        end = begin + length
        inside = _mean_within(total, begin, end)
        beside = _mean_within(total, begin - length / 2, begin) + _mean_within(total, end, end + length / 2)
        value = inside * (1 - beside / 2)
        peak = value >= maximum_filter1d(value, max(3, int(length / 2) | 1))
        spans.append(np.stack([begin[peak], end[peak]], axis=1))
        values.append(value[peak])
    return np.concatenate(spans), np.concatenate(values)


@dataclass(frozen=True, eq=False)
class Beat:
    """What votes are multiplied by (T,), and the place in a segment, 0..1, of the moment they are for."""

    weights: Array
    place: float


def _votes(
    scores: Array, edges: Array, lengths: Array, decoding: Decoding, beat: Beat | None
) -> tuple[Array, Array]:
    """Let every tick vote for a moment of its segment, weighted by its score, with the segment's edges.

    The moment is the middle, or that of ``beat``. A segment lies where votes are densest. Its edges are the
    means of those of its voters, with a beat moved so that its moment lies at the peak.
    """
    mean, ticks = lengths[0], np.arange(len(scores))
    place = 0.5 if beat is None else beat.place
    starts, stops = ticks - edges[:, 0], ticks + edges[:, 1]
    moments = starts + place * (stops - starts)
    spread = max(decoding.smoothing, LEAST_SPREAD) * mean
    cast = np.bincount(
        np.clip(np.rint(moments), 0, len(scores) - 1).astype(np.int64), scores, minlength=len(scores)
    )
    density = gaussian_filter1d(cast, spread, mode="constant")
    if beat is not None:
        density *= beat.weights
    peak = np.flatnonzero((density >= maximum_filter1d(density, max(3, int(mean / 4) | 1))) & (density > 0))
    reach = int(np.ceil(MOST_VOTERS * max(mean, lengths.max()) / 2))
    near = np.clip(peak[:, None] + np.arange(-reach, reach + 1), 0, len(scores) - 1)
    weights = scores[near] * np.exp(-0.5 * ((moments[near] - peak[:, None]) / spread) ** 2)
    total = weights.sum(axis=1) + 1e-9
    begin, end = ((weights * at[near]).sum(axis=1) / total for at in (starts, stops))
    spans = clamp_lengths(np.stack([begin, end], axis=1), decoding.shortest * mean, decoding.longest * mean)
    if beat is not None:
        spans += (peak - (1 - place) * spans[:, 0] - place * spans[:, 1])[:, None]
    # Ticks of a segment that all agree make its length; more voters than that prove no more.
    values = np.minimum(total / (spans[:, 1] - spans[:, 0]), 1)
    return spans, values


@compiled()
def _suppress(starts: Array, ends: Array, values: Array, sigma: float, least: float) -> Array:
    n = len(starts)
    longest = (ends - starts).max()
    open_ = np.ones(n, np.bool_)
    for _ in range(n):
        best, top = -1, least
        for i in range(n):
            if open_[i] and values[i] > top:
                best, top = i, values[i]
        if best < 0:
            break
        open_[best] = False
        low = np.searchsorted(starts, starts[best] - longest)
        for i in range(low, n):
            if starts[i] >= ends[best]:
                break
            if open_[i]:
                shared = min(ends[i], ends[best]) - max(starts[i], starts[best])
                if shared > 0:
                    iou = shared / (ends[i] - starts[i] + ends[best] - starts[best] - shared)
                    values[i] *= np.exp(-iou * iou / sigma)
    return values


def soft_suppression(spans: Array, values: Array, sigma: float) -> Array:
    """Scores (N,) after Gaussian soft non-maximum suppression (Bodla et al. 2017).

    In order of falling score, each proposal multiplies the scores of the others by exp(-tIoU^2 / sigma).
    """
    if not len(spans):
        return values
    order = np.argsort(spans[:, 0], kind="stable")
    out = np.empty_like(values)
    sorted_spans = np.ascontiguousarray(spans[order], np.float64)
    out[order] = _suppress(
        sorted_spans[:, 0].copy(),
        sorted_spans[:, 1].copy(),
        values[order].astype(np.float64),
        sigma,
        LEAST_SCORE,
    )
    return out


def propose(
    scores: Array,
    rate_hz: float,
    lengths: Lengths,
    decoding: Decoding,
    edges: Array | None = None,
    motion: Array | None = None,
) -> tuple[Array, Array]:
    """Intervals (N, 2) in fractional ticks and their scores (N,) in 0..1, in falling order.

    ``scores`` (T,) in 0..1 are the probabilities that each tick lies in a segment; tick i covers i <= t < i +
    1. ``edges`` (T, 2) are the ticks to the start and to the end of that segment, which "votes" need.
    ``motion`` (T,) is that of the fastest joint.
    """
    if not len(scores):
        return np.empty((0, 2)), np.empty(0)
    in_ticks = np.array([lengths.mean_s, *lengths.quantiles_s]) * rate_hz
    scores = scores.astype(np.float64)
    if decoding.kind == "votes":
        if edges is None:
            raise ValueError("votes need edges")
        beat = None
        if decoding.motion and motion is not None:
            beat = Beat((motion + REST) ** decoding.motion, lengths.fastest)
        spans, values = _votes(scores, edges, in_ticks, decoding, beat)
    else:
        if decoding.smoothing:
            scores = gaussian_filter1d(scores, decoding.smoothing * in_ticks[0], mode="constant")
        make = {"runs": _runs, "boxes": _boxes}[decoding.kind]
        spans, values = make(scores, in_ticks, decoding)
    spans = np.clip(spans, 0, len(scores))
    if decoding.suppression:
        values = soft_suppression(spans, values, decoding.suppression)
    kept = np.flatnonzero((values > LEAST_SCORE) & (spans[:, 1] > spans[:, 0]))
    kept = kept[np.argsort(-values[kept], kind="stable")]
    return spans[kept], np.clip(values[kept], 0, 1)


def peaks(scores: Array, radius: float, smoothing: float) -> tuple[Array, Array]:
    """Ticks (N,) whose score is the highest within ``radius`` ticks, and these scores, in falling order."""
    if smoothing:
        scores = gaussian_filter1d(scores.astype(np.float64), smoothing, mode="constant")
    highest = scores >= maximum_filter1d(scores, 2 * max(1, round(radius)) + 1)
    ticks = np.flatnonzero(highest & (scores > LEAST_SCORE))
    ticks = ticks[np.argsort(-scores[ticks], kind="stable")]
    return ticks, np.clip(scores[ticks], 0, 1)
