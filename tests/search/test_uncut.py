"""Uncut search finds what was planted, at its time, tempo and orientation, and each once."""

import numpy as np
import pytest

from vpd.dtw import subsequence_path
from vpd.search import Stream, overlap, search_uncut
from vpd.search import uncut as module
from vpd.settings.search import SearchSettings
from vpd.types import FeatureSequence, Segment

FPS = 25.0


def smooth(rng, n, d=8):
    steps = rng.standard_normal((n + 8, d))
    return np.stack([np.convolve(steps[:, k], np.ones(9), "valid") for k in range(d)], axis=1)[:n]


def stretched(values, tempo):
    at = np.linspace(0, len(values) - 1, round(len(values) / tempo))
    return np.stack([np.interp(at, np.arange(len(values)), column) for column in values.T], axis=1)


def stream(values, valid=None, video="long", fps=FPS):
    valid = np.ones(len(values), bool) if valid is None else valid
    return Stream(video, 0, np.arange(len(values)) / fps, values.astype(np.float32), valid)


def query_of(regular, mirrored, fps=FPS):
    n = len(regular)
    values = np.stack([regular, mirrored], axis=1)
    return FeatureSequence("q", 0, np.arange(n), np.arange(n) / fps, values, np.ones(n, bool), np.ones(n))


@pytest.fixture
def planted():
    rng = np.random.default_rng(0)
    regular, mirrored = smooth(rng, 40), smooth(rng, 40)
    background = smooth(rng, 6000)
    for start, values in (
        (500, regular),
        (1500, stretched(regular, 1.6)),
        (3000, stretched(regular, 0.6)),
        (4500, mirrored),
    ):
        background[start : start + len(values)] = values
    return query_of(regular, mirrored), background


def test_finds_each_planted_action_once(planted):
    query, background = planted
    hits = search_uncut([query], [stream(background)], SearchSettings(), k=4)
    found = sorted((round(hit.segment.start_s * FPS), hit.mirrored, round(hit.tempo, 1)) for hit in hits)
    want = [(500, False, 1.0), (1500, False, 1.6), (3000, False, 0.6), (4500, True, 1.0)]
    for got, expected in zip(found, want, strict=True):
        assert abs(got[0] - expected[0]) <= 2
        assert got[1] == expected[1]
        assert got[2] == pytest.approx(expected[2], abs=0.11)


def test_without_mirroring_the_mirrored_one_is_not_nearest(planted):
    query, background = planted
    hits = search_uncut([query], [stream(background)], SearchSettings(sides="differ"), k=4)
    assert not any(hit.mirrored for hit in hits)
    assert hits[3].distance > 5 * hits[2].distance


def test_shards_change_nothing(planted, monkeypatch):
    query, background = planted
    whole = search_uncut([query], [stream(background)], SearchSettings(), k=6)
    monkeypatch.setattr(module, "SHARD", 700)
    parts = search_uncut([query], [stream(background)], SearchSettings(), k=6)
    assert [h.segment for h in parts] == [h.segment for h in whole]


def test_another_frame_rate_is_searched_in_time(planted):
    query, background = planted
    double = stretched(background, 0.5)
    hits = search_uncut([query], [stream(double, fps=2 * FPS)], SearchSettings(), k=1)
    assert hits[0].segment.start_s * FPS == pytest.approx(500, abs=2) or hits[0].mirrored
    assert hits[0].tempo == pytest.approx(1, abs=0.05)


def test_results_keep_off_invalid_frames_known_spans_and_each_other(planted):
    query, background = planted
    valid = np.ones(len(background), bool)
    valid[520] = False
    known = [Segment("long", 4500 / FPS, 4540 / FPS, 0)]
    hits = search_uncut([query], [stream(background, valid)], SearchSettings(), k=12, known=known)
    spans = [hit.segment for hit in hits]
    assert not any(s.start_s < 520 / FPS < s.end_s for s in spans)
    limit = SearchSettings().overlap
    assert all(overlap(a, b) <= limit for i, a in enumerate(spans) for b in [*known, *spans[:i]])


def test_distance_is_that_of_the_best_span_in_double_precision(planted):
    query, background = planted
    hit = search_uncut([query], [stream(background[:1000])], SearchSettings(), k=1)[0]
    end = round(hit.result_s[-1] * FPS)
    want = subsequence_path(query.values[:, 0], background[: end + 1].astype(np.float32))
    assert hit.distance == pytest.approx(want.distance, abs=1e-9)


def test_overlap_is_of_one_athlete():
    a = Segment("v", 0, 2, 0)
    assert overlap(a, Segment("v", 1, 3, 0)) == pytest.approx(1 / 3)
    assert overlap(a, Segment("v", 1, 3, 1)) == overlap(a, Segment("w", 1, 3, 0)) == 0
