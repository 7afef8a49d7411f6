"""The recognition network: a bidirectional GRU over packed frames, the maximum over time, a classifier."""

from __future__ import annotations

from torch import Tensor, nn

from vpd.sequences.gru import BiGRU, Precision
from vpd.sequences.packing import Packing
from vpd.sequences.pooling import max_over_time

INPUT_DROPOUT = 0.2
DROPOUT = 0.5
CLASSIFIER_WIDTH = 256


class ActionNetwork(nn.Module):
    """The paper's BiGRU classifier (supplement, "Action recognition").

    Parameters
    ----------
    d, classes : feature size and number of classes.
    hidden, layers : width of one direction and number of layers of the GRU.
    threads, precision : see `vpd.sequences.gru.BiGRU`.
    """

    def __init__(
        self,
        d: int,
        classes: int,
        hidden: int,
        layers: int,
        threads: int,
        precision: Precision = "auto",
    ) -> None:
        super().__init__()
        self.input_dropout = nn.Dropout(INPUT_DROPOUT)
        self.recurrent = BiGRU(d, hidden, layers, threads, precision)
        self.classifier = nn.Sequential(
            nn.BatchNorm1d(2 * hidden),
            nn.Dropout(DROPOUT),
            nn.Linear(2 * hidden, CLASSIFIER_WIDTH),
            nn.ReLU(),
            nn.BatchNorm1d(CLASSIFIER_WIDTH),
            nn.Dropout(DROPOUT),
            nn.Linear(CLASSIFIER_WIDTH, classes),
        )

    def forward(self, x: Tensor, packing: Packing) -> Tensor:
        """Logits (B, classes) of packed frames (N, d), in the packing's order of sequences."""
        states = self.recurrent(self.input_dropout(x), packing)
        logits: Tensor = self.classifier(max_over_time(states, packing))
        return logits
