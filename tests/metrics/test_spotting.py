"""Points are right within a tolerance, each found once."""

import numpy as np

from vpd.metrics.spotting import (
    frames_to_seconds,
    mean_spotting_average_precision,
    spotting_average_precision,
)
from vpd.types import Detection, Segment

FRAME = 1 / 25


def point(frame, label="a"):
    return Segment("v", frame * FRAME, (frame + 1) * FRAME, label=label)


def spot(frame, score, label="a"):
    return Detection("v", frame * FRAME, (frame + 1) * FRAME, None, label, score)


def test_tolerance_is_inclusive_in_frames():
    truth, detections = [point(10), point(50)], [spot(11, 0.9), spot(53, 0.8)]
    tolerances = [frames_to_seconds(n, 25) for n in (0, 1, 2, 3)]
    np.testing.assert_allclose(spotting_average_precision(truth, detections, tolerances), [0, 0.5, 0.5, 1])


def test_a_point_is_found_once():
    truth, detections = [point(10)], [spot(11, 0.9), spot(10, 0.8)]
    np.testing.assert_allclose(spotting_average_precision(truth, detections, [FRAME]), [1])
    np.testing.assert_allclose(spotting_average_precision([*truth, point(90)], detections, [FRAME]), [0.5])


def test_by_class():
    score = mean_spotting_average_precision(
        [point(10), point(50, "b")], [spot(10, 0.9), spot(50, 0.9)], [FRAME]
    )
    assert score.labels == ("a", "b")
    np.testing.assert_allclose(score.values[:, 0], [1, 0])
