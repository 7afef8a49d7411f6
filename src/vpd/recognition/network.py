"""The recognition network: recurrent layers over packed frames, pooling over time, a classifier."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from vpd.sequences.gru import BiGRU, Precision
from vpd.sequences.packing import Packing
from vpd.sequences.pooling import max_over_time

Cell = Literal["gru", "lstm"]
Pooling = Literal["max", "attention"]

INPUT_DROPOUT = 0.2
DROPOUT = 0.5
CLASSIFIER_WIDTH = 256


class BiLSTM(nn.Module):
    """Bidirectional LSTM over packed frames (N, d) -> (N, 2 hidden)."""

    def __init__(self, d: int, hidden: int, layers: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(d, hidden, layers, bidirectional=True)

    def forward(self, x: Tensor, packing: Packing) -> Tensor:
        """Outputs of the last layer at every packed frame."""
        out, _ = self.lstm(PackedSequence(x, torch.from_numpy(packing.batch_sizes)))
        data: Tensor = out.data
        return data


class ActionNetwork(nn.Module):
    """The paper's BiGRU classifier (supplement; `method.md`), its cell and pooling to choose."""

    def __init__(
        self,
        d: int,
        classes: int,
        hidden: int,
        layers: int,
        cell: Cell,
        pooling: Pooling,
        threads: int,
        precision: Precision = "auto",
    ) -> None:
        super().__init__()
        self.input_dropout = nn.Dropout(INPUT_DROPOUT)
        self.recurrent: nn.Module = (
            BiGRU(d, hidden, layers, threads, precision) if cell == "gru" else BiLSTM(d, hidden, layers)
        )
        self.attention = nn.Linear(2 * hidden, 1) if pooling == "attention" else None
        self.classifier = nn.Sequential(
            nn.BatchNorm1d(2 * hidden),
            nn.Dropout(DROPOUT),
            nn.Linear(2 * hidden, CLASSIFIER_WIDTH),
            nn.ReLU(),
            nn.BatchNorm1d(CLASSIFIER_WIDTH),
            nn.Dropout(DROPOUT),
            nn.Linear(CLASSIFIER_WIDTH, classes),
        )

    def pool(self, x: Tensor, packing: Packing) -> Tensor:
        """(B, 2 hidden) of the packed outputs, in the packing's order."""
        if self.attention is None:
            return max_over_time(x, packing)
        rank = np.concatenate([np.arange(n) for n in packing.batch_sizes])
        sequence = torch.from_numpy(rank).to(x.device)
        count = len(packing.order)
        scores = self.attention(x)[:, 0]
        highest = scores.new_empty(count).scatter_reduce(
            0, sequence, scores.detach(), "amax", include_self=False
        )
        weights = (scores - highest[sequence]).exp()
        total = weights.new_zeros(count).index_add(0, sequence, weights)
        weighted = x * (weights / total[sequence])[:, None]
        return x.new_zeros(count, x.shape[1]).index_add(0, sequence, weighted)

    def embed(self, x: Tensor, packing: Packing) -> Tensor:
        """(B, 2 hidden) pooled outputs of packed frames (N, d), in the packing's order of sequences."""
        return self.pool(self.recurrent(self.input_dropout(x), packing), packing)

    def forward(self, x: Tensor, packing: Packing) -> Tensor:
        """Logits (B, classes) of packed frames (N, d), in the packing's order of sequences."""
        logits: Tensor = self.classifier(self.embed(x, packing))
        return logits
