"""What a verb leaves out, it says; and where nothing is left, it says why."""

import shutil
from dataclasses import replace

import pytest

from vpd import Library
from vpd.errors import InputError
from vpd.library.artefact import Recipe
from vpd.library.features import write_features
from vpd.library.labels import write_labels
from vpd.library.layout import Layout
from vpd.library.videos import VideoRow, Videos
from vpd.report.detection_folder import DetectionFolder
from vpd.types import Segment
from vpd.verbs.detect import tolerance_s
from vpd.verbs.progress import Progress

BROKEN = "the video broken is set aside: it is empty"
"""A video that cannot be read, and that has no features."""
EMPTY = "new1"
"""A video in which nobody is followed."""


@pytest.fixture(scope="module")
def library(layout, tmp_path_factory):
    """The library with a video that is set aside and one that shows nobody, both with a label."""
    own = Layout(shutil.copytree(layout.root, tmp_path_factory.mktemp("dropped") / "lib"))
    videos = Videos.read(own)
    videos.put(VideoRow("broken", "/videos/broken.mp4", "", 1, 1).set_aside("it is empty"))
    videos.write()
    for features in ("joints2d", "vipe-window"):
        write_features(own.features(features, EMPTY), [], 6, Recipe("teach", 1))
    lost = [Segment("broken", 0.0, 1.0, None, "a"), Segment(EMPTY, 0.0, 1.0, None, "b")]
    write_labels(own.labels, [*Library(own.root).labels(), *lost])
    return Library(own.root)


def said(found):
    return " ".join(map(str, found.notes))


def test_recognise_says_which_spans_are_examples_themselves(library):
    spans = ["a1@0.4-1.2", "b1@0.5-1.2", "new1@0.2-1"]
    notes = said(library.recognise(spans, features="vipe-window", recogniser="nns"))
    assert "2 segments are labelled examples themselves" in notes
    notes = said(library.recognise([spans[2], "a1@0-0.5"], features="vipe-window", recogniser="nns"))
    assert "labelled example" not in notes


def test_suggest_and_search_name_labels_of_no_use(library):
    found = library.suggest(n=2)
    assert found.items
    assert found.labelled == 4
    assert "1 label lies in broken, which is set aside" in said(found)
    assert f"Nothing is learned from a label: {EMPTY} shows no features" in said(found)
    found = library.search("a1@0.4-1.2", uncut=False)
    assert len(found.hits) == 3
    assert f"A label is not compared: {EMPTY} shows no features" in said(found)


def test_an_answer_about_a_video_that_was_removed_ends_no_suggestion(library):
    path = library.layout.root / "answers.csv"
    path.write_text("video,athlete,start_s,end_s,proposed,label,verdict\ngone,,0,1,a,,rejected\n")
    assert library.suggest(n=1).items
    path.unlink()


def test_a_search_without_a_result_says_why(library):
    assert not library.search("a1@0.4-1.2", uncut=True, videos=EMPTY).hits
    assert "Nothing is found" in said(library.search("a1@0.4-1.2", uncut=True, videos=EMPTY))
    assert "Nothing is found" in said(library.search("a1@0-2.3", uncut=True, videos=["a1"]))


def test_detect_says_where_nobody_is_seen(library):
    texts = []
    progress = Progress(lambda fraction, text: texts.append(str(text)))
    found = library.detect([EMPTY, "new2"], features="vipe-window", progress=progress)
    assert texts[0].endswith("learning from 4 labels")
    assert {one.video for one in found.detections} == {"new2"}
    assert f"{EMPTY} shows no athlete" in said(found)


def test_a_tolerance_in_frames_is_of_one_rate():
    assert tolerance_s("5f", [25.0, 25.5]) == 0.2
    assert tolerance_s("0.2", [25.0, 60.0]) == 0.2
    with pytest.raises(InputError, match="from 25 to 60: write it in seconds"):
        tolerance_s("5f", [60.0, 25.0])


@pytest.mark.parametrize("least", [-0.1, 1.5, float("nan")])
def test_a_least_score_that_is_none_is_refused(library, least):
    with pytest.raises(InputError, match="must lie in 0 to 1"):
        library.detect("new2", at_least=least)


@pytest.mark.parametrize(
    "ask",
    [
        lambda library: library.search("a1@0.4-1.2", uncut=True, videos="broken"),
        lambda library: library.detect("broken"),
        lambda library: library.athletes("broken"),
        lambda library: library.pick_athlete("broken", 0.1, 5, 5),
        lambda library: library.recognise("broken@0-1"),
    ],
    ids=["search", "detect", "athletes", "pick", "recognise"],
)
def test_a_video_that_is_set_aside_is_answered_with_its_reason(library, ask):
    with pytest.raises(InputError, match=BROKEN):
        ask(library)


