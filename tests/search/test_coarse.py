"""Coarse features point to what an exact search finds."""

import numpy as np
import pytest

from tests.search.test_uncut import FPS, query_of, smooth, stream, stretched
from vpd.search.coarse import MOST, NONE, SLOT_S, coarse_queries, coarse_stream, fit_basis, slot_rows
from vpd.search.coarse_parts import CoarsePart
from vpd.search.likely import likely_slots, windows
from vpd.search.streams import Stream
from vpd.search.uncut import search_uncut
from vpd.settings.search import SearchSettings


@pytest.fixture
def scene():
    """A query of 1.6 s, and 240 s in which it stands as it is, slow, fast and mirrored."""
    rng = np.random.default_rng(3)
    regular, mirrored, background = smooth(rng, 40, 24), smooth(rng, 40, 24), smooth(rng, 6000, 24)
    for start, values in (
        (500, regular),
        (1500, stretched(regular, 1.6)),
        (3000, stretched(regular, 0.6)),
        (4500, mirrored),
    ):
        background[start : start + len(values)] = values
    return query_of(regular, mirrored), stream(background)


def part_of(numbers, asked=True):
    rows = np.concatenate([numbers, np.full((1, numbers.shape[1]), NONE, np.int8)])
    return CoarsePart("p", rows, np.array([0, len(rows)]), np.array([asked]))


def test_a_slot_is_the_mean_of_its_frames_on_the_axes():
    rng = np.random.default_rng(0)
    given = stream(rng.standard_normal((100, 20)))
    basis = fit_basis(given.values.astype(np.float64))
    numbers = coarse_stream(given, basis)
    assert numbers.shape == (25, 16)
    assert numbers.dtype == np.int8
    expected = basis.numbers(given.values[8:12].mean(axis=0))
    np.testing.assert_allclose(numbers[2], np.clip(expected, -MOST, MOST), atol=0.51)


def test_slots_are_of_equal_time_at_any_rate():
    times = np.arange(200) / 50
    assert np.diff(slot_rows(times)).tolist() == [8] * 24
    slow = np.array([0.0, 0.2, 0.4, 0.6])
    assert len(slot_rows(slow)) == 4
    assert slot_rows(slow)[-1] == 3


def test_half_of_the_frames_make_a_slot():
    valid = np.ones(40, bool)
    valid[4:7] = False
    valid[9:11] = False
    given = stream(np.random.default_rng(1).standard_normal((40, 5)), valid)
    numbers = coarse_stream(given, fit_basis(given.values.astype(np.float64)))
    assert np.flatnonzero(numbers[:, 0] == NONE).tolist() == [1]
    assert numbers.shape[1] == 5


def test_axes_hold_what_spreads_most_and_fill_the_range():
    rng = np.random.default_rng(2)
    values = rng.standard_normal((5000, 32)) * np.r_[np.full(4, 10.0), np.full(28, 0.1)]
    basis = fit_basis(values)
    assert np.abs(basis.axes[:4, 4:]).max() < 0.01 * np.abs(basis.axes[:4, :4]).max()
    assert 0.9 * MOST < np.quantile(np.abs(basis.numbers(values)), 0.999) < 1.1 * MOST


def test_windows_around_likely_slots_hold_what_the_exact_search_finds(scene):
    query, given = scene
    settings = SearchSettings()
    basis = fit_basis(given.values.astype(np.float64))
    coarse = coarse_queries([query], basis, settings)
    slots = likely_slots(coarse, [part_of(coarse_stream(given, basis))], 16)
    looked_at = windows(given, np.array([likely.slot for likely in slots]), coarse.reach_s)
    assert sum(map(len, looked_at)) < len(given) / 2
    exact = search_uncut([query], [given], settings, k=4)
    found = search_uncut([query], looked_at, settings, k=4)
    assert [hit.segment for hit in found] == [hit.segment for hit in exact]
    np.testing.assert_allclose([h.distance for h in found], [h.distance for h in exact], rtol=1e-9)


def test_a_stream_that_is_not_asked_is_not_searched(scene):
    query, given = scene
    basis = fit_basis(given.values.astype(np.float64))
    coarse = coarse_queries([query], basis, SearchSettings())
    assert likely_slots(coarse, [part_of(coarse_stream(given, basis), asked=False)], 16) == []


def test_the_likely_slots_do_not_depend_on_the_chunks(scene, monkeypatch):
    query, given = scene
    basis = fit_basis(given.values.astype(np.float64))
    coarse = coarse_queries([query], basis, SearchSettings())
    part = part_of(coarse_stream(given, basis))
    whole = likely_slots(coarse, [part], 30)
    monkeypatch.setattr("vpd.search.likely.CHUNK", 100)
    assert [x.slot for x in likely_slots(coarse, [part], 30)] == [x.slot for x in whole]


def test_no_span_ends_in_the_context_of_a_window():
    given = Stream("a", 0, np.arange(1000) / FPS, np.zeros((1000, 2), np.float32), np.ones(1000, bool))
    (window,) = windows(given, np.array([100]), reach_s=2.0)
    assert window.times_s[window.skip] == pytest.approx(97 * SLOT_S, abs=1 / FPS)
    assert window.times_s[0] == pytest.approx(97 * SLOT_S - 2.0, abs=1 / FPS)
    assert window.times_s[-1] == pytest.approx(104 * SLOT_S, abs=1 / FPS)
