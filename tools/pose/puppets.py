"""Baked bodies in torch: from rotations of links to skinned vertices and keypoints, many at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

PARENTS = (-1, 0, 1, 0, 3, 4, 1, 6, 0, 8, 9, 1, 11)
"""Of the 13 links, as `tools.synthetic.motions.PARENTS` (which needs packages that a GPU machine lacks)."""


def multiplied(a: Tensor, b: Tensor) -> Tensor:
    """Products (..., 4) of quaternions x, y, z, w: first ``b``, then ``a``."""
    av, aw, bv, bw = a[..., :3], a[..., 3:], b[..., :3], b[..., 3:]
    vector = aw * bv + bw * av + torch.linalg.cross(av, bv)
    return torch.cat([vector, aw * bw - (av * bv).sum(-1, keepdim=True)], -1)


def inverse(q: Tensor) -> Tensor:
    """The opposite rotations of unit quaternions (..., 4)."""
    return q * q.new_tensor([-1.0, -1.0, -1.0, 1.0])


def rotvec(q: Tensor) -> Tensor:
    """Rotation vectors (..., 3) in radians of unit quaternions, the shorter way."""
    q = torch.where(q[..., 3:] < 0, -q, q)
    sine = q[..., :3].norm(dim=-1, keepdim=True)
    angle = 2 * torch.atan2(sine, q[..., 3:])
    return q[..., :3] / sine.clamp_min(1e-8) * angle


def from_rotvec(v: Tensor) -> Tensor:
    """Unit quaternions (..., 4) of rotation vectors (..., 3) in radians."""
    angle = v.norm(dim=-1, keepdim=True)
    half = angle / 2
    return torch.cat([v * torch.where(angle > 1e-6, half.sin() / angle.clamp_min(1e-8), 0.5), half.cos()], -1)


def matrices(q: Tensor) -> Tensor:
    """Rotation matrices (..., 3, 3) of unit quaternions."""
    x, y, z, w = q.unbind(-1)
    rows = [
        1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w),
        2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w),
        2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y),
    ]  # fmt: skip
    return torch.stack(rows, -1).unflatten(-1, (3, 3))


class Puppets:
    """The bodies of ``bodies.npz`` (see `tools.pose.bake`) on a device. V vertices, S segments, F faces."""

    def __init__(self, path: Path, device: torch.device) -> None:
        with np.load(path) as baked:
            self.parents = baked["parents"].tolist()
            self.test = baked["test"]

            def put(name: str, kind: torch.dtype = torch.float32) -> Tensor:
                return torch.from_numpy(baked[name]).to(device, kind)

            self.below, self.above = put("below", torch.long), put("above", torch.long)
            self.share, self.on_arm = put("share"), put("on_arm", torch.bool)
            self.hanging, self.heads, self.keypoints = put("hanging"), put("heads"), put("keypoints")
            self.vertices, self.weights = put("vertices"), put("weights")
            self.faces = put("faces", torch.long)
            self.colors, self.seconds = put("colors", torch.uint8), put("seconds", torch.uint8)
            self.pattern, self.scale = put("pattern"), put("scale")
        self.normals = _normals(self.vertices, self.faces)
        self.looks = self.scale.shape[1]

    def transforms(self, body: Tensor, quats: Tensor) -> Tensor:
        """(N, S, 3, 4) that carry rest points of ``body`` (N,) to the pose; local ``quats`` (N, 13, 4)."""
        links: list[Tensor] = []
        for link, parent in enumerate(PARENTS):
            links.append(quats[:, link] if parent < 0 else multiplied(links[parent], quats[:, link]))
        turned = torch.stack(links, 1)
        hanging = self.hanging[body]
        below, above = turned[:, self.below], turned[:, self.above]
        above = torch.where(self.on_arm[:, None], multiplied(above, hanging), above)
        way = rotvec(multiplied(inverse(below), above)) * self.share[:, None]
        rotation = multiplied(below, from_rotvec(way))
        rotation = torch.where(self.on_arm[:, None], rotation, multiplied(rotation, hanging))
        turn, heads = matrices(rotation), self.heads[body]
        places: list[Tensor] = []
        for segment, parent in enumerate(self.parents):
            if parent < 0:
                places.append(torch.zeros_like(heads[:, 0]))
                continue
            reach = heads[:, segment] - heads[:, parent]
            places.append(places[parent] + (turn[:, parent] @ reach[..., None])[..., 0])
        moved = torch.stack(places, 1) - (turn @ heads[..., None])[..., 0]
        return torch.cat([turn, moved[..., None]], -1)

    def skinned(self, body: Tensor, transforms: Tensor) -> tuple[Tensor, Tensor]:
        """Vertices and normals (N, V, 3) of ``body`` (N,)."""
        blended = torch.einsum("vs,nsk->nvk", self.weights, transforms.flatten(2)).unflatten(2, (3, 4))
        points = (blended[..., :3] @ self.vertices[body][..., None])[..., 0] + blended[..., 3]
        normals = (blended[..., :3] @ self.normals[body][..., None])[..., 0]
        return points, F.normalize(normals, dim=-1)

    def keypoints_at(self, body: Tensor, transforms: Tensor) -> Tensor:
        """COCO keypoints (N, 17, 3)."""
        return torch.einsum("nsij,nksj->nki", transforms, self.keypoints[body])


def _normals(vertices: Tensor, faces: Tensor) -> Tensor:
    a, b, c = (vertices[:, faces[:, i]] for i in range(3))
    across = torch.linalg.cross(b - a, c - a)
    normals = torch.zeros_like(vertices)
    for i in range(3):
        normals.index_add_(1, faces[:, i], across)
    return F.normalize(normals, dim=-1)
