"""`vpd labels check` reads splits, subsets, picks, boxes, poses, queries and lists as later commands do."""

import json

import numpy as np
import pytest

from tests.indexes import plain_index
from tests.library.test_label_store import library
from vpd.athletes.picks import Pick, read_picks
from vpd.detection.lists import read_lists
from vpd.errors import VpdError
from vpd.library.artefact import Recipe, write_text
from vpd.library.frames import write_index
from vpd.library.labels import read_labels
from vpd.library.user_files import UserFiles
from vpd.library.videos import Videos
from vpd.pipeline.run import open_sources, run
from vpd.recognition.protocol import check_subsets
from vpd.recognition.queries import read_queries
from vpd.verbs.athletes import (
    AthletesRequest,
    ForgetRequest,
    PickRequest,
    athletes,
    forget_picks,
    pick_athlete,
)
from vpd.verbs.few_shot import library_parts
from vpd.verbs.label_check import CheckRequest, check

LABELS = "one,1,2,a\none,3,4,b\ntwo.2024,1,2,a\ntwo.2024,3,4,b\n"


@pytest.fixture
def layout(tmp_path):
    layout = library(tmp_path)
    layout.settings.write_text("")
    layout.labels.write_text("video,start_s,end_s,label\n" + LABELS)
    write_index(layout.frames("one"), plain_index(np.arange(1000) / 10), Recipe("scan", 1))
    return layout


def found(layout, **request):
    result = check(layout, CheckRequest(**request))
    return [(f.file, f.kind, f.line) for f in result.findings if f.level == "error"]


def evaluated(layout):
    parts = library_parts(layout, read_labels(layout.labels, Videos.read(layout)), ks=(1, 2))
    check_subsets(parts.subsets, parts.labels, parts.train, parts.test)
    return parts


GOOD_SPLIT = "video,scene,split\nONE.mp4,x,train\ntwo.2024.mp4,y,test\n"


@pytest.mark.parametrize(
    ("name", "text", "finding"),
    [
        ("splits.csv", GOOD_SPLIT, None),
        ("splits.csv", "video,split\none@1-2,train\none@0:03-4.0,test\nelse,train\ntwo.2024,train\n", None),
        ("splits.csv", "video,split\none,train\ntwo.2024,dev\n", ("wrong row", 3)),
        ("splits.csv", "video;split\none;train\ntwo.2024;test;x\n", ("wrong row", 3)),
        ("splits.csv", "video,scene,split\none,x,train\ntwo.2024,x,test\n", ("wrong row", 3)),
        ("splits.csv", "video,split\none,train\none.mp4,test\ntwo.2024,test\n", ("wrong row", 3)),
        ("splits.csv", "video,part\none,train\n", ("wrong row", None)),
        ("splits.csv", "video,split\none,train\n", ("no side", None)),
        ("splits.csv", "video,split\none,train\ntwo.2024,train\n", ("empty part", None)),
        ("few_shot.json", '{"1": [["one@1-2", "ONE.MP4@0:03-4"]]}', None),
        ("few_shot.json", '{"1": [["one@1-2", "one@1-9"]]}', ("wrong file", None)),
        ("few_shot.json", '{"1": [["one"]]}', ("wrong file", None)),
        ("few_shot.json", '{"1": [["one@1-2", "one@1.000-2.000"]]}', ("wrong file", None)),
        ("few_shot.json", '{"0": [["one@1-2"]]}', ("wrong file", None)),
        ("few_shot.json", '{"1": "one"}', ("wrong file", None)),
        ("few_shot.json", '{"1": [["two.2024@1-2"]]}', ("wrong file", None)),
    ],
)
def test_what_evaluate_refuses_the_check_finds(layout, name, text, finding):
    layout.splits.write_text(GOOD_SPLIT)
    (layout.root / name).write_text(text)
    if finding is None:
        assert found(layout) == []
        evaluated(layout)
        return
    assert (name, *finding) in found(layout)
    with pytest.raises(VpdError):
        evaluated(layout)


def test_files_that_an_evaluation_made_are_checked_too(layout):
    evaluated(layout)
    assert found(layout) == []
    made = check(layout, CheckRequest()).files
    assert made == ("results/few_shot/splits.csv", "results/few_shot/few_shot.json")
    labels = layout.labels.read_text()
    layout.labels.write_text(labels.replace(",1,2", ",5,6").replace(",3,4", ",7,8"))
    assert found(layout) == []
    (note,) = (f for f in check(layout, CheckRequest()).findings if f.kind == "made again")
    assert (note.level, note.file) == ("note", made[1])
    assert "note_made_again" in [said.key for said in evaluated(layout).notes]
    assert "made again" not in [f.kind for f in check(layout, CheckRequest()).findings]
    file = layout.root / made[1]
    file.write_text(file.read_text() + "\n")
    layout.labels.write_text(labels)
    assert [kind for _, kind, _ in found(layout)] == ["wrong file"]
    assert found(layout, file=layout.labels) == []
    other = layout.root / "mine.csv"
    other.write_text("video,split\none,train\n")
    assert found(layout, splits=other)[0] == ("mine.csv", "no side", None)


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ("ONE.MP4,1,5,5", None),
        ("three,1,5,5", "wrong row"),
        ("one,x,5,5", "wrong row"),
        ("one,1,5,5,9", "wrong row"),
        ("one,1000,5,5", "pick outside"),
        ("one,1,500,5", "pick outside"),
    ],
)
def test_picks(layout, row, kind):
    layout.picks.write_text(f"video,time_s,x,y\n{row}\n")
    assert found(layout) == ([] if kind is None else [("athletes.csv", kind, 2)])
    if kind == "wrong row":
        with pytest.raises(VpdError):
            athletes(layout, AthletesRequest([]))


