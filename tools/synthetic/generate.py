"""Writes uncut videos of synthetic athletes, with labels, a split by scene, and the exact poses.

    python tools/synthetic/generate.py --out DIR --videos 10 --seed 1 --blur 0.5

writes DIR/videos/*.mp4, DIR/labels.csv, DIR/splits.csv and DIR/truth/*.npz (see film.Truth).
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import lru_cache, partial
from multiprocessing import get_context
from pathlib import Path

import av
import numpy as np

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tools.synthetic.body import BodyModel
from tools.synthetic.film import Shot, Truth, draw_camera, standing_person
from tools.synthetic.look import dress
from tools.synthetic.performance import Variation, perform
from tools.synthetic.renderer import Renderer
from tools.synthetic.scene import build

ACTIONS = ("backflip", "cartwheel", "jump", "kick", "roll", "spinkick")
FILL = (0.55, 0.7)
"""Height of a standing athlete as a share of the picture's."""
SCENE_STREAM, VIDEO_STREAM = 0, 1
"""Separate streams of random numbers, so that a video is the same however many are made."""


@dataclass(frozen=True)
class Plan:
    """What is asked for; every field is an option of the command."""

    videos: int = 10
    scenes: int = 5
    test_scenes: int = 2
    rounds: int = 1
    seed: int = 1
    blur: float = 0.5
    fps: int = 20
    width: int = 320
    height: int = 240
    people: int = 2
    crf: int = 27


def video_name(plan: Plan, video: int) -> tuple[str, int]:
    """Name of a video, and the scene where it is filmed."""
    scene = video % plan.scenes
    return f"scene{scene + 1}_{chr(ord('a') + video // plan.scenes)}", scene


def film_video(
    plan: Plan, video: int, model: BodyModel, renderer: Renderer
) -> tuple[list[np.ndarray], Truth, list[tuple[float, float, str]]]:
    """The pictures of one video, their truth and the labelled spans.

    A scene has its place, its light and its people; each video of it another athlete and camera. An athlete
    does every action ``rounds`` times in random order.
    """
    _, where = video_name(plan, video)
    scene_rng = np.random.default_rng([plan.seed, SCENE_STREAM, where])
    rng = np.random.default_rng([plan.seed, VIDEO_STREAM, video])
    scene = build(scene_rng)
    actions = [str(action) for _ in range(plan.rounds) for action in rng.permutation(ACTIONS)]
    performance = perform(actions, rng, Variation())
    times_s = np.arange(int(performance.duration_s * plan.fps)) / plan.fps
    body = model.make(rng)
    camera = draw_camera(rng, FILL)
    shot = Shot(body, performance, camera, times_s, plan.fps, plan.blur, (plan.width, plan.height), rng)
    renderer.enter(scene)
    figure = renderer.figure(body, dress(body, rng))
    others = []
    for _ in range(int(scene_rng.integers(plan.people + 1))):
        other = model.make(scene_rng)
        angle = camera.bearing + np.pi + scene_rng.uniform(-0.5, 0.5)
        spot = scene_rng.uniform(4.0, 5.5) * np.array([np.cos(angle), np.sin(angle)])
        bones = standing_person(other, spot, scene_rng.uniform(-np.pi, np.pi))
        others.append((renderer.figure(other, dress(other, scene_rng)), bones))
    pictures = list(shot.pictures(renderer, figure, others))
    for used in (figure, *(other for other, _ in others)):
        used.release()
    return pictures, shot.truth(), performance.labels


def write_video(path: Path, pictures: list[np.ndarray], fps: int, crf: int) -> None:
    """H.264, slow preset: small and the same bytes for the same pictures."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.time_base = Fraction(1, fps)
        stream.codec_context.thread_count = 1
        stream.options = {"crf": str(crf), "preset": "slow"}
        for picture in pictures:
            container.mux(
                stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24"))
            )
        container.mux(stream.encode())


@lru_cache(maxsize=1)
def _tools(width: int, height: int) -> tuple[BodyModel, Renderer]:
    """The body model and the renderer of this process."""
    return BodyModel(), Renderer(width, height)


def _make(plan: Plan, video: int, *, out: Path) -> tuple[str, int, list[tuple[float, float, str]]]:
    """Write one video and its truth; its name, its number of frames and the labelled spans."""
    name, _ = video_name(plan, video)
    pictures, truth, spans = film_video(plan, video, *_tools(plan.width, plan.height))
    write_video(out / "videos" / f"{name}.mp4", pictures, plan.fps, plan.crf)
    np.savez_compressed(out / "truth" / f"{name}.npz", **asdict(truth))
    return name, len(pictures), spans


def generate(plan: Plan, out: Path, jobs: int) -> None:
    """Write everything with ``jobs`` processes."""
    (out / "videos").mkdir(parents=True, exist_ok=True)
    (out / "truth").mkdir(exist_ok=True)
    labels, splits, frames = [], [], 0
    begun = time.perf_counter()
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        for name, count, spans in pool.map(partial(_make, plan, out=out), range(plan.videos)):
            labels += [(name, "", f"{start:.3f}", f"{end:.3f}", label) for start, end, label in spans]
            frames += count
            print(
                f"{name}: {count} frames; {frames / (time.perf_counter() - begun):.1f} images/s", flush=True
            )
    for video in range(plan.videos):
        name, where = video_name(plan, video)
        split = "test" if where >= plan.scenes - plan.test_scenes else "train"
        splits.append((name, f"scene{where + 1}", split))
    _write_csv(out / "labels.csv", ("video", "athlete", "start_s", "end_s", "label"), labels)
    _write_csv(out / "splits.csv", ("video", "scene", "split"), splits)


def _write_csv(path: Path, header: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def main() -> None:
    """Parse the options and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    for name, default in asdict(Plan()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    options = vars(parser.parse_args())
    out, jobs = options.pop("out"), options.pop("jobs")
    generate(Plan(**options), out, jobs)


if __name__ == "__main__":
    main()
