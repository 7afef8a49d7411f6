"""Fine-tunes MoveNet Thunder on rendered athletes, and on real people turned by any angle.

    python tools/pose/bake.py --out BAKED --clips CLIPS
    python tools/pose/finetune.py --baked BAKED --out OUT --seconds 450
    python tools/pose/export.py OUT/ema.safetensors --out movenet_thunder.onnx

Three kinds of pictures make a step: rendered athletes with their exact joints; real people upright, where
the network must say what the published one says; the same people turned and spoilt, where it must say the
same, turned along. The learning rate falls to nothing at ``--steps`` or ``--seconds``, whichever comes first.
The mean of the weights over the last steps is written to OUT/ema.safetensors (float16) every ``--save-every``
steps.
"""

from __future__ import annotations

import argparse
import copy
import math
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor, nn

if __package__ in (None, ""):
    sys.path[:0] = [
        str(Path(__file__).resolve().parents[2]),
        str(Path(__file__).resolve().parents[2] / "src"),
    ]

from tools.pose.degrade import degraded, moved, to_screen
from tools.pose.kept_pictures import KeptPictures
from tools.pose.losses import in_picture, kept_loss, place_losses, rendered_loss, spots, surprise, total
from tools.pose.people import SIDE, People, turned_joints, turned_maps
from tools.pose.pictures import Batch, Mix, Studio, seen_otherwise
from tools.pose.scaling import plain_weights, scale_weights
from vpd.pose.movenet_torch import MoveNet, decode, load_movenet

FROZEN_BLOCKS = 3
"""The stem and so many blocks stay as they are: what they see is edges, and they cost most."""
HEADS_RATE = 2.0
"""Learning rate of pyramid and heads over that of the trunk."""
SURE = 0.3
"""Score from which on the teacher's joint in an upright picture is a target in the turned one."""
TORSO_SHARE = 0.25
"""A joint further than this share of the torso from the truth is missed, as in `benchmarks/blur.py`."""
WAY = 12.0
"""Standard deviation in pixels of the way that real pictures are blurred along."""
CLIP = 2.0
"""Largest norm of a gradient, in usual norms."""
BORDERED = 0.15
"""Share of pictures with black beyond an edge, as crops at the edge of a frame have."""


