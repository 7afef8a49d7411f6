"""Synthetic poses: sampled within anatomical limits, mixed from captured ones, and placed on their
supports.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from vpd.teachers.vipe.body import (
    L_ANKLE,
    L_HIP,
    L_SHOULDER,
    L_WRIST,
    MEAN_LENGTHS,
    NOSE,
    R_ANKLE,
    R_HIP,
    R_SHOULDER,
    R_WRIST,
    Body,
    put_together,
    unit,
)

_FLIP = (1.0, -1.0, 1.0)


class Chance:
    """Random tensors of one generator, on its device."""

    def __init__(self, generator: torch.Generator) -> None:
        self.generator = generator

    def uniform(self, low: float, high: float, *shape: int) -> Tensor:
        """Draw uniformly from low..high."""
        return low + (high - low) * torch.rand(*shape, generator=self.generator, device=self.generator.device)

    def normal(self, *shape: int) -> Tensor:
        """Draw from the standard normal distribution."""
        return torch.randn(*shape, generator=self.generator, device=self.generator.device)

    def whole(self, high: int, *shape: int) -> Tensor:
        """Draw whole numbers from 0..high - 1."""
        return torch.randint(high, shape, generator=self.generator, device=self.generator.device)

    def true(self, p: float, *shape: int) -> Tensor:
        """Draw True with probability p."""
        return self.uniform(0, 1, *shape) < p


def axis_rotation(vector: Tensor) -> Tensor:
    """(..., 3, 3) rotations about (..., 3) axes by their lengths in radians (Rodrigues)."""
    angle = vector.norm(dim=-1)[..., None, None]
    x, y, z = unit(vector).unbind(-1)
    zero = torch.zeros_like(x)
    k = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], dim=-1).view(*x.shape, 3, 3)
    eye = torch.eye(3, device=vector.device)
    rotation: Tensor = eye + angle.sin() * k + (1 - angle.cos()) * (k @ k)
    return rotation


def vary_lengths(body: Body, deviation: float, chance: Chance) -> Body:
    """Multiply bone lengths by log-normal factors, the same left and right, with 2 % of asymmetry in the
    limbs.
    """
    n = len(body)
    factor = chance.normal(n, 1, 8) * deviation
    return body.with_(
        lengths=body.lengths * torch.exp(factor + 0.02 * chance.normal(n, 2, 8) * (deviation > 0))
    )


def _side_alike(left_and_right: Tensor, alike: Tensor, chance: Chance) -> Tensor:
    """(B, 2, 2, 3) in which the right side is a noisy copy of the left where ``alike``: most actions with a
    bar, a rope or the floor are symmetrical.
    """
    copied = left_and_right[:, :1] + 0.08 * chance.normal(*left_and_right[:, :1].shape)
    both = torch.cat([left_and_right[:, :1], unit(copied)], dim=1)
    return torch.where(alike[:, None, None, None], both, left_and_right)


def sampled_bodies(n: int, chance: Chance) -> Body:
    """Bodies with joint angles within the limits of adults, upright at the pelvis.

    Shoulders reach everywhere except far behind and across. Elbows bend 0..150 degrees. Hips flex -25..130
    and abduct -15..50. Knees bend back 0..150. The chest twists by 40 and leans sideways by 20. Both sides
    are drawn as left ones, then the right one is mirrored.
    """
    device = chance.generator.device
    rad = math.radians
    arm = unit(chance.normal(n, 2, 3))
    arm[..., 0] = torch.where(arm[..., 0] < -0.5, -arm[..., 0], arm[..., 0])
    arm[..., 1] = torch.where(arm[..., 1] < -0.4, -arm[..., 1], arm[..., 1])
    # Arms hang for much of the time.
    hang = chance.true(0.3, n, 2)[..., None]
    arm = unit(torch.where(hang, 0.35 * arm + arm.new_tensor([0.1, 0.15, -0.9]), arm))
    aside = chance.normal(n, 2, 3)
    aside = unit(aside - (aside * arm).sum(-1, keepdim=True) * arm)
    inwards = aside @ aside.new_tensor([1.0, -0.5, 0.4])
    aside = torch.where(((inwards < 0) & chance.true(0.85, n, 2))[..., None], -aside, aside)
    elbow = rad(150) * chance.uniform(0, 1, n, 2, 1) ** 1.5
    fore = elbow.cos() * arm + elbow.sin() * aside

    flex = torch.where(
        chance.true(0.4, n, 2), rad(15) * chance.normal(n, 2), chance.uniform(rad(-25), rad(130), n, 2)
    )
    abduct = rad(10) + rad(15) * chance.normal(n, 2)
    zero = torch.zeros_like(flex)
    bend = axis_rotation(torch.stack([zero, -flex, zero], -1))
    spread = axis_rotation(torch.stack([abduct.clamp(rad(-15), rad(50)), zero, zero], -1))
    hip = bend @ spread @ axis_rotation(torch.stack([zero, zero, rad(20) * chance.normal(n, 2)], -1))
    thigh = -hip[..., :, 2]
    backwards = -hip[..., :, 0]
    straight = chance.true(0.4, n, 2)
    knee = torch.where(straight, rad(12) * chance.normal(n, 2).abs(), chance.uniform(0, rad(150), n, 2))[
        ..., None
    ]
    shin = knee.cos() * thigh + knee.sin() * backwards

    flip = torch.tensor(_FLIP, device=device)
    sides = torch.stack([torch.ones(3, device=device), flip])[None, :, None]
    arms = _side_alike(torch.stack([arm, fore], 2), chance.true(0.5, n), chance) * sides
    legs = _side_alike(torch.stack([thigh, shin], 2), chance.true(0.6, n), chance) * sides
    twist = torch.stack(
        [rad(8) * chance.normal(n), torch.zeros(n, device=device), rad(20) * chance.normal(n)], -1
    )
    spine = unit(
        torch.stack(
            [torch.zeros(n, device=device), 0.08 * chance.normal(n), torch.ones(n, device=device)], -1
        )
    )
    head = unit(chance.normal(n, 3) * 0.2 + torch.tensor([0.45, 0.0, 0.9], device=device))
    eye = torch.eye(3, device=device).repeat(n, 1, 1)
    lengths = torch.tensor(MEAN_LENGTHS, device=device).repeat(n, 2, 1)
    return Body(eye, axis_rotation(twist.clamp(rad(-45), rad(45))), spine, head, arms, legs, lengths)


def mixed_bodies(captured: Body, n: int, chance: Chance) -> Body:
    """Captured bodies whose arms, legs and chest come from up to three different rows, with limbs turned by
    about 12 degrees. One side may be the mirror image of the other.
    """
    rows = len(captured)
    first, second, third = (chance.whole(rows, n) for _ in range(3))
    trunk, arms, legs = captured[first], captured[second], captured[third]
    flip = torch.tensor(_FLIP, device=trunk.pelvis.device)
    turn = axis_rotation(0.2 * chance.normal(n, 2, 2, 3))

    def turned(limbs: Tensor, alike: float) -> Tensor:
        limbs = unit((turn @ limbs[..., None])[..., 0])
        copy = torch.stack([limbs[:, 0], limbs[:, 0] * flip], 1)
        return torch.where(chance.true(alike, n)[:, None, None, None], copy, limbs)

    return trunk.with_(arms=turned(arms.arms, 0.3), legs=turned(legs.legs, 0.3))


def blended(a: Body, b: Body, share: Tensor) -> Body:
    """Interpolate bodies from a to b: directions blended and made unit, rotations by their columns; ``share``
    (B,).
    """

    def mix(x: Tensor, y: Tensor) -> Tensor:
        w = share.view(-1, *[1] * (x.dim() - 1))
        return unit((1 - w) * x + w * y)

    def turn(x: Tensor, y: Tensor) -> Tensor:
        columns = mix(x.transpose(1, 2), y.transpose(1, 2))
        left, up = columns[:, 1], columns[:, 2]
        up = unit(up - (up * left).sum(-1, keepdim=True) * left)
        return torch.stack([torch.linalg.cross(left, up), left, up], -1)

    return a.with_(
        chest=turn(a.chest, b.chest), spine=mix(a.spine, b.spine), head=mix(a.head, b.head),
        arms=mix(a.arms, b.arms), legs=mix(a.legs, b.legs),
    )  # fmt: skip


def turned_so_that_down_is(down: Tensor, chance: Chance) -> Tensor:
    """(B, 3, 3) rotations that turn the body direction ``down`` (B, 3) to the world's -z, with random
    heading.
    """
    up = unit(-down)
    other = chance.normal(*up.shape)
    x = unit(other - (other * up).sum(-1, keepdim=True) * up)
    return torch.stack([x, torch.linalg.cross(up, x), up], dim=1)


def _standing(joints: Tensor, chance: Chance) -> Tensor:
    com = joints[:, [L_SHOULDER, R_SHOULDER, L_HIP, R_HIP]].mean(1)
    weight = torch.where(chance.true(0.6, len(joints)), 0.5, chance.uniform(0, 1, len(joints)))[:, None]
    return weight * joints[:, L_ANKLE] + (1 - weight) * joints[:, R_ANKLE] - com


def _hanging(joints: Tensor, chance: Chance) -> Tensor:
    return joints[:, [L_SHOULDER, R_SHOULDER, L_HIP, R_HIP]].mean(1) - joints[:, [L_WRIST, R_WRIST]].mean(1)


def _on_the_back(joints: Tensor, chance: Chance) -> Tensor:
    """Gravity directions from lying on the back to sitting."""
    angle = math.pi / 2 * chance.uniform(0, 1, len(joints)) ** 2
    return torch.stack([-angle.cos(), 0.1 * chance.normal(len(joints)), -angle.sin()], -1)


def _on_hands_and_feet(joints: Tensor, chance: Chance) -> Tensor:
    """Gravity directions face down, with the line from feet (or knees) to hands level."""
    hands, feet = joints[:, [L_WRIST, R_WRIST]].mean(1), joints[:, [L_ANKLE, R_ANKLE]].mean(1)
    line = unit(hands - feet)
    front = torch.zeros_like(line)
    front[:, 0] = 1
    return front - (front * line).sum(-1, keepdim=True) * line


def _anyhow(joints: Tensor, chance: Chance) -> Tensor:
    return chance.normal(len(joints), 3)


SUPPORTS: tuple[tuple[float, Callable[[Tensor, Chance], Tensor]], ...] = (
    (0.60, _standing),
    (0.10, _hanging),
    (0.15, _on_the_back),
    (0.10, _on_hands_and_feet),
    (0.05, _anyhow),
)
"""Kinds of support with their shares, and the direction of gravity in the body's frame of each."""


def on_supports(body: Body, chance: Chance) -> Body:
    """Turn the bodies so that their support is below (or above) them, with an error of about 8 degrees."""
    n = len(body)
    joints = put_together(body.with_(pelvis=torch.eye(3, device=body.pelvis.device).repeat(n, 1, 1)))
    draw, edge = chance.uniform(0, 1, n), 0.0
    down = torch.zeros(n, 3, device=joints.device)
    for share, direction in SUPPORTS:
        here = (draw >= edge) & (draw < edge + share + 1e-6)
        down = torch.where(here[:, None], direction(joints, chance), down)
        edge += share
    down = unit(down) + 0.14 * chance.normal(n, 3)
    return body.with_(pelvis=turned_so_that_down_is(down, chance))


def towards_head_centre(joints: Tensor, body: Body, chance: Chance) -> Tensor:
    """Joints with the nose moved back by 0..0.1 m along the chest's forward axis, towards the centre of the
    head.
    """
    forward = (body.pelvis @ body.chest)[:, :, 0]
    moved = joints.clone()
    moved[:, NOSE] -= 0.1 * chance.uniform(0, 1, len(joints), 1) * forward
    return moved
