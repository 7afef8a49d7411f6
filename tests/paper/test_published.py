"""The readers against the counts of the published label files."""

from collections import Counter

import pytest

from tests.paper.conftest import KS, video_meta
from vpd.errors import LabelError
from vpd.paper.dataset import joined
from vpd.paper.datasets import fs
from vpd.paper.datasets.table import PAPER, read_dataset

FX = """6 286/118, 7 133/55, 8 378/154, 9 126/52, 10 194/79, 11 83/34, 12 73/30, 13 69/28, 14 88/37, 15
360/147, 16 102/43, 17 108/44, 18 105/43, 19 49/21, 20 72/30, 21 136/55, 22 134/56, 23 48/21, 24 145/60, 25
139/58, 26 75/32, 27 90/39, 28 195/80, 29 50/20, 30 159/66, 31 140/58, 32 147/60, 33 95/38, 34 249/102, 35
293/120, 36 89/37, 37 181/74, 38 346/142, 39 60/25, 40 411/168"""
DIVING = """0 222/73, 1 109/47, 2 49/3, 3 259/31, 4 33/21, 5 467/41, 6 160/21, 7 901/63, 8 424/54, 9 212/2,
10 74/15, 11 144/17, 12 421/28, 13 44/12, 14 102/2, 15 591/133, 16 48/39, 17 349/21, 18 68/14, 19 604/117,
20 148/31, 21 689/52, 22 355/52, 23 57/7, 24 484/80, 25 46/16, 26 1053/69, 27 250/39, 28 326/51, 29 231/20,
30 0/0, 31 683/88, 32 61/43, 33 568/39, 34 571/99, 35 992/95, 36 346/81, 37 69/4, 38 91/2, 39 45/5, 40 48/2,
41 160/10, 42 130/3, 43 406/9, 44 518/67, 45 559/57, 46 816/163, 47 44/32"""


def by_class(found, part):
    counts = Counter(a.label for a in found.part(part))
    return [counts[label] for label in found.classes]


def test_fs_has_the_published_counts_by_class(dataset):
    found = dataset("fs")
    assert by_class(found, "train") == [190, 127, 93, 46, 29, 258]
    assert by_class(found, "validation") == [47, 31, 23, 11, 7, 64]
    assert by_class(found, "test") == [134, 86, 63, 37, 25, 175]


def test_tennis_has_the_published_counts_by_class(dataset):
    found = dataset("tennis")
    assert by_class(found, "train") == [2051, 146, 1711, 489, 63, 76, 56]
    assert by_class(found, "validation") == [512, 35, 427, 122, 15, 18, 13]
    assert by_class(found, "test") == [1169, 34, 996, 201, 45, 46, 18]
    others = Counter(a.label for a in found.actions if a.label not in found.classes)
    assert others == {"nonshot": 2081, "serve": 1576, "special": 19, "unknown_swing": 2}


@pytest.mark.parametrize(("key", "table"), [("fx", FX), ("diving48", DIVING)])
def test_class_counts_of_train_and_test(dataset, key, table):
    found = dataset(key)
    rows = [row.split() for row in table.replace("\n", " ").split(",")]
    expected = {int(label): tuple(map(int, counts.split("/"))) for label, counts in rows}
    counted = list(zip(by_class(found, "train"), by_class(found, "test"), strict=True))
    assert counted == [expected[label] for label in sorted(expected)]


@pytest.mark.parametrize(
    ("key", "parts", "clips"),
    [
        ("fs", (743, 183, 520), 371),
        ("tennis", (4592, 1142, 2509), 1619),
        ("fx", (5408, 0, 2226), 916),
        ("diving48", (15027, 0, 1970), 16997),
    ],
)
def test_parts_and_clips(dataset, key, parts, clips):
    found = dataset(key)
    assert tuple(len(found.part(p)) for p in ("train", "validation", "test")) == parts
    assert len(found.recognised) == sum(parts) == found.expected
    assert len(found.clips) == clips