class Trainer:
    """The network, its teacher, its running mean, and what they look at."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.given, self.device = given, torch.device(given.device)
        self.teacher = load_movenet().to(self.device).eval().requires_grad_(False)
        self.network = copy.deepcopy(self.teacher).train().requires_grad_(True)
        scale_weights(self.network)
        for part in (self.network.stem, *self.network.blocks[:FROZEN_BLOCKS]):
            part.requires_grad_(False)
        self.mean = copy.deepcopy(self.network).requires_grad_(False)
        self.usual_norm = 0.0
        enabled = self.device.type == "cuda"
        self.scaler = torch.amp.GradScaler("cuda", init_scale=1024.0, growth_interval=200, enabled=enabled)
        trunk = [
            p for m in (self.network.blocks, self.network.last) for p in m.parameters() if p.requires_grad
        ]
        rest = [
            p for m in (self.network.reduce, self.network.pyramid, self.network.heads) for p in m.parameters()
        ]
        self.rates = [given.rate, given.rate * HEADS_RATE]
        self.optimiser = torch.optim.AdamW(
            [{"params": trunk}, {"params": rest}], lr=given.rate, weight_decay=0.0, betas=(0.9, 0.99)
        )
        self.people = People(given.baked / "people.npz", self.device)
        self.studio: Studio | KeptPictures = Studio(given.baked, self.device)
        self.mix = Mix()
        self.step = 0

    def heads(self, network: MoveNet, pictures: Tensor) -> dict[str, Tensor]:
        """What a network says of pictures (N, 3, 256, 256) in 0..1; on a GPU the trunk runs in float16.

        In bfloat16 the published network errs by half a pixel and 0.09 in scores, in float16 by a hundredth.
        """
        images = (pictures * 255).round() / 127.5 - 1
        if self.device.type != "cuda":
            return network(images)
        images = images.contiguous(memory_format=self.layout)
        with torch.autocast("cuda", torch.float16):
            maps = network.trunk(images)
        return network.heads_of([m.float() for m in maps])

    layout = torch.contiguous_format

    def rendered(self, count: int, mix: Mix) -> tuple[Batch, Tensor]:
        """A batch and its spoilt pictures; the pictures kept for that purpose where rendering fails."""
        try:
            batch = self.studio.batch(count, mix)
        except RuntimeError as error:
            if isinstance(self.studio, KeptPictures):
                raise
            print(f"rendering failed, so pictures rendered before are used: {error}", flush=True)
            self.studio = KeptPictures(self.given.baked / "kept.npz", self.device)
            batch = self.studio.batch(count, mix)
        return batch, self.spoilt(batch)

    def spoilt(self, batch: Batch) -> Tensor:
        """The pictures of a batch as cameras, encoders and crops leave them."""
        strength = float(np.random.choice([0.25, 0.7, 1.0]))
        return _bordered(degraded(to_screen(batch.light), strength=strength))

    def looked_at(self) -> tuple[Batch, Tensor]:
        """A batch to learn from: each is looked at ``--again`` times, seen and spoilt otherwise each time.

        Every other look is mirrored, the rest turned by quarters: rendering takes longer than learning.
        """
        turn = self.step % self.given.again
        if turn == 0:
            self.batch, pictures = self.rendered(self.given.batch, self.mix)
            return self.batch, pictures
        quarters = 0 if turn % 2 else int(np.random.randint(1, 4))
        batch = seen_otherwise(self.batch, quarters, mirrored=turn % 2 == 1)
        return batch, self.spoilt(batch)

    def losses(self) -> dict[str, dict[str, Tensor]]:
        """The losses of one step, by kind of picture and by head."""
        batch, pictures = self.looked_at()
        views = self.people.views(self.given.real)
        with torch.no_grad():
            teacher = self.heads(self.teacher, views.upright)
        half = self.given.real // 2
        path = torch.randn(self.given.real - half, 2, device=self.device) * WAY
        spoilt = degraded(moved(views.upright[half:], path * 0.6), strength=0.5)
        upright = torch.cat([views.upright[:half], spoilt])
        turned = torch.cat([views.turned[:half], moved(views.turned[half:], path)])
        turned = degraded(turned, strength=0.5)
        heads = self.heads(self.network, torch.cat([pictures, upright, turned]))
        sizes = [len(pictures), len(upright), len(turned)]
        parts = [
            dict(zip(heads, split, strict=True))
            for split in zip(*(h.split(sizes) for h in heads.values()), strict=True)
        ]
        return {
            "rendered": rendered_loss(parts[0], batch),
            "upright": kept_loss(parts[1], teacher),
            "turned": _turned_loss(parts[2], teacher, views.angles),
        }

    def learn(self, progress: float) -> dict[str, dict[str, float]]:
        """One step; ``progress`` 0..1 sets the learning rate."""
        warm = min(1.0, (self.step + 1) / 100)
        for group, rate in zip(self.optimiser.param_groups, self.rates, strict=True):
            group["lr"] = rate * warm * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0)))
        losses = self.losses()
        loss = (
            total(losses["rendered"]) + self.given.keep * total(losses["upright"]) + total(losses["turned"])
        )
        self.optimiser.zero_grad(set_to_none=True)
        self.scaler.scale(loss).backward()
        self.scaler.unscale_(self.optimiser)
        parameters = [p for p in self.network.parameters() if p.requires_grad]
        limit = CLIP * self.usual_norm if self.usual_norm else math.inf
        norm = float(nn.utils.clip_grad_norm_(parameters, limit))
        if math.isfinite(norm):  # else the scale was too large: the step is left out, and the scale halved
            norm = min(norm, limit)
            self.usual_norm = 0.98 * self.usual_norm + 0.02 * norm if self.usual_norm else norm
        self.scaler.step(self.optimiser)
        self.scaler.update()
        self.step += 1
        share = 1 - min(0.998, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.mean.parameters()), list(self.network.parameters()), share)
        return (
            {kind: {name: float(v.detach()) for name, v in of.items()} for kind, of in losses.items()}
            if self.step % 25 == 1
            else {}
        )

    @torch.no_grad()
    def missed(self, network: MoveNet, batches: int = 3) -> dict[str, float]:
        """Per cent of joints missed on bodies not trained on: upright, upside down, in the strongest blur."""
        state = torch.random.get_rng_state(), np.random.get_state()
        cuda = torch.cuda.get_rng_state() if self.device.type == "cuda" else None
        torch.manual_seed(99)
        np.random.seed(99)
        rows = []
        for _ in range(batches):
            batch, pictures = self.rendered(self.given.batch, Mix(test=True, strongest=0.6))
            joints, scores, _ = decode(self.heads(network, pictures))
            torso = (batch.joints[:, 5:7].mean(1) - batch.joints[:, 11:13].mean(1)).norm(dim=1).clamp_min(24)
            wrong = (joints * SIDE - batch.joints).norm(dim=2) > TORSO_SHARE * torso[:, None]
            counted = batch.seen & in_picture(batch.joints)
            body = [0, *range(5, 17)]
            rows.append((wrong[:, body], counted[:, body], scores[:, body], batch.inverted, batch.blur))
        wrong, counted, score, inverted, blur = (torch.cat(c) for c in zip(*rows, strict=True))
        torch.random.set_rng_state(state[0])
        np.random.set_state(state[1])
        if cuda is not None:
            torch.cuda.set_rng_state(cuda)
        parts = {
            "upright": (inverted < -0.7) & (blur < 0.1),
            "down": (inverted > 0.5) & (blur < 0.5),
            "blur": blur > 0.5,
        }
        found = {name: 100 * float(wrong[of][counted[of]].float().mean()) for name, of in parts.items()}
        found["score_right"] = float(score[~wrong & counted].mean())
        found["score_wrong"] = float(score[wrong & counted].mean())
        return found

    def save(self) -> None:
        """The running mean of the weights, in float16, in place of the one before."""
        path = self.given.out / "ema.safetensors"
        weights = {
            k: v.detach().to(torch.float16).contiguous().cpu() for k, v in plain_weights(self.mean).items()
        }
        part = Path(f"{path}.part")
        part.write_bytes(save(weights))
        part.replace(path)

    def choose_layout(self) -> None:
        """The faster of the two memory layouts for this device."""
        took = {}
        for layout in (torch.contiguous_format, torch.channels_last):
            self.layout = layout
            for network in (self.network, self.teacher, self.mean):
                network.to(memory_format=layout)
            pictures = torch.rand(self.given.batch, 3, SIDE, SIDE, device=self.device)
            for turn in range(6):
                if turn == 2:
                    torch.cuda.synchronize()
                    begun = time.perf_counter()
                sum(v.mean() for v in self.heads(self.network, pictures).values()).backward()
            torch.cuda.synchronize()
            took[layout] = (time.perf_counter() - begun) / 4
        self.layout = min(took, key=lambda k: took[k])
        for network in (self.network, self.teacher, self.mean):
            network.to(memory_format=self.layout)
        self.optimiser.zero_grad(set_to_none=True)
        print(f"seconds a step of the network alone: {took}", flush=True)


def _turned_loss(heads: dict[str, Tensor], teacher: dict[str, Tensor], angles: Tensor) -> dict[str, Tensor]:
    """How far the heads for turned views are from the teacher's for upright ones, turned along."""
    joints, scores, _ = decode(teacher)
    joints = turned_joints(joints * SIDE, angles)
    heat, known = turned_maps(teacher["heatmap"], angles)
    centre, _ = turned_maps(teacher["center"], angles)
    weights = scores * (scores > SURE)
    near = spots(joints, weights * in_picture(joints), 1.2)
    middle = centre.sigmoid()[:, 0] ** 2
    return {
        "heatmap": surprise(heads["heatmap"], heat.sigmoid(), known),
        "center": surprise(heads["center"], centre.sigmoid(), known),
        **place_losses(heads, joints, weights, near, middle),
    }


