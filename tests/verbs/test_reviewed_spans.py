"""Time that is marked as reviewed is no class: nothing is named so, found by it or measured on it."""

from __future__ import annotations

import pytest

import vpd
from tests.web.made import made_library
from vpd.library.labels import REVIEWED
from vpd.verbs.detect import DetectListener


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    layout = made_library(tmp_path_factory.mktemp("reviewed"), videos=6, frames=150)
    rows = [f"v{i},0,{s}.0,{s + 1}.0,{'kick' if i % 3 else 'jump'}" for i in range(6) for s in (1, 3)]
    rows += [f"v{i},,{s},{s + 0.9},{REVIEWED}" for i in range(6) for s in (0, 2)]
    layout.labels.write_text("\n".join(["video,athlete,start_s,end_s,label", *rows]) + "\n")
    return vpd.Library(layout.root)


def test_reviewed_spans_are_no_class_of_recognition_search_and_retrieval(library):
    named = library.recognise(["v0@0-0.9", "v1@2-2.9"])
    assert named.learned_from == 12
    assert {row["label"] for row in named.rows()} <= {"jump", "kick"}
    measured = library.evaluate(recognisers=["dtw-nn"], ks=[1], subsets=2)
    assert set(measured.evaluation.parts.labels) == {"jump", "kick"}
    assert {hit.segment.label for hit in library.search("v0@1-2", uncut=False).hits} == {"jump", "kick"}
    assert library.retrieve().figures["vipe-window"].queries == 12


def test_reviewed_spans_are_not_shown_as_labels_of_a_video(library):
    shown = []
    listener = DetectListener()
    listener.video = lambda found: shown.extend(found.labels)
    library.detect("v0", method="search", listener=listener)
    assert len(shown) == 2
    assert {segment.label for segment in shown} == {"jump"}
