"""Outcomes on disk: found again for the same data, not for other; half a line does no harm."""

import json

import numpy as np
import pytest

from tests.recognition.made import actions
from vpd.errors import InputError
from vpd.recognition.neighbours import DTWNeighbours
from vpd.recognition.outcomes import ALL, KeptOutcomes, Outcome, digest
from vpd.recognition.protocol import run_few_shot

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

    class Other(DTWNeighbours):
        """Another recogniser with the same parameters."""

    keys = {
        KeptOutcomes.key(of, Other(), CHOSEN, 1, 0),
        KeptOutcomes.key(of, DTWNeighbours(), CHOSEN, 1, 0),
        KeptOutcomes.key(of, DTWNeighbours(k=2), CHOSEN, 1, 0),
        KeptOutcomes.key(of, DTWNeighbours(), CHOSEN[:2], 1, 0),
        KeptOutcomes.key(digest([*X[:4], None], y, TEST), DTWNeighbours(), CHOSEN, 1, 0),
    }
    assert len(keys) == 5


def test_half_and_damaged_lines_are_dropped_and_a_file_of_another_kind_is_an_error(tmp_path):
    path = tmp_path / "outcomes.jsonl"
    KeptOutcomes(path).add("one", "joints2d", outcome())
    whole = path.read_text()
    path.write_text(whole + whole[:20])
    again = KeptOutcomes(path)
    again.add("two", "joints2d", outcome())
    assert set(KeptOutcomes(path).rows) == {"one", "two"}
    path.write_text(path.read_text().replace('"accuracy": 0', '"accuracy": 1', 1))
    assert set(KeptOutcomes(path).rows) == {"two"}
    path.write_text("features,recogniser\n")
    with pytest.raises(InputError, match="no line that vpd wrote"):
        KeptOutcomes(path)


def test_kept_outcomes_are_not_fitted_again(tmp_path):
    X, y = actions(12)
    train, test = np.arange(6), np.arange(6, 12)

    class Counted(DTWNeighbours):
        fits = 0

        def fit(self, X, y):
            Counted.fits += 1
            return super().fit(X, y)

    told = []

    def run(subsets):
        return run_few_shot(
            X, y, train, test, subsets, {"dtw-nn": Counted(pattern="symmetric2")},
            progress=lambda outcome, done, tasks: told.append((done, tasks)),
            kept=KeptOutcomes(tmp_path / "outcomes.jsonl"), features="made",
        )  # fmt: skip

    first = run({1: [train[:3]]})
    assert (Counted.fits, told) == (2, [(1, 2), (2, 2)])
    second = run({1: [train[:3], train[3:]]})
    assert (Counted.fits, told[2:]) == (3, [(3, 3)])
    assert [o.predicted.tolist() for o in first] == [o.predicted.tolist() for o in second if o.subset == 0]
    lines = (tmp_path / "outcomes.jsonl").read_text().splitlines()
    assert {json.loads(line)["features"] for line in lines} == {"made"}


def test_a_recogniser_may_be_restricted_to_some_k():
    X, y = actions(12)
    train, test = np.arange(6), np.arange(6, 12)
    subsets = {1: [train[:3]], 2: [train[:6]]}
    recognisers = {name: DTWNeighbours(pattern="symmetric2") for name in ("fast", "slow")}
    outcomes = run_few_shot(X, y, train, test, subsets, recognisers, ks={"slow": [2]})
    assert [(o.recogniser, o.k) for o in outcomes] == [
        ("fast", 1), ("fast", 2), ("fast", ALL), ("slow", 2), ("slow", ALL)
    ]  # fmt: skip
