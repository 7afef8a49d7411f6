"""`vpd paper import` on small data sets in the published formats."""

import base64
import csv
import gzip
import json
import re

import cv2
import numpy as np
import pytest

from tests.paper import made
from tests.paper.test_more_datasets import activitynet
from vpd.crops.masks import MaskFile
from vpd.errors import InputError
from vpd.library.backup import states
from vpd.library.dataset import read_card
from vpd.library.frames import read_times
from vpd.library.labels import read_labels
from vpd.library.layout import Layout
from vpd.library.videos import VideoRow, Videos
from vpd.paper import importing
from vpd.paper.bring import bring
from vpd.paper.clock import Clock
from vpd.paper.datasets.table import read_dataset
from vpd.paper.given import Given, take
from vpd.settings.toml import load_settings


def frames_of(layout, segment):
    """First frame and one past the last that a window holds, by the times of the video's frames."""
    times = read_times(layout.frames(segment.video))
    start, end = segment.window_s or (segment.start_s, segment.end_s)
    first, last = np.searchsorted(times, [start, end], side="left")
    return int(first), int(last)


def read_back(layout):
    return read_labels(layout.labels, Videos.read(layout))


@pytest.fixture(scope="module")
def skating(tmp_path_factory):
    root = tmp_path_factory.mktemp("fs")
    made.fs(root / "labels")
    made.fs_videos(root / "videos")
    return root, bring("fs", root / "labels", root / "videos", root / "lib")


def test_fs_windows_and_events_are_the_papers_frames(skating):
    root, brought = skating
    layout = Layout(root / "lib")
    dataset = read_dataset("fs", root / "labels")
    segments = read_back(layout)
    assert brought.imported.card.coverage == "7 of 1,446 actions, 3 of 3 videos"
    assert len(segments) == len(dataset.actions) == 7
    for action, segment in zip(dataset.actions, segments, strict=True):
        start, stop = dataset.window(action.span, 25.0)
        assert frames_of(layout, segment) == (start, min(stop, 100))
        event = (round(segment.start_s * 25 + 0.5), round(segment.end_s * 25 + 0.5))
        assert event == (action.span.start, action.span.stop)


def test_fs_parts_subsets_and_lists(skating):
    layout = Layout(skating[0] / "lib")
    rows = list(csv.DictReader(layout.splits.open()))
    assert sorted(r["split"] for r in rows) == ["test", "train", "train", "train", "validation"]
    assert {r["split"] for r in rows if "@" not in r["video"]} == {"train", "test"}
    subsets = json.loads(layout.few_shot.read_text())
    assert [len(one) for one in subsets["1"]] == [2, 2]
    assert json.loads(layout.detection_lists.read_text())[1] == list(made.FS_NAMES[:2])
    card = read_card(layout.dataset)
    assert card.classes[0] == "axel"
    assert card.thinning is None


def test_missing_videos_are_listed_and_the_rest_goes_on(tmp_path):
    made.fs(tmp_path / "labels")
    made.fs_videos(tmp_path / "videos", missing=made.FS_NAMES[1])
    found = bring("fs", tmp_path / "labels", tmp_path / "videos", tmp_path / "lib")
    assert found.plan.missing == (made.FS_NAMES[1],)
    assert found.imported.left_out == {"their video is missing": 2}
    assert found.imported.card.actions[0] == 5
    subsets = json.loads(Layout(tmp_path / "lib").few_shot.read_text())
    assert [len(one) for one in subsets["1"]] == [2]


def test_names_in_other_letters_are_said(tmp_path):
    made.fs(tmp_path / "labels")
    made.write(tmp_path / "videos" / "Men_World_Short_Program_2017.mkv", "")
    said = []
    with pytest.raises(InputError, match="has no video of FSJump6"):
        bring("fs", tmp_path / "labels", tmp_path / "videos", tmp_path / "lib", say=said.append)
    assert "is men_world_short_program_2017 but for capital letters" in said[0]