def test_a_pick_that_names_a_file_is_replaced_forgotten_and_followed(layout):
    layout.picks.write_text("video,time_s,x,y\nOne.MP4,1,5,5\nnobody,1,2,3\n")
    assert open_sources(layout).picks("one") == [Pick("One.MP4", 1, 5, 5)]
    (said,) = open_sources(layout).unused()
    assert said.startswith("picks in athletes.csv are not used: there is no video 'nobody'")
    assert [p.x for p in pick_athlete(layout, PickRequest("one", 1, 7, 7)).picks] == [7]
    assert forget_picks(layout, ForgetRequest("one.mp4")).picks == ()
    assert [pick.video for pick in read_picks(layout.picks)] == ["nobody"]


@pytest.mark.parametrize(
    ("name", "text", "finding"),
    [
        ("boxes/One.mp4.csv", "frame,x,y,w,h\n0,1,2,3,4\n", None),
        ("boxes/one.csv", "frame,x,y,w,h\n0,1,2,3,4\n1000,1,2,3,4\n", ("boxes/one.csv", "wrong row", 3)),
        ("boxes/one.csv", "frame,x,y\n0,1,2\n", ("boxes/one.csv", "wrong row", None)),
        ("boxes/eleven.csv", "frame,x,y,w,h\n0,1,2,3,4\n", ("", "not used", None)),
        ("poses_given/one.json", "{}", ("poses_given/one.json", "wrong file", None)),
        ("poses_given/1.json", "[]", ("", "not used", None)),
        ("queries.csv", "video\none@1-2\ntwo.2024\n", None),
        ("queries.csv", "video\nnone@1-2\n", ("queries.csv", "wrong row", None)),
        ("queries.csv", "vide\none@1-2\n", ("queries.csv", "wrong row", None)),
        ("detection_lists.json", '[["ONE.mp4", "elsewhere"]]', None),
        ("detection_lists.json", '["one"]', ("detection_lists.json", "wrong file", None)),
    ],
)
def test_boxes_poses_queries_and_lists(layout, name, text, finding):
    write_text(text, layout.root / name)
    assert found(layout) == ([] if finding is None else [finding])


def test_lists_and_queries_are_read_by_any_name(layout):
    videos = Videos.read(layout)
    layout.detection_lists.write_text(json.dumps([["ONE.mp4", "two.2024.mp4", "elsewhere"]]))
    assert read_lists(layout.detection_lists, videos.names) == [["one", "two.2024"]]
    layout.queries.write_text("video\nTwo.2024.mp4\none.mp4@0:03-4\n")
    assert read_queries(layout.queries, read_labels(layout.labels, videos), videos.names) == [1, 2, 3]


def test_two_files_for_one_video(layout):
    for name in ("one.csv", "ONE.mp4.csv"):
        write_text("frame,x,y,w,h\n", layout.root / "boxes" / name)
    files = UserFiles(layout, Videos.read(layout).names)
    assert files.boxes == {"one": layout.boxes("one")}
    assert files.problems == ["boxes/ONE.mp4.csv is not used: one.csv is, for the same video."]
    assert files.problems[0] in run(layout, ["scan"]).problems


def notes_of_classes(layout):
    result = check(layout, CheckRequest())
    assert "classes.toml" in result.files
    return [(f.level, f.kind, f.text.partition(",")[0]) for f in result.findings if f.file == "classes.toml"]


def test_labels_of_classes_that_are_not_in_the_table_of_classes_are_named(layout):
    layout.labels.write_text("video,start_s,end_s,label\n" + LABELS + "one,0,9,reviewed\n")
    layout.classes.write_text("[a]\n")
    assert notes_of_classes(layout) == [("note", "class not listed", "2 labels are 'b'")]
    assert check(layout, CheckRequest()).passed
    layout.classes.write_text("[a]\n[b]\n[c]\n")
    assert notes_of_classes(layout) == []


def test_a_table_of_classes_that_the_page_refuses_fails_the_check(layout):
    layout.classes.write_text("[a]\nlead = 1\n")
    assert ("classes.toml", "wrong file", None) in found(layout)
