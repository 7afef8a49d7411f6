"""Batches of rendered athletes with their exact joints: bodies, poses, cameras, places and light by chance.

All arrays are tensors on one device. Pictures are linear light in 0..1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from tools.pose import rasteriser
from tools.pose.places import Places
from tools.pose.puppets import Puppets, from_rotvec, inverse, multiplied, rotvec

SIDE = 256
GAMMA = 2.2
SHARP, BLURRED = 3, 9
"""Moments averaged of an exposure; three smooth the edges of a sharp picture."""
LONGEST_S = 1 / 15
"""The longest exposure."""
HIDDEN_M = 0.06
"""What covers a joint by more than this, and is not its own body, hides it."""
COMPANY = 0.3
SHOULDERS_UP, HIPS_UP = 0.03, 0.04
"""Median difference of MoveNet's from Anny's on 160 clear upright pictures, in trunks; others below 0.02."""
MIRROR = [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]
"""COCO's joint on the other side."""
HINGES = (4, 7, 9, 12)
"""Links of knees and elbows, which bend in one direction only."""
"""Share of pictures with other people."""


@dataclass(frozen=True, eq=False)
class Mix:
    """How athletes are drawn: shares of made poses, of any orientation at all, and of exposures that blur."""

    made: float = 0.7
    turned: float = 0.6
    blurred: float = 0.5
    strongest: float = 0.35
    """Share of the blurred whose exposure is the longest half."""
    test: bool = False
    """Bodies kept for looking instead of those for training."""


@dataclass(frozen=True, eq=False)
class Batch:
    """N pictures and what they show.

    Attributes
    ----------
    light : (N, 3, S, S) linear.
    joints : (N, 17, 2) pixels of the athlete in the middle; ``seen`` (N, 17): not hidden by something else.
    others : (K, 17, 2) of other people, ``others_in`` (K,) the picture each is in, ``others_seen`` (K, 17).
    inverted : (N,) the trunk's direction down: 1 upside down, -1 upright.
    blur : (N,) the exposure, as a share of the longest.
    """

    light: Tensor
    joints: Tensor
    seen: Tensor
    others: Tensor
    others_in: Tensor
    others_seen: Tensor
    inverted: Tensor
    blur: Tensor


def seen_otherwise(batch: Batch, quarters: int, *, mirrored: bool) -> Batch:
    """The batch mirrored (left and right exchanged) or not, then turned counterclockwise by ``quarters``."""

    def points(joints: Tensor) -> Tensor:
        x, y = joints.unbind(-1)
        if mirrored:
            x, y = (SIDE - x)[:, MIRROR], y[:, MIRROR]
        for _ in range(quarters % 4):
            x, y = y, SIDE - x
        return torch.stack([x, y], -1)

    light = batch.light.flip(3) if mirrored else batch.light
    trunk = points(batch.joints)
    trunk = trunk[:, 5:7].mean(1) - trunk[:, 11:13].mean(1)
    return replace(
        batch,
        light=torch.rot90(light, quarters, (2, 3)),
        joints=points(batch.joints),
        seen=batch.seen[:, MIRROR] if mirrored else batch.seen,
        others=points(batch.others),
        others_seen=batch.others_seen[:, MIRROR] if mirrored else batch.others_seen,
        inverted=F.normalize(trunk, dim=1)[:, 1],
    )


