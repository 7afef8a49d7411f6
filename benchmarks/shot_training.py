"""Train the network that finds where shots begin, on edits made of clips and of made pictures.

    python benchmarks/shot_training.py OUT.safetensors CLIP... [--shots N] [--steps N] [--seed S]

The shipped network learned from sports2d_demo and the ten videos of the sample, so many shots and steps; it
takes about 10 minutes of a core.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file
from torch import nn

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.athletes.edits import CUT, edited, made_source, read_source
from vpd.athletes.shot_features import COUNT, ShotFeatures, thumbnail
from vpd.athletes.shot_network import DILATIONS

CHANNELS, LENGTH, BATCH, RATE = 32, 192, 12, 5e-3
NOISE = 0.05
"""Added to the numbers of a picture, in their deviations."""
WEIGHTS = (6.0, 1.5)
"""Of frames that are a cut, and within a gradual change, against all others."""


class Network(nn.Module):
    """As `vpd.athletes.shot_network`, to be trained."""

    def __init__(self) -> None:
        super().__init__()
        self.input = nn.Linear(COUNT, CHANNELS)
        self.layers = nn.ModuleList(
            nn.Conv1d(CHANNELS, CHANNELS, 3, padding=d, dilation=d) for d in DILATIONS
        )
        self.output = nn.Linear(CHANNELS, 2)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        hidden = torch.relu(self.input(features)).transpose(1, 2)
        for layer in self.layers:
            hidden = hidden + torch.relu(layer(hidden))
        return self.output(hidden.transpose(1, 2))


def examples(clips: list[Path], shots: int, rng: np.random.Generator) -> list[tuple[np.ndarray, np.ndarray]]:
    """Numbers (T, F) and targets (T, 2) of videos of twelve shots."""
    clip_sources = [read_source(path) for path in clips]
    out = []
    for part in range(shots // 12):
        if part % 50 == 0:
            sources = [*clip_sources, *(made_source(rng) for _ in range((12, 60)[part // 50 % 2]))]
        pictures, edits, _ = edited(sources, 12, rng)
        features, targets = ShotFeatures(), np.zeros((len(pictures), 2), np.float32)
        for edit in edits:
            if edit.kind == CUT:
                targets[edit.last, 0] = 1
            else:
                targets[edit.first + 1 : edit.last, 1] = 1
        out.append((np.stack([features.add(thumbnail(picture)) for picture in pictures]), targets))
    return out


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("clips", nargs="+", type=Path)
    parser.add_argument("--shots", type=int, default=2400)
    parser.add_argument("--steps", type=int, default=2600)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    rng = np.random.default_rng(given.seed)
    torch.manual_seed(given.seed)
    parts = examples(given.clips, given.shots, rng)
    everything = np.concatenate([features for features, _ in parts])
    mean, deviation = everything.mean(0), everything.std(0) + 1e-3
    network = Network()
    optimiser = torch.optim.AdamW(network.parameters(), RATE, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=given.steps)
    share = np.array([len(features) for features, _ in parts], float) / len(everything)
    for step in range(given.steps):
        inputs, wanted = [], []
        for chosen in rng.choice(len(parts), BATCH, p=share):
            features, targets = parts[chosen]
            start = int(rng.integers(0, max(1, len(features) - LENGTH)))
            seen = (features[start : start + LENGTH] - mean) / deviation
            inputs.append(seen + rng.normal(0, NOISE, seen.shape))
            wanted.append(targets[start : start + LENGTH])
        loss = nn.functional.binary_cross_entropy_with_logits(
            network(torch.from_numpy(np.stack(inputs).astype(np.float32))),
            torch.from_numpy(np.stack(wanted)),
            pos_weight=torch.tensor(WEIGHTS),
        )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if step % 200 == 0:
            print(f"step {step}: {loss.item():.4f}", flush=True)
    weights = {"mean": mean.astype(np.float32), "deviation": deviation.astype(np.float32)}
    for name, value in network.state_dict().items():
        weights[name.replace("layers.", "layer")] = np.ascontiguousarray(value.numpy())
    save_file(weights, given.out)


if __name__ == "__main__":
    main()
