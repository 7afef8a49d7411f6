"""Detect in a library: learn from its labels, and look through the videos that have none."""

from __future__ import annotations

from collections.abc import Sequence

from vpd.detection.base import FrameDetector
from vpd.detection.make import make_detector
from vpd.detection.targets import split_reviewed
from vpd.errors import InputError
from vpd.sequences import FeatureStore
from vpd.settings import DetectSettings
from vpd.types import Detection, Segment


def learn(store: FeatureStore, labels: list[Segment], settings: DetectSettings) -> FrameDetector:
    """The detector fitted on the labelled videos. Raises InputError where there is nothing to learn from."""
    events, reviewed = split_reviewed(labels)
    labelled = sorted({s.video for s in labels} & set(store.videos()))
    if not labelled:
        raise InputError(
            f"no labelled video of {store.layout.root} has features {store.name!r}. "
            "Label actions in labels.csv, and make features with `vpd run`."
        )
    sequences = [s for video in labelled for s in store.sequences(video)]
    return make_detector(settings).fit(sequences, events, reviewed)


def videos_to_search(store: FeatureStore, labels: Sequence[Segment], named: Sequence[str] = ()) -> list[str]:
    """The videos named, or all with features that hold no label. Raises InputError where there is none."""
    labelled = {s.video for s in labels}
    wanted = list(named) or [video for video in store.videos() if video not in labelled]
    if not wanted:
        raise InputError("every video with features is labelled. Name the videos to look through.")
    return wanted


def detect_in(detector: FrameDetector, store: FeatureStore, videos: Sequence[str]) -> list[Detection]:
    """What the fitted detector is surest of in each video, best first."""
    found = [
        d
        for video in videos
        for d in detector.detections(detector.score_frames(store.sequences(video)))
        if d.score >= detector.show_from_
    ]
    return sorted(found, key=lambda d: -d.score)
