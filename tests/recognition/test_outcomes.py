"""Outcomes on disk: found again for the same data, not for other; half a line does no harm."""

import numpy as np
import pytest

from tests.recognition.made import actions
from vpd.errors import InputError
from vpd.recognition.neighbours import DTWNeighbours
from vpd.recognition.outcomes import KeptOutcomes, digest
from vpd.recognition.protocol import Outcome, run_few_shot

CHOSEN, TEST = np.arange(3), np.arange(3, 5)


def outcome():
    return Outcome("dtw-nn", 1, 0, np.array(["a", "b"]), 0.5)


def test_an_outcome_is_found_again(tmp_path):
    path = tmp_path / "outcomes.jsonl"
    key = KeptOutcomes.key("x", DTWNeighbours(), CHOSEN, 1, 0)
    KeptOutcomes(path).add(key, "joints2d", outcome())
    found = KeptOutcomes(path).find(key)
    assert found is not None
    assert (found.recogniser, found.accuracy) == ("dtw-nn", 0.5)
    np.testing.assert_array_equal(found.predicted, ["a", "b"])


def test_other_parameters_subsets_and_data_have_other_keys():
    X, y = actions(5)
    of = digest(X, y, TEST)
    keys = {
        KeptOutcomes.key(of, DTWNeighbours(), CHOSEN, 1, 0),
        KeptOutcomes.key(of, DTWNeighbours(k=2), CHOSEN, 1, 0),
        KeptOutcomes.key(of, DTWNeighbours(), CHOSEN[:2], 1, 0),
        KeptOutcomes.key(digest([*X[:4], None], y, TEST), DTWNeighbours(), CHOSEN, 1, 0),
    }
    assert len(keys) == 4


def test_half_a_line_at_the_end_is_dropped_and_others_are_an_error(tmp_path):
    path = tmp_path / "outcomes.jsonl"
    KeptOutcomes(path).add("one", "joints2d", outcome())
    whole = path.read_text()
    path.write_text(whole + whole[:20])
    again = KeptOutcomes(path)
    again.add("two", "joints2d", outcome())
    assert set(KeptOutcomes(path).rows) == {"one", "two"}
    path.write_text("features,recogniser\n" + whole)
    with pytest.raises(InputError, match="line 1"):
        KeptOutcomes(path)


def test_what_is_known_is_not_fitted_again():
    X, y = actions(12)
    train, test = np.arange(6), np.arange(6, 12)
    told = []

    def run(known):
        return run_few_shot(
            X, y, train, test, {1: [train[:3]]}, {"dtw-nn": DTWNeighbours(pattern="symmetric2")},
            progress=told.append, known=known,
        )  # fmt: skip

    first = run(lambda recogniser, chosen, k, subset: None)
    assert len(told) == 2
    by_key = {(o.k, o.subset): o for o in first}
    second = run(lambda recogniser, chosen, k, subset: by_key[k, subset])
    assert len(told) == 2
    assert [o.accuracy for o in second] == [o.accuracy for o in first]
