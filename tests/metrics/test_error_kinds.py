"""Each kind of error, one by one."""

from vpd.metrics.error_kinds import count_errors, detection_kinds
from vpd.types import Detection, Segment

TRUTH = [Segment("v", 0, 2, label="a"), Segment("v", 10, 12, label="b"), Segment("v", 20, 22, label="a")]


def found(start, end, score, label="a"):
    return Detection("v", start, end, None, label, score)


def test_one_of_each():
    detections = [
        found(0, 2, 0.9),
        found(0, 1.9, 0.8),
        found(1.5, 3.5, 0.7),
        found(10, 12, 0.6, "a"),
        found(30, 32, 0.5),
    ]
    kinds = [kind for _, kind in detection_kinds(TRUTH, detections, 0.5)]
    assert kinds == ["found", "duplicate", "localisation", "confused", "background"]
    counts = count_errors(TRUTH, detections, 0.5, keep=5)
    assert counts == dict.fromkeys(kinds, 1) | {"missed": 2}


def test_the_surest_are_counted():
    detections = [found(0, 2, 0.9), found(20, 22, 0.8), found(10, 12, 0.7, "b"), found(40, 41, 0.1)]
    assert count_errors(TRUTH, detections)["background"] == 0
    assert count_errors(TRUTH, detections)["missed"] == 0
