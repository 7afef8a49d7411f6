"""E2E-Spot (Hong et al. 2022, "Spotting Temporally Precise, Fine-Grained Events in Video"): GSM and a GRU."""

from __future__ import annotations

from torch import Tensor, nn

from vpd.baselines.networks.backbones import backbone_of, gate_resnet

HIDDEN_LIMIT = 768
"""Largest hidden width of the GRU (released code)."""
DROPOUT = 0.5


class Spotter(nn.Module):
    """Clips (N, T, C, H, W) to logits of every frame (N, T, classes + 1); class 0 is no event.

    A ResNet with a gate before every block processes all frames. A bidirectional GRU over their features
    classifies each. The paper's network is RegNet-Y 200 MF. Its ResNet-18 variant is built here from
    torchvision.
    """

    def __init__(
        self, classes: int, frames: int, backbone: str = "resnet18", side: int = 224, channels: int = 3
    ) -> None:
        super().__init__()
        kind = backbone_of(backbone, side)
        self._features = gate_resnet(kind.make(channels, None), frames, interleave=True)
        hidden = min(kind.width, HIDDEN_LIMIT)
        self.gru = nn.GRU(kind.width, hidden, batch_first=True, bidirectional=True)
        self.dropout = nn.Dropout(DROPOUT)
        self.classifier = nn.Linear(2 * hidden, classes + 1)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        n, t = x.shape[:2]
        features = self._features(x.flatten(0, 1)).view(n, t, -1)
        logits: Tensor = self.classifier(self.dropout(self.gru(features)[0]))
        return logits
