"""Time to train the paper's BiGRU: ours against a plain PyTorch loop, alternating in one process.

    python benchmarks/bigru_speed.py [--steps 20] [--threads 2]

112 sequences (16 examples of 7 classes) of 25..75 frames, both orientations as separate examples, batch 50:
five steps an epoch, 500 epochs. A run of ``--steps`` steps of each is timed in turns; the table gives the
median time of a step, and 2,500 of them. The plain loop pads in a DataLoader, packs with
``pack_padded_sequence`` and trains ``torch.nn.GRU``.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from statistics import median

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence
from torch.utils.data import DataLoader

from vpd.recognition.network import ActionNetwork
from vpd.sequences.packing import FrameMatrix

CLASSES, SHOTS, BATCH, HIDDEN, LAYERS, STEPS_OF_ALL = 7, 16, 50, 128, 2, 2500


def make_data(d: int, seed: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Both orientations of 112 random sequences, and their classes."""
    rng = np.random.default_rng(seed)
    lengths = np.repeat(rng.integers(25, 76, CLASSES * SHOTS), 2)
    return [rng.normal(size=(n, d)).astype(np.float32) for n in lengths], np.repeat(
        np.arange(CLASSES).repeat(SHOTS), 2
    )


class PlainNetwork(nn.Module):
    """The paper's network as one writes it with torch.nn.GRU."""

    def __init__(self, d: int) -> None:
        super().__init__()
        self.dropout = nn.Dropout(0.2)
        self.gru = nn.GRU(d, HIDDEN, LAYERS, batch_first=True, bidirectional=True)
        wide = 2 * HIDDEN
        self.head = nn.Sequential(
            *(nn.BatchNorm1d(wide), nn.Dropout(0.5), nn.Linear(wide, 256), nn.ReLU()),
            *(nn.BatchNorm1d(256), nn.Dropout(0.5), nn.Linear(256, CLASSES)),
        )

    def forward(self, x: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        packed = pack_padded_sequence(self.dropout(x), lengths, batch_first=True, enforce_sorted=False)
        out, _ = pad_packed_sequence(self.gru(packed)[0], batch_first=True, padding_value=-float("inf"))
        return self.head(out.max(dim=1).values)


def plain_steps(d: int, seed: int) -> Iterator[None]:
    """One step of the plain loop at a time."""
    sequences, targets = make_data(d, seed)
    data = [(torch.from_numpy(s), int(t)) for s, t in zip(sequences, targets, strict=True)]

    def collate(items: list[tuple[torch.Tensor, int]]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        x = pad_sequence([s for s, _ in items], batch_first=True)
        return x, torch.tensor([len(s) for s, _ in items]), torch.tensor([t for _, t in items])

    model = PlainNetwork(d)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3)
    loader = DataLoader(data, batch_size=BATCH, shuffle=True, collate_fn=collate)
    while True:
        for x, lengths, wanted in loader:
            loss = cross_entropy(model(x, lengths), wanted)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            yield


def our_steps(d: int, seed: int, threads: int) -> Iterator[None]:
    """One step of ours at a time."""
    sequences, targets = make_data(d, seed)
    matrix, wanted = FrameMatrix(sequences), torch.from_numpy(targets)
    model = ActionNetwork(d, CLASSES, HIDDEN, LAYERS, "gru", "max", threads)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)
    rng = np.random.default_rng(seed)
    while True:
        for chosen in np.array_split(rng.permutation(len(matrix)), -(-len(matrix) // BATCH)):
            frames, packing = matrix.batch(chosen)
            loss = cross_entropy(model(frames, packing), wanted[chosen[packing.order]])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            yield


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    print(f"{given.threads} threads; ms a step (median of {given.steps}), s for 500 epochs")
    for d in (26, 64):
        torch.manual_seed(0)
        plain, ours = plain_steps(d, 0), our_steps(d, 0, given.threads)
        times: dict[str, list[float]] = {"plain": [], "ours": []}
        for warm in (plain, ours):
            next(warm)
        for _ in range(given.steps):
            for name, steps in (("plain", plain), ("ours", ours)):
                # Ours gives each direction a thread; torch's own threads are for the plain loop.
                torch.set_num_threads(given.threads if name == "plain" else 1)
                start = time.perf_counter()
                next(steps)
                times[name].append(time.perf_counter() - start)
        a, b = (median(times[name]) for name in ("plain", "ours"))
        best = min(times["plain"]) / min(times["ours"])
        print(
            f"d = {d}: plain {1e3 * a:6.1f} ms {STEPS_OF_ALL * a:5.0f} s, ours {1e3 * b:6.1f} ms "
            f"{STEPS_OF_ALL * b:5.0f} s; ratio {a / b:.1f}, of the fastest steps {best:.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
