"""An attentive probe: one learned query attends to the tokens of a frozen network (V-JEPA 2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

HEADS = 4


class AttentiveProbe(nn.Module):
    """Tokens (N, L, d) of a frozen network to logits (N, classes).

    A learned query attends to the normalised tokens. Its output passes a small MLP with a residual, and a
    linear layer.
    """

    def __init__(self, classes: int, d: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.before = nn.LayerNorm(d)
        self.query = nn.Parameter(torch.zeros(1, 1, d))
        nn.init.trunc_normal_(self.query, std=0.02)
        self.attention = nn.MultiheadAttention(d, HEADS if d % HEADS == 0 else 1, batch_first=True)
        self.after = nn.LayerNorm(d)
        self.mlp = nn.Sequential(nn.Linear(d, 2 * d), nn.GELU(), nn.Linear(2 * d, d))
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(d, classes)

    def forward(self, tokens: Tensor) -> Tensor:
        """See the class."""
        normed = self.before(tokens)
        query = self.query.expand(len(tokens), -1, -1)
        gathered = self.attention(query, normed, normed, need_weights=False)[0][:, 0]
        gathered = gathered + self.mlp(self.after(gathered))
        logits: Tensor = self.classifier(self.dropout(gathered))
        return logits
