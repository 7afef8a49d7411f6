"""A few damaged files of results; `benchmarks/damage.py` damages many."""

import shutil

import pytest

from tests.verbs import damaged_results
from vpd.library.layout import Layout


@pytest.fixture(scope="module")
def results(layout, tmp_path_factory):
    root = tmp_path_factory.mktemp("results") / "lib"
    shutil.copytree(layout.root, root)
    return damaged_results.add_results(Layout(root))


@pytest.mark.parametrize("keep_times", [False, True])
def test_what_a_disk_did_is_named_and_what_a_person_wrote_stays(results, keep_times):
    found = damaged_results.fuzz(results, 25 if keep_times else 12, 3 + keep_times, keep_times)
    assert found.wrong == []
    if keep_times:
        assert found.counts["evaluation: error"] >= 1, found.counts
    else:
        assert found.counts["results: somebody's own"] >= 8
