"""An encoder that knows people before it sees the sport: the shipped pose network, read where the joints are.

It works in two stages. What the pose network sees of a crop is *read* once: the joints it finds, how sure it
is, and the flow there. A small *head* then makes the feature from the readings of the frame and of frames
around it. The first stage is by far the dearer, and where the pose network stays as it is (the default) its
readings are kept and the head trains on them within a minute.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vpd.errors import InputError
from vpd.pose.movenet import NEARNESS
from vpd.pose.movenet_torch import HEADS, load_movenet
from vpd.pose.skeleton import MIRROR17
from vpd.student.corpus.inputs import InputSpec

JOINTS = HEADS["heatmap"]
INPUT = 224
"""Side in pixels of what the pose network sees."""
CENTRE = 0.75
"""Share of the crop's side that it sees: joints span 0.62 of a crop, and it wants people large. Of crops of
128 px, this much at 224 px comes nearer to its poses of the full picture than the whole crop at 256 px, in
three quarters of the time (docs/experiments/student.md)."""
HIDDEN = 256
"""Width of the head's layers."""
DROPOUT = 0.3
FLOW_WINDOW = 15
"""A joint's flow is the mean over a square of one part in this many of the crop's side."""
LIMIT = 16.0
"""Readings beyond this many deviations are cut off."""


