"""An encoder that knows people before it sees the sport: the shipped pose network, read where the joints are.

It works in two stages. What the pose network sees of a crop is *read* once: the joints it finds, how sure it
is, the flow there, and its maps. A small *head* then makes the feature from the readings of the frame and of
its neighbours. The first stage is by far the dearer, and where the pose network stays as it is (the default)
its readings are kept and the head trains on them within a minute.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from vpd.errors import InputError
from vpd.student.inputs import InputSpec
from vpd.student.movenet import BLOCKS, HEADS, LATERAL_BLOCKS, PYRAMID, TRUNK, Maps, load_movenet

JOINTS = HEADS["heatmap"]
INPUT = 224
"""Side in pixels of what the pose network sees."""
CENTRE = 0.75
"""Share of the crop's side that it sees: joints span 0.62 of a crop, and it wants people large. Of crops of
128 px, this much at 224 px comes nearer to its poses of the full picture than the whole crop at 256 px, in
three quarters of the time (docs/experiments/student.md)."""
COMPONENTS = 512
"""Principal components that what is read off the maps becomes."""
HIDDEN = 256
"""Width of the head's layers."""
DROPOUT = 0.3
FLOW_WINDOW = 15
"""A joint's flow is the mean over a square of one part in this many of the crop's side."""
NEAR = 1.8
"""Cells added to a distance that a heatmap's cell is divided by (MoveNet's published decoding)."""
SIZE = 0.5
"""Root of the components' mean variance; the points' is 1."""
LIMIT = 16.0
"""Readings beyond this many deviations are cut off."""
_AT_JOINTS = PYRAMID[-1][1] + BLOCKS[LATERAL_BLOCKS[2]][0] + BLOCKS[LATERAL_BLOCKS[1]][0]
MAPS = 2 * TRUNK + JOINTS * _AT_JOINTS
"""Numbers read off the maps: the deep one's mean over the crop and over the person, three at each joint."""


