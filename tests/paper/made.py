"""Small data sets in the published formats, with videos."""

import json

import numpy as np

from tests.baselines.made import made_skeleton
from tests.pipeline.made import made_library, write_given_poses
from vpd.library.artefact import Recipe
from vpd.library.features import write_features
from vpd.library.frames import read_times
from vpd.library.labels import read_labels
from vpd.library.layout import Layout
from vpd.library.poses import write_poses
from vpd.library.videos import Videos
from vpd.paper.bring import bring
from vpd.types import FeatureSequence, PoseSequence
from vpd.video import write_video


def video(path, frames, seed, fps=25):
    """A few frames of coloured blocks, different for every seed."""
    rng = np.random.default_rng(seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    blocks = rng.integers(0, 255, (frames, 3, 4, 3), dtype=np.uint8)
    write_video((np.kron(block, np.ones((16, 16, 1), np.uint8)) for block in blocks), fps, path)
    return path


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text if isinstance(text, str) else json.dumps(text), encoding="utf-8")
    return path


FS_ROUTINES = (
    ("men_world_short_program_2017", 1, "0:00:00", "0:00:03"),
    ("men_world_short_program_2017", 2, "0:00:05", "0:00:08"),
    ("women_world_short_program_2018", 1, "0:00:01", "0:00:04"),
)
FS_NAMES = (
    "men_world_short_program_2017_01_00000000_00000100",
    "men_world_short_program_2017_02_00000125_00000225",
    "women_world_short_program_2018_01_00000025_00000125",
)
FS_JUMPS = (
    (0, 20, 44, "axel"),
    (0, 44, 60, "lutz"),
    (0, 70, 90, "axel"),
    (1, 10, 40, "lutz"),
    (1, 60, 80, "axel"),
    (2, 30, 50, "axel"),
    (2, 62, 80, "lutz"),
)


def fs(folder):
    """Three routines of four seconds, seven jumps; the last of the first routine is for validation."""
    ids = [f"{FS_NAMES[r]}:{a}:{b}" for r, a, b, _ in FS_JUMPS]
    rows = [",".join([v, str(n), a, b, ""]) for v, n, a, b in FS_ROUTINES]
    write(folder / "segments.csv", "\n".join(["video,order,start,end,duration", *rows]) + "\n")
    labels = [f"{i} {j[3]}" for i, j in zip(ids, FS_JUMPS, strict=True)]
    write(folder / "all.txt", "\n".join(labels) + "\n")
    write(folder / "val.ids.txt", ids[2] + "\n")
    for number, (axel, lutz) in enumerate(((0, 1), (4, 3))):
        write(folder / f"train_1_{number}.ids.txt", f"{ids[axel]}\n{ids[lutz]}\n")
    for number in range(2):
        order = FS_NAMES[:2] if number else FS_NAMES[1::-1]
        write(folder / f"train.localize.{number}.txt", "\n".join(order) + "\n")
    return folder


def fs_videos(folder, missing=()):
    for number, name in enumerate(FS_NAMES):
        if name not in missing:
            video(folder / f"{name}.mp4", 100, number)
    return folder


TENNIS_CLIPS = ("wimbledon_2018_mens_a_b_1000_1060", "wimbledon_2019_womens_final_halep_williams_50_120")
TENNIS = (
    ("wimbledon_2018_mens_a_b:front:1010", "forehand_topspin"),
    ("wimbledon_2018_mens_a_b:back:1030", "backhand_slice"),
    ("wimbledon_2018_mens_a_b:front:1050", "backhand_slice"),
    ("wimbledon_2018_mens_a_b:back:1001", "serve"),
    ("wimbledon_2018_mens_a_b:front:2000", "forehand_topspin"),
    ("wimbledon_2019_womens_final_halep_williams:front:80", "forehand_topspin"),
    ("wimbledon_2019_womens_final_halep_williams:back:100", "backhand_slice"),
)


def tennis(folder):
    write(folder / "all.txt", "".join(f"{i} {label}\n" for i, label in TENNIS))
    write(folder / "val.ids.txt", TENNIS[2][0] + "\n")
    write(folder / "train.localize.0.txt", TENNIS_CLIPS[0] + "\n")
    return folder


def tennis_videos(folder):
    video(folder / f"{TENNIS_CLIPS[0]}.mp4", 60, 0)
    video(folder / f"{TENNIS_CLIPS[1]}.mp4", 70, 1)
    return folder


FX_ROUTINES = ("abcdefghijk_E_000010_000014", "lmnopqrstuv_E_000000_000003")


