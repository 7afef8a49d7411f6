"""The user's files: picks and boxes."""

from pathlib import Path

import numpy as np
import pytest

from vpd.athletes import Pick, add_picks, read_boxes, read_picks, write_picks
from vpd.athletes.bytetrack import Tracklet
from vpd.athletes.picks import picked
from vpd.errors import InputError
from vpd.library.backup import undo

FRAMES, TIMES = np.arange(100), np.arange(100) / 25


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_picks_come_back_as_written(tmp_path: Path) -> None:
    picks = [Pick("a b", 0.04, 10.5, 20), Pick('é,"x"', 1.5, 1, 2, 30, 40, athlete=2)]
    write_picks(tmp_path / "athletes.csv", picks)
    assert read_picks(tmp_path / "athletes.csv") == picks


def test_a_pick_replaces_the_one_of_its_time(tmp_path: Path) -> None:
    path = tmp_path / "athletes.csv"
    assert read_picks(path) == []
    for pick in (Pick("a", 1.0, 5, 5), Pick("a", 2.0, 6, 6), Pick("a", 1.0, 7, 7)):
        add_picks(path, [(pick, None)])
    assert [(p.time_s, p.x) for p in read_picks(path)] == [(1.0, 7), (2.0, 6)]


def test_many_picks_are_one_change(tmp_path: Path) -> None:
    """The state before them stays the last one that is kept, however many they are."""
    path = tmp_path / "athletes.csv"
    add_picks(path, [(Pick("a", 1.0, 5, 5), None)])
    add_picks(path, [(Pick("a", second, 8, 8), (second - 0.5, second + 0.5)) for second in range(1, 9)])
    assert [(p.time_s, p.x) for p in read_picks(path)] == [(second, 8) for second in range(1, 9)]
    undo(path)
    assert [(p.time_s, p.x) for p in read_picks(path)] == [(1.0, 5)]


@pytest.mark.parametrize("row", ["a,x,1,2", "a,-1,1,2", "a,nan,1,2", "a,1,1,2,-5,5", "a,1,1,2,5,", "a,1,,"])
def test_a_bad_pick_is_named_by_its_line(tmp_path: Path, row: str) -> None:
    path = written(tmp_path / "athletes.csv", f"video,time_s,x,y,w,h\n{row}\n")
    with pytest.raises(InputError, match=r"athletes\.csv, line 2"):
        read_picks(path)


def test_picks_without_the_columns_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="time_s"):
        read_picks(written(tmp_path / "athletes.csv", "video,x,y\n"))


def test_boxes_by_frame_and_by_time_are_the_same(tmp_path: Path) -> None:
    by_frame = written(
        tmp_path / "f.csv", "frame,x,y,w,h,athlete\n10,0,0,10,20,1\n14,40,0,10,20,1\n50,1,2,3,4,0\n"
    )
    by_time = written(
        tmp_path / "t.csv", "time_s, x, y, w, h, athlete\n2.0,1,2,3,4,\n0.41,0,0,10,20,1\n0.56,40,0,10,20,1\n"
    )
    for path in (by_frame, by_time):
        first, second = read_boxes(path, FRAMES, TIMES, max_gap_s=0.5)
        assert [first.athlete, second.athlete] == [0, 1]
        assert first.frames.tolist() == [50]
        assert second.frames.tolist() == [10, 11, 12, 13, 14]
        np.testing.assert_allclose(second.boxes[:, 0], [0, 10, 20, 30, 40], atol=1e-4)
        assert second.sources.tolist() == ["user", *["interpolated"] * 3, "user"]


@pytest.mark.parametrize(
    "row", ["100,0,0,5,5", "-1,0,0,5,5", "1.5,0,0,5,5", "1,0,0,0,5", "1,nan,0,5,5", "1,0,0,5", "0,0,0,5,5"]
)
def test_a_bad_box_is_named_by_its_line(tmp_path: Path, row: str) -> None:
    path = written(tmp_path / "b.csv", f"frame,x,y,w,h\n0,0,0,5,5\n{row}\n")
    with pytest.raises(InputError, match=r"b\.csv, line 3"):
        read_boxes(path, FRAMES, TIMES, 0.5)


def test_boxes_without_the_columns_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="frame or time_s"):
        read_boxes(written(tmp_path / "b.csv", "x,y,w,h\n"), FRAMES, TIMES, 0.5)


@pytest.mark.parametrize(("time_s", "taken"), [(4.6, True), (4.4, False), (10.4, True), (10.5, False)])
def test_times_up_to_a_second_outside_mean_the_first_or_last_frame(
    tmp_path: Path, time_s: float, taken: bool
) -> None:
    times = 5.5 + TIMES
    path = written(tmp_path / "t.csv", f"time_s,x,y,w,h\n{time_s},0,0,10,20\n")
    if taken:
        (track,) = read_boxes(path, FRAMES, times, max_gap_s=0.5)
        assert track.frames.tolist() == [0 if time_s < 6 else 99]
    else:
        with pytest.raises(InputError, match="outside the video"):
            read_boxes(path, FRAMES, times, max_gap_s=0.5)


def test_a_click_means_the_person_in_whose_box_it_lies_most_centrally() -> None:
    def standing(x: float) -> Tracklet:
        made = Tracklet()
        made.add(0, 0.0, np.array([x, 0.0, 10.0, 10.0]), 0.9)
        return made

    people = [standing(0.5), standing(2.5), standing(8.2)]
    assert picked(Pick("a", 0.0, 10.0, 5.0), people) == 1
    assert picked(Pick("a", 0.0, 10.0, 5.0), [people[0], people[2]]) == 1
    assert picked(Pick("a", 0.0, 25.0, 5.0), people) is None
    assert picked(Pick("a", 0.0, 17.0, 5.0), people) == 2
