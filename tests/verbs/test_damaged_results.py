"""A few damaged files of results; `benchmarks/damage.py` damages many."""

import pytest

from tests.verbs import damaged_results
from tests.verbs.conftest import answering_library


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A library of its own: which files the seeds damage depends on all results that are there."""
    return damaged_results.add_results(answering_library(tmp_path_factory.mktemp("results")))


@pytest.mark.parametrize("keep_times", [False, True])
def test_what_a_disk_did_is_named_and_what_a_person_wrote_stays(results, keep_times):
    found = damaged_results.fuzz(results, 25 if keep_times else 12, 3 + keep_times, keep_times)
    assert found.wrong == []
    if keep_times:
        assert found.counts["evaluation: error"] >= 1, found.counts
    else:
        assert found.counts["results: somebody's own"] >= 8