class PeopleEncoder(nn.Module):
    """Crops to readings, and readings of K frames to a feature of size d.

    The frames are the frame's context (`InputSpec.context`) and itself. A feature starts as the mean of the
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
        self.flow, frames = spec.flow, 1 + len(spec.context)
        self.points = JOINTS * (7 if spec.flow else 5)
        self.pretrained = load_movenet()
        self.size = self.points + COMPONENTS
        self.register_buffer("mean", torch.zeros(self.points + MAPS))
        self.register_buffer("deviation", torch.ones(self.points))
        self.register_buffer("components", torch.zeros(MAPS, COMPONENTS))
        self.project = nn.Linear(self.size + d, HIDDEN)
        self.mix = nn.Linear(HIDDEN * frames, HIDDEN)
        self.middle = nn.Linear(HIDDEN, HIDDEN)
        self.last = nn.Linear(HIDDEN, d)
        self.share = nn.Parameter(torch.tensor([0.0] * (frames - 1) + [3.0]))
        self.dropout = nn.Dropout(DROPOUT)

    mean: Tensor
    deviation: Tensor
    components: Tensor

    def forward(self, inputs: Tensor) -> Tensor:
        """Tokens (N, ``size``) of normalised crops (N, C, S, S)."""
        return self.condense(self.read(inputs))

    def read(self, inputs: Tensor) -> Tensor:
        """(N, C, S, S) normalised to (N, points + MAPS): what is read of each crop.

        First of the 17 joints x and y in fractions of the crop, the scores, x and y as regressed from the
        person's centre, and the flow as normalised; then the maps' part.
        """
        crop = int(inputs.shape[-1])
        edge = round(crop * (1 - CENTRE) / 2)
        centre = inputs[:, :3, edge : crop - edge, edge : crop - edge]
        seen = F.interpolate(centre, size=(INPUT, INPUT), mode="bilinear", align_corners=False)
        maps = self.pretrained.maps(seen)
        heads = {name: head(maps.fine).float() for name, head in self.pretrained.heads.items()}
        joints, score, regressed, heat = decode_pose(heads)
        grid = (2 * joints - 1)[:, :, None]
        at_joints = [_at(m.float(), grid) for m in (maps.fine, maps.middle, maps.early)]
        scale, shift = 1 - 2 * edge / crop, edge / crop
        in_crop = [joints * scale + shift, regressed * scale + shift]
        points = [in_crop[0].flatten(1), score, in_crop[1].flatten(1)]
        if self.flow:
            window = max(crop // FLOW_WINDOW, 1) | 1
            flow = F.avg_pool2d(inputs[:, 3:5].float(), window, 1, window // 2, count_include_pad=False)
            points.append(_at(flow, (2 * in_crop[0] - 1)[:, :, None]))
        return torch.cat([*points, *_deep(maps, heat), *at_joints], 1)

    def fit(self, readings: Tensor) -> None:
        """Take the readings' (M, points + MAPS) scale and principal components as those of the corpus."""
        self.mean.copy_(readings.mean(0))
        centred = readings - self.mean
        self.deviation.copy_(centred[:, : self.points].std(0).clamp_min(1e-3))
        maps = centred[:, self.points :].double()
        deviation = maps.std(0).clamp_min(1e-3)
        maps /= deviation
        # The smaller of the two Gram matrices: there are fewer readings than numbers in one.
        values, vectors = torch.linalg.eigh(maps @ maps.T)
        values, vectors = values.flip(0)[:COMPONENTS], vectors.flip(1)[:, :COMPONENTS]
        real = values > 1e-6 * values[0]
        values, vectors = values[real], vectors[:, real]
        components = maps.T @ (vectors / values.sqrt()) / deviation[:, None]
        # They keep their proportions; all together they are of the points' size.
        size = (values.sum() / len(readings) / COMPONENTS).sqrt() / SIZE
        self.components.zero_()
        self.components[:, : len(values)] = (components / size).to(self.components.dtype)

    def condense(self, readings: Tensor) -> Tensor:
        """(N, points + MAPS) to tokens (N, ``size``): the points in deviations, the maps' components."""
        centred = readings - self.mean
        points = centred[:, : self.points] / self.deviation
        return torch.cat([points, centred[:, self.points :] @ self.components], 1).clamp(-LIMIT, LIMIT)

    def pose(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Joints (N, 17, 2) in fractions of the crop, and their scores (N, 17), of tokens (N, ``size``)."""
        points = tokens[:, : 3 * JOINTS] * self.deviation[: 3 * JOINTS] + self.mean[: 3 * JOINTS]
        return points[:, : 2 * JOINTS].reshape(-1, JOINTS, 2), points[:, 2 * JOINTS :]

    def combine(self, windows: Tensor, anchors: Tensor) -> Tensor:
        """Tokens (N, K, ``size``) and anchors (N, K, d) of K frames, the frame itself last, to (N, d)."""
        each = self.dropout(torch.relu(self.project(torch.cat([windows, anchors], 2))))
        mixed = self.dropout(torch.relu(self.mix(each.flatten(1))))
        mixed = mixed + torch.relu(self.middle(mixed))
        start = (anchors * torch.softmax(self.share, 0)[:, None]).sum(1)
        feature: Tensor = self.last(mixed) + start
        return feature


def decode_pose(heads: dict[str, Tensor]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Joints of the person in the middle, by MoveNet's published decoding of its four heads.

    Returns joints (N, 17, 2) as x, y in fractions of the input, their scores (N, 17), the joints (N, 17, 2)
    as regressed from the person's centre, and the heatmaps (N, 17, H, W) after their sigmoid.
    """
    heat = torch.sigmoid(heads["heatmap"])
    n, _, side, _ = heat.shape
    ticks = torch.arange(side, device=heat.device, dtype=heat.dtype)
    cells = torch.stack(torch.meshgrid(ticks, ticks, indexing="ij"), -1).reshape(-1, 2)
    from_middle = (cells - side / 2).square().sum(1).sqrt() + NEAR
    centre = (torch.sigmoid(heads["center"]).flatten(1) / from_middle).argmax(1)
    regress = heads["regress"].reshape(n, JOINTS, 2, -1)
    regressed = _take(regress, centre[:, None].expand(n, JOINTS)) + cells[centre][:, None]
    distance = (regressed[:, :, None] - cells).square().sum(3).sqrt() + NEAR
    flat = heat.flatten(2)
    best = (flat / distance).argmax(2)
    found = _take(heads["offset"].reshape(n, JOINTS, 2, -1), best) + cells[best]
    score = flat.gather(2, best[..., None])[..., 0]
    return found.flip(2) / side, score, regressed.flip(2) / side, heat


def _take(values: Tensor, cells: Tensor) -> Tensor:
    """Of (N, J, 2, cells) the two numbers at each joint's cell (N, J): (N, J, 2)."""
    return values.gather(3, cells[:, :, None, None].expand(-1, -1, 2, 1))[..., 0]


def _at(maps: Tensor, grid: Tensor) -> Tensor:
    """The maps (N, C, H, W) at the places (N, J, 1, 2), -1..1 across: (N, J * C)."""
    sampled = F.grid_sample(maps, grid, mode="bilinear", padding_mode="border", align_corners=False)
    return sampled[..., 0].transpose(1, 2).flatten(1)


def _deep(maps: Maps, heat: Tensor) -> list[Tensor]:
    """The deepest map's mean over the crop, and over the person as the heatmaps have it."""
    deep = maps.deep.float()
    person = F.max_pool2d(heat.amax(1, keepdim=True), heat.shape[-1] // deep.shape[-1])
    person = person / person.sum((2, 3), keepdim=True)
    return [deep.mean((2, 3)), (deep * person).sum((2, 3))]
