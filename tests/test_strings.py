"""The texts of the page: every language has each, with the same gaps, and sentences are made of them."""

from __future__ import annotations

import json
import re

import pytest

from vpd.strings import FOLDER, Sentence

TEXTS = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in FOLDER.glob("*.json")}


@pytest.mark.parametrize("language", sorted(TEXTS))
def test_every_language_has_all_texts_with_the_same_gaps(language):
    def gaps(texts):
        return {key: sorted(re.findall(r"\{(\w+)\}", text)) for key, text in texts.items()}

    assert gaps(TEXTS[language]) == gaps(TEXTS["en"])


def test_a_sentence_may_hold_others():
    words = {"one": Sentence("lower"), "other": Sentence("further_left")}
    sentence = Sentence("both", words)
    assert str(sentence) == "lower and further left"
    assert sentence.to_json() == {
        "key": "both",
        "values": {"one": {"key": "lower", "values": {}}, "other": {"key": "further_left", "values": {}}},
    }
