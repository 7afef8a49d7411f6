"""The athlete of a shot is proposed in the following ones by the clothes, and kept when the user says so."""

from __future__ import annotations

import pytest

import vpd
from tests.web.made import made_library, people_of_shots
from vpd.athletes.picks import Pick
from vpd.errors import InputError
from vpd.verbs.athletes import AthletesRequest, PickRequest, athletes, pick_athletes
from vpd.verbs.same_athlete import SameRequest, same_athlete


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    layout = made_library(tmp_path_factory.mktemp("same"), videos=3, frames=240)
    people_of_shots(layout, "v0", 4)
    return layout


def first_of(layout, shot: int) -> Pick:
    person = athletes(layout, AthletesRequest(["v0"])).shots[shot].people[0]
    return Pick("v0", person["time_s"], *person["box"])


def test_the_athlete_is_proposed_in_the_following_shots_until_the_user_chose_there(layout):
    found = same_athlete(layout, SameRequest(first_of(layout, 1)))
    assert found.shots == 2
    assert [p.pick for p in found.proposals] == [first_of(layout, 2), first_of(layout, 3)]
    assert min(p.likeness for p in found.proposals) > 0.5
    picks = [PickRequest(**vars(p.pick)) for p in found.proposals[:1]]
    assert len(pick_athletes(layout, picks).picks) == 1
    again = vpd.Library(layout.root).same_athlete(**vars(first_of(layout, 1)))
    assert [p.pick for p in again.proposals] == [first_of(layout, 3)]


def test_nobody_is_proposed_who_is_not_like_the_athlete_or_of_whom_there_are_two(layout):
    grey = Pick("v0", 0.5, 250, 5, 30, 25)  # the empty background beside the other person
    assert [p for p in same_athlete(layout, SameRequest(grey)).proposals if p.pick.x < 200] == []
    with pytest.raises(InputError, match="a person with a box"):
        same_athlete(layout, SameRequest(Pick("v0", 0.5, 250, 5)))


def test_a_second_choice_in_a_shot_takes_the_place_of_the_first(layout):
    shot = athletes(layout, AthletesRequest(["v0"])).shots[0]
    span = (shot.start_s, shot.end_s)
    for person in shot.people:
        x, y, w, h = person["box"]
        kept = pick_athletes(layout, [PickRequest("v0", person["time_s"], x, y, w, h, instead=span)]).picks
    assert [(p.time_s, p.x) for p in kept if p.time_s <= shot.end_s] == [(person["time_s"], person["box"][0])]
