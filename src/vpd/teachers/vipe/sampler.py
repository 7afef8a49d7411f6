"""Training samples: a 3D pose from two views and, where there is one, another pose of the same sequence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from vpd.errors import InputError
from vpd.pose.skeleton import BODY13
from vpd.settings.vipe import VipeSettings
from vpd.teachers.vipe.body import Body, mirrored, put_together, take_apart
from vpd.teachers.vipe.camera import project, random_views
from vpd.teachers.vipe.keypoints import encoder_input, with_errors
from vpd.teachers.vipe.motion import Motion
from vpd.teachers.vipe.synthesis import (
    Chance,
    axis_rotation,
    blended,
    mixed_bodies,
    on_supports,
    sampled_bodies,
    towards_head_centre,
    turned_so_that_down_is,
    vary_lengths,
)
from vpd.teachers.vipe.target import bone_directions, pose_target

NEGATIVE_DEGREES = 45.0
"""A negative differs by more than this many degrees in at least one bone (paper, supplement)."""
TRIES = 10


@dataclass(frozen=True)
class Sample:
    """One batch: encoder inputs (B, 2, 39) of two views, of the negatives (B, 39) with their mask (B,), which
    are empty without a hinge loss, and the joints (B, 13, 3) and 3D targets (B, SIZE) of the first pose."""

    views: Tensor
    negatives: Tensor
    has_negative: Tensor
    joints: Tensor
    targets: Tensor


class Sampler:
    """Draw batches from captured motion and from synthetic variants of it, all on one device."""

    def __init__(self, motions: Sequence[Motion], settings: VipeSettings, device: torch.device) -> None:
        if not motions:
            raise InputError("there is no 3D motion to train on; give files that `vpd vipe train` reads")
        shares = torch.tensor([settings.captured, settings.mixed, settings.sampled])
        if shares.sum() <= 0:
            raise InputError("captured, mixed and sampled are all 0: there is nothing to train on")
        self.settings, self.device = settings, device
        self.shares = (shares / shares.sum()).to(device)
        joints = [torch.from_numpy(motion.joints[:, BODY13]).float() for motion in motions]
        self.bodies = take_apart(torch.cat(joints)).to(device)
        lengths = torch.tensor([len(j) for j in joints], device=device)
        starts = torch.cumsum(lengths, 0) - lengths
        self.start = starts.repeat_interleave(lengths)
        self.length = lengths.repeat_interleave(lengths)
        # Sequences weigh by the root of their length, so that an hour of walking does not drown a backflip.
        self.weight = (lengths.float() ** -0.5).repeat_interleave(lengths)

    def draw(self, n: int, generator: torch.Generator) -> Sample:
        """Draw a batch of ``n``."""
        settings, chance = self.settings, Chance(generator)
        rows = torch.multinomial(self.weight, n, replacement=True, generator=generator)
        kind = torch.multinomial(self.shares, n, replacement=True, generator=generator)
        counts = torch.bincount(kind, minlength=3).tolist()
        captured = self.bodies[rows[: counts[0]]]
        first = self._finish(captured, counts, chance)
        joints = put_together(first)
        seen = towards_head_centre(joints, first, chance) if settings.head_centre else joints
        # Both views in one go: many small operations, whose number counts.
        views = self._view(torch.cat([seen, seen]), generator).view(2, n, -1).transpose(0, 1)
        targets = pose_target(joints, settings.gravity, settings.target == "heading")
        if not settings.pair_weight:
            return Sample(views, views[:0, 0], seen.new_zeros(0), joints, targets)
        others = self._other_frames(rows[: counts[0]], chance)
        negatives, has_negative = self._negatives(joints, rows[: counts[0]], others, chance)
        return Sample(views, self._view(negatives, generator), has_negative, joints, targets)

    def _finish(self, captured: Body, counts: list[int], chance: Chance) -> Body:
        settings = self.settings
        _, mixed, sampled = counts
        parts = [captured]
        if mixed:
            parts.append(mixed_bodies(self.bodies, mixed, chance))
        if sampled:
            parts.append(sampled_bodies(sampled, chance))
        made = _joined(parts)
        n, kept = len(made), counts[0]
        if settings.interpolate and n > kept:
            other = made[chance.whole(n - kept, n) + kept]
            share = chance.uniform(0, 1, n) * chance.true(settings.interpolate, n)
            share[:kept] = 0
            made = blended(made, other, share)
        if n > kept:
            turned = on_supports(made, chance) if settings.supports else made
            tilt = axis_rotation(0.35 * chance.normal(n, 3)) @ made.pelvis
            keep_tilt = chance.true(0.25, n) if settings.supports else chance.true(1.0, n)
            pelvis = torch.where(keep_tilt[:, None, None], tilt, turned.pelvis)
            pelvis[:kept] = made.pelvis[:kept]
            made = made.with_(pelvis=pelvis)
        if settings.inverted:
            any_way = turned_so_that_down_is(chance.normal(n, 3), chance)
            made = made.with_(
                pelvis=torch.where(chance.true(settings.inverted, n)[:, None, None], any_way, made.pelvis)
            )
        made = vary_lengths(made, settings.limb_lengths, chance)
        flip = chance.true(0.5, n)
        image = mirrored(made)
        return Body(
            **{
                name: torch.where(flip.view(-1, *[1] * (value.dim() - 1)), getattr(image, name), value)
                for name, value in vars(made).items()
            }
        )

    def _other_frames(self, rows: Tensor, chance: Chance) -> Tensor:
        """(TRIES, n) rows of the same sequences."""
        draw = chance.uniform(0, 1, TRIES, len(rows)) * self.length[rows]
        return self.start[rows] + draw.long().clamp_max(self.length[rows] - 1)

    def _negatives(
        self, joints: Tensor, rows: Tensor, others: Tensor, chance: Chance
    ) -> tuple[Tensor, Tensor]:
        """Negatives: another frame of the captured sequence, or another body of the batch for synthetic
        ones.
        """
        n, captured = len(joints), len(rows)
        wanted = bone_directions(joints)
        if captured:
            candidates = put_together(self.bodies[others.flatten()])
            directions = bone_directions(candidates).view(TRIES, captured, -1, 3)
            # The pose may since have been mirrored or turned: choose by what it was captured as.
            reference = bone_directions(put_together(self.bodies[rows]))
            far = _differs(directions, reference)
            choice = far.float().argmax(0)
            picked = candidates.view(TRIES, captured, *candidates.shape[1:])[choice, torch.arange(captured)]
        else:
            picked = joints[:0]
        shuffled = joints[torch.randperm(n, generator=chance.generator, device=chance.generator.device)]
        negatives = torch.cat([picked, shuffled[captured:]])
        return negatives, _differs(bone_directions(negatives), wanted)

    def _view(self, joints: Tensor, generator: torch.Generator) -> Tensor:
        views = random_views(len(joints), self.settings, generator)
        xy, depth = project(joints, views, self.settings, generator)
        return encoder_input(*with_errors(xy, depth, self.settings, generator))


def _differs(a: Tensor, b: Tensor) -> Tensor:
    return ((a * b).sum(-1) < torch.cos(torch.deg2rad(torch.tensor(NEGATIVE_DEGREES)))).any(-1)


def _joined(parts: Sequence[Body]) -> Body:
    return Body(**{name: torch.cat([getattr(p, name) for p in parts]) for name in vars(parts[0])})
