"""Poses in files of other programs, made as their documentation has them: the joints are those of COCO."""

import json

import numpy as np
import pytest

from vpd.errors import LabelError
from vpd.formats.pose_joints import ORDERS, joint_of, read_joints
from vpd.formats.poses import POSE_FORMATS, guess_pose_format, read_given
from vpd.types import COCO17

FRAMES = (0, 1, 7)


def truth(frame, person=0):
    """(17, 3) of one person: every joint somewhere else."""
    rng = np.random.default_rng(100 * frame + person)
    return np.c_[rng.uniform(20, 600, (17, 2)).round(2), rng.uniform(0.5, 1, 17).round(3)]


def points(names, frame, person=0):
    """(P, 3): what is no joint of COCO lies at (1, 2)."""
    whole = truth(frame, person)
    return np.array([whole[COCO17.index(n)] if n in COCO17 else [1, 2, 0.9] for n in names])


def openpose(folder, count, scale=1.0):
    folder.mkdir()
    names = ORDERS[count]
    for frame in FRAMES:
        people = [
            {
                "person_id": [-1],
                "pose_keypoints_2d": (points(names, frame, p) * [scale, scale, 1]).ravel().tolist(),
            }
            for p in (0, 1)
        ]
        text = json.dumps({"version": 1.3, "people": people})
        (folder / f"clip_{frame:012d}_keypoints.json").write_text(text)
    return folder


def alphapose(path, count):
    entries = [
        {"image_id": f"{f}.jpg", "category_id": 1, "keypoints": points(ORDERS[count], f, p).ravel().tolist(),
         "score": 2.9, "box": [0, 0, 9, 9], "idx": [p]}
        for f in FRAMES for p in (0, 1)
    ]  # fmt: skip
    path.write_text(json.dumps(entries))
    return path


def mmpose(path, demo):
    def instances(frame):
        return [
            {"keypoints": pose[:, :2].tolist(), "keypoint_scores": pose[:, 2].tolist(),
             "bbox": [[0, 0, 9, 9]], "bbox_score": 0.9}
            for pose in (truth(frame, 0), truth(frame, 1))
        ]  # fmt: skip

    frames = [{"frame_id": f + demo, "instances": instances(f)} for f in FRAMES]
    names = {str(i): name for i, name in enumerate(COCO17)}
    content = {"meta_info": {"keypoint_id2name": names}, "instance_info": frames} if demo else frames
    path.write_text(json.dumps(content))
    return path


NAMES = ["Nose", "Left_Shoulder", "shoulderR", "left elbow", "RElbow", "lwrist", "wrist_right", "LHip",
         "RHip", "LKnee", "RKnee", "LAnkle", "RAnkle", "racket"]  # fmt: skip


def named(frame, person=0):
    return points([joint_of(name) for name in NAMES], frame, person)


def deeplabcut(path, people):
    of = ["anna", "ben"][:people]
    columns = [(one, part, c) for one in of for part in NAMES for c in ("x", "y", "likelihood")]
    rows = [["scorer", *["DLC_resnet50"] * len(columns)]]
    rows += [["individuals", *(c[0] for c in columns)]] if people > 1 else []
    rows += [["bodyparts", *(c[1] for c in columns)], ["coords", *(c[2] for c in columns)]]
    for frame in FRAMES:
        rows.append([str(frame), *(str(v) for p in range(people) for v in named(frame, p).ravel())])
    path.write_text("".join(",".join(row) + "\n" for row in rows))
    return path


def sleap_csv(path):
    header = [
        "track",
        "frame_idx",
        "instance.score",
        *(f"{n}.{c}" for n in NAMES for c in ("x", "y", "score")),
    ]
    rows = [[f"track_{p}", str(f), "0.8", *map(str, named(f, p).ravel())] for f in FRAMES for p in (0, 1)]
    path.write_text("".join(",".join(row) + "\n" for row in [header, *rows]))
    return path


def sleap_h5(path):
    h5py = pytest.importorskip("h5py")
    tracks, scores = np.full((2, 2, len(NAMES), 8), np.nan), np.zeros((2, len(NAMES), 8))
    for frame in FRAMES:
        for p in (0, 1):
            pose = named(frame, p)
            tracks[p, :, :, frame], scores[p, :, frame] = pose[:, :2].T, pose[:, 2]
    with h5py.File(path, "w") as file:
        file["tracks"], file["point_scores"], file["node_names"] = tracks, scores, [n.encode() for n in NAMES]
    return path


def trc(path, person=0, scale=1.0):
    names = [name for name in NAMES if name != "racket"]
    lines = [
        f"PathFileType\t4\t(X/Y/Z)\t{path.name}",
        "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames",
        f"30\t30\t{len(FRAMES)}\t{len(names)}\tm\t30\t0\t{len(FRAMES)}",
        "Frame#\tTime\t" + "\t\t\t".join(names) + "\t\t\t",
        "\t\t" + "\t".join(f"X{i}\tY{i}\tZ{i}" for i in range(1, len(names) + 1)),
    ]
    for row, frame in enumerate(FRAMES):
        cells = [str(v) for x, y, _ in named(frame, person)[:-1] * scale for v in (x, y, 0.0)]
        lines.append("\t".join([str(row), str(frame / 30), *cells]))
    path.write_text("\n".join(lines) + "\n")
    return path


