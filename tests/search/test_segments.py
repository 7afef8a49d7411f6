"""Search among segments ranks as each pair's distance does, over both orientations."""

import numpy as np
import pytest

from vpd.dtw import dtw_distance
from vpd.errors import InputError
from vpd.search import SegmentCollection, search_segments
from vpd.settings.search import SearchSettings
from vpd.types import FeatureSequence, Segment
from vpd.verbs.search import hit_row


def sequence(values, fps=25.0, valid=None, video="v"):
    n = len(values)
    valid = np.ones(n, bool) if valid is None else valid
    return FeatureSequence(video, 0, np.arange(n), np.arange(n) / fps, values, valid, np.ones(n))


def moving(rng, n, d=6):
    return np.cumsum(rng.standard_normal((n, 2, d)), axis=0).astype(np.float32)


def segments_of(features):
    return [Segment(f"v{i}", 0, max(0.1, len(f) / 25), 0) for i, f in enumerate(features)]


def test_ranking_is_that_of_every_pair_in_both_orientations():
    rng = np.random.default_rng(0)
    features = [sequence(moving(rng, n)) for n in rng.integers(20, 50, 60)]
    query = sequence(moving(rng, 33))
    hits = search_segments([query], features, segments_of(features), SearchSettings(), k=20)
    every = [
        min(dtw_distance(query.values[:, 0], f.values[:, o], "symmetricP2") for o in (0, 1)) for f in features
    ]
    want = np.argsort(every)[:20]
    assert [hit.segment.video for hit in hits] == [f"v{i}" for i in want]
    np.testing.assert_allclose([hit.distance for hit in hits], np.sort(every)[:20], rtol=1e-5)


def test_a_collection_answers_every_query_as_a_search_of_its_own():
    rng = np.random.default_rng(2)
    features = [sequence(moving(rng, n)) for n in rng.integers(20, 50, 200)]
    collection = SegmentCollection(features, segments_of(features), SearchSettings())
    for fps in (25.0, 25.0, 50.0, 25.0, 25.0):
        query = sequence(moving(rng, int(1.2 * fps)), fps)
        alone = search_segments([query], features, segments_of(features), SearchSettings(), k=3)
        again = collection.search([query], k=3)
        assert [hit.segment for hit in again] == [hit.segment for hit in alone]
        assert [hit.distance for hit in again] == [hit.distance for hit in alone]


def test_invalid_frames_take_no_part():
    rng = np.random.default_rng(1)
    values = moving(rng, 30)
    spoiled = np.insert(values, 10, 1e3, axis=0)
    valid = np.ones(31, bool)
    valid[10] = False
    hits = search_segments(
        [sequence(values)], [sequence(spoiled, valid=valid)], [Segment("v", 0, 2)], SearchSettings()
    )
    assert hits[0].distance == pytest.approx(0, abs=1e-5)


def test_a_segment_at_another_frame_rate_is_compared_in_time():
    rng = np.random.default_rng(2)
    slow = moving(rng, 30)
    fast = np.repeat(slow, 2, axis=0)
    fast[1:-1:2] = (slow[:-1] + slow[1:]) / 2
    found = search_segments(
        [sequence(slow)], [sequence(fast, fps=50.0)], [Segment("v", 0, 2)], SearchSettings()
    )
    assert found[0].distance == pytest.approx(0, abs=1e-4)
    assert found[0].tempo == pytest.approx(1, abs=0.05)


def test_what_cannot_be_warped_is_last_and_infinite():
    rng = np.random.default_rng(3)
    features = [sequence(moving(rng, 5)), sequence(moving(rng, 30))]
    hits = search_segments([features[1]], features, segments_of(features), SearchSettings())
    assert [hit.segment.video for hit in hits] == ["v1", "v0"]
    assert hits[1].distance == np.inf
    assert hit_row(2, hits[1])["distance"] is None


def test_each_of_several_queries_is_found_by_the_one_it_is_nearest_to():
    rng = np.random.default_rng(4)
    features = [sequence(moving(rng, 30)) for _ in range(10)]
    hits = search_segments(features[3:5], features, segments_of(features), SearchSettings(), k=2)
    assert {(hit.segment.video, hit.query) for hit in hits} == {("v3", 0), ("v4", 1)}


def test_a_query_without_a_feature_is_refused():
    rng = np.random.default_rng(5)
    empty = sequence(moving(rng, 5), valid=np.zeros(5, bool))
    with pytest.raises(InputError, match="no frame with a feature"):
        search_segments([empty], [empty], [Segment("v", 0, 1)], SearchSettings())
