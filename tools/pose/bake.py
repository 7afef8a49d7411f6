"""Writes what the fine-tuning draws from, so that it needs neither Anny nor OpenGL where it runs.

    python tools/pose/bake.py --out FOLDER --clips CLIPS

writes FOLDER/bodies.npz (bodies as stiff segments, and clothes), FOLDER/poses.npz (poses and which follow
each other), FOLDER/places.npz (pictures of places without people, JPEG) and FOLDER/people.npz (real people of
the video files in CLIPS, JPEG, cut with room to turn them). Motions that the synthetic test videos show
(`tools.synthetic.generate.ACTIONS`) are left out, as are those videos' bodies.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tools.pose.made_poses import made_pose
from tools.pose.segments import Segment, segment_of
from tools.synthetic.body import Body, BodyModel
from tools.synthetic.camera import Views, intrinsics, look_at
from tools.synthetic.generate import ACTIONS
from tools.synthetic.look import dress
from tools.synthetic.motions import LINKS, load, standing
from tools.synthetic.retarget import hanging_links
from tools.synthetic.scene import build

BODIES, TEST_BODIES, LOOKS = 100, 16, 5
MOTIONS = ("crawl", "dance_a", "dance_b", "getup_facedown", "getup_faceup", "punch", "run", "spin", "walk")
MADE, PAIRS = 6_000, 20_000
RATE = 30.0
PLACES, PLACE_SIDE = 150, 320
PEOPLE_SIDE, ROOM = 320, 1.6
"""Pictures of real people: pixels of a side, and sides of the person's box."""
SURE = 0.55
"""Mean score of the joints from which on a real person is kept."""
BODY_SEED, LOOK_SEED, POSE_SEED, SCENE_SEED = 7001, 7002, 7003, 70_000


def bake_bodies(path: Path) -> None:
    """The bodies, of which the last ``TEST_BODIES`` are for looking at how training goes."""
    model = BodyModel()
    bodies = [model.make(np.random.default_rng([BODY_SEED, i])) for i in range(BODIES + TEST_BODIES)]
    segments, of_bone = _segments(bodies[0])
    names = [segment.name for segment in segments]
    roots = [of_bone.index(i) for i in range(len(segments))]
    parents = [of_bone[bodies[0].parents[bone]] if bodies[0].parents[bone] >= 0 else -1 for bone in roots]
    looks = [
        [dress(body, np.random.default_rng([LOOK_SEED, i, j])) for j in range(LOOKS)]
        for i, body in enumerate(bodies)
    ]
    weights = np.zeros((len(bodies[0].vertices), len(segments)), np.float32)
    for influence in range(bodies[0].bone_indices.shape[1]):
        rows = np.arange(len(weights))
        np.add.at(
            weights,
            (rows, np.array(of_bone)[bodies[0].bone_indices[:, influence]]),
            bodies[0].bone_weights[:, influence],
        )
    np.savez_compressed(
        path,
        names=np.array(names),
        parents=np.array(parents),
        below=np.array([s.below for s in segments]),
        above=np.array([s.above for s in segments]),
        share=np.array([s.share for s in segments], np.float32),
        on_arm=np.array([bool(s.arm) for s in segments]),
        hanging=np.stack([_hangings(body, segments) for body in bodies]),
        heads=np.stack([body.heads[roots] for body in bodies]).astype(np.float32),
        keypoints=np.stack([_merged(body.keypoints, of_bone, len(segments)) for body in bodies]).astype(
            np.float32
        ),
        vertices=np.stack([body.vertices for body in bodies]).astype(np.float16),
        faces=bodies[0].faces,
        weights=weights,
        colors=np.stack([[np.round(255 * look.colors) for look in of] for of in looks]).astype(np.uint8),
        seconds=np.stack([[np.round(255 * look.seconds) for look in of] for of in looks]).astype(np.uint8),
        pattern=np.stack([[look.pattern for look in of] for of in looks]).astype(np.uint8),
        scale=np.array([[look.scale for look in of] for of in looks], np.float32),
        test=np.arange(len(bodies)) >= BODIES,
    )


def _segments(body: Body) -> tuple[list[Segment], list[int]]:
    """The segments of a body, parents first, and the segment of each of its bones."""
    found = [segment_of(name) for name in body.names]
    order = list(dict.fromkeys(segment.name for segment in found))
    depth = {name: _depth(body, [s.name for s in found].index(name)) for name in order}
    order.sort(key=lambda name: depth[name])
    by_name = {segment.name: segment for segment in found}
    return [by_name[name] for name in order], [order.index(segment.name) for segment in found]


def _depth(body: Body, bone: int) -> int:
    return 0 if body.parents[bone] < 0 else 1 + _depth(body, int(body.parents[bone]))


def _hangings(body: Body, segments: list[Segment]) -> np.ndarray:
    hanging = {name: rotation.as_quat() for name, rotation in hanging_links(body).items()}
    none = np.array([0.0, 0.0, 0.0, 1.0])
    return np.array([hanging.get(s.hanging or s.arm, none) for s in segments], np.float32)


def _merged(keypoints: np.ndarray, of_bone: list[int], count: int) -> np.ndarray:
    merged = np.zeros((len(keypoints), count, 4))
    np.add.at(merged, (slice(None), np.array(of_bone)), keypoints)
    return merged


