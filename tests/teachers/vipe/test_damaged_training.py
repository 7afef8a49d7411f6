"""A few damaged files of a stopped training; `benchmarks/damage.py` damages many."""

from tests.teachers.vipe import damaged_training


def test_a_training_goes_on_to_the_same_weights_or_names_the_damage(tmp_path):
    found = damaged_training.fuzz(tmp_path, 12, 1)
    assert found.wrong == []
    assert found.counts["training: error"] >= 6
