"""Classes of found intervals, told apart by scores and by examples."""

import numpy as np
import pytest

from tests.detection.synthetic import videos
from vpd.detection.frame_scores import FrameScores
from vpd.detection.naming import Naming, PackedExamples, as_sequence, segment_spans, smoothed
from vpd.detection.targets import targets
from vpd.detection.timeline import to_timelines
from vpd.dtw import dtw_distance

CLASSES = ["a", "b"]


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


@pytest.mark.parametrize("costs", [(0, 0), (0.5, np.inf)])
def test_distances_are_those_of_warping_to_the_nearest_example(labelled, costs):
    parts, own = labelled
    examples = PackedExamples(parts[:1], own[:1], np.array(costs))
    spans, _ = segment_spans(own[1])
    near = examples.distances(parts[1], spans[:2], 3)
    clean = smoothed([as_sequence(parts[0]), as_sequence(parts[1])])
    for row, (start, stop) in zip(near, spans[:2], strict=True):
        query = clean[1].values[start:stop, 0]
        for k in (0, 1):
            expected = min(
                dtw_distance(query, clean[0].values[a:b, side], "symmetricP2") * (1, 1 + costs[k])[side]
                for (a, b), c in zip(*segment_spans(own[0]), strict=True)
                for side in (0, 1)
                if c == k
            )
            np.testing.assert_allclose(row[k], expected, rtol=1e-3)
        # A class without an example is no nearer than any other.
        assert row[2] == row[:2].max()


@pytest.mark.parametrize("surely", [0.5, 0.4])
def test_examples_speak_where_scores_say_nothing_or_err(labelled, surely):
    parts, own = labelled
    held_out = [scored(part, classes, surely) for part, classes in zip(parts, own, strict=True)]
    naming = Naming(np.zeros(2)).fit(held_out[:2], own[:2], [0, 1])
    assert naming.weights_[1] > 0
    spans, truth = segment_spans(own[2])
    named = naming.labels(held_out[2], spans)
    assert np.mean([name == CLASSES[k] for name, k in zip(named, truth, strict=True)]) > 0.8


def test_scores_are_believed_where_they_are_right(labelled):
    parts, own = labelled
    held_out = [scored(part, classes, 0.9) for part, classes in zip(parts, own, strict=True)]
    naming = Naming(np.zeros(2)).fit(held_out[:2], own[:2], [0, 1])
    spans, truth = segment_spans(own[2])
    assert naming.labels(held_out[2], spans) == [CLASSES[k] for k in truth]


def test_where_nothing_is_held_out_the_scores_decide(labelled):
    parts, own = labelled
    naming = Naming(np.zeros(2)).fit([scored(parts[0], own[0], 0.6)], own[:1], [0])
    assert naming.weights_ == (1.0, 0.0)


def test_spans_without_features_are_named_by_their_scores(labelled):
    parts, own = labelled
    held_out = [scored(part, classes, 0.9) for part, classes in zip(parts, own, strict=True)]
    naming = Naming(np.zeros(2)).fit(held_out, own, [0, 1, 2])
    spans, truth = segment_spans(own[0])
    blind = held_out[0].timeline.valid.copy()
    held_out[0].timeline.valid[:] = False
    assert naming.labels(held_out[0], spans) == [CLASSES[k] for k in truth]
    held_out[0].timeline.valid[:] = blind


def test_one_example_a_class_names_where_the_scores_do_not(labelled):
    """Each held-out segment is of a class that nothing was left of: nothing is fitted, both are believed."""
    parts, own = labelled
    alone = [np.where(own[i] == i + 1, own[i], 0) for i in (0, 1)]
    wrong = [scored(part, classes, 0.0) for part, classes in zip(parts, alone, strict=False)]
    naming = Naming(np.zeros(2)).fit(wrong, alone, [0, 1])
    assert naming.weights_[0] == 1
    spans, truth = segment_spans(own[2])
    undecided = scored(parts[2], own[2], 0.5)
    assert naming.labels(undecided, spans) == [CLASSES[k] for k in truth]