def test_broadcasts_are_cut_into_routines(tmp_path, skating):
    made.fs(tmp_path / "labels")
    made.video(tmp_path / "videos" / "men_world_short_program_2017.mkv", 260, 5)
    found = bring("fs", tmp_path / "labels", tmp_path / "videos", tmp_path / "lib")
    layout = Layout(tmp_path / "lib")
    assert sorted(p.stem for p in (layout.root / "clips").glob("*.mp4")) == list(made.FS_NAMES[:2])
    assert [Videos.read(layout)[name].frames for name in made.FS_NAMES[:2]] == [100, 100]
    assert found.plan.missing == (made.FS_NAMES[2],)
    assert found.imported.card.actions[0] == 5
    cuts = [layout.root / "clips" / f"{name}.mp4" for name in made.FS_NAMES[:2]]
    before = [path.read_bytes() for path in cuts]
    bring("fs", tmp_path / "labels", tmp_path / "videos", tmp_path / "lib")
    assert [path.read_bytes() for path in cuts] == before
    made.video(tmp_path / "videos" / "men_world_short_program_2017.mkv", 260, 6)
    bring("fs", tmp_path / "labels", tmp_path / "videos", tmp_path / "lib")
    assert all(path.read_bytes() != old for path, old in zip(cuts, before, strict=True))


def test_a_routine_cut_elsewhere_is_set_aside(tmp_path):
    made.fs(tmp_path / "labels")
    made.fs_videos(tmp_path / "videos")
    made.video(tmp_path / "videos" / f"{made.FS_NAMES[0]}.mp4", 80, 9)
    found = bring("fs", tmp_path / "labels", tmp_path / "videos", tmp_path / "lib")
    assert "80 frames, the published clip would have 100" in found.imported.set_aside[made.FS_NAMES[0]]
    assert found.imported.card.actions[0] == 4


def test_a_video_of_another_frame_rate_is_labelled_by_time(tmp_path):
    made.fs(tmp_path / "labels")
    made.fs_videos(tmp_path / "videos", missing=made.FS_NAMES[:1])
    made.video(tmp_path / "videos" / f"{made.FS_NAMES[0]}.mp4", 200, 9, fps=50)
    bring("fs", tmp_path / "labels", tmp_path / "videos", tmp_path / "lib")
    jump = read_back(Layout(tmp_path / "lib"))[0]
    assert (jump.start_s, jump.end_s) == pytest.approx((20 / 25, 44 / 25))
    assert jump.window_s == pytest.approx((0.0, 44 / 25))


def test_a_video_that_begins_later_keeps_its_labels():
    clock = Clock(1.5 + np.arange(100) / 50, 25.0, by_time=True)
    assert clock.between((10, 20)) == pytest.approx((1.9, 2.3))
    assert clock.beyond_s((40, 60)) == pytest.approx(0.4, abs=0.03)
    assert Clock(1.5 + np.arange(100) / 25, 25.0, by_time=False).between((10, 20)) == pytest.approx(
        (1.88, 2.28)
    )


def test_tennis_players_windows_and_classes(tmp_path):
    made.tennis(tmp_path / "labels")
    made.tennis_videos(tmp_path / "videos")
    found = bring("tennis", tmp_path / "labels", tmp_path / "videos", tmp_path / "lib")
    layout = Layout(tmp_path / "lib")
    segments = read_back(layout)
    assert [s.athlete for s in segments] == [0, 1, 0, 1, 0, 1]
    assert [frames_of(layout, s) for s in segments[:3]] == [(0, 22), (17, 42), (37, 60)]
    assert round(segments[1].duration_s * 25) == 5
    assert found.imported.left_out == {"no known clip holds them": 1}
    settings = load_settings(layout.settings).track
    assert (settings.athletes, settings.order) == (2, "front")
    card = read_card(layout.dataset)
    assert "serve" in card.detected
    assert "serve" not in card.classes
    assert [s.label for s in card.recognised(segments)].count("serve") == 0


def test_floor_is_split_by_action_and_windows_hold_the_last_frame(tmp_path):
    made.fx(tmp_path / "labels")
    for number, name in enumerate(made.FX_ROUTINES):
        made.video(tmp_path / "videos" / f"{name}.mp4", 100, number)
    bring("fx", tmp_path / "labels", tmp_path / "videos", tmp_path / "lib")
    layout = Layout(tmp_path / "lib")
    rows = list(csv.DictReader(layout.splits.open()))
    assert all("@" in row["video"] for row in rows)
    first = read_back(layout)[0]
    assert frames_of(layout, first) == (1, 24)
    assert read_card(layout.dataset).thinning.most_hz == 25


