"""Scores of trained networks for every tick."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from vpd.types import Array

SCORED_TICKS = 2048
"""Number of ticks scored at once. Longer timelines are scored in overlapping parts."""
SCORED_MARGIN = 128
"""Ticks of context on either side that are scored but not kept: a little more than the convolutions see."""
BATCH_TICKS = 64 * SCORED_TICKS
"""Largest number of ticks in one batch. It limits memory, however long a video is."""


@dataclass(frozen=True, eq=False)
class Scored:
    """Output of the networks for each tick.

    Attributes
    ----------
    probabilities : (T, 1 + C), of the background and of each class.
    edges : (T, 2) times to the start and to the end of the segment, in mean segment durations; None where
        the networks do not predict them.
    """

    probabilities: Array
    edges: Array | None


def mean_scored(scored: Sequence[Scored]) -> Scored:
    """The mean of several outputs for the same ticks. Edges are averaged where all have them."""
    probabilities: Array = np.stack([s.probabilities for s in scored]).mean(axis=0)
    edges = [s.edges for s in scored if s.edges is not None]
    return Scored(probabilities, np.stack(edges).mean(axis=0) if len(edges) == len(scored) else None)


def _stretches(lengths: Sequence[int]) -> list[tuple[int, int, int]]:
    return [
        (i, start, min(start + SCORED_TICKS, n))
        for i, n in enumerate(lengths)
        for start in range(0, n, SCORED_TICKS)
    ]


@torch.inference_mode()
def score(network: nn.Module, inputs: Sequence[Array], classes: int, mirror: bool = True) -> list[Scored]:
    """Output of a network for each of ``inputs`` (T, 2, d).

    The mean over both orientations; without ``mirror``, the output for the inputs as they are. ``classes``
    includes the background.
    """
    orientations = 2 if mirror else 1
    network.eval()
    outputs: list[list[Array]] = [[] for _ in inputs]
    length = SCORED_TICKS + 2 * SCORED_MARGIN
    stretches = _stretches([len(x) for x in inputs])
    at_once = max(1, BATCH_TICKS // (orientations * length))
    # Stretches of like length go together, so that little of a batch is padding.
    order = sorted(range(len(stretches)), key=lambda k: stretches[k][2] - stretches[k][1])
    pieces: dict[int, Array] = {}
    for begin in range(0, len(order), at_once):
        group = [(k, *stretches[k]) for k in order[begin : begin + at_once]]
        widest = max(stop - start for _, _, start, stop in group) + 2 * SCORED_MARGIN
        # Beyond the ends of a timeline lies nothing, marked as such, whatever it is scored together with.
        batch = np.zeros((len(group), orientations, widest, inputs[0].shape[2]), np.float32)
        for row, (_, i, start, stop) in enumerate(group):
            first, last = max(0, start - SCORED_MARGIN), min(len(inputs[i]), stop + SCORED_MARGIN)
            at = first - start + SCORED_MARGIN
            batch[row, :, at : at + last - first] = inputs[i][first:last, :orientations].swapaxes(0, 1)
        logits = network(torch.from_numpy(batch.reshape(-1, widest, batch.shape[3])))
        outcome = torch.cat([logits[..., :classes].softmax(-1), logits[..., classes:]], dim=-1)
        said = outcome.reshape(len(group), orientations, widest, -1).mean(1).numpy()
        for row, (k, _, start, stop) in enumerate(group):
            pieces[k] = said[row, SCORED_MARGIN : SCORED_MARGIN + stop - start]
    for k, (i, _, _) in enumerate(stretches):
        outputs[i].append(pieces[k])
    empty = np.empty((0, classes), np.float32)
    said_of = [np.concatenate(parts) if parts else empty for parts in outputs]
    return [Scored(o[:, :classes], o[:, classes:] if o.shape[1] > classes else None) for o in said_of]