def trc_folder(folder):
    folder.mkdir()
    for person in (0, 1):
        trc(folder / f"clip_Sports2D_px_person{person:02d}.trc", person)
    return folder


ALL = set(COCO17)
BODY = {joint_of(name) for name in NAMES if joint_of(name)}
CASES = {
    "openpose BODY_25": (lambda d: openpose(d / "v", 25), "openpose", ALL, (None, None)),
    "openpose COCO": (lambda d: openpose(d / "v", 18), "openpose", ALL, (None, None)),
    "Pose2Sim Halpe": (lambda d: openpose(d / "v", 26), "openpose", ALL, (None, None)),
    "alphapose 17": (lambda d: alphapose(d / "v.json", 17), "alphapose", ALL, (0, 1)),
    "alphapose 26": (lambda d: alphapose(d / "v.json", 26), "alphapose", ALL, (0, 1)),
    "alphapose 136": (lambda d: alphapose(d / "v.json", 136), "alphapose", ALL, (0, 1)),
    "mmpose demo": (lambda d: mmpose(d / "v.json", 1), "mmpose", ALL, (None, None)),
    "mmpose inferencer": (lambda d: mmpose(d / "v.json", 0), "mmpose", ALL, (None, None)),
    "deeplabcut": (lambda d: deeplabcut(d / "v.csv", 1), "deeplabcut", BODY, (0,)),
    "deeplabcut, two": (lambda d: deeplabcut(d / "v.csv", 2), "deeplabcut", BODY, (0, 1)),
    "sleap csv": (lambda d: sleap_csv(d / "v.csv"), "sleap-csv", BODY, (0, 1)),
    "sleap h5": (lambda d: sleap_h5(d / "v.h5"), "sleap-h5", BODY, (0, 1)),
    "trc": (lambda d: trc(d / "v_px_person01.trc", 1), "trc", BODY, (1,)),
    "trc folder": (lambda d: trc_folder(d / "v"), "trc-folder", BODY, (0, 1)),
}


@pytest.mark.parametrize("case", CASES)
def test_every_joint_is_where_the_program_has_it(tmp_path, case):
    make, form, joints, people = CASES[case]
    path = make(tmp_path)
    assert guess_pose_format(path) == form
    given = read_given(path)
    assert set(given.missing) == ALL - joints
    assert sorted({pose.frame for pose in given.poses}) == list(FRAMES)
    assert len(given.poses) == len(FRAMES) * len(people)
    for frame in FRAMES:
        here = sorted((p for p in given.poses if p.frame == frame), key=lambda p: p.athlete or 0)
        assert [pose.athlete for pose in here] == list(people)
        for place, pose in enumerate(here):
            person = people[place] if people[place] is not None else place
            right = truth(frame, person)
            for j, name in enumerate(COCO17):
                if name in joints:
                    np.testing.assert_allclose(pose.keypoints[j, :2], right[j, :2], rtol=1e-5)
                    score = 1.0 if form.startswith("trc") else right[j, 2]
                    assert pose.keypoints[j, 2] == pytest.approx(score)
                else:
                    there = [i for i, n in enumerate(COCO17) if n in joints]
                    np.testing.assert_allclose(pose.keypoints[j, :2], right[there, :2].mean(0), rtol=1e-4)
                    assert pose.keypoints[j, 2] == 0


WITH_SCORES = [case for case in CASES if not case.startswith("trc")]


def scored(monkeypatch, factor):
    """Every made file has the scores of `truth` times the factor."""
    plain = truth
    monkeypatch.setitem(globals(), "truth", lambda *args: plain(*args) * [1, 1, factor])


@pytest.mark.parametrize("case", WITH_SCORES)
def test_scores_in_per_cent_are_refused(tmp_path, monkeypatch, case):
    scored(monkeypatch, 100)
    path = CASES[case][0](tmp_path)
    with pytest.raises(LabelError, match=r"frame 0 has a joint with the score \d+\.\d+\..*by 100"):
        read_given(path)


@pytest.mark.parametrize("case", WITH_SCORES)
def test_scores_somewhat_above_one_are_sure(tmp_path, monkeypatch, case):
    """As RTMPose writes them."""
    scored(monkeypatch, 1.3)
    for pose in read_given(CASES[case][0](tmp_path)).poses:
        right = truth(pose.frame, pose.athlete if pose.athlete is not None else 0)[:, 2]
        assert pose.keypoints[:, 2].max() <= 1
        if pose.athlete is not None:
            there = pose.keypoints[:, 2] > 0
            np.testing.assert_allclose(pose.keypoints[there, 2], np.minimum(right, 1)[there], rtol=1e-5)


