"""The card of a published data set survives its file, and says how much of the set is there."""

import pytest

from vpd.errors import ArtefactError
from vpd.library.dataset import DatasetCard, Thinning, read_card, write_card
from vpd.types import Segment

CARD = DatasetCard(
    "fs",
    "FSJump6",
    "BSD",
    "by action",
    ("axel",),
    ("axel", "lutz"),
    Thinning(25.0),
    True,
    (3, 371),
    (7, 1446),
)


def test_a_card_survives_its_file(tmp_path):
    write_card(tmp_path / "dataset.json", CARD)
    assert read_card(tmp_path / "dataset.json") == CARD
    assert read_card(tmp_path / "none.json") is None


def test_a_damaged_card_is_an_error(tmp_path):
    (tmp_path / "dataset.json").write_text('{"key": 1}')
    with pytest.raises(ArtefactError, match="damaged"):
        read_card(tmp_path / "dataset.json")


def test_coverage_and_classes():
    assert CARD.coverage == "7 of 1,446 actions, 3 of 371 videos"
    spans = [Segment("v", 0, 1, None, label) for label in ("axel", "lutz", "spin")]
    assert [s.label for s in CARD.recognised(spans)] == ["axel"]
    assert [s.label for s in CARD.events(spans)] == ["axel", "lutz"]
    assert DatasetCard("x", "X").recognised(spans) == spans