def bake_poses(path: Path) -> None:
    """Poses (P, 13, 4), and E pairs: from pose ``first`` to ``second`` in ``seconds``, made or captured."""
    rng = np.random.default_rng(POSE_SEED)
    quats, pairs = [np.stack([made_pose(rng) for _ in range(MADE)])], []
    first, second = rng.integers(0, MADE, (2, PAIRS))
    pairs += [(a, b, rng.uniform(0.25, 0.7), True) for a, b in zip(first, second, strict=True)]
    begin = MADE
    assert not set(MOTIONS) & set(ACTIONS)
    for name in MOTIONS:
        for mirror in (False, True):
            motion = load(name).mirrored() if mirror else load(name)
            times_s = np.arange(0, motion.duration_s, 1 / RATE)
            quats.append(motion.at(times_s)[1])
            pairs += [(begin + i, begin + i + 1, 1 / RATE, False) for i in range(len(times_s) - 1)]
            begin += len(times_s)
    quats.append(standing().at(np.zeros(1))[1])
    pairs += [(begin, begin, 1.0, False)] * 200
    columns = list(zip(*pairs, strict=True))
    np.savez_compressed(
        path,
        links=np.array(LINKS),
        quats=np.concatenate(quats).astype(np.float16),
        first=np.array(columns[0], np.int32),
        second=np.array(columns[1], np.int32),
        seconds=np.array(columns[2], np.float32),
        made=np.array(columns[3]),
    )


def bake_places(path: Path, clips: Path) -> None:
    """Pictures of made places, seen from where cameras stand, and parts of the video files without people."""
    from tools.synthetic.renderer import Renderer

    rng = np.random.default_rng(SCENE_SEED)
    renderer = Renderer(PLACE_SIDE, PLACE_SIDE)
    pictures = []
    for _ in range(PLACES // 3):
        renderer.enter(build(rng))
        for _ in range(3):
            bearing, distance = rng.uniform(-np.pi, np.pi), rng.uniform(3.5, 8.0)
            eye = np.array([[np.cos(bearing) * distance, np.sin(bearing) * distance, rng.uniform(0.4, 3.5)]])
            target = np.append(rng.normal(0, 0.7, 2), rng.uniform(0.4, 1.6))[None]
            views = Views(
                look_at(eye, target, np.zeros(1)),
                intrinsics(np.array([PLACE_SIDE * rng.uniform(0.9, 2.8)]), PLACE_SIDE, PLACE_SIDE),
                PLACE_SIDE,
                PLACE_SIDE,
            )
            renderer.clear_view(eye, target)
            pictures.append(renderer.picture(views.clip_matrices(), []))
    _write_pictures(path, pictures + _empty_parts(clips, rng), 78)


def bake_people(path: Path, clips: Path) -> None:
    """People of the video files whose poses MoveNet is sure of."""
    from vpd.crops.geometry import cut_window
    from vpd.pose.estimation import poses_of
    from vpd.pose.estimator import crop_window
    from vpd.pose.movenet import MoveNet
    from vpd.pose.skeleton import mean_score

    network, pictures = MoveNet(1), []
    for rgb, boxes in _people(clips):
        if not len(boxes):
            continue
        scores = mean_score(poses_of([rgb] * len(boxes), boxes, network, 0.0))
        side = (PEOPLE_SIDE, PEOPLE_SIDE)
        pictures += [cut_window(rgb, crop_window(box, side, ROOM), side) for box in boxes[scores > SURE]]
    _write_pictures(path, pictures, 84)


def _people(clips: Path):  # type: ignore[no-untyped-def]
    """Every few frames of the video files with the boxes of people that are tall enough."""
    from vpd.athletes.person_detector import NanoDet
    from vpd.video import read_frames

    detector = NanoDet(threads=1)
    for clip in sorted(clips.glob("pose2sim_*.mp4")) + sorted(clips.glob("sports2d*.mp4")):
        step = 4 if clip.name.startswith("sports2d") else 6
        for picture in read_frames(clip):
            if picture.frame % step:
                continue
            found = detector.detect([picture.rgb])[0]
            yield picture.rgb, found.boxes[(found.scores > 0.45) & (found.boxes[:, 3] > 90)]


def _empty_parts(clips: Path, rng: np.random.Generator) -> list[np.ndarray]:
    parts = []
    for i, (rgb, boxes) in enumerate(_people(clips)):
        if i % 6:
            continue
        height, width = rgb.shape[:2]
        for _ in range(20):
            side = int(rng.uniform(0.25, 0.55) * min(height, width))
            x, y = rng.integers(0, width - side), rng.integers(0, height - side)
            apart = (boxes[:, 0] > x + side) | (boxes[:, 0] + boxes[:, 2] < x)
            apart |= (boxes[:, 1] > y + side) | (boxes[:, 1] + boxes[:, 3] < y)
            if apart.all():
                part = rgb[y : y + side, x : x + side]
                parts.append(cv2.resize(part, (PLACE_SIDE, PLACE_SIDE), interpolation=cv2.INTER_AREA))
                break
    return parts


def _write_pictures(path: Path, pictures: list[np.ndarray], quality: int) -> None:
    coded = [
        cv2.imencode(".jpg", p[..., ::-1].copy(), [cv2.IMWRITE_JPEG_QUALITY, quality])[1] for p in pictures
    ]
    np.savez(path, bytes=np.concatenate(coded), lengths=np.array([len(c) for c in coded]))
    print(f"{path.name}: {len(pictures)} pictures, {path.stat().st_size} bytes", flush=True)


def main() -> None:
    """Parse the options and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--clips", type=Path, required=True, help="video files that may be trained on")
    parser.add_argument("--only", choices=["bodies", "poses", "places", "people"])
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    for name, bake in {
        "bodies": lambda path: bake_bodies(path),
        "poses": lambda path: bake_poses(path),
        "places": lambda path: bake_places(path, given.clips),
        "people": lambda path: bake_people(path, given.clips),
    }.items():
        if given.only in (None, name):
            bake(given.out / f"{name}.npz")


if __name__ == "__main__":
    main()
