"""Time to train the paper's BiGRU: ours against a plain PyTorch loop, alternating in one process.

    python benchmarks/bigru_speed.py [--seconds 15]

112 sequences (16 examples of 7 classes) of 25..75 frames, both orientations as separate examples, batch 50,
500 epochs of five steps. Epochs of the plain loop and of ours, all float32 and with the large products in
bfloat16, are timed in turns, ``--seconds`` for each size and number of threads (a minute in all); the table
gives the median wall and processor time of an epoch, and the time of 500. The processor time is what other
work disturbs least. The plain loop pads in a DataLoader, packs with ``pack_padded_sequence`` and trains
``torch.nn.GRU``.
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
from vpd.sequences.gru import Precision
from vpd.sequences.packing import FrameMatrix

CLASSES, SHOTS, BATCH, HIDDEN, LAYERS, EPOCHS = 7, 16, 50, 128, 2, 500
SIZES = (26, 64)
PLAIN, PRECISIONS = "plain", ("float32", "bfloat16")
LEAST_EPOCHS = 3


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


def plain_epochs(d: int, seed: int) -> Iterator[None]:
    """One epoch of the plain loop at a time."""
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


def our_epochs(d: int, seed: int, threads: int, precision: Precision) -> Iterator[None]:
    """One epoch of ours at a time."""
    sequences, targets = make_data(d, seed)
    matrix, wanted = FrameMatrix(sequences), torch.from_numpy(targets)
    model = ActionNetwork(d, CLASSES, HIDDEN, LAYERS, threads, precision)
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


def median_times(
    runs: dict[str, Iterator[None]], threads: int, seconds: float
) -> tuple[dict[str, tuple[float, float]], int]:
    """Median wall and processor seconds of an epoch of each, taken in turns, and how many each had."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
    for epochs in runs.values():
        next(epochs)
    began = time.perf_counter()
    while time.perf_counter() - began < seconds or len(times[PLAIN]) < LEAST_EPOCHS:
        for name, epochs in runs.items():
            # Ours gives each direction a thread; torch's own threads are for the plain loop.
            torch.set_num_threads(threads if name == PLAIN else 1)
            wall, processor = time.perf_counter(), time.process_time()
            next(epochs)
            times[name].append((time.perf_counter() - wall, time.process_time() - processor))
    medians = {name: (median(w for w, _ in t), median(p for _, p in t)) for name, t in times.items()}
    return medians, len(times[PLAIN])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=15, help="a row of the table")
    given = parser.parse_args()
    print("                       ms an epoch, wall (processor)       s for 500 epochs       ratio")
    print(" d threads precision       plain            ours epochs      plain     ours     wall processor")
    for d in SIZES:
        for threads in (1, 2):
            torch.manual_seed(0)
            runs = {PLAIN: plain_epochs(d, 0)} | {p: our_epochs(d, 0, threads, p) for p in PRECISIONS}
            medians, epochs = median_times(runs, threads, given.seconds)
            a, a_cpu = medians[PLAIN]
            for precision in PRECISIONS:
                b, b_cpu = medians[precision]
                each = f"{1e3 * a:6.0f} ({1e3 * a_cpu:6.0f}) {1e3 * b:6.0f} ({1e3 * b_cpu:6.0f}) {epochs:6d}"
                whole = f"{EPOCHS * a:10.0f} {EPOCHS * b:8.0f}"
                ratios = f"{a / b:8.1f} {a_cpu / b_cpu:9.1f}"
                print(f"{d:2d} {threads:7d} {precision:9s} {each} {whole} {ratios}", flush=True)


if __name__ == "__main__":
    main()