class PeopleEncoder(nn.Module):
    """Crops to readings, and readings of K frames to a feature of size d.

    The frames are the frame's context (`InputSpec.context_s`) and itself. A feature starts as the mean of the
    anchors over these frames, where there are any: what the teacher says of the joints that were read. The
    head learns what to add.
    """

    def __init__(self, spec: InputSpec, d: int) -> None:
        super().__init__()
        if not spec.rgb or spec.neighbours:
            raise InputError(
                "the backbone movenet sees the frame's own colours: add rgb to inputs in [distill], and give"
                " further frames as context instead of neighbours"
            )
        self.flow, frames = spec.flow, 1 + len(spec.context_s)
        self.size = JOINTS * (7 if spec.flow else 5)
        self.pretrained = load_movenet()
        self.register_buffer("mean", torch.zeros(self.size))
        self.register_buffer("deviation", torch.ones(self.size))
        self.project = nn.Linear(self.size + d, HIDDEN)
        self.mix = nn.Linear(HIDDEN * frames, HIDDEN)
        self.middle = nn.Linear(HIDDEN, HIDDEN)
        self.last = nn.Linear(HIDDEN, d)
        self.share = nn.Parameter(torch.tensor([0.0] * (frames - 1) + [3.0]))
        self.dropout = nn.Dropout(DROPOUT)

    mean: Tensor
    deviation: Tensor

    def forward(self, inputs: Tensor) -> Tensor:
        """(N, C, S, S) normalised to (N, ``size``): what is read of each crop.

        Of the 17 joints x and y in fractions of the crop, the scores, x and y as regressed from the person's
        centre, and the flow x and y as normalised.
        """
        crop = int(inputs.shape[-1])
        edge = round(crop * (1 - CENTRE) / 2)
        centre = inputs[:, :3, edge : crop - edge, edge : crop - edge]
        seen = F.interpolate(centre, size=(INPUT, INPUT), mode="bilinear", align_corners=False)
        heads = {name: head.float() for name, head in self.pretrained(seen).items()}
        joints, score, regressed = decode_pose(heads)
        scale, shift = 1 - 2 * edge / crop, edge / crop
        joints, regressed = joints * scale + shift, regressed * scale + shift
        parts = [joints.flatten(1), score, regressed.flatten(1)]
        if self.flow:
            window = max(crop // FLOW_WINDOW, 1) | 1
            flow = F.avg_pool2d(inputs[:, 3:5].float(), window, 1, window // 2, count_include_pad=False)
            at = F.grid_sample(flow, (2 * joints - 1)[:, :, None], padding_mode="border", align_corners=False)
            parts.append(at[..., 0].transpose(1, 2).flatten(1))
        return torch.cat(parts, 1)

    def mirrored(self, readings: Tensor) -> Tensor:
        """What is read (N, ``size``) of the mirrored crops: left and right exchanged, x turned about."""
        order = list(MIRROR17)
        joints, score, regressed, *flow = torch.split(
            readings, [2 * JOINTS, JOINTS, 2 * JOINTS] + [2 * JOINTS] * self.flow, dim=1
        )
        sign = readings.new_tensor([-1.0, 1.0])

        def turned(points: Tensor, about: float) -> Tensor:
            exchanged = points.view(-1, JOINTS, 2)[:, order]
            return (exchanged * sign + readings.new_tensor([about, 0.0])).flatten(1)

        parts = [
            turned(joints, 1.0),
            score[:, order],
            turned(regressed, 1.0),
            *(turned(f, 0.0) for f in flow),
        ]
        return torch.cat(parts, 1)

    def fit(self, readings: Tensor) -> None:
        """Take the mean and deviation of readings (M, ``size``) as those of the corpus."""
        self.mean.copy_(readings.mean(0))
        self.deviation.copy_(readings.std(0).clamp_min(1e-3))

    def pose(self, readings: Tensor) -> tuple[Tensor, Tensor]:
        """Joints (N, 17, 2) in fractions of the crop, and their scores (N, 17), of what was read."""
        return readings[:, : 2 * JOINTS].reshape(-1, JOINTS, 2), readings[:, 2 * JOINTS : 3 * JOINTS]

    def combine(self, windows: Tensor, anchors: Tensor) -> Tensor:
        """Readings (N, K, ``size``) and anchors (N, K or 1, d) of K frames, the frame itself last: (N, d)."""
        anchors = anchors.expand(-1, windows.shape[1], -1)
        scaled = ((windows - self.mean) / self.deviation).clamp(-LIMIT, LIMIT)
        each = self.dropout(torch.relu(self.project(torch.cat([scaled, anchors], 2))))
        mixed = self.dropout(torch.relu(self.mix(each.flatten(1))))
        mixed = mixed + torch.relu(self.middle(mixed))
        start = (anchors * torch.softmax(self.share, 0)[:, None]).sum(1)
        feature: Tensor = self.last(mixed) + start
        return feature


def decode_pose(heads: dict[str, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
    """Joints of the person in the middle, by MoveNet's published decoding of its four heads.

    `vpd.pose.movenet.decode` on tensors, so that it can be exported and run on a GPU; that one is given the
    centres already weighted. Returns joints (N, 17, 2) as x, y in fractions of the input, their scores
    (N, 17), and the joints (N, 17, 2) as regressed from the person's centre.
    """
    heat = torch.sigmoid(heads["heatmap"])
    n, _, side, _ = heat.shape
    ticks = torch.arange(side, device=heat.device, dtype=heat.dtype)
    cells = torch.stack(torch.meshgrid(ticks, ticks, indexing="ij"), -1).reshape(-1, 2)
    from_middle = (cells - side / 2).square().sum(1).sqrt() + float(NEARNESS)
    centre = (torch.sigmoid(heads["center"]).flatten(1) / from_middle).argmax(1)
    regress = heads["regress"].reshape(n, JOINTS, 2, -1)
    regressed = _take(regress, centre[:, None].expand(n, JOINTS)) + cells[centre][:, None]
    distance = (regressed[:, :, None] - cells).square().sum(3).sqrt() + float(NEARNESS)
    flat = heat.flatten(2)
    best = (flat / distance).argmax(2)
    found = _take(heads["offset"].reshape(n, JOINTS, 2, -1), best) + cells[best]
    score = flat.gather(2, best[..., None])[..., 0]
    return found.flip(2) / side, score, regressed.flip(2) / side


def _take(values: Tensor, cells: Tensor) -> Tensor:
    """Of (N, J, 2, cells) the two numbers at each joint's cell (N, J): (N, J, 2)."""
    return values.gather(3, cells[:, :, None, None].expand(-1, -1, 2, 1))[..., 0]