def test_floor_videos_are_cut_into_routines(tmp_path):
    made.fx(tmp_path / "labels")
    made.video(tmp_path / "videos" / "abcdefghijk.mp4", 400, 3)
    bring("fx", tmp_path / "labels", tmp_path / "videos", tmp_path / "lib")
    assert Videos.read(Layout(tmp_path / "lib"))[made.FX_ROUTINES[0]].frames == 100


def test_diving_queries_and_whole_clips(tmp_path):
    made.diving(tmp_path / "labels")
    made.diving_videos(tmp_path / "videos")
    bring("diving48", tmp_path / "labels", tmp_path / "videos", tmp_path / "lib")
    layout = Layout(tmp_path / "lib")
    segments = read_back(layout)
    assert [frames_of(layout, s) for s in segments] == [(0, 20 + i) for i in range(6)]
    assert len(layout.queries.read_text().split()) == 3


def test_labels_of_diving48_version_1_are_refused(tmp_path):
    labels = made.diving(tmp_path)
    new, old = labels / "Diving48_V2_train.json", labels / "Diving48_train.json"
    dives = json.loads(new.read_text())
    many = [dives[0] | {"vid_name": f"dive_{i}"} for i in range(10, 10 + 15943)]
    new.write_text(json.dumps(many))
    with pytest.raises(InputError, match=r"15943 dives, version 2 has 15027.*version 1"):
        read_dataset("diving48", labels)
    new.write_text(json.dumps([*dives, dives[0] | {"vid_name": "dive_4"}]))
    with pytest.raises(InputError, match=r"dive_4 is in the training and in the test file.*version 1"):
        read_dataset("diving48", labels)
    new.rename(old)
    with pytest.raises(
        InputError, match=r"has Diving48_train\.json and not Diving48_V2_train\.json.*version 1"
    ):
        read_dataset("diving48", labels)


def test_importing_again_changes_nothing_and_keeps_own_labels(skating):
    root, _ = skating
    layout = Layout(root / "lib")
    before = layout.labels.read_bytes()
    bring("fs", root / "labels", root / "videos", root / "lib")
    assert layout.labels.read_bytes() == before
    layout.labels.write_bytes(before + f"{made.FS_NAMES[2]},,1.0,1.5,spin,,\n".encode())
    bring("fs", root / "labels", root / "videos", root / "lib")
    assert [s.label for s in read_back(layout)].count("spin") == 1


def test_labels_that_the_files_lost_are_removed(tmp_path, skating):
    root, _ = skating
    made.fs(tmp_path / "labels")
    bring("fs", tmp_path / "labels", root / "videos", tmp_path / "lib")
    path = tmp_path / "labels" / "all.txt"
    path.write_text(path.read_text().replace(":62:80 ", ":60:78 "))
    found = bring("fs", tmp_path / "labels", root / "videos", tmp_path / "lib")
    assert found.imported.removed == 1
    jumps = [s for s in read_back(Layout(tmp_path / "lib")) if s.video == made.FS_NAMES[2]]
    assert [round(s.start_s * 25 + 0.5) for s in jumps] == [30, 60]


def test_a_video_may_be_replaced_by_a_shorter_one(tmp_path):
    made.fs(tmp_path / "labels")
    made.fs_videos(tmp_path / "videos")
    bring("fs", tmp_path / "labels", tmp_path / "videos", tmp_path / "lib")
    made.video(tmp_path / "videos" / f"{made.FS_NAMES[0]}.mp4", 80, 7)
    found = bring("fs", tmp_path / "labels", tmp_path / "videos", tmp_path / "lib")
    assert found.imported.removed == len(found.imported.lost) == 3
    assert len(read_back(Layout(tmp_path / "lib"))) == 4


