"""Features side by side hold the frames that all have, and come apart again."""

import numpy as np
import pytest

from tests.recognition.made import actions, sequence
from vpd.errors import MismatchError
from vpd.sequences.joined import join
from vpd.sequences.spans import take_rows
from vpd.sequences.transforms import Columns


def test_joined_features_come_apart_again():
    (x,), _ = actions(1)
    (other,), _ = actions(1, seed=3, d=4, shortest=len(x), longest=len(x))
    joined = join([x, other])
    np.testing.assert_array_equal(Columns(0, 6).transform([joined])[0].values, x.values)
    np.testing.assert_array_equal(Columns(6, 10).transform([joined])[0].values, other.values)


def test_frames_that_one_lacks_are_left_out():
    valid = np.array([True, True, False, True])
    x = sequence(np.arange(4.0)[:, None], valid=valid)
    y = take_rows(sequence(10 + np.arange(4.0)[:, None]), np.array([1, 2, 3]))
    joined = join([x, y])
    assert joined.frames.tolist() == [1, 2, 3]
    assert joined.valid.tolist() == [True, False, True]
    np.testing.assert_array_equal(joined.values[:, 0], [[1, 11], [2, 12], [3, 13]])


def test_features_of_others_are_refused():
    (x, y), _ = actions(2)
    with pytest.raises(MismatchError, match="different athletes"):
        join([x, y])
    with pytest.raises(MismatchError, match="share no frame"):
        join([take_rows(x, slice(0, 3)), take_rows(x, slice(3, 6))])