def _bordered(pictures: Tensor) -> Tensor:
    """Some of the pictures with black beyond an edge."""
    n, device = len(pictures), pictures.device
    depth = torch.where(torch.rand(n, device=device) < BORDERED, 70 * torch.rand(n, device=device), 0.0)
    side = torch.randint(4, (n,), device=device)
    ticks = torch.arange(pictures.shape[-1], device=device)
    near = ticks < depth[:, None]
    far = near.flip(1)
    rows = near & (side == 0)[:, None] | far & (side == 1)[:, None]
    columns = near & (side == 2)[:, None] | far & (side == 3)[:, None]
    return pictures * ~(rows[:, None, :, None] | columns[:, None, None, :])


def draw_sheet(path: Path, pictures: Tensor, batch: Batch, columns: int = 8) -> None:
    """A JPEG of pictures with their joints, to see that they are right."""
    tiles = []
    for picture, joints, seen in zip(pictures, batch.joints.tolist(), batch.seen.tolist(), strict=True):
        tile = np.ascontiguousarray(
            (picture.permute(1, 2, 0).cpu().numpy() * 255).astype(np.uint8)[..., ::-1]
        )
        for k, (x, y) in enumerate(joints):
            color = (255, 255, 0) if k == 0 else (0, 255, 0) if k % 2 else (0, 0, 255)
            cv2.circle(tile, (int(x), int(y)), 2, color, -1 if seen[k] else 1)
        tiles.append(tile)
    count = len(tiles) // columns * columns
    rows = [np.concatenate(tiles[i : i + columns], 1) for i in range(0, count, columns)]
    cv2.imwrite(str(path), np.concatenate(rows))


