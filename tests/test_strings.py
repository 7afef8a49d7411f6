"""The texts of the page: every language has each, with the same gaps, and sentences are made of them."""

from __future__ import annotations

import ast
import json
import re

import pytest

from vpd.pipeline.table import STEPS
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
    assert [str(Sentence("labels_count", {"count": n})) for n in (0, 1, 2)] == [
        "0 labels",
        "1 label",
        "2 labels",
    ]
    assert sentence.to_json() == {
        "key": "both",
        "values": {
            "one": {"key": "lower", "values": {}, "text": "lower"},
            "other": {"key": "further_left", "values": {}, "text": "further left"},
        },
        "text": "lower and further left",
    }


def _keys(file):
    """The keys of the sentences that a module makes: texts within the first argument, and notes by name."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Sentence":
            found = (
                [node.args[0].body, node.args[0].orelse]
                if isinstance(node.args[0], ast.IfExp)
                else node.args[:1]
            )
            yield from (one.value for one in found if isinstance(one, ast.Constant))
        elif isinstance(node, ast.Constant) and str(node.value).startswith(
            ("note_", "trouble_", "more_labels_")
        ):
            yield node.value


def test_every_sentence_and_note_has_its_text():
    keys = {key for file in FOLDER.parent.rglob("*.py") for key in _keys(file)}
    assert {"note_partly_seen", "note_more_left_out", "trouble_set_aside", "search_about"} <= keys
    assert keys <= TEXTS["en"].keys()


def test_every_step_has_a_name_for_people():
    assert {f"step_{name}" for name in STEPS} <= TEXTS["en"].keys()


def test_a_note_is_hashed_by_its_key_and_compared_with_its_values():
    a, b, again = (Sentence("labels_count", {"count": n}) for n in (1, 2, 1))
    assert [*dict.fromkeys([a, b, again])] == [a, b]