def test_an_import_that_stopped_goes_on(tmp_path, skating, monkeypatch):
    root, _ = skating
    with monkeypatch.context() as patched:
        patched.setattr(importing, "write_split", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            bring("fs", root / "labels", root / "videos", tmp_path / "lib")
    bring("fs", root / "labels", root / "videos", tmp_path / "lib")
    for name in ("splits.csv", "few_shot.json", "detection_lists.json", "dataset.json"):
        assert (tmp_path / "lib" / name).read_bytes() == (root / "lib" / name).read_bytes(), name
    whole = [s for s in read_back(Layout(root / "lib")) if s.label != "spin"]
    assert read_back(Layout(tmp_path / "lib")) == whole


def test_without_lists_none_are_written(tmp_path):
    made.tennis(tmp_path / "labels")
    made.tennis_videos(tmp_path / "videos")
    made.write(tmp_path / "labels" / "train_1_0.ids.txt", "\n".join(made.TENNIS[i][0] for i in (0, 1, 3)))
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "vpd.toml").write_text("[track]\nathletes = 1\n")
    said = []
    bring("tennis", tmp_path / "labels", tmp_path / "videos", tmp_path / "lib", say=said.append)
    assert any("set athletes = 2" in text for text in said)
    layout = Layout(tmp_path / "lib")
    assert layout.few_shot.exists()
    (tmp_path / "labels" / "train_1_0.ids.txt").unlink()
    bring("tennis", tmp_path / "labels", tmp_path / "videos", tmp_path / "lib")
    assert not layout.few_shot.exists()


def test_two_clips_in_one_file_are_set_aside(tmp_path):
    made.fs(tmp_path / "labels")
    made.fs_videos(tmp_path / "videos", missing=made.FS_NAMES[1:])
    one, other = (tmp_path / "videos" / f"{name}.mp4" for name in made.FS_NAMES[:2])
    other.write_bytes(one.read_bytes())
    made.video(tmp_path / "videos" / f"{made.FS_NAMES[2]}.mp4", 100, 7)
    found = bring("fs", tmp_path / "labels", tmp_path / "videos", tmp_path / "lib")
    assert found.imported.left_out == {"their clip is the same file as another clip": 5}
    assert made.FS_NAMES[0] in found.imported.set_aside[made.FS_NAMES[1]]


def test_what_ends_after_its_video_is_noted(tmp_path):
    activitynet(tmp_path / "labels", "thumos14.json", ["Validation", "Test"])
    for seed, name in enumerate(("id0", "id1")):
        made.video(tmp_path / "videos" / f"{name}.mp4", 40 + 30 * seed, seed)
    (tmp_path / "videos" / "broken.mp4").write_bytes(b"x" * 100)
    found = bring("thumos14", tmp_path / "labels", tmp_path / "videos", tmp_path / "lib")
    note = "1 action reaches beyond the video, where the label is cut, such as id0:0"
    assert found.imported.card.notes == (note,)


def test_published_segments_that_last_no_time_are_left_out_by_name(tmp_path):
    # ActivityNet 1.3 has segments from 0 to 0 s.
    segments = [(0.2, 1.0), (0, 0), (1.0, 1.0), (1.5, 0.5), (-0.5, 0.6), (-2, -1)]
    activitynet(tmp_path / "labels", "activity_net.v1-3.json", ["training", "validation"], segments)
    for seed, name in enumerate(("v_id0", "v_id1")):
        made.video(tmp_path / "videos" / f"{name}.mp4", 50, seed)
    found = bring("activitynet", tmp_path / "labels", tmp_path / "videos", tmp_path / "lib").imported
    assert [(s.start_s, s.end_s) for s in read_back(Layout(tmp_path / "lib"))[:2]] == [
        (pytest.approx(0.18), pytest.approx(0.98)),
        (0, pytest.approx(0.58)),
    ]
    assert found.left_out == {
        "they end before they begin, or last no time": 6,
        "they lie outside their clip": 2,
    }
    assert [one.action.id for one in found.lost][:3] == ["id0:1", "id0:2", "id0:3"]
    assert any("2 actions reach beyond the video" in note for note in found.card.notes)