def train(given: argparse.Namespace) -> None:
    """Everything, from the published weights to the last saved mean."""
    begun = time.perf_counter()
    given.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(given.seed)
    np.random.seed(given.seed)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    trainer = Trainer(given)
    log = (given.out / "log.txt").open("w")

    def say(text: str) -> None:
        print(text, flush=True)
        log.write(text + "\n")
        log.flush()

    batch, pictures = trainer.rendered(min(given.batch, 64), trainer.mix)
    draw_sheet(
        given.out / "sheet.jpg", pictures[: given.sheet], _first(batch, given.sheet), min(8, given.sheet)
    )
    if trainer.device.type == "cuda":
        torch.backends.cudnn.benchmark = True
        trainer.choose_layout()
    say(f"published: {_figures(trainer.missed(trainer.teacher, given.looks))}")
    say(f"ready after {time.perf_counter() - begun:.0f} s")
    while trainer.step < given.steps:
        progress = max(
            trainer.step / given.steps, (time.perf_counter() - begun) / (given.seconds - given.spare)
        )
        if progress >= 1:
            break
        losses = trainer.learn(progress)
        if losses:
            said = "; ".join(f"{kind} {_figures(of)}" for kind, of in losses.items())
            say(f"step {trainer.step} at {time.perf_counter() - begun:.0f} s: {said}")
        if trainer.step % given.save_every == 0:
            trainer.save()
            say(f"step {trainer.step}, mean: {_figures(trainer.missed(trainer.mean, given.looks))}")
    trainer.save()
    say(f"step {trainer.step}, mean: {_figures(trainer.missed(trainer.mean, given.looks))}")
    say(f"done after {time.perf_counter() - begun:.0f} s")


def _first(batch: Batch, count: int) -> Batch:
    keep = batch.others_in < count
    return Batch(
        *(getattr(batch, name)[:count] for name in ("light", "joints", "seen")),
        batch.others[keep], batch.others_in[keep], batch.others_seen[keep],
        batch.inverted[:count], batch.blur[:count],
    )  # fmt: skip


def _figures(of: dict[str, float]) -> str:
    return " ".join(f"{name} {value:.3f}" for name, value in of.items())


def main() -> None:
    """Parse the options and train."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--baked", type=Path, required=True, help="folder that bake.py wrote")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--seconds", type=float, default=math.inf, help="stop by then, all told")
    parser.add_argument(
        "--spare", type=float, default=8.0, help="of these, kept for the last look and saving"
    )
    parser.add_argument("--batch", type=int, default=80, help="rendered pictures a step")
    parser.add_argument("--again", type=int, default=3, help="times that a rendered batch is looked at")
    parser.add_argument("--real", type=int, default=24, help="real people a step, each upright and turned")
    parser.add_argument(
        "--rate", type=float, default=1e-3, help="of the trunk, in units of the weights' own size"
    )
    parser.add_argument("--keep", type=float, default=2.0, help="weight of upright real people")
    parser.add_argument("--save-every", type=int, default=250)
    parser.add_argument("--looks", type=int, default=3, help="batches looked at when saving")
    parser.add_argument("--sheet", type=int, default=64, help="pictures on the sheet")
    parser.add_argument("--seed", type=int, default=1)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
