"""Tracks of made videos, with a detector whose answer is known; and of real ones."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import pytest

from tests.shared import shared_path
from vpd.athletes import NanoDet, PersonBoxes, Pick, track
from vpd.settings import TrackSettings
from vpd.video import Frame, read_frames

WIDTH, HEIGHT = 320, 180
CENTRE, LARGE, SIDE = (140, 40, 40, 100), (20, 20, 60, 140), (270, 60, 20, 60)


class Known:
    """Finds in each picture the boxes that its upper left pixels name; remembers which it was given."""

    device = "CPU"

    def __init__(self, people: dict[int, list[tuple[float, ...]]]) -> None:
        self.people = people
        self.looked: list[int] = []

    def detect(self, images: Sequence[np.ndarray]) -> list[PersonBoxes]:
        found = []
        for image in images:
            t = int(image[0, 0, 0]) * 256 + int(image[0, 0, 1])
            self.looked.append(t)
            boxes = np.array(self.people[t], np.float32).reshape(-1, 4)
            found.append(PersonBoxes(boxes, np.full(len(boxes), 0.9, np.float32)))
        return found


def _scene(rng: np.random.Generator) -> np.ndarray:
    coarse = rng.integers(0, 255, (9, 16, 3), np.uint8)
    return np.kron(coarse, np.ones((20, 20, 1), np.uint8))


def frames(n: int, cuts: Sequence[int] = (), fps: float = 30) -> Iterator[Frame]:
    rng = np.random.default_rng(0)
    scene = _scene(rng)
    for t in range(n):
        scene = _scene(rng) if t in cuts else scene
        rgb = scene.copy()
        rgb[0, 0] = (t // 256, t % 256, 0)
        yield Frame(t, t / fps, rgb)


def shaking(box: tuple[float, ...], t: int) -> tuple[float, ...]:
    """The box of somebody who spreads and closes the arms."""
    x, y, w, h = box
    wide = 0.3 * w * np.sin(t / 3)
    return (x - wide / 2, y, w + wide, h)


def test_the_main_person_of_each_shot_is_athlete_0() -> None:
    people = {t: [LARGE, SIDE] if t < 30 else [SIDE, CENTRE] for t in range(60)}
    result = track(frames(60, cuts=[30]), WIDTH, HEIGHT, TrackSettings(), Known(people))
    (main,) = result.tracks
    assert main.frames.tolist() == list(range(60))
    np.testing.assert_allclose(main.boxes[:30], np.tile(LARGE, (30, 1)))
    np.testing.assert_allclose(main.boxes[30:], np.tile(CENTRE, (30, 1)))
    assert [shot["found"] for shot in result.notes["shots"]] == [2, 2]


def test_no_box_is_interpolated_across_a_cut() -> None:
    people = {t: [LARGE] if t < 33 else [CENTRE] for t in range(60)}
    (main,) = track(frames(60, cuts=[33]), WIDTH, HEIGHT, TrackSettings(), Known(people)).tracks
    assert {tuple(box) for box in main.boxes.tolist()} == {LARGE, CENTRE}
    assert main.frames.tolist() == list(range(60))


@pytest.mark.parametrize("wanted", [1, 2, "all"])
def test_as_many_athletes_as_asked_for(wanted: int | str) -> None:
    people = {t: [SIDE, CENTRE, LARGE] for t in range(30)}
    settings = TrackSettings.model_validate({"athletes": wanted})
    tracks = track(frames(30), WIDTH, HEIGHT, settings, Known(people)).tracks
    expected = [LARGE, CENTRE, SIDE][: 3 if wanted == "all" else int(wanted)]
    assert [t.athlete for t in tracks] == list(range(len(expected)))
    assert [tuple(t.boxes[0]) for t in tracks] == expected


def test_the_player_in_front_is_athlete_0() -> None:
    # The far player is ranked first: central, and as large as the near one is narrow.
    near, far = (250, 110, 30, 60), (130, 20, 60, 70)
    people = {t: [far, near, SIDE] for t in range(30)}
    by_rank, in_order = (
        track(frames(30), WIDTH, HEIGHT, TrackSettings(athletes=2, order=order), Known(people)).tracks
        for order in ("rank", "front")
    )
    np.testing.assert_allclose([t.boxes[0] for t in by_rank], [far, near])
    np.testing.assert_allclose([t.boxes[0] for t in in_order], [near, far])


def test_who_moves_goes_before_who_sits_and_the_notes_say_why() -> None:
    people = {t: [LARGE, shaking(CENTRE, t)] for t in range(30)}
    near = (60, 20, 50, 110)
    people = {t: [near, shaking(CENTRE, t)] for t in people}
    result = track(frames(30), WIDTH, HEIGHT, TrackSettings(), Known(people))
    assert abs(result.tracks[0].boxes[:, 1] - 40).max() < 1
    first, second = result.notes["shots"][0]["people"]
    assert first["athlete"] == 0
    assert second["athlete"] is None
    assert first["motion"] > second["motion"]
    assert first["size"] < second["size"]
    assert first["score"] > second["score"]


def test_boxes_between_detections_are_interpolated() -> None:
    people = {t: [(20 + 4 * t, 40, 40, 100)] for t in range(31)}
    detector = Known(people)
    (main,) = track(frames(31), WIDTH, HEIGHT, TrackSettings(detect_every_s=0.2), detector).tracks
    assert detector.looked == [0, 6, 12, 18, 24, 30]
    np.testing.assert_allclose(main.boxes[:, 0], 20 + 4 * np.arange(31), atol=1e-3)
    assert np.flatnonzero(main.sources == "detected").tolist() == detector.looked


@pytest.mark.parametrize(("fps", "every"), [(20, 3), (24, 4), (25, 4), (30, 5), (50, 8), (59.94, 10)])
def test_looks_come_in_time_whatever_the_rate(fps: float, every: int) -> None:
    detector = Known({t: [CENTRE] for t in range(120)})
    track(frames(115, fps=fps), WIDTH, HEIGHT, TrackSettings(), detector)
    assert detector.looked == sorted({*range(0, 115, every), 114})


def test_both_ends_of_a_shot_are_looked_at() -> None:
    people = {t: [CENTRE] for t in range(50)}
    detector = Known(people)
    track(frames(50, cuts=[23]), WIDTH, HEIGHT, TrackSettings(detect_every_s=1 / 3), detector)
    assert detector.looked == [0, 10, 20, 22, 23, 33, 43, 49]


@pytest.mark.parametrize(
    "pick", [Pick("v", 0.5, 280, 90), Pick("v", 0.5, 268, 58, 25, 60)], ids=["click", "box"]
)
def test_a_pick_decides_in_its_shot_and_only_there(pick: Pick) -> None:
    people = {t: [LARGE, SIDE] for t in range(60)}
    result = track(frames(60, cuts=[30]), WIDTH, HEIGHT, TrackSettings(), Known(people), [pick])
    (main,) = result.tracks
    assert [tuple(main.boxes[0]), tuple(main.boxes[-1])] == [SIDE, LARGE]
    assert [shot["people"][0]["athlete"] for shot in result.notes["shots"]] == [None, 0]
    assert "pick" in [p["chosen_by"] for p in result.notes["shots"][0]["people"]]


def test_two_picks_in_one_shot_share_its_time() -> None:
    people = {t: [LARGE, SIDE] for t in range(61)}
    picks = [Pick("v", 0.2, 50, 90), Pick("v", 1.6, 280, 90)]
    (main,) = track(frames(61), WIDTH, HEIGHT, TrackSettings(), Known(people), picks).tracks
    changes = [b.frame for a, b in pairwise(zip_rows(main)) if a.box != b.box]
    assert changes == [27]


class Row:
    def __init__(self, frame: int, box: tuple[float, ...]) -> None:
        self.frame, self.box = frame, box


def zip_rows(main) -> list[Row]:  # type: ignore[no-untyped-def]
    return [Row(int(f), tuple(b)) for f, b in zip(main.frames, main.boxes.tolist(), strict=True)]


def test_a_pick_where_nobody_is_is_told() -> None:
    people = {t: [CENTRE] for t in range(30)}
    result = track(frames(30), WIDTH, HEIGHT, TrackSettings(), Known(people), [Pick("v", 0.5, 5, 5)])
    assert len(result.notes["picks_missed"]) == 1
    assert len(result.tracks) == 1


@pytest.mark.parametrize("n", [0, 1, 2])
def test_very_short_videos(n: int) -> None:
    result = track(frames(n), WIDTH, HEIGHT, TrackSettings(), Known({t: [CENTRE] for t in range(n)}))
    assert [t.frames.tolist() for t in result.tracks] == ([list(range(n))] if n else [])


def test_nobody_in_a_video_without_people() -> None:
    path = shared_path("data/clips/no_person.mp4")
    result = track(read_frames(path), 320, 240, TrackSettings(detect_every_s=1 / 3), NanoDet(0.1, threads=1))
    assert result.tracks == []


def test_the_server_and_not_the_people_beside_her() -> None:
    path = shared_path("data/tennis/videos/serve_13.mp4")
    result = track(read_frames(path), 640, 360, TrackSettings(detect_every_s=1 / 3), NanoDet(0.1, threads=1))
    (main,) = result.tracks
    assert len(main.frames) >= 58
    # The player stands right of the coach, whose box is taller than the average of hers.
    assert 240 < np.median(main.boxes[:, 0] + main.boxes[:, 2] / 2) < 320


def test_the_notes_explain_the_three_best_and_who_was_picked() -> None:
    people = [(10 + 60 * i, 40, 40 - 5 * i, 100 - 10 * i) for i in range(5)]
    for picks, shown in (([], 3), ([Pick("v", 0.5, 265, 60)], 4)):
        detector = Known(dict.fromkeys(range(30), people))
        result = track(frames(30), WIDTH, HEIGHT, TrackSettings(), detector, picks)
        (shot,) = result.notes["shots"]
        assert (shot["found"], len(shot["people"])) == (5, shown)