def test_a_video_without_the_features_is_not_passed_over(library):
    library.layout.features("joints2d", "b2").rename(library.layout.root / "aside.arrow")
    with pytest.raises(InputError, match="b2 has no features 'joints2d'"):
        library.search("a1@0.4-1.2", uncut=True, videos=["a1", "b2"], features="joints2d")
    for found in (
        library.search("a1@0.4-1.2", uncut=True, features="joints2d"),
        library.detect(features="joints2d"),
        library.suggest(features="joints2d"),
    ):
        assert "1 video has no features joints2d and is not looked through" in said(found)
    found = library.search("a1@0.4-1.2", uncut=False, features="joints2d")
    assert "A label is not compared: b2 has no features 'joints2d'" in said(found)
    (library.layout.root / "aside.arrow").rename(library.layout.features("joints2d", "b2"))


def test_picks_that_are_taken_back_are_counted(library):
    assert library.pick_athlete("new2", 0.1, 5, 5).boxes_file == "new2.csv"  # beside which it changes nothing
    library.pick_athlete("new2", 0.5, 5, 5)
    assert [library.forget_picks("new2").forgotten for _ in range(2)] == [2, 0]


@pytest.fixture
def measured(library):
    """Measure with a split of which the test part has a class of its own and a segment that shows nobody."""
    splits, labels = library.layout.splits, library.layout.labels.read_text()
    splits.write_text(
        "video,scene,split\na1,1,train\nb1,2,train\na2,3,test\nb2,4,test\nnew1,5,test\nnew2,6,test\n"
    )
    with splits.open("a") as file:
        file.write("broken,7,train\n")
    library.add_label("new2@0.2-1", "c")
    shutil.rmtree(library.layout.results / "few_shot", ignore_errors=True)
    yield lambda **given: library.evaluate("vipe-window", "dtw-nn", all_labels=False, **given)
    splits.unlink()
    library.layout.labels.write_text(labels)


def test_evaluate_says_what_it_could_not_measure(library, measured):
    notes = said(measured(ks=[1, 2, 7], subsets=12))
    assert "c is tested and has no example to train: 1 test segment counts as wrong" in notes
    assert "1 test segment lacks vipe-window and counts as wrong" in notes
    assert "1 segment to train lacks vipe-window: nothing is learned from it" in notes
    assert "k = 7 is left out: no class has so many examples" in notes
    assert "subsets" not in notes

    library.add_label("a1@0-0.3", "d")
    library.add_label("b1@0-0.3", "b")
    own = library.layout.results / "few_shot" / "few_shot.json"
    own.write_text(own.read_text() + "\n")  # a person's own from here on
    notes = said(measured(ks=[1, 2, 3], subsets=13))
    assert "has 12 subsets, and 13 were asked for" in notes
    assert "has an example of d" in notes


def test_subsets_are_made_for_later_evaluations_too(measured):
    first = measured(ks=[1], subsets=2).evaluation.parts
    assert [len(lists) for lists in first.subsets.values()] == [2]
    later = measured(ks=[1, 2])
    assert {k: len(lists) for k, lists in later.evaluation.parts.subsets.items()} == {1: 10, 2: 10}
    assert "left out: " not in said(later)


def test_labels_that_are_listed_are_all_or_the_others_are_named(library):
    text = library.layout.labels.read_text()
    library.layout.labels.write_text(f"{text}a1,,0,99,a\nnowhere,,0,1,a\n")
    found = library.list_labels()
    assert len(found.labels) == 6
    assert [row.split(":")[0] for row in found.wrong] == ["line 8, column end_s", "line 9, column video"]
    assert found.to_json()["wrong"] == list(found.wrong)
    library.layout.labels.write_text(text)
    with pytest.raises(InputError, match="there is no class 'A'; there are a, b"):
        library.list_labels(labels="A")


def test_clips_that_cannot_be_cut_are_counted(layout, tmp_path):
    shutil.copytree(layout.root.parent, tmp_path / "all")
    own = Layout(tmp_path / "all" / layout.root.name)
    found = Library(own.root).detect(["new1", "new2"], features="vipe-window", at_least=0.0)
    videos = Videos.read(own)
    lost = [one for one in found.detections if one.video == "new1"]
    for row in list(videos.rows.values()):
        videos.put(replace(row, path=str(tmp_path / "all" / "videos" / f"{row.video}.mp4")))
    videos.file("new1").unlink()
    folder = DetectionFolder(tmp_path / "results")
    folder.add_clips(found, videos)
    (said,) = folder.problems
    assert said.startswith(f"{len(lost)} of {len(found.detections)} clips could not be cut: ")
