"""Segments in which the athlete is seen for a part of the time: said, and taken as what is seen."""

import shutil

import numpy as np
import pytest

from vpd import Library
from vpd.library.artefact import Recipe
from vpd.library.features import write_features
from vpd.library.labels import write_labels
from vpd.library.layout import Layout
from vpd.library.poses import write_poses
from vpd.library.videos import Videos
from vpd.report.search_page import write_search_page
from vpd.sequences.spans import seen_span
from vpd.types import FeatureSequence, PoseSequence, Segment
from vpd.verbs.compare import CompareRequest, compare
from vpd.verbs.overlay import OverlayRequest, overlay
from vpd.verbs.search import SearchRequest, search

from .conftest import FPS, answering_library

SEEN_FROM = 20


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    """The athlete of new1 is seen from 0.8 s on."""
    layout = answering_library(tmp_path_factory.mktemp("partly"))
    rng = np.random.default_rng(5)
    frames = np.arange(SEEN_FROM, 60)
    values = np.cumsum(rng.standard_normal((len(frames), 2, 6)), axis=0)
    ones = np.ones(len(frames))
    sequence = FeatureSequence("new1", 0, frames, frames / FPS, values, ones > 0, ones)
    write_features(layout.features("vipe-window", "new1"), [sequence], 6, Recipe("teach", 1))
    keypoints = np.concatenate(
        [rng.uniform(0, 60, (len(frames), 17, 2)), np.ones((len(frames), 17, 1))], axis=2
    )
    write_poses(layout.poses("new1"), [PoseSequence(0, frames, keypoints)], Recipe("pose", 1))
    return layout


def test_seen_span_counts_valid_frames_alone():
    at = np.arange(10)
    valid = np.array([0, 0, 1, 1, 1, 0, 0, 1, 1, 0], bool)
    sequence = FeatureSequence("v", 0, at, at / 25, np.zeros((10, 2, 3)), valid, np.ones(10))
    assert seen_span(sequence) == pytest.approx((0.08, 0.36, 0.2))


@pytest.mark.parametrize("query", ["new1@0.0-1.0", "new1@0.0-1.2", "new1@0.7-1.3", "a1@0.4-1.2"])
def test_a_query_is_never_its_own_result(layout, query):
    found = search(layout, SearchRequest([query], uncut=True, features="vipe-window"))
    assert found.hits
    assert not [hit for hit in found.hits if hit.distance == 0]


def test_a_query_of_which_a_part_is_seen_says_so(layout):
    notes = search(layout, SearchRequest(["new1@0.0-1.2"], uncut=True, features="vipe-window")).notes
    assert "new1@0-1.2: the athlete is seen for 0.40 of 1.20 s, from 0.80 to 1.20 s." in " ".join(
        map(str, notes)
    )
    whole = search(layout, SearchRequest(["new1@0.8-1.6"], uncut=True, features="vipe-window")).notes
    assert not [note for note in whole if "is seen for" in str(note)]


def test_the_page_of_a_search_says_so(layout, tmp_path):
    result = search(layout, SearchRequest(["new1@0.0-1.2"], uncut=True, features="vipe-window"))
    page = write_search_page(tmp_path, result, Videos.read(layout).recording).read_text(encoding="utf-8")
    assert "<p>new1@0-1.2: the athlete is seen for 0.40 of 1.20 s" in page


def test_comparisons_and_overlays_say_so(layout):
    part, whole = Segment("new1", 0.0, 1.2), Segment("a1", 0.4, 1.2)
    found = compare(layout, CompareRequest(whole, part, "vipe-window"))
    every = overlay(layout, OverlayRequest([whole, part], "vipe-window"))
    assert found.to_json()["notes"] == every.to_json()["notes"] != []
    assert not compare(layout, CompareRequest(whole, whole, "vipe-window")).notes
    moment = Segment("a1", 0.4, 0.44)
    found = compare(layout, CompareRequest(moment, whole, "vipe-window"))
    assert not found.notes
    assert found.mean_tempo == 1.0


@pytest.fixture
def labelled(layout, tmp_path):
    """The library with a label in a span of new1 that shows nobody."""
    own = Layout(shutil.copytree(layout.root, tmp_path / "lib"))
    labels = [segment for segment in Library(own.root).labels() if segment.video != "new1"]
    write_labels(own.labels, [*labels, Segment("new1", 0.0, 0.6, None, "a")])
    return Library(own.root)


@pytest.mark.parametrize("verb", ["recognise", "detect"])
def test_a_label_that_shows_nobody_is_said_and_not_counted(labelled, verb):
    found = {
        "recognise": lambda: labelled.recognise("new2@0.2-1", features="vipe-window", recogniser="nns"),
        "detect": lambda: labelled.detect("new2", features="vipe-window"),
    }[verb]()
    said = [str(note) for note in found.notes]
    (about,) = [note for note in said if note.startswith("Nothing is learned from a label")]
    assert "new1 shows no features of an athlete between 0 and 0.6 s" in about
    assert verb == "detect" or found.learned_from == 4
