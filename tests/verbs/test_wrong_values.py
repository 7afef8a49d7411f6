"""What Python code may pass by mistake is an error that says so, and no other answer."""

import pytest

from vpd import Library
from vpd.errors import InputError
from vpd.types import Segment

QUERY = "a1@0.4-1.2"


@pytest.mark.parametrize(
    ("ask", "what"),
    [
        (lambda library: library.search(5), "5 is not a query"),
        (lambda library: library.search(QUERY, segments=[3]), "3 is not a query"),
        (lambda library: library.search(QUERY, uncut=True, videos=[]), "no video to search"),
        (lambda library: library.detect([]), "no video to look through"),
        (lambda library: library.evaluate(ks=[0]), "ks: 0 is not a whole number from 1 on"),
        (lambda library: library.evaluate(ks="4"), "ks: '4' is not a whole number"),
        (lambda library: library.evaluate(subsets=0), "subsets: 0 is not"),
        (lambda library: library.evaluate(subsets=-1), "subsets: -1 is not"),
        (lambda library: library.suggest(n=2.5), "not 2.5"),
        (lambda library: library.compare(QUERY, "a2@0.4-1.2", mirror="x"), "no way to mirror 'x'"),
        (lambda library: library.overlay([QUERY, "a2@0.4-1.2"], mirror="x"), "no way to mirror 'x'"),
        (lambda library: library.query(3), "3 is not a query"),
        (lambda library: library.search(QUERY, features=["vipe-window"]), "features are named in one text"),
        (
            lambda library: library.recognise(QUERY, features=["vipe-window"]),
            "features are named in one text",
        ),
        (lambda library: library.remove_video(3), "no video 3"),
        (lambda library: library.pick_athlete("a1", "0.1", 5, 5), "'0.1' of a pick is not a number"),
        (lambda library: library.add_label(QUERY, 3), "the label 3 is no text"),
        (lambda library: library.answer(QUERY, "accepted", "reviewed"), "'reviewed' is no class"),
        (lambda library: library.edit_label(library.list_labels().labels[0].id), "Nothing is to be changed"),
    ],
)
def test_wrong_values_are_refused(layout, ask, what):
    with pytest.raises(InputError, match=what):
        ask(Library(layout.root))


def test_segments_may_be_texts_and_a_tolerance_a_number(layout):
    library = Library(layout.root)
    by_text, by_segment = (
        library.search(QUERY, segments=[one]).rows() for one in ("a2@0.4-1.2", Segment("a2", 0.4, 1.2))
    )
    assert by_text == by_segment
    assert len(library.sequences(["a1@0.4-1.2", Segment("a2", 0.4, 1.2)], "vipe-window")) == 2
    assert library.detect("new1", points=0.2).settings.points_s == 0.2
