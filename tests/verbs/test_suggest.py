"""What is computed of moments is kept while they are answered, also where only some are considered."""

from __future__ import annotations

import shutil

import pytest

from tests.web.made import made_library
from vpd.library.answers import CORRECTED, REJECTED
from vpd.library.videos import Videos
from vpd.verbs import suggest as verb
from vpd.verbs.answer import AnswerRequest, answer, made_answer
from vpd.verbs.suggest import SuggestRequest, suggest


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return made_library(tmp_path_factory.mktemp("suggest"))


@pytest.fixture
def layout(made, tmp_path):
    return type(made)(shutil.copytree(made.root, tmp_path / "lib"))


@pytest.mark.parametrize("most", [1500, 10])
def test_an_answer_changes_nothing_of_what_is_kept(layout, monkeypatch, most):
    monkeypatch.setattr(verb, "MOST_CANDIDATES", most)
    first = suggest(layout, SuggestRequest(n=2))
    kept = {path.name: path.stat().st_mtime_ns for path in (layout.root / "cache" / "suggest").iterdir()}
    assert len(kept) == 2
    assert (first.considered == first.found) == (most > first.found)
    assert most / 2 < first.considered <= most or most > first.found
    videos = Videos.read(layout)
    given = [
        made_answer(videos, first.items[0].segment, CORRECTED, "jump", ""),
        made_answer(videos, first.items[1].segment, REJECTED, "", ""),
    ]
    answer(layout, AnswerRequest(given))
    second = suggest(layout, SuggestRequest(n=2))
    assert second.considered == first.considered - 2
    assert {item.id for item in second.items}.isdisjoint(item.id for item in first.items)
    after = {path.name: path.stat().st_mtime_ns for path in (layout.root / "cache" / "suggest").iterdir()}
    assert after == kept


def test_when_most_of_those_considered_are_answered_others_come(layout, monkeypatch):
    monkeypatch.setattr(verb, "MOST_CANDIDATES", 6)
    first = suggest(layout, SuggestRequest(n=4))
    assert first.considered < 8 <= first.found
    videos = Videos.read(layout)
    answer(layout, AnswerRequest([made_answer(videos, i.segment, REJECTED, "", "") for i in first.items]))
    assert suggest(layout, SuggestRequest()).considered > first.considered - 4
