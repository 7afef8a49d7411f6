"""Data sets beside the paper's, in their published formats."""

import pytest

from tests.paper.made import fx, tennis, write
from vpd.errors import InputError, LabelError
from vpd.paper.datasets.table import READERS, read_dataset


def spot_files(folder, **changes):
    for number, name in enumerate(("train", "val", "test")):
        events = [{"frame": 10, "label": "serve", "comment": ""}, {"frame": 30, "label": "swing"}]
        row = {
            "video": f"match_{number}",
            "num_frames": 50,
            "fps": 25.0,
            "width": 9,
            "height": 9,
            "events": events,
        }
        write(folder / f"{name}.json", [row | changes])
    write(folder / "class.txt", "serve\nswing\n")
    return folder


@pytest.mark.parametrize("key", ["finediving", "f3set", "spot"])
def test_events_of_spot_files(tmp_path, key):
    found = read_dataset(key, spot_files(tmp_path))
    assert found.classes == ("serve", "swing")
    assert [len(found.part(p)) for p in ("train", "validation", "test")] == [2, 2, 2]
    first = found.actions[0]
    assert found.window(first.span, 25.0) == (0, 23)
    assert found.event(first.span, 25.0) == (7, 13)
    assert found.clips["match_2"].frames == 50


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"fps": 0}, "entry 1: 0 frames a second"),
        ({"events": [{"frame": 50, "label": "serve"}]}, "not in the video"),
        ({"events": [{"frame": 1, "label": "lob"}]}, "lacks the labels lob"),
        ({"video": "same"}, "in another part or twice"),
        ({"num_frames": None}, "entry 1, num_frames: None is not a number"),
        ({"events": [{"frame": 1.5, "label": "serve"}]}, "entry 1, event 1, frame: 1.5 is not a whole"),
        ({"events": [{"frame": 1, "label": None}]}, "the label None is not a text"),
        ({"events": []}, "holds no event"),
    ],
)
def test_what_spot_files_cannot_mean_is_an_error(tmp_path, changes, why):
    with pytest.raises(LabelError, match=why):
        read_dataset("spot", spot_files(tmp_path, **changes))


def activitynet(folder, name, subsets, segments=((1.0, 2.5),)):
    notes = [{"label": "Javelin throw", "segment": list(s)} for s in segments]
    notes.append({"label": "Ambiguous", "segment": [3, 4]})
    database = {f"id{i}": {"subset": s, "duration": 9, "annotations": notes} for i, s in enumerate(subsets)}
    return write(folder / name, {"version": "1.3", "database": database})


def test_activitynet_tests_on_its_validation_part(tmp_path):
    activitynet(tmp_path, "activity_net.v1-3.min.json", ["training", "validation", "testing"])
    found = read_dataset("activitynet", tmp_path, ["v_id0"])
    assert [(a.clip, a.part) for a in found.actions] == [("v_id0", "train"), ("id1", "test")]
    assert found.window(found.actions[0].span, 30.0) == (30, 75)


def test_thumos_trains_on_its_validation_part(tmp_path):
    activitynet(tmp_path, "thumos14.json", ["Validation", "Test"])
    assert [a.part for a in read_dataset("thumos14", tmp_path).actions] == ["train", "test"]


def test_a_segment_without_two_times_is_an_error(tmp_path):
    activitynet(tmp_path, "thumos14.json", ["Test"], segments=[(2, 3, 4)])
    with pytest.raises(LabelError, match=r"video id0, segment 1 has 3 times"):
        read_dataset("thumos14", tmp_path)


def test_pickles_are_refused_with_the_reason(tmp_path):
    (tmp_path / "train.pkl").write_bytes(b"\x80\x04x")
    with pytest.raises(InputError, match=r"is a pickle.*run any program"):
        read_dataset("finediving", tmp_path)
    disguised = tmp_path / "thumos14.json"
    disguised.write_bytes(b"\x80\x04x")
    with pytest.raises(InputError, match="is a pickle"):
        read_dataset("thumos14", tmp_path)


def test_gym99_and_fx_of_one_folder(tmp_path):
    fx(tmp_path)
    assert len(read_dataset("gym99", tmp_path).actions) == 6
    assert len(read_dataset("fx", tmp_path).actions) == 5


def test_strokes_need_points(tmp_path):
    tennis(tmp_path)
    (tmp_path / "train.localize.0.txt").unlink()
    with pytest.raises(InputError, match=r"points\.txt"):
        read_dataset("tennis", tmp_path)
    write(tmp_path / "points.txt", "wimbledon_2018_mens_a_b_1000_1060.mp4\n")
    assert list(read_dataset("tennis", tmp_path).clips) == ["wimbledon_2018_mens_a_b_1000_1060"]


def test_every_reader_says_what_is_missing(tmp_path):
    for key, reader in READERS.items():
        assert reader.about.key == key
        assert all((reader.about.title, reader.about.licence, reader.about.needs, reader.about.protocol))
        with pytest.raises(InputError, match="has no file"):
            read_dataset(key, tmp_path)
    with pytest.raises(InputError, match="there is no data set"):
        read_dataset("kinetics", tmp_path)
