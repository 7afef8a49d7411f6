"""The detectors on synthetic athletes: what they must find, and every odd shape of training data."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.base import clone

from tests.detection.synthetic import video, videos
from vpd.detection import REVIEWED, CombinedDetector, SearchDetector, TrainedDetector
from vpd.detection.frame_scores import FrameScores
from vpd.detection.proposals import PAPER_LIMITS
from vpd.detection.scoring import SCORED_MARGIN, SCORED_TICKS, score
from vpd.detection.timeline import to_timelines
from vpd.errors import InputError
from vpd.metrics.average_precision import average_precision, mean_average_precision
from vpd.metrics.spotting import spotting_average_precision
from vpd.types import FeatureSequence, Segment

QUICK = {"epochs": 14, "windows": 16, "hidden": 24, "folds": 3}
CLASSES = ("a", "b", "c", "d")


def at_half(segments, found):
    return float(average_precision(segments, found, [0.5])[0])


@pytest.fixture(scope="module")
def learned():
    """A trained and a search detector of two classes, fitted on the same videos."""
    sequences, segments = videos(3, 0, duration_s=40, labels=("a", "b"), noise=0.2)
    return [d.fit(sequences, segments) for d in (TrainedDetector(**QUICK), SearchDetector(folds=3))]


@pytest.fixture(scope="module")
def unseen():
    return videos(2, 1, duration_s=40, labels=("a", "b"), noise=0.2)


def test_detectors_find_segments_of_unseen_videos(learned, unseen):
    sequences, segments = unseen
    for detector in learned:
        found = detector.predict(sequences)
        assert at_half(segments, found) > 0.7, type(detector).__name__
        assert mean_average_precision(segments, found, [0.5]).overall > 0.5
        shown = [d for d in found if d.score >= detector.show_from_]
        assert 0.5 * len(segments) <= len(shown) <= 2 * len(segments)


def test_combination_is_at_least_as_good_where_it_was_chosen(learned, unseen):
    combined = CombinedDetector().combine(*learned)
    assert combined.trial_.average_precision >= max(d.trial_.average_precision for d in learned)
    assert 0 <= combined.weight_ <= 1
    assert at_half(unseen[1], combined.predict(unseen[0])) > 0.8


def test_what_was_judged_on_is_told():
    def judged_on(n, **options):
        return SearchDetector().fit(*videos(n, 0, duration_s=20, **options)).judged_on

    assert judged_on(3) == "held-out labelled videos"
    assert judged_on(1) == "held-out parts of the labelled videos"
    assert "mirror images" in judged_on(1, labels=CLASSES[:2], once=True)


def test_search_has_no_share_where_its_held_out_scores_flatter():
    options = {"once": True, "turned": 0.0, "symmetric": True}
    sequences, segments = videos(1, 0, labels=CLASSES, duration_s=30, noise=0.2, **options)
    trained = TrainedDetector(epochs=2, hidden=8).fit(sequences, segments)
    search = SearchDetector().fit(sequences, segments)
    assert search.trial_.average_precision > trained.trial_.average_precision
    assert CombinedDetector().combine(trained, search).weight_ == 0


def test_scores_are_probabilities(learned, unseen):
    for detector in learned:
        for scores in detector.score_frames(unseen[0]):
            assert isinstance(scores, FrameScores)
            assert scores.probabilities.shape == (len(scores.times_s), 3)
            assert scores.probabilities.min() >= 0
            np.testing.assert_allclose(scores.probabilities.sum(axis=1), 1, atol=1e-5)


def test_same_seed_same_answer():
    sequences, segments = videos(2, 0, duration_s=15)
    settings = {"epochs": 2, "hidden": 8, "folds": 2}
    first, second = (
        TrainedDetector(**settings).fit(sequences, segments).predict(sequences) for _ in range(2)
    )
    assert first == second


def test_scikit_learn_manners():
    detector = TrainedDetector(epochs=3, seed=5)
    assert clone(detector).get_params() == detector.get_params()
    assert detector.set_params(epochs=4).epochs == 4


@pytest.mark.parametrize(("length_s", "every_s", "duration_s"), [(0.2, 2.0, 20), (5.0, 6.0, 70)])
def test_short_and_long_actions(length_s, every_s, duration_s):
    options = {"length_s": length_s, "every_s": every_s, "duration_s": duration_s, "noise": 0.2}
    sequences, segments = videos(3, 0, **options)
    unseen, truth = videos(1, 1, **options)
    detector = TrainedDetector(rate_hz=25 if length_s < 1 else 12.5, **QUICK | {"folds": 2})
    assert at_half(truth, detector.fit(sequences, segments).predict(unseen)) > 0.7


@pytest.mark.parametrize("detector", [TrainedDetector(epochs=6, hidden=16), SearchDetector()])
def test_one_video_and_other_frame_rates(detector):
    sequences, segments = videos(1, 0, duration_s=40, noise=0.2)
    unseen, truth = videos(1, 1, duration_s=40, fps=60, noise=0.2)
    assert at_half(truth, detector.fit(sequences, segments).predict(unseen)) > 0.5


@pytest.mark.parametrize("seed", range(3))
def test_search_learns_from_one_example_a_class(seed):
    """Each held-out segment is of a class that nothing was left of."""
    sequences, segments = videos(1, 2 * seed, labels=CLASSES, duration_s=30, noise=0.2, once=True)
    unseen, truth = videos(1, 2 * seed + 1, labels=CLASSES, duration_s=60, noise=0.2)
    assert sorted(e.label for e in segments) == list(CLASSES)
    assert at_half(truth, SearchDetector().fit(sequences, segments).predict(unseen)) > 0.4


@pytest.mark.parametrize("detector", [TrainedDetector(epochs=2, hidden=8, folds=2), SearchDetector(folds=2)])
def test_clips_shorter_than_a_window_and_a_single_segment(detector):
    rng = np.random.default_rng(0)
    clips = [video(f"c{i}", rng, duration_s=3, every_s=1) for i in range(4)]
    sequences, segments = [s for s, _ in clips], [e for _, es in clips for e in es]
    assert detector.fit(sequences, segments).predict(sequences)
    single = clone(detector).fit(sequences[:1], segments[:1])
    assert all(d.video == "c0" for d in single.predict(sequences[:1]))


@pytest.mark.parametrize("detector", [TrainedDetector(epochs=2, hidden=8, folds=2), SearchDetector(folds=2)])
def test_gaps_and_empty_sequences(detector):
    sequences, segments = videos(2, 0, duration_s=20, gaps=((5, 9), (12, 12.1)))
    empty = FeatureSequence(
        "none", 0, np.empty(0, int), np.empty(0), np.empty((0, 2, sequences[0].d)), [], []
    )
    lost = FeatureSequence(
        "lost", 0, np.arange(50), np.arange(50) / 25, np.zeros((50, 2, 8)), np.zeros(50, bool), np.ones(50)
    )
    detector.fit([*sequences, empty], segments)
    assert {d.video for d in detector.predict([empty, lost, *sequences])} >= {"v0", "v1"}
    assert detector.predict([empty]) == []


def test_reviewed_spans_limit_what_is_learned():
    # Half of the segments are not labelled. Where the first half alone was reviewed, the rest does no harm.
    sequences, segments = videos(2, 0, duration_s=40, noise=0.2)
    labelled = [e for e in segments if e.end_s < 20]
    unseen, truth = videos(1, 1, duration_s=40, noise=0.2)
    reviewed = [Segment(s.video, 0.0, 20.0, None, REVIEWED) for s in sequences]
    told = TrainedDetector(**QUICK).fit(sequences, labelled, reviewed)
    untold = TrainedDetector(**QUICK).fit(sequences, labelled)
    sure = [np.mean([d.score for d in t.predict(unseen)[: len(truth)]]) for t in (told, untold)]
    assert sure[0] > sure[1]


def test_points():
    sequences, segments = videos(3, 0, duration_s=40, noise=0.2)
    unseen, truth = videos(2, 1, duration_s=40, noise=0.2)
    found = TrainedDetector(points_s=0.2, **QUICK).fit(sequences, segments).predict(unseen)
    assert spotting_average_precision(truth, found, [0.2])[0] > 0.8
    np.testing.assert_allclose([d.duration_s for d in found], 1 / 25, atol=1e-6)


def test_the_papers_network_and_rule():
    sequences, segments = videos(2, 0, duration_s=15, every_s=2.5, noise=0.2)
    detector = TrainedDetector(
        network="bigru",
        hidden=8,
        decoding="paper",
        patience=2,
        epochs=4,
        windows=16,
        batch=16,
        window_s=4.0,
        folds=2,
    )
    found = detector.fit(sequences, segments).predict(sequences)
    assert len(detector.trial_.decoding.thresholds) == 1
    assert detector.trial_.decoding.suppression == 0
    # Lengths are within the paper's limits, but where the video begins or ends.
    shortest, longest = (limit * detector.lengths_.mean_s for limit in PAPER_LIMITS)
    inner = [d.duration_s for d in found if d.start_s > 0.5 and d.end_s < 14.5]
    assert inner
    assert shortest - 0.1 < min(inner) <= max(inner) < longest + 0.1


def test_long_videos_are_scored_in_stretches_without_seams():
    rng = np.random.default_rng(0)
    sequence, segments = video("v", rng, duration_s=3 * SCORED_TICKS / 25, every_s=20)
    detector = TrainedDetector(epochs=1, hidden=8, folds=2).fit([sequence], segments)
    network = detector.networks_[0]
    (timeline,) = to_timelines([sequence], 25.0)
    whole = detector.scaling_.inputs(timeline)
    stretched = score(network, [whole], 2)[0].probabilities
    with torch.inference_mode():
        blank = np.pad(whole.swapaxes(0, 1), ((0, 0), (SCORED_MARGIN, SCORED_MARGIN), (0, 0)))
        at_once = network(torch.from_numpy(blank))[..., :2].softmax(-1).mean(0).numpy()
    np.testing.assert_allclose(stretched, at_once[SCORED_MARGIN:-SCORED_MARGIN], atol=1e-4)


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"network": "x"}, "no network"), ({"decoding": "x"}, "neither"), ({"folds": 1}, "2 or more")],
)
def test_impossible_settings(settings, message):
    sequences, segments = videos(1, 0, duration_s=10)
    with pytest.raises(InputError, match=message):
        TrainedDetector(**settings).fit(sequences, segments)


def test_nothing_to_learn_from():
    sequences, _ = videos(1, 0, duration_s=10)
    with pytest.raises(InputError, match="no labelled segment"):
        SearchDetector().fit(sequences, [])
    with pytest.raises(InputError, match="no labelled segment falls"):
        SearchDetector().fit(sequences, [Segment("v0", 500, 501, 0, "a")])


@pytest.mark.parametrize(("sides", "found"), [("same", True), ("differ", False)])
def test_search_finds_actions_of_the_other_side_where_sides_are_the_same(sides, found):
    shown = videos(3, 0, duration_s=40, labels=("a", "b"), noise=0.2, turned=0.0)
    asked, truth = videos(2, 1, duration_s=40, labels=("a", "b"), noise=0.2, turned=1.0)
    detector = SearchDetector(folds=3, sides=sides).fit(*shown)
    assert set(detector.sides_.values()) == {sides}
    assert (at_half(truth, detector.predict(asked)) > 0.6) == found
    # Those of the side that was shown are found either way.
    asked, truth = videos(2, 1, duration_s=40, labels=("a", "b"), noise=0.2, turned=0.0)
    assert at_half(truth, detector.predict(asked)) > 0.6


def handed(n, seed):
    """Videos in which a loop one way is the class "right" and its mirror image the class "left"."""
    sequences, segments = [], []
    rng = np.random.default_rng(seed)
    for i in range(n):
        side = i % 2
        sequence, own = video(f"v{i}", rng, duration_s=30, noise=0.2, turned=float(side))
        sequences.append(sequence)
        segments += [replace(s, label="left" if side else "right") for s in own]
    return sequences, segments


@pytest.mark.parametrize("detector", [TrainedDetector(**QUICK), SearchDetector(folds=3)])
def test_classes_that_are_mirror_images_are_told_apart_by_auto(detector):
    detector = clone(detector).set_params(sides="auto").fit(*handed(4, 0))
    assert detector.sides_ == {"left": "differ", "right": "differ"}
    sequences, segments = handed(2, 1)
    assert mean_average_precision(segments, detector.predict(sequences), [0.5]).overall > 0.6


def test_sides_may_be_said_of_one_class():
    detector = SearchDetector(folds=3, sides={"left": "differ"}).fit(*handed(4, 0))
    assert detector.sides_ == {"left": "differ", "right": "same"}
    assert [len(np.diff(q.edges)) % 2 for q in detector.queries_ if q][1] == 0


def test_orientations_are_averaged_in_scoring_or_the_regular_one_is_taken():
    class First(torch.nn.Module):
        def forward(self, x):
            return torch.cat([x[..., :1], torch.zeros_like(x[..., :1])], dim=-1)

    inputs = np.zeros((5, 2, 1), np.float32)
    inputs[:, 0], inputs[:, 1] = 2.0, -1.0
    expected = [1 / (1 + np.exp(-v)) for v in (2.0, -1.0)]
    (both,) = score(First(), [inputs], 2)
    (alone,) = score(First(), [inputs], 2, mirror=False)
    np.testing.assert_allclose(both.probabilities[:, 0], np.mean(expected), rtol=1e-5)
    np.testing.assert_allclose(alone.probabilities[:, 0], expected[0], rtol=1e-5)