def fx(folder):
    """Two routines; the first has actions of both parts."""
    a, b = FX_ROUTINES
    write(
        folder / "gym99_train_element_v1.1.txt",
        f"{a}_A_0000_0001 6\n{a}_A_0002_0003 7\n{b}_A_0000_0001 6\n"
        "wwwwwwwwwww_E_000000_000002_A_0000_0001 3\n",
    )
    write(folder / "gym99_val_element.txt", f"{a}_A_0001_0002 6\n{b}_A_0001_0002 7\n")
    names = [f"Clabel: {i:3d}; set: 21; Glabel: {i:3d}; (FX) element {i}" for i in range(99)]
    write(folder / "gym99_categories.txt", "\n".join(names) + "\n")
    segments = {
        "A_0000_0001": {"stages": 1, "timestamps": [[0.3, 0.92]]},
        "A_0001_0002": {"stages": 1, "timestamps": [[1.0, 1.8]]},
    }
    more = {**segments, "A_0002_0003": {"stages": 1, "timestamps": [[2.1, 3.05]]}}
    times = {
        a[:11]: {a[12:]: {"event": 2, "timestamps": [[10, 14]], "segments": more}},
        b[:11]: {b[12:]: {"event": 2, "timestamps": [[0, 3]], "segments": segments}},
    }
    write(folder / "finegym_annotation_info_v1.1.json", times)
    return folder


def diving(folder):
    words = [["Back", "15som", "05Twis", "FREE"], ["Forward", "Dive", "NoTwis", "STR"]]
    write(folder / "Diving48_vocab.json", words)
    rows = [
        {"vid_name": f"dive_{i}", "label": i % 2, "start_frame": 0, "end_frame": 20 + i} for i in range(6)
    ]
    write(folder / "Diving48_V2_train.json", rows[:4])
    write(folder / "Diving48_V2_test.json", rows[4:])
    return folder


def diving_videos(folder, fps=50):
    for i in range(6):
        video(folder / f"dive_{i}.mp4", 21 + i, i, fps)
    return folder


def skating_library(folder, axels=6):
    """A library of made routines with features that tell the jumps apart; labels in the published format.

    Four routines train, one of them with validation jumps, two are tested; each has ``axels`` axels and
    lutzes.
    """
    names = [
        f"men_world_short_program_201{y}_{n:02d}_00000000_00000600"
        for y, n in ((7, 1), (7, 2), (9, 1), (9, 2))
    ]
    names += [f"men_world_short_program_2018_{n:02d}_00000000_00000600" for n in (1, 2)]
    jumps = [
        (name, 70 + 85 * i, 95 + 85 * i, ("axel", "lutz")[i % 2]) for name in names for i in range(axels)
    ]
    labels = folder / "labels"
    write(labels / "all.txt", "".join(f"{n}:{a}:{b} {label}\n" for n, a, b, label in jumps))
    ids = [f"{n}:{a}:{b}" for n, a, b, _ in jumps]
    write(labels / "val.ids.txt", "\n".join(ids[2 * axels : 2 * axels + 2]) + "\n")
    for number in range(2):
        start = number * axels
        write(labels / f"train_2_{number}.ids.txt", "\n".join(ids[start : start + 4]) + "\n")
    write(labels / "train.localize.0.txt", "\n".join(names[:4]) + "\n")
    for number, name in enumerate(names):
        video(folder / "videos" / f"{name}.mp4", 600, number)
    bring("fs", labels, folder / "videos", folder / "lib")
    layout = Layout(folder / "lib")
    write_made_features(layout, "joints2d")
    return layout


def library_to_learn_from(folder):
    """Five videos with given poses, of which one is tested, two classes, and settings of quick trainings."""
    names = ["a", "b", "c", "d", "e"]
    layout = made_library(folder, names)
    for seed, name in enumerate(names):
        write_given_poses(layout, name, seed)
    rows = [f"{name},0,0.2,{'xy'[seed % 2]}\n" for seed, name in enumerate(names)]
    layout.labels.write_text("video,start_s,end_s,label\n" + "".join(rows))
    layout.splits.write_text(
        "video,split\n" + "".join(f"{n},{'test' if n == 'e' else 'train'}\n" for n in names)
    )
    return layout


def write_made_features(layout, name, d=6, noise=0.3):
    """Features of one athlete a video: noise, and in every labelled window the motion of its class."""
    videos = Videos.read(layout)
    shapes = np.random.default_rng(7).normal(size=(9, d))
    classes = sorted({s.label for s in read_labels(layout.labels, videos)})
    segments = read_labels(layout.labels, videos)
    for video_id in videos.rows:
        times = read_times(layout.frames(video_id))
        rng = np.random.default_rng(len(times) + sum(map(ord, video_id)))
        values = noise * rng.normal(size=(len(times), 2, d))
        for s in segments:
            if s.video == video_id:
                start, end = s.start_s, s.end_s
                inside = (times >= start) & (times < end)
                wave = np.sin(np.linspace(0, np.pi, inside.sum()))[:, None, None]
                values[inside] += 3 * wave * shapes[classes.index(s.label)]
        frames = np.arange(len(times))
        ones = np.ones(len(times))
        sequence = FeatureSequence(video_id, 0, frames, times, values, ones > 0, ones)
        write_features(layout.features(name, video_id), [sequence], d, Recipe("made", 1, {"video": video_id}))


def write_made_poses(layout, videos):
    """One skater who raises both hands, in every frame."""
    rng = np.random.default_rng(0)
    for video in sorted(videos):
        n = len(read_times(layout.frames(video)))
        keypoints = made_skeleton("a", video, rng, n).keypoints[0]
        write_poses(layout.poses(video), [PoseSequence(0, np.arange(n), keypoints)], Recipe("pose", 1))
