"""What networks see: standardised features, what is missing, and motion."""

import numpy as np

from vpd.detection.inputs import MOTION_S, displacements, scaling
from vpd.detection.timeline import Timeline


def timeline(values, valid=None):
    n = len(values)
    pair = np.stack([values, -values], axis=1).astype(np.float32)[:, :, None]
    there = np.ones(n, bool) if valid is None else np.array(valid)
    return Timeline("v", 0, np.arange(n) / 25, np.arange(n), pair * there[:, None, None], there)


def test_displacements_are_differences_and_nothing_where_an_end_is_missing():
    line = timeline(np.arange(8.0) ** 2, [1, 1, 1, 1, 0, 1, 1, 1])
    change = displacements(line.values, line.valid, 1)
    assert change[1:3, 0, 0].tolist() == [4, 8]
    assert change[6, 0, 0] == 49 - 25
    assert not change[[3, 5], 0, 0].any()
    np.testing.assert_array_equal(change[:, 1], -change[:, 0])
    # At the ends the change is that from, or to, the tick itself.
    assert change[[0, 7], 0, 0].tolist() == [1, 49 - 36]


def test_inputs_are_standardised_over_both_orientations():
    rng = np.random.default_rng(0)
    lines = [timeline(rng.normal(3, 2, 400)), timeline(rng.normal(3, 2, 300), rng.random(300) < 0.7)]
    scaler = scaling(lines, 25.0, motion=True)
    assert scaler.halves == tuple(round(s * 25 / 2) for s in MOTION_S)
    seen = np.concatenate([scaler.inputs(line)[line.valid].reshape(-1, 2 + len(MOTION_S)) for line in lines])
    assert scaler.moving == len(MOTION_S)
    np.testing.assert_allclose(seen[:, 0].mean(), 0, atol=1e-5)
    np.testing.assert_allclose(seen[:, [0, 2, 3]].std(axis=0), 1, atol=1e-2)
    missing = scaler.inputs(lines[1])[~lines[1].valid]
    assert not missing[..., :2].any()


def test_without_motion_there_are_features_and_validity_alone():
    scaler = scaling([timeline(np.ones(9))], 25.0, motion=False)
    assert scaler.moving == 0
    assert scaler.inputs(timeline(np.ones(9))).shape == (9, 2, 2)


def test_nothing_valid_is_left_as_it_is():
    line = timeline(np.ones(9), np.zeros(9, bool))
    assert not scaling([line], 25.0, motion=True).inputs(line).any()
