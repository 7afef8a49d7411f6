"""TimeSformer (Bertasius et al. 2021, "Is Space-Time Attention All You Need?"), written from the paper.

Names of weights are those of the class TimesformerForVideoClassification of `transformers` (Apache-2), so
that its checkpoints load by key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

Attention = Literal["divided_space_time", "joint_space_time"]

INITIAL_STD = 0.02


@dataclass(frozen=True)
class TimeSformerShape:
    """Sizes of the network; the defaults are the base model's (ViT-B/16 on 8 frames of 224 px)."""

    image_size: int = 224
    patch_size: int = 16
    num_frames: int = 8
    hidden_size: int = 768
    num_hidden_layers: int = 12
    num_attention_heads: int = 12
    intermediate_size: int = 3072
    attention: Attention = "divided_space_time"
    drop_path: float = 0.1


BASE = TimeSformerShape()
HR = TimeSformerShape(image_size=448, num_frames=16)
LONG = TimeSformerShape(num_frames=96)
"""TimeSformer-L of the paper's Table 1."""


class _SelfAttention(nn.Module):
    """Multi-head attention over (N, L, C)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.attention = nn.ModuleDict({"qkv": nn.Linear(width, 3 * width)})
        self.output = nn.ModuleDict({"dense": nn.Linear(width, width)})

    def forward(self, x: Tensor) -> Tensor:
        n, length, width = x.shape
        qkv = self.attention["qkv"](x).view(n, length, 3, self.heads, width // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        mixed = nn.functional.scaled_dot_product_attention(query, key, value)
        out: Tensor = self.output["dense"](mixed.transpose(1, 2).reshape(n, length, width))
        return out


class _Layer(nn.Module):
    """One layer: attention over time, then over space, then the MLP (section 3; figure 2)."""

    def __init__(self, shape: TimeSformerShape, drop_path: float) -> None:
        super().__init__()
        width, heads = shape.hidden_size, shape.num_attention_heads
        self.frames, self.drop_path = shape.num_frames, drop_path
        self.attention = _SelfAttention(width, heads)
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(width, shape.intermediate_size)})
        self.output = nn.ModuleDict({"dense": nn.Linear(shape.intermediate_size, width)})
        self.layernorm_before = nn.LayerNorm(width, eps=1e-6)
        self.layernorm_after = nn.LayerNorm(width, eps=1e-6)
        self.divided = shape.attention == "divided_space_time"
        if self.divided:
            self.temporal_layernorm = nn.LayerNorm(width, eps=1e-6)
            self.temporal_attention = _SelfAttention(width, heads)
            self.temporal_dense = nn.Linear(width, width)

    def _dropped(self, x: Tensor) -> Tensor:
        """Stochastic depth: leave out whole rows in training."""
        if not self.training or not self.drop_path:
            return x
        kept = 1 - self.drop_path
        mask = x.new_empty(x.shape[0], *(1,) * (x.ndim - 1)).bernoulli_(kept)
        scaled: Tensor = x * mask / kept
        return scaled

    def in_time(self, patches: Tensor) -> Tensor:
        """(N, P * T, C): each patch attends to itself in all frames."""
        n, length, width = patches.shape
        x = patches.reshape(-1, self.frames, width)
        mixed = self._dropped(self.temporal_attention(self.temporal_layernorm(x)))
        out: Tensor = patches + self.temporal_dense(mixed.reshape(n, length, width))
        return out

    def _in_space(self, token: Tensor, patches: Tensor) -> tuple[Tensor, Tensor]:
        """The class token and the patches of one frame attend to each other. The token's mean over frames is
        taken.
        """
        n, length, width = patches.shape
        frames = patches.view(n, -1, self.frames, width).transpose(1, 2).reshape(n * self.frames, -1, width)
        tokens = token.repeat(1, self.frames, 1).view(-1, 1, width)
        x = torch.cat([tokens, frames], 1)
        mixed = self._dropped(self.attention(self.layernorm_before(x)))
        token = token + mixed[:, 0].view(n, self.frames, width).mean(1, keepdim=True)
        moved = mixed[:, 1:].view(n, self.frames, -1, width).transpose(1, 2).reshape(n, length, width)
        return token, patches + moved

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1 + P * T, C): patch by patch, with the frames of a patch together."""
        if self.divided:
            token, patches = x[:, :1], self.in_time(x[:, 1:])
            x = torch.cat(self._in_space(token, patches), 1)
        else:
            x = x + self._dropped(self.attention(self.layernorm_before(x)))
        hidden = nn.functional.gelu(self.intermediate["dense"](self.layernorm_after(x)))
        return x + self._dropped(self.output["dense"](hidden))


class TimeSformer(nn.Module):
    """Clips (N, T, 3, H, W) to logits (N, classes)."""

    def __init__(self, classes: int, shape: TimeSformerShape = BASE) -> None:
        super().__init__()
        self.shape = shape
        width = shape.hidden_size
        patches = (shape.image_size // shape.patch_size) ** 2
        embeddings = nn.Module()
        embeddings.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        embeddings.position_embeddings = nn.Parameter(torch.zeros(1, patches + 1, width))
        embeddings.time_embeddings = nn.Parameter(torch.zeros(1, shape.num_frames, width))
        projection = nn.Conv2d(3, width, shape.patch_size, shape.patch_size)
        embeddings.patch_embeddings = nn.ModuleDict({"projection": projection})
        encoder = nn.Module()
        drops = np.linspace(0, shape.drop_path, shape.num_hidden_layers).tolist()
        encoder.layer = nn.ModuleList(_Layer(shape, drop) for drop in drops)
        self.timesformer = nn.Module()
        self.timesformer.embeddings, self.timesformer.encoder = embeddings, encoder
        self.timesformer.layernorm = nn.LayerNorm(width, eps=1e-6)
        self.classifier = nn.Linear(width, classes)
        self._initialise()

    def _initialise(self) -> None:
        """Truncated normal weights. Time attention adds nothing at first, except in the first layer."""
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=INITIAL_STD)
                nn.init.zeros_(module.bias)
        embeddings = self.timesformer.get_submodule("embeddings")
        for name in ("cls_token", "position_embeddings"):
            nn.init.trunc_normal_(embeddings.get_parameter(name), std=INITIAL_STD)
        for name, module in self.named_modules():
            if name.endswith("temporal_dense") and ".layer.0." not in name and isinstance(module, nn.Linear):
                nn.init.zeros_(module.weight)

    def _embedded(self, x: Tensor) -> Tensor:
        """(N, 1 + P * T, C) of clips."""
        n, frames = x.shape[:2]
        embeddings = self.timesformer.get_submodule("embeddings")
        projection = embeddings.get_submodule("patch_embeddings.projection")
        position = embeddings.get_parameter("position_embeddings")
        patches = projection(x.flatten(0, 1)).flatten(2).transpose(1, 2) + position[:, 1:]
        patches = (
            patches.view(n, frames, *patches.shape[1:])
            + embeddings.get_parameter("time_embeddings")[:, :, None]
        )
        token = (embeddings.get_parameter("cls_token") + position[:, :1]).expand(n, -1, -1)
        return torch.cat([token, patches.transpose(1, 2).flatten(1, 2)], 1)

    def features(self, x: Tensor) -> Tensor:
        """(N, C): the class token after the last layer."""
        x = self._embedded(x)
        for layer in self.timesformer.get_submodule("encoder.layer").children():
            x = layer(x)
        token: Tensor = self.timesformer.get_submodule("layernorm")(x[:, 0])
        return token

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        logits: Tensor = self.classifier(self.features(x))
        return logits