@pytest.mark.parametrize(
    ("key", "sizes"),
    [
        ("fs", (24, 48, 96, 189, 331, 551)),
        ("tennis", (28, 56, 112, 224, 433, 707)),
        ("fx", (140, 280, 560, 1120, 2191, 3686)),
        ("diving48", (188, 376, 752, 1504, 2843, 4956)),
    ],
)
def test_few_shot_subsets(dataset, key, sizes):
    found = dataset(key)
    training = {a.id for a in found.part("train")}
    assert tuple(found.subsets) == KS
    for k, size in zip(KS, sizes, strict=True):
        lists = found.subsets[k]
        assert [len(one) for one in lists] == [size] * 10
        assert len({frozenset(one) for one in lists}) == 10
        assert all(set(one) <= training for one in lists)


@pytest.mark.parametrize(
    ("key", "k", "short"),
    [
        ("fs", 128, {"salchow": 29, "loop": 46, "lutz": 127, "flip": 93}),
        ("fs", 32, {"salchow": 29}),
        ("tennis", 64, {"forehand_volley": 57, "overhead": 56}),
        ("tennis", 128, {"forehand_volley": 63, "overhead": 56, "backhand_volley": 76}),
    ],
)
def test_a_small_class_gives_all_it_has(dataset, key, k, short):
    found = dataset(key)
    labels = {a.id: a.label for a in found.actions}
    counts = Counter(labels[i] for i in found.subsets[k][0])
    assert {label: n for label, n in counts.items() if n < k} == short


def test_segments_rebuild_the_names_and_lengths_of_all_routines(dataset):
    clips, meta = dataset("fs").clips, video_meta()["fs"]
    assert set(clips) == set(meta)
    assert all(clip.frames == meta[name][1] for name, clip in clips.items())
    tested = [name for name in clips if name.startswith(fs.TEST)]
    assert (len(tested), len(clips) - len(tested)) == (134, 237)


def test_points_are_as_long_as_their_names_say(dataset):
    meta = video_meta()["tennis"]
    assert all((clip.fps, clip.frames) == meta[name] for name, clip in dataset("tennis").clips.items())


def test_dives_end_a_frame_before_their_video(dataset):
    meta = video_meta()["diving48"]
    assert all(clip.frames == meta[name][1] for name, clip in dataset("diving48").clips.items())
    assert all(a.span.start == 0 for a in dataset("diving48").actions)


@pytest.mark.parametrize(
    ("key", "lengths"), [("fs", {88: 280}), ("tennis", {25: None, 29: None})], ids=["fs", "tennis"]
)
def test_windows_have_the_published_lengths_and_stay_inside(dataset, key, lengths):
    found, meta = dataset(key), video_meta()[key]
    counted = Counter()
    for action in found.recognised:
        fps, frames = meta[action.clip]
        start, stop = found.window(action.span, fps)
        assert start >= 0
        assert key != "fs" or stop <= frames
        counted[stop - start] += 1
    common = counted.most_common(len(lengths))
    assert {n for n, _ in common} == set(lengths)
    assert key != "fs" or common[0] == (88, 280)


def test_skating_windows_cover_less_than_seven_per_cent(dataset):
    found, spans = dataset("fs"), {}
    for action in found.recognised:
        spans.setdefault(action.clip, []).append(found.window(action.span, 25.0))
    covered = sum(stop - start for of in spans.values() for start, stop in joined(of))
    total = sum(frames for _, frames in video_meta()["fs"].values())
    assert round(covered / 25) == 4190
    assert round(100 * covered / total, 2) == 6.62


def test_hours_of_the_videos():
    hours = {key: sum(n / fps for fps, n in of.values()) / 3600 for key, of in video_meta().items()}
    rounded = {key: round(value, 2) for key, value in hours.items()}
    assert rounded == {"fs": 17.59, "tennis": 8.60, "fx": 33.92, "diving48": 22.41}