def test_an_action_of_a_routine_that_ends_before_it_begins_is_left_out(tmp_path):
    made.fx(tmp_path / "labels")
    path = tmp_path / "labels" / "finegym_annotation_info_v1.1.json"
    path.write_text(path.read_text().replace("[2.1, 3.05]", "[3.05, 2.1]"))
    for seed, name in enumerate(made.FX_ROUTINES):
        made.video(tmp_path / "videos" / f"{name}.mp4", (100, 75)[seed], seed)
    found = bring("fx", tmp_path / "labels", tmp_path / "videos", tmp_path / "lib").imported
    assert found.left_out == {"they end before they begin, or last no time": 1}


def test_columns_of_ones_own_and_earlier_files_are_kept(skating, tmp_path):
    root, _ = skating
    bring("fs", root / "labels", root / "videos", tmp_path / "lib")
    layout = Layout(tmp_path / "lib")
    rows = list(csv.reader(layout.labels.open()))
    mine = [[*row, "remark" if i == 0 else f"seen {i}"] for i, row in enumerate(rows)]
    with layout.labels.open("w", newline="") as out:
        csv.writer(out).writerows(mine)
    layout.splits.write_text("video,scene,split\nmine,mine,test\n")
    bring("fs", root / "labels", root / "videos", tmp_path / "lib")
    assert list(csv.reader(layout.labels.open())) == mine
    assert [p.read_text() for p in states(layout.splits)] == ["video,scene,split\nmine,mine,test\n"]


def test_a_library_with_labels_of_its_own_is_not_overwritten(tmp_path, skating):
    root, _ = skating
    layout = Layout(tmp_path / "lib")
    layout.root.mkdir()
    layout.labels.write_text("video,start_s,end_s,label\n")
    with pytest.raises(InputError, match="holds labels of its own"):
        bring("fs", root / "labels", root / "videos", tmp_path / "lib")
    assert layout.labels.read_text() == "video,start_s,end_s,label\n"


def poses(folder, name, frame=3):
    people = [
        [0.9, [1, 2, 3, 4], [[5 + j, 6, 0.8] for j in range(17)]],
        [0.5, [1, 2, 3, 4], [[1, 1, 0.1]] * 17],
    ]
    made.write(folder / name / "boxes.json", [[0, [1.0, 2.0, 3.0, 4.0]], [frame, [1.5, 2.0, 3.0, 4.0]]])
    packed = gzip.compress(json.dumps([[0, people], [frame, []]]).encode())
    (folder / name / "coco_keypoints.json.gz").write_bytes(packed)


def test_boxes_and_poses_of_both_players_are_taken(tmp_path):
    made.tennis(tmp_path / "labels")
    made.tennis_videos(tmp_path / "videos")
    clip = made.TENNIS_CLIPS[0]
    poses(tmp_path / "pose", f"front__{clip}")
    poses(tmp_path / "pose", f"back__{clip}", frame=60)
    made.write(tmp_path / "pose" / f"front__{made.TENNIS_CLIPS[1]}" / "x.emb.pkl", "x")
    found = bring("tennis", tmp_path / "labels", tmp_path / "videos", tmp_path / "lib", tmp_path / "pose")
    layout = Layout(tmp_path / "lib")
    rows = list(csv.DictReader(layout.boxes(clip).open()))
    assert [(r["frame"], r["athlete"]) for r in rows] == [("0", "0"), ("3", "0")]
    given = json.loads(gzip.decompress(layout.given_poses(clip).read_bytes()))
    assert [(p["frame"], p["athlete"]) for p in given] == [(0, 0)]
    refused = found.imported.given.refused
    assert "the video has 60" in refused[f"back__{clip}"]
    assert "pickle" in refused[f"front__{made.TENNIS_CLIPS[1]}"]


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("boxes.json", [[0, [1, 2, 3]]], "entry 1: .* is not a box"),
        ("boxes.json", [[0, [64, 2, 3, 4]]], "beside the picture of 64 x 48 pixels"),
        ("coco_keypoints.json.gz", [[0, [[1, [1, 2, 3, 4], [[9, 50, 1]] * 17]]]], "beside the picture"),
        ("boxes.json", [[0, [1, 2, 3, 4]], [0, [1, 2, 3, 4]]], "entry 2: frame 0 is there twice"),
        ("coco_keypoints.json.gz", [[0, [[0.9, [1, 2, 3, 4], [[None, 1, 1]] * 17]]]], "None is not a number"),
        ("coco_keypoints.json.gz", [[0, [[0.9, [1, 2, 3, 4], [[1, 1, 1]] * 16]]]], "16 keypoints, not 17"),
        ("coco_keypoints.json.gz", [[3, [[1, [1, 2, 3, 4], [[9, 9, 95]] * 17]]]], "frame 3 .* the score 95"),
        ("mask.json.gz", [[0, [[0.9, [1, 2, 3, 4], None]]]], "is not a score, a box and a PNG"),
        ("mask.json.gz", {}, "is no list"),
    ],
)
def test_of_a_folder_with_a_wrong_file_nothing_is_taken(tmp_path, name, content, why):
    poses(tmp_path / "poses", "clip")
    raw = json.dumps(content).encode()
    (tmp_path / "poses" / "clip" / name).write_bytes(gzip.compress(raw) if name.endswith("gz") else raw)
    found = Given()
    row = VideoRow("clip", "", "", 0, 0, width=64, height=48, frames=9)
    for clip in ("clip", "other"):
        take(Layout(tmp_path), tmp_path / "poses", clip, row, (), found)
    assert re.search(why, found.refused["clip"])
    assert (found.boxes, found.poses, found.masks, found.absent) == (0, 0, 0, ["other"])


