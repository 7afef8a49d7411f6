"""Answers to proposals: kept in order with their ids, refused where they are none."""

from __future__ import annotations

import pytest

from vpd.errors import InputError
from vpd.library.answers import Answer, add_answers, answers_file, read_answers
from vpd.library.layout import Layout

KICK = Answer("v", 1, 0.5, 1.25, "kick", "kick", "accepted", "random")


def test_answers_are_kept_in_order(tmp_path):
    layout = Layout(tmp_path)
    assert read_answers(layout) == []
    first = add_answers(layout, [KICK])
    second = add_answers(layout, [Answer("w, [b]", None, 2, 3, "", "jump, high", "corrected")])
    assert read_answers(layout) == [*first, *second]
    assert len({a.id for a in [*first, *second]}) == 2


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        (KICK, True),
        (Answer("v", None, 0, 1, "kick", "jump", "corrected"), False),
        (Answer("v", None, 0, 1, "jump", "jump", "corrected"), True),
        (Answer("v", None, 0, 1, "kick", "", "rejected"), False),
    ],
)
def test_a_proposal_is_right_where_it_is_what_was_proposed(answer, right):
    assert answer.right == right


@pytest.mark.parametrize("row", ["v,0,2,1,accepted", "v,0,0,x,accepted", "v,0,0,1,maybe", ",0,0,1,accepted"])
def test_a_wrong_row_is_named_by_its_line(tmp_path, row):
    layout = Layout(tmp_path)
    answers_file(layout).write_text(f"video,athlete,start_s,end_s,verdict\nv,0,0,1,accepted\n{row}\n")
    with pytest.raises(InputError, match="line 3"):
        read_answers(layout)


def test_an_answer_has_a_verdict_and_a_span():
    with pytest.raises(InputError, match="none of"):
        Answer("v", None, 0, 1, "", "", "perhaps")
    with pytest.raises(InputError, match="empty"):
        Answer("v", None, 1, 1, "", "", "unsure")
