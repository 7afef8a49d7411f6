"""The tables of the baselines from kept outcomes: cells, kinds, confusions."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.baseline_tables import accuracy_rows, cell, error_rows, read_outcomes

from vpd.library.json_lines import add_line
from vpd.recognition.outcomes import ALL
from vpd.types import Segment
from vpd.verbs.few_shot import Parts

LABELS = np.array(["serve", "smash", "serve", "smash", "smash"])
TEST = np.arange(1, 5)
ANSWERS = {
    ("poses", "stgcn", ALL, 0): ["smash", "smash", "smash", "serve"],
    ("poses", "stgcn++", ALL, 0): ["smash", "smash", "smash", "smash"],
    ("poses", "stgcn", 4, 0): ["smash", "serve", "smash", "smash"],
    ("poses", "stgcn", 4, 1): ["serve", "serve", "serve", "smash"],
    ("vpd", "together", ALL, 0): ["smash", "serve", "smash", "smash"],
    ("vpd", "together", 4, 1): ["serve", "serve", "serve", "serve"],
}


@pytest.fixture
def folder(tmp_path):
    """The outcomes as few_shot.py keeps them, and the seconds of one."""
    for (features, recogniser, k, subset), predicted in ANSWERS.items():
        row = {"features": features, "recogniser": recogniser, "k": k, "subset": subset}
        accuracy = float(np.mean(np.array(predicted) == LABELS[TEST]))
        add_line(tmp_path / "outcomes.jsonl", {**row, "predicted": predicted, "accuracy": accuracy})
    (tmp_path / "seconds.csv").write_text("poses,stgcn,4,0,9.0\nposes,stgcn,all,0,101.2\n")
    return tmp_path


@pytest.fixture
def found(folder):
    segments = [Segment("v", 0.0, 1.0, label=str(label)) for label in LABELS]
    return read_outcomes([folder], Parts(segments, LABELS, np.arange(1), TEST, {}, np.arange(0)))


def test_a_cell_is_one_draw_or_a_mean_with_spread_and_number():
    assert cell([]) == ""
    assert cell([0.194]) == "19.4"
    assert cell([0.2, 0.4]) == "30.0 ± 14.1 (2)"


def test_systems_come_first_and_features_twice(found, folder):
    stgcn, plus, first, ten = accuracy_rows(found, [("vpd", "together")], [folder])
    assert stgcn[:5] == ["`stgcn`", "75.0 ± 35.4 (2)", "", "50.0", "101"]
    assert stgcn[-1] == "88.4"
    assert plus[:5] == ["`stgcn++`", "", "", "75.0", ""]
    assert first[:4] == ["vpd, together, first draw", "", "", "100.0"]
    assert ten[0] == "vpd, together, ten draws"
    assert all("±" in text for text in ten[1:3])


def test_errors_are_those_of_all_systems_of_a_kind(found):
    columns, rows = error_rows(found, [("vpd", "together")])
    assert columns[1:3] == ["serve", "smash"]
    # two systems of four tests: the serve is missed twice, one of six smashes once
    assert rows[0] == ["networks over skeletons (2)", "0", "83", "serve as smash 100, smash as serve 17"]
    assert rows[1] == ["vpd, together", "100", "100", ""]


def test_outcomes_of_another_test_part_are_refused(folder):
    segments = [Segment("v", 0.0, 1.0, label="serve")] * 2
    parts = Parts(segments, LABELS[:2], np.arange(1), np.arange(1, 2), {}, np.arange(0))
    with pytest.raises(SystemExit, match="outcomes of 4 tests"):
        read_outcomes([folder], parts)