@pytest.mark.parametrize(("scale", "factor", "why"), [(1 / 640, 1, "not in pixels"), (1, 100, "the score")])
def test_cocos_results_are_in_pixels_with_shares_for_scores(tmp_path, scale, factor, why):
    rows = [
        {"image_id": f, "keypoints": (truth(f) * [scale, scale, factor]).ravel().tolist()} for f in FRAMES
    ]
    (tmp_path / "v.json").write_text(json.dumps(rows))
    with pytest.raises(LabelError, match=why):
        read_given(tmp_path / "v.json")
    (tmp_path / "w.json").write_text(
        json.dumps(
            [[r["image_id"], [[1, [0, 0, 9, 9], np.reshape(r["keypoints"], (17, 3)).tolist()]]] for r in rows]
        )
    )
    with pytest.raises(LabelError, match=why):
        read_given(tmp_path / "w.json")


def test_left_out_and_missing_points_are_said(tmp_path):
    given = read_given(deeplabcut(tmp_path / "v.csv", 1))
    assert given.left_out == ("racket",)
    assert given.missing == ("left_eye", "right_eye", "left_ear", "right_ear")


def test_points_of_any_names_by_the_users_table(tmp_path):
    path = deeplabcut(tmp_path / "v.csv", 1)
    mine = {name: f"p{i}" for i, name in enumerate(NAMES)}
    text = path.read_text()
    for name, code in mine.items():
        text = text.replace(name, code)
    path.write_text(text)
    with pytest.raises(LabelError, match=r"too few of its points .* 'p0', 'p1'.*joints\.csv"):
        read_given(path)
    table = tmp_path / "joints.csv"
    table.write_text("name;joint\n" + "".join(f"{mine[n]};{joint_of(n) or ''}\n" for n in NAMES))
    (first, *_) = read_given(path, read_joints(table)).poses
    np.testing.assert_allclose(first.keypoints[5], truth(0)[5], rtol=1e-5)
    table.write_text("name,joint\np0,nostril\n")
    with pytest.raises(Exception, match=r"line 2, column joint: 'nostril' is no joint"):
        read_joints(table)


BROKEN = {
    "shares of the picture": lambda d: openpose(d / "v", 25, 1 / 640),
    "metres": lambda d: trc(d / "v.trc", scale=1 / 200),
    "no JSON of a frame": lambda d: (d / "v").mkdir() or d / "v",
    "frame twice": lambda d: _twice(openpose(d / "v", 25)),
    "an order that nobody knows": lambda d: _order(d / "v.json"),
    "a row too short": lambda d: _cut(sleap_csv(d / "v.csv")),
    "a cell that is no number": lambda d: _word(deeplabcut(d / "v.csv", 1)),
    "one frame of OpenPose": lambda d: next(iter(openpose(d / "v", 25).iterdir())),
    "another CSV": lambda d: _text(d / "v.csv", "a,b\n1,2\n"),
    "another JSON": lambda d: _text(d / "v.json", '{"a": 1}'),
    "no HDF5": lambda d: _text(d / "v.h5", "x"),
    "no TRC": lambda d: _text(d / "v.trc", "x"),
    "bad gzip": lambda d: _bytes(d / "v.json.gz", b"\x1f\x8bxxxx"),
    "two points of one joint": lambda d: _text(
        d / "v.csv", deeplabcut(d / "v.csv", 1).read_text().replace("racket", "l_hip")
    ),
}


def _text(path, text):
    path.write_text(text)
    return path


def _bytes(path, content):
    path.write_bytes(content)
    return path


def _twice(folder):
    (folder / "other_000000000001_keypoints.json").write_text('{"people": []}')
    return folder


def _order(path):
    return _text(path, json.dumps([{"image_id": "1.jpg", "keypoints": [9.0] * 60, "score": 1}]))


def _cut(path):
    return _text(path, path.read_text().rstrip()[:-20].rpartition(",")[0] + "\n")


def _word(path):
    return _text(path, path.read_text().replace("DLC_resnet50", "DLC").rstrip("\n") + "x\n")


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_not_understood_whole_is_refused(tmp_path, case):
    path = BROKEN[case](tmp_path)
    if path.suffix == ".h5":
        pytest.importorskip("h5py")
    with pytest.raises(LabelError, match=str(tmp_path)):
        read_given(path)


def test_the_table_names_a_reader_for_each():
    assert {form for _, form, _, _ in CASES.values()} | {"coco", "reference"} == set(POSE_FORMATS)


def test_tracks_of_sleap_are_athletes_in_the_order_of_their_numbers(tmp_path):
    """As in its HDF5 file of the same tracks."""
    lines = sleap_csv(tmp_path / "v.csv").read_text().splitlines()
    row = lines[1].split(",")
    place = lines[0].split(",").index("track")
    rows = [",".join([*row[:place], f"track_{n}", *row[place + 1 :]]) for n in (10, 2, 0, 11, 1)]
    (tmp_path / "v.csv").write_text("\n".join([lines[0], *rows]))
    assert [pose.athlete for pose in read_given(tmp_path / "v.csv").poses] == [3, 2, 0, 4, 1]
