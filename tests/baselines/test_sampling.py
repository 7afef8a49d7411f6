"""Which frames are seen: the public test sampling, and properties of the drawn ones."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.baselines.refs import reference
from vpd.baselines.sampling import middle_segments, random_segments, stacks, strided


def test_test_segments_are_the_public_ones():
    for name, wanted in reference("ref_sampling.json").items():
        frames, segments, length = (int(part) for part in name.split("/"))
        assert (middle_segments(frames, segments, length) + 1).tolist() == wanted, name


@given(st.integers(1, 200), st.integers(1, 16), st.sampled_from([1, 5]), st.integers(0, 100))
def test_drawn_segments_lie_in_their_parts(frames, segments, length, seed):
    first = random_segments(frames, segments, length, np.random.default_rng(seed))
    assert len(first) == segments
    assert (np.diff(first) >= 0).all()
    part = (frames - length + 1) // segments
    if part > 0:
        assert (first // part == np.arange(segments)).all()
    seen = stacks(first, length, frames)
    assert seen.min() >= 0
    assert seen.max() < frames


@given(st.integers(1, 100), st.integers(1, 32), st.integers(1, 4), st.integers(0, 100))
def test_strided_frames_stay_inside(frames, count, stride, seed):
    for rng in (None, np.random.default_rng(seed)):
        seen = strided(frames, count, stride, rng)
        assert len(seen) == count
        assert (seen >= 0).all()
        assert (seen < frames).all()
        if (count - 1) * stride < frames:
            assert (np.diff(seen) == stride).all()