@pytest.mark.parametrize(
    ("key", "train", "test", "swings", "lists"),
    [
        ("fs", (926, 820), (520, 456), [18, 19, 18, 19, 20], 237),
        ("tennis", (6849, 6848), (2972, 2972), [66, 56, 72, 63, 73], 192),
    ],
)
def test_detection_events_and_training_lists(dataset, key, train, test, swings, lists):
    found, meta = dataset(key), video_meta()[key]
    events = {True: {}, False: {}}
    for action in found.actions:
        if action.label in found.detected:
            span = found.event(action.span, meta[action.clip][0])
            events[action.part == "test"].setdefault((action.clip, action.athlete), []).append(span)
    for part, expected in ((events[False], train), (events[True], test)):
        counted = sum(len(of) for of in part.values()), sum(len(joined(of)) for of in part.values())
        assert counted == expected
    assert [len(one) for one in found.localisation] == [lists] * 5
    first = [set(one[:5]) for one in found.localisation]
    assert [
        sum(len(of) for (clip, _), of in events[False].items() if clip in five) for five in first
    ] == swings
    lengths = [stop - start for of in events[False].values() for start, stop in of]
    assert round(sum(lengths) / len(lengths), 2) == {"fs": 39.11, "tennis": 5.0}[key]


def test_fourteen_strokes_lie_in_two_points_and_the_longer_counts(dataset):
    found = dataset("tennis")
    assert any("14 strokes lie in two points" in note for note in found.notes)
    clips = [(*c.span.frames(c.fps), c.source, name) for name, c in found.clips.items()]
    twice = 0
    for action in found.actions:
        match, _, frame = action.id.rsplit(":", 2)
        holding = [(b - a, name) for a, b, source, name in clips if source == match and a <= int(frame) <= b]
        twice += len(holding) > 1
        assert {name: n for n, name in holding}[action.clip] == max(n for n, _ in holding)
        if twice == 14:
            break
    assert twice == 14


def test_the_floor_split_is_by_action(dataset):
    found = dataset("fx")
    train, test = ({a.clip for a in found.part(p)} for p in ("train", "test"))
    assert (len(train), len(test), len(train & test)) == (693, 299, 76)
    assert len({c[:11] for c in train} & {c[:11] for c in test}) == 21


def test_dives_of_train_and_test_share_no_source(dataset):
    found = dataset("diving48")
    train, test = ({a.clip[:11] for a in found.part(p)} for p in ("train", "test"))
    assert (len(train), len(test), len(train & test)) == (58, 26, 0)
    assert len({a.label for a in found.actions}) == 47
    assert len(found.queries) == 1970


def test_finegym_v1_0_is_refused(label_root, tmp_path):
    for name in ("gym99_val_element.txt", "gym99_categories.txt", "finegym_annotation_info_v1.1.json"):
        (tmp_path / name).symlink_to(label_root / "finegym" / name)
    old = label_root / "finegym_v1.0" / "gym99_train_element_v1.0.txt"
    for name in ("gym99_train_element_v1.0.txt", "gym99_train_element_v1.1.txt", "gym99_train_element.txt"):
        wrong = tmp_path / name
        wrong.symlink_to(old)
        with pytest.raises(LabelError, match=r"v1\.0.*5,385 for 5,408"):
            read_dataset("fx", tmp_path)
        wrong.unlink()


def test_readers_of_the_paper_are_all_there():
    assert PAPER == ("fs", "tennis", "fx", "diving48")


def test_gym99_whole(label_root):
    found = read_dataset("gym99", label_root)
    assert (len(found.part("train")), len(found.part("test")), len(found.classes)) == (26320, 8521, 99)
    events = Counter(label.split("(")[1][:2] for label in found.classes)
    assert events == {"VT": 6, "FX": 35, "BB": 33, "UB": 25}
