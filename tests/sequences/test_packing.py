"""Packing puts every frame where torch's PackedSequence has it."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.utils.rnn import pack_sequence

from vpd.sequences.packing import FrameMatrix


@given(lengths=st.lists(st.integers(1, 9), min_size=1, max_size=8), seed=st.integers(0, 99))
def test_packed_frames_are_those_of_torch(lengths, seed):
    rng = np.random.default_rng(seed)
    arrays = [rng.normal(size=(n, 2)).astype(np.float32) for n in lengths]
    items = rng.permutation(len(arrays))
    frames, packing = FrameMatrix(arrays).batch(items)
    in_order = [torch.from_numpy(arrays[i]) for i in items[packing.order]]
    theirs = pack_sequence(in_order)
    np.testing.assert_array_equal(frames, theirs.data)
    np.testing.assert_array_equal(packing.batch_sizes, theirs.batch_sizes)
    np.testing.assert_array_equal(
        np.bincount(packing.sequence, minlength=len(items)), np.array(lengths)[items]
    )
