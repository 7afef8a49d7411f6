"""`vpd.Library` has the verbs of the command line, with the same answers."""

import json

import numpy as np
import pytest

import vpd
from tests.pipeline.made import made_library
from vpd.errors import InputError
from vpd.library.artefact import Recipe
from vpd.library.features import write_features
from vpd.library.labels import write_labels
from vpd.pipeline.run import run
from vpd.types import FeatureSequence, Segment

NAMES = ["a1", "a2", "b1", "b2", "nobody"]
FRAMES = 40


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """Two actions, each done twice with a little noise, and a video that shows nobody."""
    layout = made_library(tmp_path_factory.mktemp("api"), NAMES, frames=FRAMES)
    run(layout, ["scan"])
    rng = np.random.default_rng(0)
    bases = {kind: np.cumsum(rng.standard_normal((FRAMES, 2, 4)), axis=0) for kind in "ab"}
    frames, ones = np.arange(FRAMES), np.ones(FRAMES)
    for name in NAMES:
        sequences = []
        if name != "nobody":
            values = bases[name[0]] + 0.05 * rng.standard_normal((FRAMES, 2, 4))
            sequences = [FeatureSequence(name, 0, frames, frames / 25, values, ones > 0, ones)]
        write_features(layout.features("joints2d", name), sequences, 4, Recipe("teach", 1))
    segments = [Segment(name, 0, FRAMES / 25, None, name[0]) for name in NAMES[:4]]
    write_labels(layout.labels, segments)
    return vpd.Library(layout.root)


def test_the_library_is_found_from_within_it(library):
    assert vpd.Library(library.layout.root / "frames").layout == library.layout
    assert list(library.videos) == NAMES
    assert library.status().steps["scan"].current == 5
    with pytest.raises(InputError, match="is not a library"):
        vpd.Library("/")


def test_what_cannot_be_added_is_said(library, tmp_path):
    """The rest is added; nothing is left out in silence."""
    there = library.layout.root.parent / library.videos["a1"].path
    gone = tmp_path / "gone.mp4"
    with pytest.warns(UserWarning, match="gone.mp4 is not added: it does not exist"):
        found = vpd.Library.new(tmp_path / "some", [there, gone])
    assert list(found.videos) == ["a1"]
    ((path, why),) = found.add_videos([there, gone]).problems
    assert (path, str(why)) == (gone, "does not exist")
    with pytest.raises(InputError, match=r"no video is added .*gone.mp4 is not added"):
        vpd.Library.new(tmp_path / "none", gone)


def test_one_is_given_as_one_or_as_a_list_of_one(library, tmp_path):
    """A text is never taken for its letters."""
    query = "a1@0-1.6"
    pairs = [
        (lambda given: library.search(given, videos=["a2"]), query),
        (lambda given: library.search(query, videos=given), "a2.mp4"),
        (lambda given: library.search(query, segments=given), library.query("b1@0-1.6")),
        (lambda given: library.recognise(given), query),
        (lambda given: library.retrieve(given), "joints2d"),
        (lambda given: library.list_labels(videos=given), "a1"),
        (lambda given: library.list_labels(labels=given), "a"),
        (lambda given: library.export_labels("csv", tmp_path, videos=given).segments, "b1"),
        (lambda given: library.run(given).missing, "scan"),
        (lambda given: len(library.sequences(given)), library.query(query)),
    ]
    for verb, one in pairs:
        single, several = verb(one), verb([one])
        if hasattr(single, "to_json"):
            single, several = single.to_json(), several.to_json()
        assert single == several


@pytest.mark.parametrize("wrong", [{"n": 0}, {"n": -3}, {"mode": "other"}])
def test_what_suggest_cannot_do_is_refused(library, wrong):
    with pytest.raises(InputError, match=r"number of moments|the mode"):
        library.suggest(**wrong)


def test_search(library):
    found = library.search("a1@0-1.6")
    assert (found.uncut, found.hits[0].segment.video) == (False, "a2")
    found = library.search(library.query("b1@0.2-1"), uncut=True, top=1)
    assert [hit.segment.video for hit in found.hits] == ["b2"]
    some = [segment for segment in library.labels() if segment.video != "a2"]
    assert {hit.segment.video for hit in library.search("a1@0-1.6", segments=some).hits} == {"b1", "b2"}
    assert {hit.segment.video for hit in library.search("a1@0-1.6", videos=["b1.mp4"]).hits} == {"b1"}
    with pytest.raises(InputError, match="shows no features of an athlete"):
        library.search("nobody@0-1")


def test_recognise(library):
    answers = library.recognise(["a1@0-1.6", "b2@0-1.6", "nobody@0-1"]).answers
    assert [answer.label for answer in answers] == ["a", "b", None]
    assert "no features" in answers[2].reason


def test_evaluate_and_retrieve(library):
    found = library.evaluate(ks=[1], subsets=1)
    assert found.evaluation.outcomes["joints2d"][0].accuracy == 1
    assert library.retrieve().figures["joints2d"].precision[1] == 1


def test_sequences_are_cut_from_features(library):
    (sequence,) = library.sequences([library.query("a1@0.2-0.6")])
    assert len(sequence) == 10
    assert json.dumps(library.status().to_json())
