"""A few damaged files of each kind; `benchmarks/damage.py` damages 750."""

import pytest

from tests.pipeline import damage


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    return damage.library(tmp_path_factory.mktemp("damage"))


@pytest.mark.parametrize("keep_times", [False, True])
def test_damage_is_named_and_changes_no_answer(layout, keep_times):
    found = damage.fuzz(layout, 27, 17 + keep_times, run_every=9, keep_times=keep_times)
    assert found.wrong == []
    assert found.counts["run: whole again"] >= 3
