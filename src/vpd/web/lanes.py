"""Data of a video's timeline: shots, presence of the athlete, energy of motion."""

from __future__ import annotations

from typing import Any

import numpy as np

from vpd.types import Array, PoseSequence, Track
from vpd.web.workspace import Workspace

ENERGY_TOP = 0.98
"""Quantile of the energy at the full height of the lane."""
LIMBS = (7, 8, 9, 10, 13, 14, 15, 16)
"""Elbows, wrists, knees and ankles, which move in an action."""


def shots_of(notes: dict[str, Any]) -> list[dict[str, Any]]:
    """The shots of a video with the people in each, and the margin of the choice of the athlete.

    ``margin`` is 1 minus the ratio of the second score to the first. It is 1 where there was nobody else, and
    where the user chose.
    """
    shots = []
    for number, shot in enumerate(notes.get("shots", [])):
        people = shot.get("people", [])
        scores = sorted((float(p.get("score", 0)) for p in people), reverse=True)
        by_user = any(p.get("chosen_by") == "pick" for p in people)
        clear = len(scores) < 2 or scores[0] <= 0 or by_user
        margin = 1.0 if clear else 1 - scores[1] / scores[0]
        shots.append({**shot, "number": number, "margin": round(margin, 3)})
    return shots


def _binned(times_s: Array, values: Array, start_s: float, end_s: float, bins: int) -> Array:
    """The largest value in each of ``bins`` equal parts of the time; 0 where there is none."""
    out = np.zeros(bins, np.float32)
    if end_s > start_s and len(times_s):
        places = ((times_s - start_s) / (end_s - start_s) * bins).astype(int).clip(0, bins - 1)
        np.maximum.at(out, places, values.astype(np.float32))
    return out


def _speed(times_s: Array, points: Array, size: Array) -> Array:
    """(T,) mean speed of points (T, N, 2) in ``size`` (T,) a second; 0 at a gap."""
    speed = np.zeros(len(times_s))
    if len(times_s) > 1:
        step_s = np.diff(times_s)
        way = np.linalg.norm(np.diff(points, axis=0), axis=2).mean(axis=1)
        near = (step_s > 0) & (step_s < 0.2)
        speed[1:][near] = way[near] / (step_s[near] * np.maximum(size[1:][near], 1.0))
    return speed


def _energy(tracks: list[Track], poses: list[PoseSequence], times_s: Array) -> tuple[Array, Array]:
    """Times and motion of athlete 0: of the limbs where there are poses, else of the box."""
    for pose in poses:
        if pose.athlete == 0 and len(pose.frames):
            height = np.ptp(pose.keypoints[:, 5:, 1], axis=1)
            centred = pose.keypoints[:, LIMBS, :2] - pose.keypoints[:, 11:13, :2].mean(axis=1, keepdims=True)
            own = times_s[pose.frames.clip(0, len(times_s) - 1)]
            return own, _speed(own, centred, height)
    for track in tracks:
        if track.athlete == 0 and len(track.frames):
            centres = (track.boxes[:, :2] + track.boxes[:, 2:] / 2)[:, None]
            return track.times_s, _speed(track.times_s, centres, track.boxes[:, 3])
    return np.empty(0), np.empty(0)


def lanes_of(workspace: Workspace, video: str, bins: int) -> dict[str, Any]:
    """Shots, and presence and energy in 0..1 in at most ``bins`` equal parts of the video's time."""
    row, times_s = workspace.video(video), workspace.times(video)
    tracks, poses = workspace.tracks(video), workspace.poses(video)
    bins = max(1, min(bins, len(times_s)))  # a part without a frame would be a gap
    own = [t for t in tracks if t.athlete == 0]
    presence = np.zeros(bins, np.float32)
    for track in own:
        presence = np.maximum(presence, _binned(track.times_s, track.scores, row.start_s, row.end_s, bins))
    at, energy = _energy(tracks, poses, times_s)
    top = float(np.quantile(energy, ENERGY_TOP)) if len(energy) else 0.0
    scaled = (energy / top).clip(0, 1) if top > 0 else energy
    return {
        "shots": [
            {"start_s": s["start_s"], "end_s": s["end_s"], "number": s["number"]}
            for s in shots_of(workspace.ranking(video))
        ],
        "athletes": sorted({t.athlete for t in tracks}) or [0],
        "presence": presence.round(3).tolist(),
        "energy": _binned(at, scaled, row.start_s, row.end_s, bins).round(3).tolist(),
    }


def people_of(workspace: Workspace, video: str, start_s: float, end_s: float) -> list[dict[str, Any]]:
    """Boxes and poses of every followed athlete from ``start_s`` to ``end_s``."""
    poses = {p.athlete: p for p in workspace.poses(video)}
    people = []
    for track in workspace.tracks(video):
        inside = (track.times_s >= start_s) & (track.times_s < end_s)
        frames = track.frames[inside]
        pose = poses.get(track.athlete)
        of_frames: list[Any] = [None] * len(frames)
        if pose is not None and len(pose.frames):
            places = np.searchsorted(pose.frames, frames).clip(0, len(pose.frames) - 1)
            for i, place in enumerate(places):
                if pose.frames[place] == frames[i]:
                    of_frames[i] = np.round(pose.keypoints[place].astype(float), 2).ravel().tolist()
        people.append(
            {
                "athlete": track.athlete,
                "times": track.times_s[inside].tolist(),
                "boxes": np.round(track.boxes[inside].astype(float), 1).tolist(),
                "poses": of_frames,
            }
        )
    return people
