"""Mutated tables and files: read as they stand, or refused. `benchmarks/table_mutations.py` tries more."""

from tests.library.mutations import fuzz_formats, fuzz_labels, fuzz_tables

SEED = 16


def test_labels(tmp_path):
    tally = fuzz_labels(600, SEED, tmp_path)
    assert tally.wrong == []
    assert tally.read > 30
    assert tally.refused > 300


def test_other_tables(tmp_path):
    for name, tally in fuzz_tables(150, SEED, tmp_path).items():
        assert tally.wrong == [], name
        assert tally.read > 5, name
        assert tally.refused > 50, name


def test_files_of_other_programs(tmp_path):
    for name, tally in fuzz_formats(60, SEED, tmp_path).items():
        assert tally.wrong == [], name
        assert tally.refused > 5, name
