"""3D networks of torchvision: R3D-18 of the paper's Table 4, and MViT-v2 as a current one."""

from __future__ import annotations

from torch import Tensor, nn
from torchvision.models.video import mvit_v2_s, r3d_18

R3D_WIDTH = 512
R3D_FRAMES = 16
R3D_SIDE = 112
KINETICS_MEAN = (0.43216 * 255, 0.394666 * 255, 0.37645 * 255)
KINETICS_STD = (0.22803 * 255, 0.22145 * 255, 0.216989 * 255)
"""Standard deviations of colours in 0..255."""
MVIT_FRAMES = 16
MVIT_SIDE = 224
MVIT_MEAN = (0.45 * 255,) * 3
MVIT_STD = (0.225 * 255,) * 3
"""Standard deviations of colours in 0..255."""


class R3D(nn.Module):
    """R3D-18 (Tran et al. 2018, "A Closer Look at Spatiotemporal Convolutions for Action Recognition").

    Clips (N, T, 3, H, W) to logits, or to features (N, 512).
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.network = r3d_18(weights=None)
        self.network.fc = nn.Linear(R3D_WIDTH, classes)

    def features(self, x: Tensor) -> Tensor:
        """(N, 512) of clips (N, T, 3, H, W)."""
        net = self.network
        y = net.stem(x.transpose(1, 2))
        for stage in (net.layer1, net.layer2, net.layer3, net.layer4):
            y = stage(y)
        pooled: Tensor = net.avgpool(y).flatten(1)
        return pooled

    def forward(self, x: Tensor) -> Tensor:
        """Logits (N, classes)."""
        logits: Tensor = self.network.fc(self.features(x))
        return logits


class MViT(nn.Module):
    """MViT-v2 small (Li et al. 2022) over 16 frames of 224 px."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.network = mvit_v2_s(weights=None, num_classes=classes)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (N, classes) of clips (N, T, 3, H, W)."""
        logits: Tensor = self.network(x.transpose(1, 2))
        return logits
