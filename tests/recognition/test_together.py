"""Clips that are named at once take over answers of near clips, and classes are balanced."""

import numpy as np
import pytest
from sklearn.base import clone

from tests.recognition.made import actions, sequence
from vpd.recognition import together
from vpd.recognition.ensemble import WeightedEnsemble
from vpd.recognition.neighbours import DTWNeighbours
from vpd.recognition.recognisers import RECOGNISERS, make_recogniser
from vpd.recognition.together import (
    ANSWERS_ADDED,
    LEAST_PROBABILITY,
    Together,
    balanced,
    neighbour_votes,
    spread,
)


def at(place):
    """A clip that stands still at a place, its mirror image too."""
    return sequence(np.full((8, 1), place))


def near(**options):
    member = DTWNeighbours(k=None, width=0.06, balanced=True, pattern="symmetric2", mirror_query=True)
    return Together(WeightedEnsemble([("near", member)]), "near", ["near"], **options)


def test_a_clip_alone_has_the_answer_of_the_ensemble():
    X, y = actions(12)
    test, _ = actions(6, seed=1)
    jointly, alone = (make_recogniser(name).fit(X, y) for name in ("together", RECOGNISERS["together"].alone))
    expected = alone.predict_proba(test)
    found = np.concatenate([jointly.predict_proba([clip]) for clip in test])
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_a_chain_of_clips_leads_to_the_right_example():
    model = near().fit([at(0), at(2)], ["a", "b"])
    chain = [at(place) for place in np.arange(0.1, 1.25, 0.1)]
    b = [at(place) for place in np.arange(1.9, 2.3, 0.04)]
    # The end of the chain is nearer to the example of b.
    assert model.predict([chain[-1]]).tolist() == ["b"]
    assert model.predict([*chain, *b]).tolist() == ["a"] * len(chain) + ["b"] * len(b)


def test_votes_by_hand():
    to_examples = np.array([[1.0], [4.0]])
    between = np.array([[0.0, 1.0], [1.0, 0.0]])
    found = neighbour_votes(to_examples, between, 5, 1.0)
    # Median 1 of the first clip, 2.5 of the second.
    assert found[0] == pytest.approx([0, 0.5])
    assert found[1] == pytest.approx([1 / (1 + np.exp(-3 / 2.5)), 0])


def test_only_the_nearest_vote():
    between = np.array([[0, 2, 3], [2, 0, 1], [3, 1, 0]], float)
    found = neighbour_votes(np.full((3, 1), 9.0), between, 1, 1.0)
    assert found.tolist() == [[0, 1, 0], [0, 0, 1], [0, 1, 0]]


def test_clips_that_are_all_alike_and_clips_without_a_path_share_votes():
    votes = neighbour_votes(np.zeros((2, 1)), np.zeros((2, 2)), 5, 0.06)
    assert votes.tolist() == [[0, 0.5], [0.5, 0]]
    votes = neighbour_votes(np.array([[1.0], [1.0]]), np.full((2, 2), np.inf), 5, 0.06)
    assert votes.tolist() == [[0, 0], [0, 0]]


def test_spread_answers_solve_the_equation():
    votes = np.array([[0, 0.6, 0.2], [0.3, 0, 0.1], [0.5, 0.4, 0]])
    own = np.array([[1, 0], [0.4, 0.6], [0, 1]])
    taken = 0.8 * votes
    kept = (1 - taken.sum(axis=1, keepdims=True)) * own
    found = spread(own, votes, 0.8)
    np.testing.assert_allclose(found, np.linalg.solve(np.eye(3) - taken, kept), atol=1e-4)
    assert found.sum(axis=1) == pytest.approx(1)


def test_balancing_makes_rare_classes_likelier():
    rng = np.random.default_rng(0)
    uneven = rng.dirichlet([6, 1, 1], 60)
    assert balanced(uneven, 0.0) == pytest.approx((uneven + 1e-3) / 1.003)
    half, full = balanced(uneven, 0.5).mean(axis=0), balanced(uneven, 1.0).mean(axis=0)
    assert uneven.mean(axis=0)[0] > half[0] > full[0]
    # At the solution each factor is the share it leads to, to the power of minus the strength.
    factors = balanced(uneven, 0.5)[0] / (uneven[0] + 1e-3)
    shares = (60 * half + ANSWERS_ADDED) / (60 + 3 * ANSWERS_ADDED)
    assert factors / factors[0] == pytest.approx((shares / shares[0]) ** -0.5, rel=1e-4)
    # A factor for a class keeps the order of the clips by each ratio of two classes.
    ratios = [answers[:, 0] / answers[:, 1] for answers in (uneven + 1e-3, balanced(uneven, 0.5))]
    assert (ratios[0].argsort() == ratios[1].argsort()).all()


def test_a_class_with_few_answers_gains_little_among_few_clips():
    sure, unsure = np.tile([0.98, 0.01, 0.01], (2, 1)), np.tile([0.55, 0.0, 0.45], (4, 1))
    few = balanced(np.concatenate([sure, unsure]), 1.0)
    ratio = few[2, 2] / few[2, 0] * (0.55 + LEAST_PROBABILITY) / (0.45 + LEAST_PROBABILITY)
    assert ratio < 1.3, "six answers say little of how even the classes are"


def test_a_chain_leads_over_mirrored_clips_only_where_sides_are_the_same():
    flip = np.array([-1.0])
    places = [0.1, 0.2, 0.3, 0.4, -0.5, -0.6, -0.7, -0.8, -0.9, -1.0, -1.1, 1.2, *np.arange(1.9, 2.3, 0.04)]
    clips = [sequence(np.full((8, 1), place), flip) for place in places]
    examples = [sequence(np.full((8, 1), place), flip) for place in (0, 2)]
    for sides, expected in (("same", "a"), ("differ", "b")):
        model = near().set_params(ensemble__near__sides=sides).fit(examples, ["a", "b"])
        assert model.predict(clips)[places.index(1.2)] == expected


def test_many_clips_are_named_in_lots(monkeypatch):
    X, y = actions(6)
    test, _ = actions(7, seed=1)
    model = near().fit(X, y)
    monkeypatch.setattr(together, "MOST_TOGETHER", 4)
    found = model.predict_proba(test)
    np.testing.assert_allclose(found[::2], model.predict_proba(test[::2]))
    np.testing.assert_allclose(found[1::2], model.predict_proba(test[1::2]))


def test_it_is_cloned_with_its_members_and_explains_examples_as_its_ensemble_does():
    X, y = actions(12)
    copy = clone(near(neighbours=3).set_params(ensemble__near__width=0.1))
    assert copy.neighbours == 3
    assert copy.ensemble.members[0][1].width == 0.1
    np.testing.assert_allclose(copy.held_out_proba(X, y), clone(copy.ensemble).held_out_proba(X, y))
