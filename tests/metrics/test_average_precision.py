"""Average precision against cases worked by hand and a plain reading of ActivityNet's rule."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vpd.metrics.average_precision import (
    average_precision,
    mean_average_precision,
    precision_recall,
    unlabelled,
)
from vpd.metrics.matching import temporal_iou
from vpd.types import Detection, Segment


def segment(start, end, video="v", label="a", athlete=None):
    return Segment(video, start, end, athlete, label)


def found(start, end, score, video="v", label="a", athlete=None):
    return Detection(video, start, end, athlete, label, score)


def test_temporal_iou_by_hand():
    overlap = temporal_iou(np.array([[0.0, 2.0]]), np.array([[1.0, 3.0], [0.5, 1.0], [2.0, 4.0], [0.0, 2.0]]))
    np.testing.assert_allclose(overlap, [[1 / 3, 1 / 4, 0, 1]])


def test_a_false_alarm_between_two_hits():
    # Precision after each: 1, 1/2, 2/3; recall 1/2, 1/2, 1. Area: 1/2 * 1 + 1/2 * 2/3.
    truth = [segment(0, 1), segment(5, 6)]
    detections = [found(0, 1, 0.9), found(2, 3, 0.8), found(5, 6, 0.7)]
    np.testing.assert_allclose(average_precision(truth, detections, [0.5]), [1 / 2 + 1 / 3])


def test_a_segment_is_found_once():
    # The second detection of the same segment is false, so full recall comes with precision 2/3.
    truth = [segment(0, 1), segment(5, 6)]
    detections = [found(0, 1, 0.9), found(0, 1, 0.8), found(5, 6, 0.7)]
    np.testing.assert_allclose(average_precision(truth, detections, [0.5]), [1 / 2 + 1 / 3])


def test_a_detection_takes_the_next_segment_when_the_nearest_is_taken():
    # Both overlap [0, 10] most, and [4, 14] by 6/14 = 0.43, which the second may have.
    truth = [segment(0, 10), segment(4, 14)]
    detections = [found(0, 10, 0.9), found(0, 10, 0.8)]
    np.testing.assert_allclose(average_precision(truth, detections, [0.4, 0.5]), [1.0, 0.5])


def test_interpolation_raises_early_precision():
    # Wrong, right, right: precision 0, 1/2, 2/3 is raised to 2/3 everywhere.
    truth = [segment(0, 1), segment(5, 6)]
    detections = [found(8, 9, 0.9), found(0, 1, 0.8), found(5, 6, 0.7)]
    np.testing.assert_allclose(average_precision(truth, detections, [0.5]), [2 / 3])


def test_overlap_equal_to_the_threshold_counts():
    np.testing.assert_allclose(average_precision([segment(0, 2)], [found(0, 1, 1)], [0.5, 0.51]), [1, 0])


def test_other_videos_and_athletes_are_not_compared():
    assert average_precision([segment(0, 1)], [found(0, 1, 1, video="w")], [0.5]) == [0]
    assert average_precision([segment(0, 1, athlete=1)], [found(0, 1, 1, athlete=2)], [0.5]) == [0]
    assert average_precision([segment(0, 1)], [found(0, 1, 1, athlete=2)], [0.5]) == [1]


def test_nothing_found_and_nothing_to_find():
    assert average_precision([segment(0, 1)], [], [0.5]) == [0]
    assert math.isnan(average_precision([], [found(0, 1, 1)], [0.5])[0])


def test_classes_count_the_same():
    truth = [segment(0, 1), segment(2, 3), segment(4, 5, label="b")]
    detections = [found(0, 1, 0.9), found(2, 3, 0.8), found(4, 5, 0.9), found(4, 5, 0.7, label="c")]
    score = mean_average_precision(truth, detections, [0.5])
    assert score.labels == ("a", "b")
    # In class a the detection of b's segment is a false alarm between two hits.
    np.testing.assert_allclose(score.values[:, 0], [5 / 6, 0])
    np.testing.assert_allclose(score.mean, [5 / 12])
    assert average_precision(unlabelled(truth), unlabelled(detections), [0.5]) == [1]


def test_curve_by_hand():
    curve = precision_recall([segment(0, 1), segment(5, 6)], [found(2, 3, 0.2), found(0, 1, 0.9)], 0.5)
    np.testing.assert_allclose(curve.precision, [1, 0.5])
    np.testing.assert_allclose(curve.recall, [0.5, 0.5])
    np.testing.assert_allclose(curve.scores, [0.9, 0.2])


def plain_activitynet(truth, detections, threshold):
    """ActivityNet's rule written straight from its description, in plain loops over plain numbers."""
    taken, right = set(), []
    for d in sorted(detections, key=lambda d: -d.score):
        overlaps = []
        for i, t in enumerate(truth):
            if t.video == d.video:
                shared = max(0.0, min(t.end_s, d.end_s) - max(t.start_s, d.start_s))
                union = (t.end_s - t.start_s) + (d.end_s - d.start_s) - shared
                overlaps.append((shared / union, i))
        hit = False
        for overlap, i in sorted(overlaps, key=lambda pair: -pair[0]):
            if overlap < threshold:
                break
            if i not in taken:
                taken.add(i)
                hit = True
                break
        right.append(hit)
    area, points = 0.0, []
    for n in range(1, len(right) + 1):
        points.append((sum(right[:n]) / len(truth), sum(right[:n]) / n))
    for k in range(1, len(truth) + 1):
        area += max((p for r, p in points if r >= k / len(truth) - 1e-12), default=0.0) / len(truth)
    return area


times = st.integers(0, 40)
lengths = st.integers(1, 12)
videos = st.sampled_from("vw")
segments = st.lists(
    st.builds(lambda s, n, v: segment(s / 4, (s + n) / 4, v), times, lengths, videos), min_size=1
)


@settings(max_examples=150, deadline=None)
@given(truth=segments, others=segments, data=st.data())
def test_agrees_with_the_plain_rule(truth, others, data):
    drawn = data.draw(st.permutations(range(len(others))))
    detections = [
        found(o.start_s, o.end_s, (rank + 1) / (len(others) + 1), o.video)
        for o, rank in zip(others, drawn, strict=True)
    ]
    for threshold in (0.3, 0.55, 0.75):
        expected = plain_activitynet(truth, detections, threshold)
        assert average_precision(truth, detections, [threshold])[0] == pytest.approx(expected, abs=1e-12)


@settings(max_examples=50, deadline=None)
@given(truth=segments)
def test_the_truth_itself_scores_one(truth):
    detections = [found(t.start_s, t.end_s, 0.5, t.video) for t in truth]
    np.testing.assert_allclose(average_precision(truth, detections, [1.0]), [1.0])
