"""Transformers keep missing frames missing and mirrored sequences mirrored."""

import numpy as np
import pytest
from sklearn.base import clone

from tests.recognition.made import actions, sequence
from vpd.sequences.transforms import DropUnsure, Motion, Resample, Smooth, Standardise, Whiten

ALL = [DropUnsure(), Motion(), Resample(), Smooth(), Standardise(), Whiten()]


@pytest.mark.parametrize("transformer", ALL, ids=lambda t: type(t).__name__)
def test_values_of_missing_frames_change_nothing(transformer):
    X, _ = actions(4)
    gap = np.ones(len(X[0]), bool)
    gap[5] = False
    results = []
    for filler in (0.0, 1e3):
        values = X[0].values[:, 0].copy()
        values[5] = filler
        broken = sequence(values, np.where(np.arange(6) % 2, 1, -1), valid=gap)
        results.append(clone(transformer).fit_transform([broken, *X[1:]])[0])
    np.testing.assert_array_equal(results[0].valid, results[1].valid)
    assert not results[0].valid.all()
    for one in results:
        assert np.isfinite(one.values).all()
    np.testing.assert_allclose(
        results[0].values[results[0].valid], results[1].values[results[1].valid], rtol=1e-3, atol=1e-3
    )


@pytest.mark.parametrize("transformer", [Standardise(), Whiten(0.5), Whiten(1.0)], ids=str)
def test_distances_between_frames_survive_mirroring(transformer):
    X, _ = actions(8)
    for s in transformer.fit_transform(X):
        regular, mirrored = s.values[:, 0].astype(float), s.values[:, 1].astype(float)
        np.testing.assert_allclose(
            np.linalg.norm(regular[:, None] - regular, axis=-1),
            np.linalg.norm(mirrored[:, None] - mirrored, axis=-1),
            atol=1e-3,
        )


def test_whitened_frames_are_white():
    X, _ = actions(8)
    frames = np.concatenate([s.values.reshape(-1, s.d) for s in Whiten(1.0).fit_transform(X)])
    np.testing.assert_allclose(np.cov(frames.T), np.eye(frames.shape[1]), atol=1e-3)


def test_motion_of_a_line_is_its_slope():
    out = Motion(weight=2.0, span=2)._one(sequence(np.arange(6.0)[:, None]))
    np.testing.assert_allclose(out.values[:, 0, 1], 2.0)


def test_unsure_frames_are_missing_unless_most_are():
    from dataclasses import replace

    s = sequence(np.zeros((4, 1)))
    some = replace(s, scores=np.array([0.9, 0.1, 0.9, 0.9]))
    most = replace(s, scores=np.array([0.9, 0.1, 0.1, 0.1]))
    assert DropUnsure(0.3)._one(some).valid.tolist() == [True, False, True, True]
    assert DropUnsure(0.3)._one(most).valid.all()
