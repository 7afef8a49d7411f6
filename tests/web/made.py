"""A small library for the page: scanned videos whose frames carry their number as a barcode.

All else is made up and written by the library's own writers; nothing has to be tracked or trained.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pyarrow as pa
from starlette.testclient import TestClient

from vpd.crops.encoding import pack_rgb
from vpd.crops.file import SCHEMA, write_crops
from vpd.library.artefact import Recipe, read_notes, write_text
from vpd.library.features import write_features
from vpd.library.frames import read_times
from vpd.library.layout import Layout
from vpd.library.poses import write_poses
from vpd.library.tracks import read_tracks, write_tracks
from vpd.pipeline.register import add_videos, make_library
from vpd.pipeline.run import run
from vpd.types import FeatureSequence, PoseSequence, Track

WIDTH, HEIGHT, BITS = 320, 180, 12
CELL = 20
CLASSES = ("jump", "kick", "throw")
ACTION_S = 1.0
RECIPE = Recipe("made", 1)


def barcode(number: int, tint: int = 90) -> np.ndarray:
    """A picture (H, W, 3) whose upper rows show ``number`` in binary, and a square that moves below."""
    rgb = np.full((HEIGHT, WIDTH, 3), tint, np.uint8)
    for bit in range(BITS):
        rgb[:40, bit * CELL : (bit + 1) * CELL] = 235 if number >> bit & 1 else 16
    x = 20 + (number * 3) % (WIDTH - 80)
    rgb[90:150, x : x + 40] = (220, 160, 40)
    return rgb


def read_barcode(rgb: np.ndarray) -> int:
    """The number that a picture of any size shows."""
    scale = rgb.shape[1] / WIDTH
    row = rgb[int(20 * scale), :, :].mean(axis=1)
    return sum(1 << bit for bit in range(BITS) if row[int((bit + 0.5) * CELL * scale)] > 125)


def write_coded(
    path: Path,
    times_s: np.ndarray,
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    tint: int = 90,
    size: tuple[int, int] = (WIDTH, HEIGHT),
    turn: Callable[[np.ndarray], np.ndarray] = np.asarray,
    first: int = 0,
) -> Path:
    """A video of barcodes at the given times, counted from ``first``; ``turn`` is how they are stored."""
    path.parent.mkdir(parents=True, exist_ok=True)
    settings = {"preset": "ultrafast", "g": "30", "bf": "0", **(options or {})}
    if codec != "libx264":
        settings.pop("preset")
    with av.open(str(path), "w") as file:
        stream = file.add_stream(codec, rate=30, options=settings)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 90_000)
        for number, time_s in enumerate(times_s, start=first):
            rgb = np.ascontiguousarray(turn(barcode(number, tint)))
            picture = av.VideoFrame.from_ndarray(rgb, format="rgb24")
            picture.pts, picture.time_base = round(float(time_s) * 90_000), Fraction(1, 90_000)
            file.mux(stream.encode(picture))
        file.mux(stream.encode(None))
    return path


def constant(frames: int, fps: float = 30.0) -> np.ndarray:
    """The times of a constant rate."""
    return np.arange(frames) / fps


def varying(frames: int, seed: int = 0) -> np.ndarray:
    """Times of a rate that varies between 20 and 50 a second."""
    return np.cumsum(np.r_[0, np.random.default_rng(seed).uniform(0.02, 0.05, frames - 1)])


def features_of(times_s: np.ndarray, kind: int, seed: int) -> np.ndarray:
    """(T, 2, 8) features that go through one of three movements in every action of a second."""
    rng = np.random.default_rng(seed)
    phase = 2 * np.pi * (times_s % ACTION_S) / ACTION_S
    active = (np.floor(times_s / ACTION_S) % 2 == 1).astype(float)
    values = np.zeros((len(times_s), 2, 8), np.float32)
    for orientation in range(2):
        wave = np.stack([np.sin(phase), 1 - np.cos(phase)], 1) * active[:, None] * 2
        values[:, orientation, 2 * kind : 2 * kind + 2] = wave
    return values + rng.normal(0, 0.03, values.shape).astype(np.float32)


def standing(times_s: np.ndarray, xs: np.ndarray) -> np.ndarray:
    """(T, 17, 3) poses of somebody at ``xs`` who lifts the hands in every action."""
    body = np.array([
        (0, -28), (-2, -30), (2, -30), (-4, -29), (4, -29), (-8, -18), (8, -18), (-13, -8), (13, -8),
        (-15, 2), (15, 2), (-6, 4), (6, 4), (-7, 16), (7, 16), (-8, 28), (8, 28),
    ], float)  # fmt: skip
    poses = np.zeros((len(times_s), 17, 3), np.float32)
    poses[:, :, :2] = body + np.stack([xs + 20, np.full(len(xs), 120.0)], 1)[:, None]
    poses[:, 9:11, 1] -= 25 * np.abs(np.sin(np.pi * times_s / ACTION_S))[:, None]
    poses[:, :, 2] = 0.9
    return poses


def _crops(times_s: np.ndarray) -> Iterator[pa.RecordBatch]:
    rows = {name: [] for name in SCHEMA.names}
    for number, time_s in enumerate(times_s):
        crop = barcode(number)[40:168, :128]
        values = (number, time_s, 0, number > 0, 0, 40, 128, pack_rgb(np.ascontiguousarray(crop), 85), None)
        for name, value in zip(SCHEMA.names, values, strict=True):
            rows[name].append(value)
    yield pa.RecordBatch.from_pydict(rows, SCHEMA)


def fill(layout: Layout, video: str, kind: int, seed: int) -> None:
    """Write made-up tracks, poses, crops and features of a scanned video."""
    times_s = read_times(layout.frames(video))
    n, frames = len(times_s), np.arange(len(times_s))
    xs = 20.0 + (frames * 3) % (WIDTH - 80)
    boxes = np.stack([xs, np.full(n, 85.0), np.full(n, 40.0), np.full(n, 70.0)], 1)
    track = Track(0, frames, times_s, boxes, np.full(n, 0.9), np.full(n, "detected"))
    people = [
        {"athlete": 0, "chosen_by": "rank", "box": [40, 85, 40, 70], "score": 0.5, "size": 0.4,
         "centrality": 0.8, "duration": 1.0, "motion": 0.7},
        {"athlete": None, "chosen_by": None, "box": [200, 60, 40, 70], "score": 0.4, "size": 0.4,
         "centrality": 0.3, "duration": 1.0, "motion": 0.1},
    ]  # fmt: skip
    shot = {"start_s": float(times_s[0]), "end_s": float(times_s[-1]), "found": 2, "people": people}
    write_tracks(
        layout.tracks(video), [track], Recipe("track", 1, notes={"shots": [shot], "picks_missed": []})
    )
    write_poses(layout.poses(video), [PoseSequence(0, frames, standing(times_s, xs))], RECIPE)
    write_crops(layout.crops(video), _crops(times_s), RECIPE)
    sequence = FeatureSequence(
        video, 0, frames, times_s, features_of(times_s, kind, seed), np.ones(n, bool), np.ones(n)
    )
    write_features(layout.features("vipe-window", video), [sequence], 8, RECIPE)


def people_of_shots(layout: Layout, video: str, count: int) -> None:
    """Write notes by which a made video has ``count`` shots of equal length, each with the moving square as
    athlete and a place of the background as another person.
    """
    path = layout.tracks(video)
    tracks, times_s = read_tracks(path), read_times(layout.frames(video))
    (shot,) = read_notes(path)["shots"]
    first, other = shot["people"]
    shots = []
    for frames in np.array_split(np.arange(len(times_s)), count):
        middle = int(frames[len(frames) // 2])
        at = {"time_s": float(times_s[middle])}
        square = {**first, **at, "box": [20 + (middle * 3) % (WIDTH - 80), 90, 40, 60]}
        span = {"start_s": float(times_s[frames[0]]), "end_s": float(times_s[frames[-1]])}
        shots.append({**shot, **span, "people": [square, {**other, **at, "box": [270, 60, 40, 70]}]})
    write_tracks(path, tracks, Recipe("track", 1, notes={"shots": shots, "picks_missed": []}))


def scanned_library(folder: Path, videos: int, frames: int) -> Layout:
    """A library of videos v0, v1, ..., of which nothing is made yet but the index of their frames."""
    # Each of another grey: files of the same content are the same video.
    files = [
        write_coded(folder / "videos" / f"v{i}.mp4", constant(frames), tint=60 + 10 * i)
        for i in range(videos)
    ]
    layout = make_library(folder / "lib")
    add_videos(layout, files)
    run(layout, ["scan"])
    return layout


def made_library(folder: Path, videos: int = 6, frames: int = 240) -> Layout:
    """A library of ``videos`` videos of 8 s: v0, v1, ... of the three classes in turn, v0 to v2 labelled."""
    layout = scanned_library(folder, videos, frames)
    for i in range(videos):
        fill(layout, f"v{i}", i % 3, i)
    rows = ["video,athlete,start_s,end_s,label"]
    rows += [f"v{i},0,{s}.0,{s + 1}.0,{CLASSES[i]}" for i in range(3) for s in (1, 3)]
    write_text("\n".join(rows) + "\n", layout.labels)
    return layout


def job_of(client: TestClient, key: str) -> dict:
    """A job, once it has ended."""
    for _ in range(3000):
        job = client.get(f"/api/jobs/{key}").json()
        if job["state"] in ("done", "failed", "cancelled"):
            return job
        time.sleep(0.05)
    raise AssertionError("the job did not end")


def ended(client: TestClient, key: str) -> dict:
    """The result of a job, once it has ended."""
    job = job_of(client, key)
    assert job["state"] == "done", job
    return job["result"]


def result_of(client: TestClient, answer) -> dict:
    """The result of the job that an answer names."""
    assert answer.status_code == 200, answer.text
    return ended(client, answer.json()["job"]["id"])
