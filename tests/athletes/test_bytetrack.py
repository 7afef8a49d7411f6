"""The tracker: its rules on hand-made cases, and the package `trackers` as the reference."""

from itertools import pairwise

import numpy as np
import pytest

from tests.shared import shared_path
from vpd.athletes import NanoDet
from vpd.athletes.bytetrack import ByteTracker, Tracklet
from vpd.athletes.person_detector import PersonBoxes
from vpd.video import read_frames


def detections(*people: tuple[float, float, float, float, float]) -> PersonBoxes:
    rows = np.array(people, np.float32).reshape(-1, 5)
    return PersonBoxes(rows[:, :4], rows[:, 4])


def walkers(rng: np.random.Generator, people: int = 6, length: int = 90) -> list[PersonBoxes]:
    """People who walk in lanes, with noise, misses, doubtful stretches and false alarms."""
    start = np.stack([rng.uniform(50, 500, people), np.arange(people) * 110.0], axis=1)
    speed = rng.uniform(-4, 4, people)
    frames = []
    for t in range(length):
        found = []
        for i in range(people):
            if rng.random() < 0.05:
                continue
            x, y = start[i] + (speed[i] * t, 0) + rng.normal(0, 1, 2)
            found.append((x, y, 40, 90, 0.3 if (t // 10 + i) % 5 == 0 else 0.9))
        if rng.random() < 0.2:
            found.append((*rng.uniform(0, 600, 2), 40, 90, 0.2))
        frames.append(detections(*found))
    return frames


def ours(frames: list[PersonBoxes], **settings: float) -> list[Tracklet]:
    tracker = ByteTracker(**{"high_score": 0.6, "new_score": 0.7, "low_iou": 0.1, **settings})
    for t, found in enumerate(frames):
        tracker.update(t, t / 30, found)
    return tracker.finish()


def reference(
    frames: list[PersonBoxes], high_score: float = 0.6, new_score: float = 0.7
) -> set[tuple[int, int, int]]:
    """Pairs of detections that `trackers` joins: frame, index, and index in the track's next frame."""
    trackers = pytest.importorskip("trackers")
    supervision = pytest.importorskip("supervision")
    tracker = trackers.ByteTrackTracker(
        lost_track_buffer=30, frame_rate=30.0, track_activation_threshold=new_score,
        minimum_consecutive_frames=1, minimum_iou_threshold=0.1, high_conf_det_threshold=high_score,
    )  # fmt: skip
    tracks: dict[int, list[tuple[int, int]]] = {}
    for t, found in enumerate(frames):
        xyxy = np.concatenate([found.boxes[:, :2], found.boxes[:, :2] + found.boxes[:, 2:]], axis=1)
        given = supervision.Detections(
            xyxy=xyxy, confidence=found.scores, data={"index": np.arange(len(found))}
        )
        result = tracker.update(given)
        for index, name in zip(result.data.get("index", []), result.tracker_id, strict=True):
            if name >= 0:
                tracks.setdefault(int(name), []).append((t, int(index)))
    return {(*a, b[1]) for track in tracks.values() for a, b in pairwise(track)}


def joined(frames: list[PersonBoxes], tracklets: list[Tracklet]) -> set[tuple[int, int, int]]:
    pairs = set()
    for tracklet in tracklets:
        found = [
            (t, int(np.flatnonzero((frames[t].boxes == box).all(axis=1))[0]))
            for t, box in zip(tracklet.frames, tracklet.boxes, strict=True)
        ]
        pairs |= {(*a, b[1]) for a, b in pairwise(found)}
    return pairs


@pytest.mark.parametrize("seed", range(4))
def test_joins_as_the_reference_does_on_walkers(seed: int) -> None:
    frames = walkers(np.random.default_rng(seed))
    expected, found = reference(frames), joined(frames, ours(frames))
    assert len(expected & found) >= 0.98 * len(expected | found)


def test_joins_as_the_reference_does_on_real_detections() -> None:
    # A stadium: two dozen people, most of them doubtful.
    path = shared_path("data/tennis/videos/serve_13.mp4")
    images = [frame.rgb for frame in read_frames(path, stop_frame=30)]
    detector = NanoDet(0.1, threads=1)
    frames = [detector.detect([image])[0] for image in images]
    expected = reference(frames, high_score=0.35, new_score=0.4)
    found = joined(frames, ours(frames, high_score=0.35, new_score=0.4))
    assert len(expected) > 200
    assert len(expected & found) >= 0.95 * len(expected | found)


def test_a_doubtful_detection_prolongs_a_track_but_begins_none() -> None:
    sure, doubtful = (10, 10, 40, 80, 0.9), (12, 10, 40, 80, 0.2)
    assert [t.frames for t in ours([detections(s) for s in (sure, sure, doubtful, sure)])] == [[0, 1, 2, 3]]
    assert ours([detections(doubtful)] * 4) == []


def test_confident_detections_are_assigned_first() -> None:
    # The doubtful box lies nearer to where the track is expected, and still the confident one is taken.
    steady = detections((10, 10, 40, 80, 0.9))
    both = detections((10, 10, 40, 80, 0.3), (18, 10, 40, 80, 0.9))
    (track,) = ours([steady, steady, both])
    assert track.boxes[-1].tolist() == [18, 10, 40, 80]


def test_who_is_lost_too_long_comes_back_as_another() -> None:
    here, away = detections((10, 10, 40, 80, 0.9)), detections()
    assert len(ours([here] * 3 + [away] * 20 + [here] * 3)) == 1
    assert len(ours([here] * 3 + [away] * 40 + [here] * 3)) == 2


def test_nothing_of_one_video_is_left_for_the_next() -> None:
    tracker = ByteTracker()
    here = detections((10, 10, 40, 80, 0.9))
    for _ in range(2):
        for t in range(3):
            tracker.update(t, t / 30, here)
        assert [t.frames for t in tracker.finish()] == [[0, 1, 2]]


def test_time_and_not_the_count_of_frames_moves_the_expectation() -> None:
    # 5 px in 1/30 s, then a step of four times as long: 20 px on, where the box at rest does not reach.
    tracker = ByteTracker(high_iou=0.5)
    for t in range(10):
        tracker.update(t, t / 30, detections((5 * t, 10, 20, 80, 0.9)))
    tracker.update(10, 13 / 30, detections((5 * 13, 10, 20, 80, 0.9)))
    assert [len(t.frames) for t in tracker.finish()] == [11]
