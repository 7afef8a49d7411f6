"""A page of the frames where a student and its teacher disagree most, for a person to judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import torch
from markupsafe import Markup

from vpd.crops import CropFile, to_crop
from vpd.errors import ArtefactError
from vpd.library.artefact import replacing
from vpd.library.features import read_features
from vpd.library.layout import Layout
from vpd.library.poses import read_poses
from vpd.report import html
from vpd.report.html import card, join, write_page
from vpd.report.overlay import draw_skeleton
from vpd.report.panels import Panel, student_panel
from vpd.student import BaseStudent
from vpd.types import REGULAR, Array

APART_S = 1.0
"""Least time in seconds between two shown frames of one video."""
SIDE = 320
"""Side of a crop on the page, in pixels."""


@dataclass(frozen=True)
class Disagreement:
    """A frame of an athlete: the distance of the two features, in standard deviations of the teacher's, and
    its score.
    """

    video: str
    athlete: int
    frame: int
    time_s: float
    distance: float
    score: float


def disagreements(
    layout: Layout, videos: Sequence[str], name: str, student: BaseStudent, teacher: str, count: int
) -> list[Disagreement]:
    """The ``count`` frames where the student's pose is farthest from its teacher's, in falling order.

    Videos without the features of both are left out. Raises ArtefactError where no video has both.
    """
    head = [h.teacher for h in student.spec.heads].index(teacher)
    found: list[Disagreement] = []
    apart: list[Array] = []
    spread: list[Array] = []
    for video in videos:
        if not (layout.features(name, video).is_file() and layout.features(teacher, video).is_file()):
            continue
        taught = {s.athlete: s for s in read_features(layout.features(teacher, video))}
        for seen in read_features(layout.features(name, video)):
            if seen.athlete not in taught:
                continue
            of = taught[seen.athlete]
            _, here, there = np.intersect1d(of.frames[of.valid], seen.frames, return_indices=True)
            rows = np.flatnonzero(of.valid)[here]
            pose = _poses(student, seen.values[there, REGULAR], head)
            apart.append(np.linalg.norm(pose - of.values[rows, REGULAR], axis=1))
            spread.append(of.values[rows, REGULAR])
            found += [
                Disagreement(
                    video, seen.athlete, int(of.frames[r]), float(of.times_s[r]), 0.0, float(of.scores[r])
                )
                for r in rows
            ]
    if not found:
        raise ArtefactError(
            f"no frame of an athlete has features of both {name} and {teacher}: `vpd run` makes them"
        )
    every = np.concatenate(spread)
    size = float(np.sqrt(((every - every.mean(0)) ** 2).sum(1).mean())) or 1.0  # of a single frame
    distances = np.concatenate(apart) / size
    chosen: list[Disagreement] = []
    for i in np.argsort(-distances):
        one = found[i]
        near = (
            c.video == one.video and c.athlete == one.athlete and abs(c.time_s - one.time_s) < APART_S
            for c in chosen
        )
        if not any(near):
            chosen.append(replace(one, distance=float(distances[i])))
        if len(chosen) == count:
            break
    return chosen


@torch.inference_mode()
def _poses(student: BaseStudent, values: Array, head: int) -> Array:
    found: Array = student.poses(torch.from_numpy(np.ascontiguousarray(values)), head).numpy()
    return found


def picture(layout: Layout, one: Disagreement, panel: Panel) -> Array:
    """The crop with the teacher's pose, and the ``panel`` of both poses beside it: (H, W, 3) uint8."""
    crops = CropFile(layout.crops(one.video))
    row = int(np.flatnonzero((crops.frames == one.frame) & (crops.athletes == one.athlete))[0])
    crop = cv2.resize(crops.rgb([row])[0], (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    for sequence in read_poses(layout.poses(one.video)):
        at = np.flatnonzero(sequence.frames == one.frame)
        if sequence.athlete == one.athlete and len(at):
            keypoints = sequence.keypoints[at].copy()
            keypoints[..., :2] = to_crop(keypoints[..., :2], crops.squares[[row]]) * SIDE
            draw_skeleton(crop, keypoints[0])
    return panel(crop, one.frame, one.athlete)


def write_disagreements(
    folder: Path, layout: Layout, name: str, student: BaseStudent, found: Sequence[Disagreement]
) -> Path:
    """Write ``folder`` with index.html and a picture of each frame. Returns the page's path."""
    folder.mkdir(parents=True, exist_ok=True)
    panels = {video: student_panel(layout, video, name, student) for video in {one.video for one in found}}
    cards = []
    for number, one in enumerate(found):
        file = f"{number:03d}.png"
        drawn = np.ascontiguousarray(picture(layout, one, panels[one.video])[..., ::-1])
        with replacing(folder / file) as part:
            part.write_bytes(cv2.imencode(".png", drawn)[1].tobytes())
        place = f"{one.video} at {one.time_s:.2f} s"
        figures = f"distance {one.distance:.2f}, score of the pose {one.score:.2f}"
        cards.append(card(html.picture(file, place), place, [figures]))
    title = f"Where {name} and its teacher disagree most"
    body = Markup(
        "<h1>{}</h1><p>The crop with the estimated pose; beside it the teacher's pose above the student's. "
        "Distances are in standard deviations of the teacher's features.</p>"
        '<div class="cards large">{}</div>'
    ).format(title, join(cards))
    return write_page(folder / "index.html", title, body)
