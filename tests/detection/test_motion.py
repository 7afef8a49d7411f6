"""The fastest joint, and detections that are placed by it."""

from dataclasses import replace

import numpy as np
import pytest

from tests.detection.synthetic import videos
from vpd.detection import SearchDetector
from vpd.detection.motion import fastest_joint, fastest_place, split_joints
from vpd.detection.proposals import Decoding, Lengths, propose
from vpd.detection.timeline import Timeline
from vpd.metrics.average_precision import MEAN_TIOUS, average_precision
from vpd.types import Segment


def test_the_fastest_joint_counts():
    joints = np.zeros((50, 3, 2))
    joints[20:, 1, 0] = 1.0
    joints[35:, 2, 1] = 0.4
    motion = fastest_joint(joints, np.ones(50, bool), 25.0)
    assert abs(int(motion.argmax()) - 20) <= 1
    assert 0.2 < motion[34] < 0.4
    assert motion[:10].max() < 1e-3
    unseen = np.arange(50) != 20
    assert fastest_joint(joints, unseen, 25.0).max() <= motion.max()


def test_joints_are_taken_out_of_the_values():
    values = np.random.default_rng(0).normal(size=(30, 2, 5)).astype(np.float32)
    line = Timeline("v", 0, np.arange(30) / 25, np.arange(30), values, np.ones(30, bool))
    split = split_joints(line, 4, 25.0)
    np.testing.assert_array_equal(split.values, values[:, :, :1])
    assert split.motion.shape == (30,)
    np.testing.assert_array_equal(split.part(5, 9).motion, split.motion[5:9])


def beats(*seconds):
    """A timeline of 8 s whose motion peaks at these times."""
    times_s = np.arange(200) / 25
    motion = sum(np.exp(-0.5 * ((times_s - s) / 0.1) ** 2) for s in seconds).astype(np.float32)
    blank = np.zeros((200, 2, 1), np.float32)
    return Timeline("v", 0, times_s, np.arange(200), blank, np.ones(200, bool), motion)


def test_the_place_of_the_fastest_moment_is_the_median_over_segments():
    line = beats(1.2, 4.25, 7.9)
    segments = [Segment("v", 1, 2, 0), Segment("v", 4, 5, 0), Segment("v", 7, 8, 0), Segment("w", 4, 5, 0)]
    assert fastest_place([line], segments) == pytest.approx(0.25, abs=0.05)
    assert fastest_place([replace(line, motion=None)], segments) == 0.5


def test_votes_are_placed_by_the_motion():
    """Scores and edges say 3 s to 4 s; the fastest moment, a quarter after the start, is at 2.9 s."""
    times = np.arange(200) / 25
    scores = np.where((times >= 3) & (times < 4), 0.9, 0.0)
    edges = np.stack([times - 3, 4 - times], axis=1) * 25
    lengths = Lengths(1.0, (1.0,), fastest=0.25)
    by_motion = Decoding("votes", smoothing=0.25, motion=4.0)
    spans, _ = propose(scores, 25.0, lengths, by_motion, edges, beats(2.9).motion)
    assert spans[0] / 25 == pytest.approx([2.65, 3.65], abs=0.05)
    spans, _ = propose(scores, 25.0, lengths, replace(by_motion, motion=0.0), edges, beats(2.9).motion)
    assert spans[0] / 25 == pytest.approx([3, 4], abs=0.05)
    spans, _ = propose(scores, 25.0, lengths, by_motion, edges, np.zeros(200, np.float32))
    assert len(spans), "votes count where no motion is known"


def test_motion_that_marks_the_middles_is_used_and_helps():
    """Two joints jump in the middle of each segment of noisy videos."""

    def jump(sequence, segments):
        joints = np.zeros((len(sequence), 2, 2), np.float32)
        for segment in segments:
            if segment.video == sequence.video:
                joints[sequence.times_s >= (segment.start_s + segment.end_s) / 2] += 1.0
        return replace(sequence, values=np.concatenate([sequence.values, joints], axis=2))

    quality = {}
    for joints in (0, 2):
        learn, segments = videos(3, 0, duration_s=40, noise=0.4)
        test, truth = videos(2, 1, duration_s=40, noise=0.4)
        if joints:
            learn, test = ([jump(s, own) for s in some] for some, own in ((learn, segments), (test, truth)))
        detector = SearchDetector(folds=3, joints=joints).fit(learn, segments)
        found = detector.predict(test)
        quality[joints] = average_precision(truth, found, MEAN_TIOUS).mean()
    assert detector.trial_.decoding.motion > 0
    assert quality[2] > quality[0]
