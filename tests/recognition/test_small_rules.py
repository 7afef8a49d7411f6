"""Small rules of recognition, each by hand."""

import json

import numpy as np
import pytest

from vpd.errors import LabelError
from vpd.recognition.linear import LEAST_PROBABILITY, log_likelihood
from vpd.recognition.neighbours import DTWNeighbours
from vpd.recognition.subsets import listed_ks, read_subsets


def test_the_likelihood_is_that_of_the_examples_that_count():
    outputs = np.log([[0.2, 0.8], [0.5, 0.5], [1e-9, 1 - 1e-9]])
    found = log_likelihood(outputs, np.array([0, 1, 0]), np.array([True, False, True]))
    expected = np.log(0.2 + LEAST_PROBABILITY) + np.log(1e-9 + LEAST_PROBABILITY)
    assert found == pytest.approx(expected)


def test_a_file_of_subsets_says_its_ks_and_what_is_wrong_with_it(tmp_path):
    path = tmp_path / "few_shot.json"
    assert listed_ks(path) == ()
    path.write_text(json.dumps({"16": [["a"]], "2": [["a"]]}))
    assert listed_ks(path) == (2, 16)
    path.write_text("{")
    with pytest.raises(LabelError, match="cannot be read"):
        read_subsets(path, [])
    path.write_text("{}")
    with pytest.raises(LabelError, match="lists no subset"):
        listed_ks(path)


def test_queries_are_not_mirrored_unless_asked():
    assert not DTWNeighbours().mirror_query
