"""What this computer has: the hash of the code that it runs."""

from __future__ import annotations

from vpd.machine import hash_of_sources


def test_the_hash_of_sources_is_of_names_and_contents(tmp_path):
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "one.py").write_text("a = 1\n")
    first = hash_of_sources(tmp_path)
    (tmp_path / "notes.txt").write_text("no code")
    assert hash_of_sources(tmp_path) == first
    (tmp_path / "part" / "one.py").rename(tmp_path / "one.py")
    moved = hash_of_sources(tmp_path)
    (tmp_path / "one.py").write_text("a = 2\n")
    assert len({first, moved, hash_of_sources(tmp_path)}) == 3
