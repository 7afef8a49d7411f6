"""Only what was looked at is negative."""

import numpy as np
import pytest

from vpd.detection.base import is_covered
from vpd.detection.folds import split
from vpd.detection.targets import (
    REVIEWED,
    assign_athletes,
    class_names,
    seconds_to_edges,
    split_reviewed,
    targets,
)
from vpd.detection.timeline import Timeline
from vpd.errors import InputError
from vpd.types import Segment


def timeline(video="v", athlete=0, n=10, valid=True):
    times = np.arange(n, dtype=float)
    return Timeline(video, athlete, times, np.arange(n), np.zeros((n, 2, 1), np.float32), np.full(n, valid))


def test_a_labelled_video_was_looked_at_everywhere():
    y = targets(timeline(), [Segment("v", 2, 4, 0, "a")], [], ["a"])
    assert y.tolist() == [0, 0, 1, 1, 0, 0, 0, 0, 0, 0]


def test_reviewed_spans_limit_the_negatives():
    segments = [Segment("v", 2, 4, 0, "b"), Segment("v", 8, 9, 0, "a")]
    y = targets(timeline(), segments, [Segment("v", 1, 6)], ["a", "b"])
    assert y.tolist() == [-1, 0, 2, 2, 0, 0, -1, -1, 1, -1]


def test_unlabelled_video_is_unknown_unless_reviewed():
    assert (targets(timeline("w"), [Segment("v", 2, 4, 0, "a")], [], ["a"]) == -1).all()
    y = targets(timeline("w"), [], [Segment("w", 0, 5)], ["a"])
    assert y.tolist() == [0] * 5 + [-1] * 5


def test_other_athletes_in_a_segment_are_unknown():
    segments = [Segment("v", 2, 4, 1, "a")]
    assert targets(timeline(athlete=0), segments, [], ["a"])[2:4].tolist() == [-1, -1]
    assert targets(timeline(athlete=1), segments, [], ["a"])[2:4].tolist() == [1, 1]


def test_segments_of_anyone_go_to_who_is_seen():
    seen, lost = timeline(athlete=5), timeline(athlete=3, valid=False)
    (segment,) = assign_athletes([lost, seen], [Segment("v", 2, 4, None, "a")])
    assert segment.athlete == 5
    (segment,) = assign_athletes([lost], [Segment("v", 2, 4, None, "a")])
    assert segment.athlete is None


def test_edges_are_as_far_as_the_labels_say_and_zero_elsewhere():
    segments = [Segment("v", 1.5, 4.0, 0, "a"), Segment("v", 6, 8, 1, "a"), Segment("w", 0, 9, 0, "a")]
    line = timeline()
    edges = seconds_to_edges(line, targets(line, segments, [], ["a"]), segments)
    np.testing.assert_allclose(edges[2:4], [[0.5, 2.0], [1.5, 1.0]])
    assert not edges[[0, 1, 4, 5, 6, 7, 8, 9]].any()


@pytest.mark.parametrize(("start_s", "tick"), [(2.1, 2), (2.6, 3), (9.3, 9), (10.5, None)])
def test_a_moment_between_two_ticks_is_the_nearest(start_s, tick):
    line, moment = timeline(), Segment("v", start_s, start_s + 0.2, None, "a")
    (assigned,) = assign_athletes([line], [moment])
    assert assigned.athlete == (None if tick is None else 0)
    assert is_covered(assigned, [line]) == (tick is not None)
    y = targets(line, [assigned], [], ["a"])
    assert np.flatnonzero(y == 1).tolist() == ([] if tick is None else [tick])
    assert (seconds_to_edges(line, y, [assigned]) >= 0).all()


def test_labels_are_split_and_named():
    segments, reviewed = split_reviewed([Segment("v", 0, 9, None, REVIEWED), Segment("v", 1, 2, None, "b")])
    assert [len(segments), len(reviewed)] == [1, 1]
    assert class_names(segments, class_agnostic=False) == ["b"]
    with pytest.raises(InputError, match="no labelled segment"):
        class_names([], class_agnostic=False)


def test_videos_are_held_out_whole():
    names = [f"v{i}" for i in range(6)]
    lines = [timeline(v) for v in names]
    y = [np.array([0, 1] * 5) for _ in names]
    parts, _, fold = split(lines, y, 3, np.random.default_rng(0))
    assert sorted(p.video for p in parts) == names
    assert sorted(np.bincount(fold)) == [2, 2, 2]


def test_one_video_is_cut_between_segments():
    y = np.zeros(100, np.int64)
    for start in (10, 30, 50, 70, 90):
        y[start : start + 5] = 1
    parts, classes, fold = split([timeline(n=100)], [y], 5, np.random.default_rng(0))
    assert sorted(fold) == [0, 1, 2, 3, 4]
    assert [int((c == 1).sum()) for c in classes] == [5] * 5
    np.testing.assert_array_equal(np.concatenate([p.times_s for p in parts]), np.arange(100))
