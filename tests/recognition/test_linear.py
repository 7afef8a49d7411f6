"""The regression's closed forms equal those of scikit-learn, and sides are heeded."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from tests.recognition.made import actions, handed, sequence
from vpd.errors import InputError
from vpd.recognition.linear import LinearClassifier, moments, spread, statistics
from vpd.types import FeatureSequence

FLIP = np.where(np.arange(6) % 2, 1, -1)


def turned(x: FeatureSequence) -> FeatureSequence:
    return sequence(x.values[:, 1], FLIP, x.video)


def test_moments_are_read_between_the_valid_frames():
    values = np.array([[0.0], [1.0], [99.0], [5.0]])
    s = sequence(values, np.array([-1]), valid=np.array([True, True, False, True]))
    np.testing.assert_allclose(moments(s, 5), [[0, 0.5, 1, 3, 5], [0, -0.5, -1, -3, -5]])
    np.testing.assert_allclose(moments(sequence(np.array([[7.0]])), 3), [[7, 7, 7], [7, 7, 7]])


def test_statistics_are_those_of_the_valid_frames():
    values = np.array([[0.0], [1.0], [99.0], [5.0]])
    s = sequence(values, np.array([-1]), valid=np.array([True, True, False, True]))
    deviation = np.std([0, 1, 5])
    np.testing.assert_allclose(statistics(s), [[2, deviation, 5, 0], [-2, deviation, 0, -5]])


def described(X, model):
    rows = []
    for x in X:
        for side in (0, 1):
            rows.append(
                np.r_[moments(x, 12)[side] / model.scales_[0], statistics(x)[side] / model.scales_[1]]
            )
    return np.array(rows).reshape(len(X), 2, -1)


def reference(X, y, model, sides, penalty):
    """Ridge of scikit-learn on the rows that ``sides`` asks for, the classes of equal weight."""
    rows = described(X, model)
    weights = {"same": (1.0, 1.0), "unsure": (1.0, 0.3), "differ": (1.0, 0.0)}[sides]
    A, t, w = rows.reshape(len(X) * 2, -1), np.repeat(y, 2), np.tile(weights, len(X))
    kept = w > 0
    A, t, w = A[kept], t[kept], w[kept]
    names = np.unique(y)
    w = w / np.array([w[t == label].sum() for label in t])
    w *= len(w) / w.sum()
    mean = np.average(A, axis=0, weights=w)
    Y = (t[:, None] == names) - 1 / len(names)
    scale = np.average(((A - mean) ** 2).sum(axis=1), weights=w)
    fitted = Ridge(alpha=penalty * scale, fit_intercept=False).fit(A - mean, Y, sample_weight=w)
    shares = np.array(weights) / sum(weights)

    def predict(Q):
        rows = (described(Q, model) - mean).reshape(len(Q) * 2, -1)
        return np.tensordot(fitted.predict(rows).reshape(len(Q), 2, -1), shares, (1, 0))

    return predict


def outputs(model, X):
    """Logarithms of the probabilities over the sharpness, centred: what the regression says."""
    logs = np.log(model.predict_proba(X)) / model.sharpness_
    return logs - logs.mean(axis=1, keepdims=True)


def centred(values):
    return values - values.mean(axis=1, keepdims=True)


@pytest.mark.parametrize("sides", ["same", "unsure", "differ"])
def test_it_is_the_ridge_regression_of_scikit_learn(sides):
    X, y = actions(17)
    test, _ = actions(6, seed=1)
    model = LinearClassifier(sides=sides).fit(X, y)
    np.testing.assert_allclose(
        outputs(model, test), centred(reference(X, y, model, sides, 0.5)(test)), atol=1e-6
    )


@pytest.mark.parametrize("sides", ["same", "unsure", "differ"])
def test_an_example_left_out_has_both_orientations_left_out(sides):
    """Weights, mean and penalty stay those of the whole fit."""
    X, y = actions(12)
    model = LinearClassifier(sides=sides).fit(X, y)
    rows, roots = model.rows_, model.roots_
    kernel = (rows @ rows.T) * roots * roots.T
    penalty = (np.linalg.inv(model.inverse_) - kernel)[0, 0]
    kept = np.repeat(np.arange(12), 1 if sides == "differ" else 2) != 4
    system = kernel[np.ix_(kept, kept)] + penalty * np.eye(kept.sum())
    dual = roots[kept] * np.linalg.solve(system, roots[kept] * model.wanted_[kept])
    shares = {"same": [1, 1], "unsure": [1, 0.3], "differ": [1]}[sides]
    answer = np.average(rows[~kept] @ rows[kept].T @ dual, axis=0, weights=shares)
    held = np.log(model.held_out_[4]) / model.sharpness_
    np.testing.assert_allclose(held - held.mean(), answer - answer.mean(), atol=1e-8)


def test_it_recognises_and_a_mirrored_query_is_the_same_where_sides_are():
    X, y = actions(24)
    test, truth = actions(30, seed=1)
    model = LinearClassifier().fit(X, y)
    assert (model.predict(test) == truth).mean() > 0.8
    np.testing.assert_allclose(
        model.predict_proba(test), model.predict_proba([turned(x) for x in test]), atol=1e-6
    )


def test_where_sides_differ_a_mirrored_action_is_another():
    X, y = handed(24)
    test, truth = handed(12, seed=1)
    other = np.array([t.replace("left", "L").replace("right", "left").replace("L", "right") for t in truth])
    differ = LinearClassifier(sides="differ").fit(X, y)
    assert (differ.predict(test) == truth).all()
    assert (differ.predict([turned(x) for x in test]) == other).all()
    same = LinearClassifier(sides="same").fit(X, y).predict_proba(test)
    np.testing.assert_allclose(same[:, 0::2], same[:, 1::2], atol=0.15)  # the hands' examples differ by noise


def test_the_sharpness_is_the_likeliest():
    X, y = actions(24, noise=0.1)
    easy = LinearClassifier().fit(X, y).sharpness_
    X, y = actions(24, noise=6.0)
    assert LinearClassifier().fit(X, y).sharpness_ < easy


def test_features_that_never_change_are_no_error():
    X = [sequence(np.zeros((5, 2))) for _ in range(4)]
    np.testing.assert_allclose(LinearClassifier().fit(X, ["a", "b", "a", "b"]).predict_proba(X), 0.5)
    assert spread(np.zeros((3, 2))) == 1


@pytest.mark.parametrize("options", [{"count": 0}, {"ridge": 0.0}])
def test_what_cannot_be_solved_is_refused(options):
    with pytest.raises(InputError, match="at least 1 and positive"):
        LinearClassifier(**options).fit(*actions(3))
