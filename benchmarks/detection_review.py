"""Detection that gets better by reviewing its proposals: average precision by minutes of review.

    python benchmarks/detection_review.py LIBRARY EVENTS.csv [--methods search combined]

The reviewer is an oracle with the true segments. To begin with, the first seconds of each video that may be
learned from are labelled and marked as reviewed. Then, round after round, `vpd detect` learns and proposes.
The reviewer answers the surest proposals, as the page does, until the round's time is over: a right one is
accepted, one that overlaps an action is corrected, all others are rejected. An answer takes as long as a
person needs to watch the moment twice and to press a key, or to move both edges. Tested on the other videos,
which nobody reviews; which these are stands in splits.csv, or their names do not begin with "train". The
library is copied, and not changed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from detection import figures, read_events, sides
from vpd.library.answers import ACCEPTED, CORRECTED, REJECTED, Answer
from vpd.library.labels import REVIEWED, write_labels
from vpd.library.layout import Layout
from vpd.metrics.matching import spans, temporal_iou
from vpd.types import Detection, Segment
from vpd.verbs.answer import AnswerRequest, answer
from vpd.verbs.detect import DetectRequest, detect
from vpd.web.learn import LOWEST
from vpd.web.proposals import is_answered

SECONDS = {ACCEPTED: 4.0, REJECTED: 4.0, CORRECTED: 10.0}
"""What an answer takes: two looks at a second of video and a key; for a correction, both edges besides."""
RIGHT, NEAR = 0.5, 0.2
"""Overlap of a proposal that is accepted with its class, and of one that is corrected."""
LEFT_OUT = ("crops", "students", "results", "cache", "labels.backup", "labels.csv", "answers.csv")


def begun(segments: list[Segment], videos: list[str], seconds: float) -> list[Segment]:
    """What is labelled at first: the segments that end in the first seconds, and that these are reviewed."""
    found = [s for s in segments if s.video in videos and s.end_s <= seconds]
    return found + [Segment(video, 0.0, seconds, None, REVIEWED) for video in videos]


def judged(proposal: Detection, truth: list[Segment]) -> Answer:
    """The oracle's answer to a proposal."""
    own = [s for s in truth if s.video == proposal.video]
    overlaps = temporal_iou(spans(own), spans([proposal]))[:, 0]
    best, overlap = (own[overlaps.argmax()], overlaps.max()) if own else (None, 0.0)
    at = (proposal.video, proposal.athlete, proposal.start_s, proposal.end_s, str(proposal.label))
    if best is None or overlap < NEAR:
        return Answer(*at, "", REJECTED)
    if overlap >= RIGHT and best.label == proposal.label:
        return Answer(*at, str(best.label), ACCEPTED)
    span = (best.video, proposal.athlete, best.start_s, best.end_s, str(proposal.label))
    return Answer(*span, str(best.label), CORRECTED)


class Review:
    """One library under review by the oracle, learned by one method."""

    def __init__(
        self, layout: Layout, truth: list[Segment], options: argparse.Namespace, method: str
    ) -> None:
        self.layout, self.truth, self.options, self.method = layout, truth, options, method
        self.train, self.test = sides(options.library, sorted({s.video for s in truth}))
        known = begun(truth, self.train, options.begun)
        write_labels(layout.labels, known)
        self.answered = [s for s in known if s.label != REVIEWED]
        self.verdicts: Counter[str] = Counter()
        self.spent_s = 0.0

    def learned(self) -> list[Detection]:
        """Learn from the labels and look through all videos; the surest first."""
        videos = [*self.train, *self.test]
        request = DetectRequest(videos, self.options.features, method=self.method, at_least=LOWEST)
        return detect(self.layout, request).detections

    def run(self) -> None:
        """Review, and print a row at each mark of time."""
        found = self.learned()
        for mark in self.options.minutes:
            while self.spent_s < 60 * mark:
                answers = self.answers(found, min(60 * mark, self.spent_s + 60 * self.options.round))
                if not answers:  # nothing is proposed any more, or no time is left for another
                    self.spent_s = 60 * mark
                    break
                answer(self.layout, AnswerRequest(answers))
                found = self.learned()
            test = [s for s in self.truth if s.video in self.test]
            print_row(self.method, mark, self.verdicts, test, found)

    def answers(self, found: list[Detection], until_s: float) -> list[Answer]:
        """Answers to the surest proposals in the videos that may be learned from, until the time is over."""
        given: list[Answer] = []
        for proposal in found:
            own = [s for s in self.answered if s.video == proposal.video]
            if proposal.video not in self.train or is_answered(vars(proposal), own):
                continue
            one = judged(proposal, self.truth)
            if self.spent_s + SECONDS[one.verdict] > until_s:
                break
            self.spent_s += SECONDS[one.verdict]
            self.verdicts[one.verdict] += 1
            self.answered.append(one.segment())
            given.append(one)
        return given


def print_row(
    method: str, mark: float, verdicts: Counter[str], truth: list[Segment], found: list[Detection]
) -> None:
    """Average precision on the test videos."""
    test = {s.video for s in truth}
    row: dict[str, Any] = figures(truth, [d for d in found if d.video in test])
    counts = " | ".join(str(verdicts[name]) for name in (ACCEPTED, CORRECTED, REJECTED))
    precision = " | ".join(f"{row[name]:.1f}" for name in ("0.5", "mean", "class 0.5", "class mean"))
    print(f"| {method} | {mark:g} | {counts} | {precision} |", flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("library", type=Path)
    parser.add_argument("segments", type=Path)
    parser.add_argument("--features", default="vipe-window")
    parser.add_argument("--methods", nargs="+", default=["search", "combined"])
    parser.add_argument("--minutes", nargs="+", type=float, default=[0, 5, 10, 20])
    parser.add_argument("--round", type=float, default=5, help="minutes of review before learning anew")
    parser.add_argument("--begun", type=float, default=10, help="seconds of each video labelled at first")
    options = parser.parse_args()
    truth = read_events(options.segments)
    heads = [
        "method",
        "minutes",
        "accepted",
        "corrected",
        "rejected",
        "AP 0.5",
        "mean AP",
        "by class 0.5",
        "by class",
    ]
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    for method in options.methods:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder) / "library"
            shutil.copytree(options.library, root, ignore=shutil.ignore_patterns(*LEFT_OUT))
            Review(Layout(root), truth, options, method).run()
    print(f"\n{os.cpu_count()} cores")


if __name__ == "__main__":
    main()