class Studio:
    """Draws batches from what `tools.pose.bake` wrote in ``folder``."""

    def __init__(self, folder: Path, device: torch.device) -> None:
        import numpy as np

        self.device = device
        self.puppets = Puppets(folder / "bodies.npz", device)
        self.places = Places(folder / "places.npz", device)
        with np.load(folder / "poses.npz") as baked:
            self.quats = F.normalize(torch.from_numpy(baked["quats"]).to(device, torch.float32), dim=-1)
            self.first = torch.from_numpy(baked["first"]).to(device, torch.long)
            self.second = torch.from_numpy(baked["second"]).to(device, torch.long)
            self.seconds = torch.from_numpy(baked["seconds"]).to(device)
            made = torch.from_numpy(baked["made"]).to(device)
        self.made, self.captured = made.nonzero()[:, 0], (~made).nonzero()[:, 0]
        test = torch.from_numpy(self.puppets.test).to(device)
        self.bodies = {True: test.nonzero()[:, 0], False: (~test).nonzero()[:, 0]}

    def batch(self, count: int, mix: Mix) -> Batch:
        """``count`` pictures, the sharp ones first."""
        blurred = round(count * mix.blurred)
        parts = [
            self._shoot(n, moments, mix) for n, moments in ((count - blurred, SHARP), (blurred, BLURRED)) if n
        ]
        if len(parts) == 1:
            return parts[0]
        a, b = parts
        return Batch(
            *(torch.cat([getattr(a, f), getattr(b, f)]) for f in ("light", "joints", "seen", "others")),
            torch.cat([a.others_in, b.others_in + len(a.light)]),
            *(torch.cat([getattr(a, f), getattr(b, f)]) for f in ("others_seen", "inverted", "blur")),
        )

    def _uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        return torch.rand(*shape, device=self.device) * (high - low) + low

    def _normal(self, *shape: int) -> Tensor:
        return torch.randn(*shape, device=self.device)

    def _chosen(self, of: Tensor, count: int) -> Tensor:
        return of[torch.randint(len(of), (count,), device=self.device)]

    def _poses(self, n: int, times_s: Tensor, made: float, turned: float) -> Tensor:
        """Local rotations (n, M, 13, 4) at ``times_s`` (n, M) about the middle."""
        use_made = self._uniform(n) < made
        pair = torch.where(use_made, self._chosen(self.made, n), self._chosen(self.captured, n))
        start, end = self.quats[self.first[pair]], self.quats[self.second[pair]]
        way = rotvec(multiplied(inverse(start), end))
        share = self._uniform(n, 1) + times_s / self.seconds[pair, None]
        quats = multiplied(start[:, None], from_rotvec(way[:, None] * share[..., None, None]))
        noise = from_rotvec(self._normal(n, 1, 13, 3) * 0.08)
        noise[:, :, [0, *HINGES]] = noise.new_tensor([0.0, 0.0, 0.0, 1.0])
        quats = multiplied(quats, noise)
        # The whole body: any orientation, or a heading and a slight lean; and how fast it turns.
        anyhow = F.normalize(self._normal(n, 4), dim=-1)
        heading = self._uniform(n, 1, low=-torch.pi, high=torch.pi) * quats.new_tensor([0.0, 0.0, 1.0])
        lean = self._normal(n, 3) * 0.12
        upright = multiplied(from_rotvec(lean), from_rotvec(heading))
        free = self._uniform(n) < turned
        placed = torch.where(free[:, None], anyhow, upright)
        spin = (
            F.normalize(self._normal(n, 3), dim=-1)
            * self._normal(n, 1)
            * torch.where(free, 5.0, 1.2)[:, None]
        )
        turn = multiplied(from_rotvec(spin[:, None] * times_s[..., None]), placed[:, None])
        quats[:, :, 0] = multiplied(turn, quats[:, :, 0])
        return F.normalize(quats, dim=-1)

    def _shoot(self, n: int, moments: int, mix: Mix) -> Batch:
        device = self.device
        exposure = torch.zeros(n, device=device)
        if moments > SHARP:
            strong = self._uniform(n) < mix.strongest
            exposure = torch.where(strong, self._uniform(n, low=0.5), self._uniform(n, high=0.5)) * LONGEST_S
        else:
            exposure = self._uniform(n, high=0.004)
        ticks = (torch.arange(moments, device=device) - moments // 2) / moments
        times_s = exposure[:, None] * ticks

        company = int((self._uniform(n) < COMPANY).sum())
        beside = torch.randint(n, (company,), device=device)
        image = torch.cat([torch.arange(n, device=device), beside])
        people = len(image)
        body = self._chosen(self.bodies[mix.test], people)
        look = torch.randint(self.puppets.looks, (people,), device=device)
        quats = torch.cat(
            [self._poses(n, times_s, mix.made, mix.turned), self._poses(company, times_s[beside], 0.15, 0.1)]
        )
        bodies = body.repeat_interleave(moments)
        transforms = self.puppets.transforms(bodies, quats.flatten(0, 1))
        points, normals = self.puppets.skinned(bodies, transforms)
        joints = _as_movenet(self.puppets.keypoints_at(bodies, transforms))
        points, normals, joints = (v.unflatten(0, (people, moments)) for v in (points, normals, joints))

        # In camera axes: x right, y down, z forward; the athlete before the camera, others beside and behind.
        middle = points[:, moments // 2].mean(1)
        view, away = self._camera(n)
        speed = (
            self._normal(people, 3) * torch.where(torch.arange(people, device=device) < n, 1.3, 0.4)[:, None]
        )
        moved = (speed[:, None] * times_s[image][..., None])[:, :, None]
        place = torch.zeros(people, 3, device=device)
        place[:, 2] = away[image]
        if company:
            side = torch.where(self._uniform(company) < 0.5, -1.0, 1.0)
            place[n:, 0] = side * self._uniform(company, low=0.25, high=2.2)
            place[n:, 1] = self._normal(company) * 0.15
            place[n:, 2] += self._uniform(company, low=-0.6, high=4.0)

        def seen(values: Tensor) -> Tensor:
            at = values - middle[:, None, None] + moved
            return torch.einsum("pij,pmvj->pmvi", view[image], at) + place[:, None, None]

        points, joints = seen(points), seen(joints)
        normals = torch.einsum("pij,pmvj->pmvi", view[image], normals)
        flat, flat_joints = _projected(points), _projected(joints)
        scale, shift = self._crop(flat[:n, moments // 2])
        jitter = _jitter(moments, device)

        def framed(values: Tensor, *, jittered: bool) -> Tensor:
            xy = values[..., :2] * scale[image][:, None, None, None] + shift[image][:, None, None]
            if jittered:
                xy = xy + jitter[:, None]
            return torch.cat([xy, values[..., 2:]], -1)

        flat, flat_joints = framed(flat, jittered=True), framed(flat_joints, jittered=False)
        light, alpha, keys = self._rendered(flat, normals, body, look, image, n, moments)
        pan = self._normal(n, 2) * 30 * (exposure / LONGEST_S)[:, None]
        ground = self.places.behind(n, pan)
        light = light + (1 - alpha) * ground

        middle_joints = flat_joints[:, moments // 2]
        visible = _unhidden(middle_joints, keys, image, len(self.puppets.faces), moments)
        light, covered = self.places.in_front(light, middle_joints[:n, :, :2])
        visible[:n] &= ~covered
        trunk = middle_joints[:n, 5:7, :2].mean(1) - middle_joints[:n, 11:13, :2].mean(1)
        return Batch(
            light,
            middle_joints[:n, :, :2],
            visible[:n],
            middle_joints[n:, :, :2],
            beside,
            visible[n:],
            F.normalize(trunk, dim=1)[:, 1],
            exposure / LONGEST_S,
        )

    def _camera(self, n: int) -> tuple[Tensor, Tensor]:
        """World to camera (n, 3, 3) and the distance (n,) in metres; the camera looks along +y."""
        raised = (0.12 + 0.2 * self._normal(n)).clamp(-0.25, 0.9)
        roll = 0.04 * self._normal(n)
        c, s, zero = raised.cos(), raised.sin(), torch.zeros_like(raised)
        forward = torch.stack([zero, c, -s], 1)
        right = torch.stack([zero + 1, zero, zero], 1)
        down = torch.linalg.cross(forward, right)
        cr, sr = roll.cos()[:, None], roll.sin()[:, None]
        view = torch.stack([cr * right + sr * down, cr * down - sr * right, forward], 1)
        return view, 2.2 + 10 * self._uniform(n) ** 2

    def _crop(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Scale (n,) and shift (n, 2) that fit athletes (n, V, 3) into the picture as crops of boxes do."""
        n = len(points)
        low, high = points[..., :2].amin(1), points[..., :2].amax(1)
        longer = (high - low).amax(1)
        room = self._uniform(n, low=1.02, high=1.55)
        cut = self._uniform(n) < 0.08
        room = torch.where(cut, self._uniform(n, low=0.7), room)
        scale = SIDE / (longer * room)
        off = self._normal(n, 2) * torch.where(cut, 0.12, 0.045)[:, None] * SIDE
        return scale, SIDE / 2 + off - scale[:, None] * (low + high) / 2

    def _rendered(
        self, flat: Tensor, normals: Tensor, body: Tensor, look: Tensor, image: Tensor, n: int, moments: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Light of people (n, 3, S, S) times their share of each pixel, that share (n, 1, S, S), and the
        keys of the middle moment (n, S * S)."""
        device, puppets = self.device, self.puppets
        view = (image[:, None] * moments + torch.arange(moments, device=device)).flatten()
        points = flat.flatten(0, 1)
        keys = rasteriser.visible(points, puppets.faces, view, n * moments, SIDE)
        filled = (keys.flatten() != rasteriser.NOTHING).nonzero()[:, 0]
        ids = keys.flatten()[filled] & 0xFFFFFFFF
        of_view, pixel = filled // (SIDE * SIDE), filled % (SIDE * SIDE)
        mesh, corner, weight = rasteriser.shares(points, puppets.faces, ids, pixel % SIDE, pixel // SIDE)
        person, of_image = mesh // moments, of_view // moments
        normal = (normals.flatten(0, 1)[mesh[:, None], corner] * weight[..., None]).sum(1)
        rest = (puppets.vertices[body[person][:, None], corner] * weight[..., None]).sum(1)
        dress = (body[person][:, None], look[person][:, None], corner)
        first = (puppets.colors[dress].float() / 255 * weight[..., None]).sum(1)
        second = (puppets.seconds[dress].float() / 255 * weight[..., None]).sum(1)
        kind = puppets.pattern[body[person], look[person], corner[:, 0]]
        q = rest * puppets.scale[body[person], look[person], None]
        base = torch.where(_pattern(q, kind)[:, None], second, first)

        # Folds of cloth and uneven skin, then sun and sky.
        fold = self._normal(len(body), 2, 3) * 25
        depth = self._uniform(len(body), 1, high=0.35)
        phase = (rest[:, None] * fold[person]).sum(-1)
        normal = F.normalize(
            normal + depth[person] * torch.sin(phase).sum(1, keepdim=True) * normal[:, [1, 2, 0]], dim=1
        )
        tint = 1 + 0.12 * self._normal(len(body), 3)
        base = (base * tint[person]).clamp(0, 1) * (1 + 0.06 * torch.sin(phase[:, :1] * 3.1))
        sun = F.normalize(
            torch.stack([self._normal(n), -self._uniform(n, low=0.2, high=1.6), self._normal(n)], 1), dim=1
        )
        ambient, direct = self._uniform(n, low=0.35, high=0.75), self._uniform(n, low=0.15, high=0.85)
        facing = (normal * sun[of_image]).sum(1).clamp_min(0)
        sky = 0.75 - 0.25 * normal[:, 1]
        strength = ambient[of_image] * sky + direct[of_image] * facing
        color = (base * strength[:, None]).clamp(0, 1) ** GAMMA

        total = torch.zeros(n * SIDE * SIDE, 4, device=device)
        value = torch.cat([color, torch.ones_like(color[:, :1])], 1) / moments
        total.index_add_(0, of_image * SIDE * SIDE + pixel, value)
        total = total.view(n, SIDE, SIDE, 4).permute(0, 3, 1, 2)
        return total[:, :3], total[:, 3:], keys.view(n, moments, -1)[:, moments // 2]


def _as_movenet(joints: Tensor) -> Tensor:
    """Anny's keypoints (..., 17, 3) moved to where MoveNet has shoulders and hips: a little up the trunk."""
    moved = joints.clone()
    trunk = joints[..., 5:7, :] - joints[..., 11:13, :]
    moved[..., 5:7, :] += SHOULDERS_UP * trunk
    moved[..., 11:13, :] += HIPS_UP * trunk
    return moved


def _projected(points: Tensor) -> Tensor:
    z = points[..., 2:].clamp_min(0.05)
    return torch.cat([points[..., :2] / z, points[..., 2:]], -1)


def _jitter(moments: int, device: torch.device) -> Tensor:
    """(M, 2) parts of a pixel, so that averaging moments smooths edges too."""
    steps = torch.arange(moments, device=device)[:, None] * torch.tensor([0.7549, 0.5698], device=device)
    jitter = steps % 1.0 - 0.5
    return jitter - jitter.mean(0)


def _pattern(q: Tensor, kind: Tensor) -> Tensor:
    """Whether the second colour shows: hoops, stripes, checks, blotches (`tools.synthetic.renderer`)."""
    x, y, z = q.unbind(1)
    turn = 2 * torch.pi
    hoops, stripes = torch.sin(z * turn) > 0, torch.sin(x * turn) > 0
    checks = torch.sin(x * turn) * torch.sin(z * turn) > 0
    blotches = torch.sin(x * 2.1 + torch.sin(z * 1.7)) * torch.sin(z * 2.3 + torch.sin(y * 2.9)) > 0.3
    out = (kind == 1) & hoops | (kind == 2) & stripes | (kind == 3) & checks | (kind == 4) & blotches
    return out


def _unhidden(joints: Tensor, keys: Tensor, image: Tensor, faces: int, moments: int) -> Tensor:
    """Whether nobody else covers the joints (P, 17, 3) of the people in ``image`` (P,), (P, 17)."""
    people = torch.arange(len(joints), device=joints.device)
    x, y = (joints[..., i].long().clamp(0, SIDE - 1) for i in (0, 1))
    key = keys[image[:, None], y * SIDE + x]
    nearest = rasteriser.depth_of(key)
    owner = (key & 0xFFFFFFFF) // faces // moments
    return (owner == people[:, None]) | (nearest > joints[..., 2] - HIDDEN_M)
