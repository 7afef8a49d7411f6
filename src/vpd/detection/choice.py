"""Choose the decoding of scores into detections, on held-out scores of the training videos."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from vpd.detection.frame_scores import FrameScores, detect_intervals, detect_points
from vpd.detection.proposals import PAPER_LIMITS, Decoding, Lengths
from vpd.metrics.average_precision import MEAN_TIOUS, average_precision, precision_recall
from vpd.metrics.spotting import spotting_average_precision
from vpd.types import Detection, Segment

MERGED_S, DROPPED_S = 1 / 25, 3 / 25
"""The paper's merging gap (one frame) and shortest run (three frames), at its 25 frames a second."""
LIMITS = ((0.2, 5.0), PAPER_LIMITS, (0.85, 1.15), (1.0, 1.0))
CHOSEN_TIOUS = MEAN_TIOUS
"""The quality of a decoding is its mean average precision over these thresholds."""
BEATS = tuple(product((1.0, 2.0, 4.0), (0.15, 0.25, 0.35)))
"""Powers of the motion, each with a smoothing of the votes: wide votes suffice where motion marks the
moment.
"""

NEARLY_BEST = 0.01
"""Detections are shown down to the lowest score whose F1 on held-out videos is within this of the best. New
videos have lower scores (docs/experiments/detection.md, "What is shown").
"""


@dataclass(frozen=True)
class Trial:
    """One decoding with its average precision on the held-out training videos."""

    decoding: Decoding
    average_precision: float


def paper_decodings(lengths: Lengths) -> list[Decoding]:
    """The paper's decoding at each threshold. Only the threshold is chosen."""
    return [
        Decoding(
            kind="runs",
            thresholds=(round(float(threshold), 2),),
            merge_gap=MERGED_S / lengths.mean_s,
            min_length=DROPPED_S / lengths.mean_s,
            suppression=0.0,
        )
        for threshold in np.arange(0.05, 1.0, 0.05)
    ]


def _stages(kinds: Sequence[str], moving: bool) -> list[list[dict[str, object]]]:
    """Options in the order in which they are chosen: each stage varies its own options of the best decoding
    so far. With ``moving``, votes may be for the fastest moment.
    """
    shapes = [
        {"kind": kind, "shortest": low, "longest": high} for kind, (low, high) in product(kinds, LIMITS)
    ]
    beats = [
        {"kind": "votes", "shortest": low, "longest": high, "motion": motion, "smoothing": smoothing}
        for (low, high), (motion, smoothing) in product(LIMITS, BEATS)
    ]
    return [
        shapes,
        [{"smoothing": s} for s in (0.0, 0.05, 0.1, 0.2, 0.3)],
        shapes,
        beats if moving else [],
        [{"suppression": s} for s in (0.05, 0.1, 0.3, 0.6)],
        [{"merge_gap": g, "min_length": m} for g, m in product((0.0, 0.1, 0.25), (0.0, 0.1, 0.25, 0.5))],
    ]


def _best(trials: list[Trial]) -> Trial:
    return max(trials, key=lambda t: t.average_precision)


def choose_intervals(
    scores: Sequence[FrameScores],
    truth: Sequence[Segment],
    rate_hz: float,
    lengths: Lengths,
    decodings: Sequence[Decoding] | None = None,
) -> Trial:
    """The decoding with the best mean average precision over ``CHOSEN_TIOUS``, without regard to classes.

    It is chosen from ``decodings`` where given; else stage by stage over kind and limits, smoothing,
    suppression and gaps.
    """

    def attempt(decoding: Decoding) -> Trial:
        found = detect_intervals(scores, rate_hz, lengths, decoding)
        return Trial(decoding, float(average_precision(truth, found, CHOSEN_TIOUS).mean()))

    if decodings is not None:
        return _best([attempt(d) for d in decodings])
    voting = all(one.edges is not None for one in scores)
    moving = voting and any(one.timeline.motion is not None for one in scores)
    return _staged(attempt, _stages(("runs", "boxes", "votes") if voting else ("runs", "boxes"), moving))


def choose_points(
    scores: Sequence[FrameScores], truth: Sequence[Segment], rate_hz: float, radius_s: float
) -> Trial:
    """The peak picking with the best average precision within one and two radii."""

    def attempt(decoding: Decoding) -> Trial:
        found = detect_points(scores, rate_hz, radius_s, decoding)
        return Trial(
            decoding, float(spotting_average_precision(truth, found, (radius_s, 2 * radius_s)).mean())
        )

    apart: list[dict[str, object]] = [{"merge_gap": g} for g in (1.0, 2.0, 4.0)]
    smooth: list[dict[str, object]] = [{"smoothing": s} for s in (0.0, 0.25, 0.5, 1.0)]
    return _staged(attempt, [smooth, apart, smooth])


def _staged(attempt: Callable[[Decoding], Trial], stages: list[list[dict[str, object]]]) -> Trial:
    best = Trial(Decoding(), -1.0)
    for stage in stages:
        tried = [attempt(replace(best.decoding, **options)) for options in stage]  # type: ignore[arg-type]  # options are fields of Decoding
        best = _best([best, *tried])
    return best


def operating_score(truth: Sequence[Segment], detections: Sequence[Detection], tiou: float = 0.3) -> float:
    """The score above which detections are shown to people: the lowest with nearly the best F1 at ``tiou``.

    Nearly is within `NEARLY_BEST`. It is the midpoint between the last such detection and the next one, or 0
    where there is none. It is 0 where nothing is found.
    """
    curve = precision_recall(truth, detections, tiou)
    if not len(curve.scores):
        return 0.0
    with np.errstate(invalid="ignore"):
        f1 = np.nan_to_num(2 * curve.precision * curve.recall / (curve.precision + curve.recall))
    last = int(np.flatnonzero(f1 >= f1.max() - NEARLY_BEST)[-1]) if f1.any() else 0
    return float(np.r_[curve.scores, 0.0][last : last + 2].mean())
