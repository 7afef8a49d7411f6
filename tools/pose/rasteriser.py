"""A rasteriser in plain torch: many views of many small triangles at once, on any device.

Every triangle tests the pixels of its bounding box, in classes of box sizes; the nearest is kept with one
`scatter_reduce` over keys of depth and triangle.
"""

from __future__ import annotations

import torch
from torch import Tensor

CLASSES = (4, 8, 16, 32, 64, 128)
"""Sides of bounding boxes in pixels; larger triangles lose what lies beyond."""
SLICE = 1 << 24
"""Pixels tested at a time."""
NOTHING = torch.iinfo(torch.int64).max
NEAREST_M = 0.15


def visible(points: Tensor, faces: Tensor, view: Tensor, views: int, side: int) -> Tensor:
    """What each pixel shows: (views, side * side) int64 keys, ``NOTHING`` where it is empty.

    Parameters
    ----------
    points : (N, V, 3) x, y in pixels and depth in metres, of N meshes.
    faces : (F, 3) whose front is counterclockwise in axes x right, y up (clockwise with y down).
    view : (N,) the view of each mesh.
    """
    device = points.device
    keys = torch.full((views * side * side,), NOTHING, dtype=torch.int64, device=device)
    corners = points[:, faces]
    flat = corners.flatten(0, 1)
    low, high = flat[..., :2].amin(1), flat[..., :2].amax(1)
    a, b, c = (flat[:, i, :2] for i in range(3))
    area = _cross(b - a, c - a)
    usable = (area < 0) & (flat[..., 2].amin(1) > NEAREST_M)
    usable &= (high > 0).all(1) & (low < side).all(1)
    first = low.clamp_min(0).floor()
    extent = (high.clamp_max(side) - first).amax(1)
    mesh_view = view.repeat_interleave(len(faces))
    smallest = 0
    for k in CLASSES:
        last = k == CLASSES[-1]
        chosen = usable & (extent > smallest) & ((extent <= k) if not last else torch.ones_like(usable))
        rows = chosen.nonzero()[:, 0]
        smallest = k
        for part in rows.split(max(SLICE // (k * k), 1)):
            _draw(keys, flat[part], area[part], first[part], part, mesh_view[part], k, side)
    return keys.view(views, side * side)


def _draw(
    keys: Tensor, flat: Tensor, area: Tensor, first: Tensor, ids: Tensor, view: Tensor, k: int, side: int
) -> None:
    ticks = torch.arange(k, device=keys.device)
    x = first[:, None, 0] + ticks
    y = first[:, None, 1] + ticks
    px, py = (x + 0.5)[:, None, :], (y + 0.5)[:, :, None]
    inside = (x < side)[:, None, :] & (y < side)[:, :, None]
    depth = torch.zeros((len(flat), k, k), device=keys.device)
    for i in range(3):
        p, q = flat[:, (i + 1) % 3], flat[:, (i + 2) % 3]
        edge = q - p
        weight = edge[:, 0, None, None] * (py - p[:, 1, None, None]) - edge[:, 1, None, None] * (
            px - p[:, 0, None, None]
        )
        weight = weight / area[:, None, None]
        inside &= weight >= 0
        depth += weight / flat[:, i, 2, None, None]
    n, row, column = inside.nonzero(as_tuple=True)
    z = 1 / depth[n, row, column]
    key = (z.view(torch.int32).long() << 32) | ids[n]
    pixel = (view[n] * side + y[n, row].long()) * side + x[n, column].long()
    keys.scatter_reduce_(0, pixel, key, "amin")


def shares(points: Tensor, faces: Tensor, ids: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Mesh (P,), corners (P, 3) and perspective-true weights of the corners (P, 3) of pixels' triangles.

    ``ids`` (P,) as `visible` keys them, ``x``, ``y`` (P,) the pixels' numbers.
    """
    mesh, face = ids // len(faces), ids % len(faces)
    corner = faces[face]
    a, b, c = (points[mesh, corner[:, i]] for i in range(3))
    p = torch.stack([x + 0.5, y + 0.5], 1)
    weights = torch.stack(
        [_cross(c[:, :2] - b[:, :2], p - b[:, :2]), _cross(a[:, :2] - c[:, :2], p - c[:, :2]),
         _cross(b[:, :2] - a[:, :2], p - a[:, :2])], 1,
    )  # fmt: skip
    weights = weights / torch.stack([a[:, 2], b[:, 2], c[:, 2]], 1)
    return mesh, corner, weights / weights.sum(1, keepdim=True)


def depth_of(keys: Tensor) -> Tensor:
    """Depth in metres of the pixels of `visible`; infinite where they are empty."""
    z = (keys >> 32).to(torch.int32).view(torch.float32)
    return torch.where(keys == NOTHING, torch.inf, z)


def _cross(a: Tensor, b: Tensor) -> Tensor:
    return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
