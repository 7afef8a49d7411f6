"""Time warps stay inside the sequence, run forward, and do nothing when nothing is asked."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vpd.sequences.augment import TimeWarp


@given(
    lengths=st.lists(st.integers(1, 80), min_size=1, max_size=6),
    speed=st.floats(0, 1),
    crop=st.floats(0, 0.9),
    hold=st.floats(0, 0.9),
    seed=st.integers(0, 50),
)
def test_positions_are_frames_in_order(lengths, speed, crop, hold, seed):
    lengths = np.array(lengths)
    rows, counts = TimeWarp(speed, crop, hold).positions(lengths, np.random.default_rng(seed))
    assert (counts >= 1).all()
    assert rows.shape == (len(lengths), counts.max())
    for row, count, length in zip(rows, counts, lengths, strict=True):
        read = row[:count]
        assert read.min() >= 0
        assert read.max() < length
        assert (np.diff(read) >= 0).all()


def test_no_change_reads_every_frame_once():
    rows, counts = TimeWarp().positions(np.array([5, 3]), np.random.default_rng(0))
    assert counts.tolist() == [5, 3]
    assert rows[0].tolist() == [0, 1, 2, 3, 4]
    assert rows[1, :3].tolist() == [0, 1, 2]


def test_speed_changes_the_length_within_its_limits():
    _, counts = TimeWarp(speed=0.5).positions(np.full(500, 60), np.random.default_rng(0))
    assert counts.min() >= 40
    assert counts.max() <= 90
    assert counts.max() - counts.min() > 40
