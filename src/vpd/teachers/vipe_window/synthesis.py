"""Movements in 3D, captured at any tempo, or synthetic: interpolated poses, turns and spins."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from vpd.errors import InputError
from vpd.pose.skeleton import BODY13
from vpd.settings.vipe import VipeSettings, VipeWindowSettings
from vpd.teachers.vipe.body import Body, mirrored, put_together, take_apart
from vpd.teachers.vipe.motion import Motion
from vpd.teachers.vipe.synthesis import (
    Chance,
    axis_rotation,
    blended,
    mixed_bodies,
    on_supports,
    sampled_bodies,
    turned_so_that_down_is,
    vary_lengths,
)

CAPTURED, MIXED = 0.25, 0.35
"""Shares of captured and of mixed poses in synthetic movements. The other poses are sampled."""
TURN = (0.36, 0.36, 1.5)
"""Standard deviations of the rate of rotation about the world's axes in radians a second: mostly about the
vertical.
"""
STILL = 0.2
"""Share of synthetic movements that hold a pose."""
TEMPO = 1.6
"""Captured movements are faster or slower by up to this factor."""


class Movements:
    """Draw windows of movement on the generator's device."""

    def __init__(
        self,
        motions: Sequence[Motion],
        settings: VipeWindowSettings,
        poses: VipeSettings,
        device: torch.device | None = None,
    ) -> None:
        if not motions:
            raise InputError("there is no 3D motion to train on; give files that `vpd vipe train` reads")
        self.settings, self.poses = settings, poses
        joints = [torch.from_numpy(motion.joints[:, BODY13]).float() for motion in motions]
        self.bodies = take_apart(torch.cat(joints))
        if device is not None:
            self.bodies = self.bodies.to(device)
        lengths = torch.tensor([len(j) for j in joints], device=device)
        self.start = (torch.cumsum(lengths, 0) - lengths).repeat_interleave(lengths)
        self.length = lengths.repeat_interleave(lengths)
        self.fps = torch.tensor([float(m.fps) for m in motions], device=device).repeat_interleave(lengths)
        # Sequences weigh by the root of their length, so that an hour of walking does not drown a backflip.
        self.weight = (lengths.float() ** -0.5).repeat_interleave(lengths)
        self.offsets_s = torch.tensor(settings.offsets_s, device=device)

    def draw(self, n: int, captured: float, generator: torch.Generator) -> Tensor:
        """(n, K, 13, 3) joints in metres, z up, each pose's mid-hip at the origin. A share ``captured`` is
        captured.
        """
        chance, k = Chance(generator), len(self.offsets_s)
        count = round(n * captured)
        parts = [self._captured(count, chance)] if count else []
        if n > count:
            parts.append(self._made(n - count, chance))
        body = Body(**{name: torch.cat([getattr(p, name) for p in parts]) for name in vars(parts[0])})
        middle = body[torch.arange(n, device=self.offsets_s.device) * k + k // 2]
        lengths = vary_lengths(middle, self.poses.limb_lengths, chance).lengths
        body = body.with_(lengths=lengths.repeat_interleave(k, 0))
        flip, image = chance.true(0.5, n).repeat_interleave(k), mirrored(body)
        joints = torch.where(flip[:, None, None], put_together(image), put_together(body))
        return joints.view(n, k, *joints.shape[1:])

    def _rows(self, n: int, chance: Chance) -> Tensor:
        return torch.multinomial(self.weight, n, replacement=True, generator=chance.generator)

    def _captured(self, n: int, chance: Chance) -> Body:
        """Bodies (n K) of captured windows, interpolated between frames. Beyond a sequence's end its last
        pose stays.
        """
        rows = self._rows(n, chance)
        tempo = torch.exp(chance.uniform(-math.log(TEMPO), math.log(TEMPO), n, 1))
        place = (rows - self.start[rows])[:, None] + self.offsets_s * tempo * self.fps[rows][:, None]
        last = (self.length[rows] - 1)[:, None]
        place = torch.minimum(place.clamp_min(0), last.float())
        before = place.floor().long()
        first = self.start[rows][:, None]
        a = self.bodies[(first + before).flatten()]
        b = self.bodies[(first + torch.minimum(before + 1, last)).flatten()]
        share = (place - before).flatten()
        nearer = torch.where((share < 0.5)[:, None, None], a.pelvis, b.pelvis)
        return blended(a, b, share).with_(pelvis=nearer)

    def _poses(self, n: int, chance: Chance) -> Body:
        """Captured, mixed and sampled poses."""
        kinds = (
            self.bodies[self._rows(n, chance)],
            mixed_bodies(self.bodies, n, chance),
            sampled_bodies(n, chance),
        )
        draw = chance.uniform(0, 1, n)
        kind = (draw > CAPTURED).long() + (draw > CAPTURED + MIXED).long()
        stacked = {name: torch.stack([getattr(body, name) for body in kinds]) for name in vars(kinds[0])}
        place = torch.arange(n, device=kind.device)
        return Body(**{name: value[kind, place] for name, value in stacked.items()})

    def _made(self, n: int, chance: Chance) -> Body:
        """Bodies (n K) that move from a first pose to a second and on to a third, and turn meanwhile."""
        k, t = len(self.offsets_s), self.offsets_s
        first, second, third = (self._poses(n, chance) for _ in range(3))
        first = on_supports(first, chance)
        tilted = axis_rotation(0.35 * chance.normal(n, 3)) @ first.pelvis
        any_way = turned_so_that_down_is(chance.normal(n, 3), chance)
        pelvis = torch.where(chance.true(0.3, n)[:, None, None], tilted, first.pelvis)
        pelvis = torch.where(chance.true(self.poses.inverted, n)[:, None, None], any_way, pelvis)

        takes_s = chance.uniform(*self.settings.takes_s, n, 1)
        turning = sum(self.settings.takes_s) / 2
        passed = chance.uniform(-turning, turning, n, 1)
        still = chance.true(STILL, n)[:, None]
        t = torch.where(still, torch.zeros_like(t), t.expand(n, k))
        to_second = _eased((t - passed + takes_s) / takes_s).flatten()
        to_third = _eased((t - passed) / takes_s).flatten()

        def repeated(body: Body) -> Body:
            return Body(**{name: value.repeat_interleave(k, 0) for name, value in vars(body).items()})

        made = blended(repeated(first), repeated(second), to_second)
        made = blended(made, repeated(third), to_third)
        rate = chance.normal(n, 3) * t.new_tensor(TURN)
        turn = axis_rotation((rate[:, None] * t[..., None]).flatten(0, 1))
        return made.with_(pelvis=turn @ pelvis.repeat_interleave(k, 0))


def _eased(share: Tensor) -> Tensor:
    """Map 0..1 to 0..1 with zero slope at both ends."""
    share = share.clamp(0, 1)
    return share * share * (3 - 2 * share)
