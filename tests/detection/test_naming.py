"""Classes of found intervals, told apart by scores and by examples."""

from dataclasses import replace

import numpy as np
import pytest

from tests.detection.synthetic import videos
from vpd.detection.frame_scores import FrameScores, most_scored
from vpd.detection.naming import HeldOutNaming, Naming, segment_spans
from vpd.detection.targets import targets
from vpd.detection.timeline import to_timelines

CLASSES = ["a", "b"]
SAME = {"a": "same", "b": "same"}


@pytest.fixture(scope="module")
def labelled():
    sequences, segments = videos(3, 0, duration_s=30, labels=CLASSES, noise=0.2)
    parts = to_timelines(sequences, 25)
    return parts, [targets(part, segments, [], CLASSES) for part in parts]


def scored(part, classes, surely):
    """Scores that give ``surely`` of every segment's ticks to its own class, and the rest to the other."""
    probabilities = np.zeros((len(part), 3), np.float32)
    probabilities[classes <= 0, 0] = 1
    for k in (1, 2):
        probabilities[classes == k, k], probabilities[classes == k, 3 - k] = surely, 1 - surely
    return FrameScores(part, probabilities, tuple(CLASSES))


def test_spans_of_segments_that_touch_and_end_with_the_timeline():
    spans, classes = segment_spans(np.array([1, 1, 2, 0, -1, 2, 2]))
    assert spans.tolist() == [[0, 2], [2, 3], [5, 7]]
    assert classes.tolist() == [0, 1, 1]
    spans, classes = segment_spans(np.array([0, -1]))
    assert spans.shape == (0, 2)
    assert classes.shape == (0,)


def right(named, truth):
    labels, likely = named
    assert ((likely > 0) & (likely <= 1)).all()
    return np.mean([name == CLASSES[k] for name, k in zip(labels, truth, strict=True)])


@pytest.mark.parametrize("surely", [0.9, 0.1])
def test_examples_name_whatever_the_scores_say(labelled, surely):
    parts, own = labelled
    naming = Naming(SAME).fit(parts[:2], own[:2])
    spans, truth = segment_spans(own[2])
    (named,) = naming([(scored(parts[2], own[2], surely), spans)])
    assert right(named, truth) > 0.8


def test_spans_of_several_athletes_keep_their_places(labelled):
    parts, own = labelled
    naming = Naming(SAME).fit(parts[:1], own[:1])
    spans = [segment_spans(classes)[0] for classes in own]
    none = np.empty((0, 2), int)
    intervals = [
        (scored(parts[1], own[1], 0.5), spans[1]),
        (scored(parts[0], own[0], 0.5), none),
        (scored(parts[2], own[2], 0.5), spans[2]),
    ]
    named = naming(intervals)
    assert [len(labels) for labels, _ in named] == [len(spans[1]), 0, len(spans[2])]
    assert right(named[2], segment_spans(own[2])[1]) > 0.8


def test_spans_without_features_have_the_most_scored_class(labelled):
    parts, own = labelled
    naming = Naming(SAME).fit(parts[:2], own[:2])
    spans, truth = segment_spans(own[2])
    blind = replace(parts[2], valid=np.zeros(len(parts[2]), bool))
    (named,) = naming([(scored(blind, own[2], 0.9), spans)])
    assert right(named, truth) == 1
    assert named[1].tolist() == [1] * len(spans)


def test_segments_of_one_class_teach_no_names(labelled):
    parts, own = labelled
    alone = [np.where(own[0] == 1, 1, 0)]
    interval = (scored(parts[2], own[2], 0.9), segment_spans(own[2])[0])
    naming = Naming(SAME).fit(parts[:1], alone)
    assert naming([interval])[0][0] == most_scored([interval])[0][0]


def test_held_out_intervals_are_not_named_by_their_own_segments(labelled):
    parts, own = labelled
    wrong = [own[0], np.where(own[1] > 0, 3 - own[1], own[1])]
    intervals = [(scored(parts[i], own[i], 0.5), segment_spans(own[i])[0]) for i in (0, 1)]
    truth = [segment_spans(own[i])[1] for i in (0, 1)]
    named = HeldOutNaming(SAME, parts[:2], wrong, [0, 1])(intervals)
    assert right(named[0], truth[0]) < 0.2, "named by the wrong labels of the other fold"
    assert right(named[1], truth[1]) > 0.8
    alone = HeldOutNaming(SAME, parts[:1], own[:1], [0])(intervals[:1])
    assert right(alone[0], truth[0]) > 0.8
