"""Writes a training corpus: pictures filled by one athlete, in bursts of neighbouring frames, with poses.

    python tools/synthetic/crops.py --out DIR --images 20000 --seed 1

writes DIR/part_00000.arrow ... (Arrow files, one row a picture): ``image`` (JPEG bytes, 256 x 256), ``burst``
and ``step`` (pictures of a burst are 1/25 s apart, from one camera, and follow each other), ``keypoints``
(51 floats: x, y in pixels, 1), ``keypoints3d`` (51 floats, metres in camera axes), ``box`` (xywh, pixels),
``blur`` (share of the frame that the shutter is open) and ``motion``.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tools.synthetic.body import Body, BodyModel
from tools.synthetic.film import Shot, draw_camera, standing_person
from tools.synthetic.look import Look, dress
from tools.synthetic.performance import Variation, perform
from tools.synthetic.renderer import Renderer
from tools.synthetic.scene import build

SIZE = 256
FPS = 25
BURST = 4
BURSTS_A_PART = 250
BURSTS_A_PLACE = 10
BODIES = 60
BLURS = (0.0, 0.0, 0.33, 0.66, 1.0)
"""Drawn evenly, so that two in five are sharp."""
MOTIONS = (
    "backflip", "cartwheel", "crawl", "dance_a", "dance_b", "getup_facedown", "getup_faceup", "jump", "kick",
    "punch", "roll", "run", "spin", "spinkick", "walk",
)  # fmt: skip
VARIATION = Variation(style_deg=8.0, noise_deg=9.0, slowest=0.6, fastest=1.6, smallest=0.7, largest=1.2)
"""Wider than for actions that must be recognised: here every pose is welcome."""
OTHERS = 0.3
"""Share of places where someone else stands behind."""


def burst(
    number: int, rng: np.random.Generator, body: Body, look: Look, renderer: Renderer, others: list[Any]
) -> list[dict[str, Any]]:
    """The rows of one burst: a random moment of a random motion, the camera aimed at the body."""
    motion = str(rng.choice(MOTIONS))
    performance = perform([motion], rng, VARIATION, pauses=False, mirror=bool(rng.random() < 0.5))
    start = rng.uniform(0.0, max(performance.duration_s - BURST / FPS, 0.0))
    times_s = start + np.arange(BURST) / FPS
    blur = float(rng.choice(BLURS))
    camera = draw_camera(rng, (0.5, 0.5))
    shot = Shot(body, performance, camera, times_s, FPS, blur, (SIZE, SIZE), rng)
    shot.aim(rng)
    figure = renderer.figure(body, look)
    truth = shot.truth()
    rows = []
    for step, picture in enumerate(shot.pictures(renderer, figure, others)):
        rows.append(
            {
                "image": _encoded(picture, rng),
                "burst": number,
                "step": step,
                "keypoints": np.concatenate(
                    [truth.keypoints2d[step], np.ones((17, 1), np.float32)], axis=1
                ).ravel(),
                "keypoints3d": truth.keypoints3d[step].ravel(),
                "box": truth.boxes[step],
                "blur": blur,
                "motion": motion,
            }
        )
    figure.release()
    return rows


def _encoded(picture: np.ndarray, rng: np.random.Generator) -> bytes:
    quality = int(rng.integers(70, 93))
    _, data = cv2.imencode(
        ".jpg", np.ascontiguousarray(picture[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, quality]
    )
    return bytes(data)


SCHEMA = pa.schema(
    {
        "image": pa.binary(),
        "burst": pa.int32(),
        "step": pa.int32(),
        "keypoints": pa.list_(pa.float32(), 51),
        "keypoints3d": pa.list_(pa.float32(), 51),
        "box": pa.list_(pa.float32(), 4),
        "blur": pa.float32(),
        "motion": pa.string(),
    }
)


def write(out: Path, images: int, seed: int) -> None:
    """Write ``images`` pictures in parts of 1,000; a part that is there is not made again."""
    out.mkdir(parents=True, exist_ok=True)
    model, renderer = BodyModel(), Renderer(SIZE, SIZE)
    bodies = [model.make(np.random.default_rng([seed, body])) for body in range(BODIES)]
    begun, done = time.perf_counter(), 0
    for part in range(-(-images // (BURST * BURSTS_A_PART))):
        path = out / f"part_{part:05d}.arrow"
        if path.exists():
            continue
        rng = np.random.default_rng([seed, BODIES, part])
        rows: list[dict[str, Any]] = []
        others: list[Any] = []
        for index in range(BURSTS_A_PART):
            if index % BURSTS_A_PLACE == 0:
                for other, _ in others:
                    other.release()
                renderer.enter(build(rng))
                others = _others(rng, bodies, renderer)
            body = bodies[rng.integers(BODIES)]
            rows += burst(part * BURSTS_A_PART + index, rng, body, dress(body, rng), renderer, others)
        hidden = path.with_suffix(".part")
        with pa.OSFile(str(hidden), "wb") as sink, pa.ipc.new_file(sink, SCHEMA) as file:
            file.write_table(pa.Table.from_pylist(rows, SCHEMA))
        hidden.rename(path)
        done += len(rows)
        print(f"{path.name}: {done / (time.perf_counter() - begun):.1f} images/s", flush=True)


def _others(rng: np.random.Generator, bodies: list[Body], renderer: Renderer) -> list[Any]:
    if rng.random() > OTHERS:
        return []
    people = []
    for _ in range(rng.integers(1, 4)):
        body = bodies[rng.integers(BODIES)]
        angle = rng.uniform(-np.pi, np.pi)
        spot = rng.uniform(1.2, 5.0) * np.array([np.cos(angle), np.sin(angle)])
        bones = standing_person(body, spot, rng.uniform(-np.pi, np.pi))
        people.append((renderer.figure(body, dress(body, rng)), bones))
    return people


def main() -> None:
    """Parse the options and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    write(options.out, options.images, options.seed)


if __name__ == "__main__":
    main()