def mask_of(shape, score, corner=(4, 5)):
    coded = base64.encodebytes(cv2.imencode(".png", np.full(shape, 255, np.uint8))[1].tobytes()).decode()
    return [score, [corner[0], corner[1] + 0.4, shape[1], shape[0]], coded]


def test_masks_of_both_players_are_taken_where_they_are_sure(tmp_path):
    made.tennis(tmp_path / "labels")
    made.tennis_videos(tmp_path / "videos")
    clip = made.TENNIS_CLIPS[0]
    rows = [[0, [mask_of((6, 4), 0.9), mask_of((2, 2), 0.95)]], [1, [mask_of((6, 4), 0.8)]], [2, []]]
    for who, packed in (("front", rows), ("back", [[2, [mask_of((3, 3), 0.9)]]])):
        folder = tmp_path / "pose" / f"{who}__{clip}"
        folder.mkdir(parents=True)
        (folder / "mask.json.gz").write_bytes(gzip.compress(json.dumps(packed).encode()))
    wrong = tmp_path / "pose" / f"front__{made.TENNIS_CLIPS[1]}"
    wrong.mkdir(parents=True)
    box = [0.9, [0, 0, 9, 9], mask_of((6, 4), 0.9)[2]]
    (wrong / "mask.json.gz").write_bytes(gzip.compress(json.dumps([[0, [box]]]).encode()))
    found = bring("tennis", tmp_path / "labels", tmp_path / "videos", tmp_path / "lib", tmp_path / "pose")
    masks = MaskFile(Layout(tmp_path / "lib").given_masks(clip))
    square = np.array([0, 0, 12])
    assert masks.crop(0, 0, square, 12)[5:7, 4:6].all()
    assert masks.crop(0, 0, square, 12).sum() == 4, "the surest one"
    assert masks.crop(1, 0, square, 12) is None, "0.8 is not above 0.8"
    assert masks.crop(2, 1, square, 12).sum() == 9
    assert found.imported.given.masks == 1
    assert "its box 9 x 9" in found.imported.given.refused[f"front__{made.TENNIS_CLIPS[1]}"]


def test_several_divers_of_a_frame_are_kept(tmp_path):
    made.diving(tmp_path / "labels")
    made.diving_videos(tmp_path / "videos")
    poses(tmp_path / "pose", "dive_0")
    bring("diving48", tmp_path / "labels", tmp_path / "videos", tmp_path / "lib", tmp_path / "pose")
    given = json.loads(gzip.decompress(Layout(tmp_path / "lib").given_poses("dive_0").read_bytes()))
    assert [p["athlete"] for p in given] == [0, 1]
