"""Forward-backward consistency of a teacher's poses: where the flow carries a joint, it should be found next.

A pose network is wrong in its own way in every frame, the flow does not know what a joint is: where both say
the same, neither is likely to be mistaken. Flow comes from the crops, so nothing is estimated anew.
"""

from __future__ import annotations

import warnings

import cv2
import numpy as np

from vpd.crops import CropFile, flow_in_pixels, to_crop
from vpd.crops.encoding import MAX_FLOW
from vpd.errors import InputError
from vpd.student.corpus.targets import find
from vpd.types import Array, PoseSequence

BATCH = 256
"""Crops whose flow is in memory at a time."""
WINDOW = 5
"""A joint's flow is the median over a square of so many pixels of the crop: limbs are thin."""


def strays(crops: CropFile, rows: Array, poses: PoseSequence) -> Array:
    """How far each joint strays from where the flow carries it, of frames of one athlete.

    A joint is followed from the frame before to this one, and from this one to the next; the lesser distance
    counts, as the other may be the neighbour's mistake. What all joints stray alike, by their median, is
    camera's motion or the median that was taken off the flow, and is left out.

    ``rows`` (N,) are the athlete's rows of the file, by frame. Returns (N, 17) float32, in sides of the crop;
    NaN where nothing is known: no flow, no pose, a joint outside the crop, flow too fast to be stored. Raises
    InputError for crops that were made without flow.
    """
    if crops.lacks_flow:
        raise InputError(
            f"{crops.path} holds no flow, by which consistency in [[distill.heads]] weighs. "
            'Set flow in [crop] to "dis", or leave consistency out.'
        )
    now, there_now = find(poses.frames, crops.frames[rows])
    before, there_before = find(poses.frames, crops.frames[rows] - 1)
    known = np.flatnonzero(there_now & there_before & crops.has_flow[rows])
    arriving = np.full((len(rows), poses.keypoints.shape[1]), np.nan, np.float32)
    for start in range(0, len(known), BATCH):
        some = known[start : start + BATCH]
        squares = crops.squares[rows[some]]
        here, there = (to_crop(poses.keypoints[of[some]][..., :2], squares) for of in (now, before))
        flow = _flow_at(crops.flow(rows[some]), there) / crops.size
        apart = here - there - flow
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # of poses without a known joint
            apart -= np.nanmedian(apart, axis=1, keepdims=True)
        arriving[some] = np.linalg.norm(apart, axis=2)
    leaving = np.full_like(arriving, np.nan)
    follows = np.diff(crops.frames[rows]) == 1
    leaving[:-1][follows] = arriving[1:][follows]
    return np.fmin(arriving, leaving)


def _flow_at(codes: Array, joints: Array) -> Array:
    """Flow (N, J, 2) in pixels of the crops at joints (N, J, 2) in fractions of them; NaN where not known."""
    size = codes.shape[1]
    out = np.full(joints.shape, np.nan, np.float32)
    for i, crop in enumerate(codes):
        pixels = np.floor(joints[i] * size)
        inside = (np.isfinite(pixels) & (pixels >= 0) & (pixels < size)).all(axis=1)
        x, y = pixels[inside].astype(np.int64).T
        flow = flow_in_pixels(cv2.medianBlur(crop, WINDOW)[y, x])
        out[i, inside] = np.where((np.abs(flow) < MAX_FLOW).all(axis=1, keepdims=True), flow, np.nan)
    return out
