"""Proposals of detection wait until their span is labelled or answered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.web.made import CLASSES, made_library
from vpd.library.answers import Answer, add_answers
from vpd.library.artefact import write_text
from vpd.types import Segment
from vpd.verbs.suggest import SuggestRequest, suggest
from vpd.web.app_state import State
from vpd.web.proposals import is_answered


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    return made_library(tmp_path_factory.mktemp("proposals"), videos=3, frames=180)


def proposal(video: str, start_s: float, label: str = "kick") -> dict:
    return {
        "video": video,
        "athlete": 0,
        "start_s": start_s,
        "end_s": start_s + 1,
        "label": label,
        "score": 0.5,
    }


def test_the_library_is_told_how_many_proposals_wait_in_each_video(client):
    state = client.app.app.state.vpd
    assert client.get("/api/proposals").json() == {}
    # v0 is labelled from 1 to 2 and from 3 to 4.
    found = {
        "v0": [proposal("v0", 1.1)],
        "v1": [proposal("v1", 5), proposal("v1", 4.6), proposal("v1", 0)],
    }
    state.proposals.put(found)
    assert client.get("/api/proposals").json() == {"v1": 3}
    rejected = {**proposal("v1", 5), "proposed": "kick", "verdict": "rejected"}
    assert client.post("/api/answers", json={"answers": [rejected]}).status_code == 200
    assert client.get("/api/proposals").json() == {"v1": 1}  # half of the second lies in what was answered
    assert state.proposals.waiting("v1") == {"v1": [proposal("v1", 0)]}
    assert [row["start_s"] for row in client.get("/api/videos/v1/proposals").json()["proposals"]] == [0]


def test_proposals_wait_for_the_next_server_but_not_those_of_another_video(layout):
    before = State(layout)
    before.proposals.put({"v2": [proposal("v2", 5)], "v1": []})
    again = State(layout)
    assert again.proposals.waiting("v2") == {"v2": [proposal("v2", 5)]}
    again.workspace.videos.put(replace(again.workspace.videos["v2"], key="of another file"))
    assert again.proposals.waiting("v2") == {}
    layout.proposals.write_text(layout.proposals.read_text().replace("0.5", "0.6"))
    assert State(layout).proposals.of_videos() == {}  # damaged: as if nothing had been detected


def test_an_answer_about_another_athlete_answers_nothing():
    row = proposal("v0", 1)
    about = Segment("v0", 1, 2, 1)
    assert not is_answered(row, [about])
    assert is_answered({**row, "athlete": 1}, [about])
    assert is_answered({**row, "athlete": None}, [about])


def test_after_many_wrong_proposals_moments_are_to_be_named_first(layout):
    def answer(start_s: float, verdict: str, why: str, label: str = "") -> Answer:
        return Answer("v0", 0, start_s, start_s + 0.01, "kick", label, verdict, why)

    rows = [f"v{i},0,{s}.0,{s + 0.5},{CLASSES[i]}" for i in range(3) for s in (1, 3, 5)]
    write_text("\n".join(["video,athlete,start_s,end_s,label", *rows]) + "\n", layout.labels)
    add_answers(layout, [answer(0.1 + i / 50, "other", "proposal") for i in range(3)])
    found = suggest(layout, SuggestRequest(12, "verify"))
    assert (found.items, found.owed, found.proposes) == ([], 3, True)
    assert "Name 3 moments before the next." in str(found.said[-1])
    add_answers(layout, [answer(0.5 + i / 50, "corrected", "typical", "throw") for i in range(3)])
    assert suggest(layout, SuggestRequest(12, "verify")).owed == 0
