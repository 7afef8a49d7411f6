"""The trained embedding of the poses within half a second."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from vpd.models import model_path
from vpd.teachers.embedding_file import fill_networks, read_embedding, weights_of, write_embedding
from vpd.teachers.vipe.model import BONE_LENGTHS
from vpd.teachers.vipe.network import Encoder
from vpd.teachers.vipe.target import SIZE, joints_of
from vpd.teachers.vipe_window.network import VipeWindowEncoder
from vpd.types import Array

SHIPPED = "vipe-window"
"""Name of the shipped weights in `vpd.models`."""
DECODER_WIDTH = 256
"""Width of the decoder's hidden layer."""


@dataclass(frozen=True)
class VipeWindowCard:
    """The purpose of an embedding: what it was trained for. It is kept in the file's metadata.

    Attributes
    ----------
    d : size of the embedding.
    width : of the layers that see the whole window.
    pose_width, pose_blocks : sizes of the pose encoder within.
    estimators : pose estimators whose errors it was trained with.
    offsets_s : (K,) seconds of the window's poses against the middle one, in order; one of them is 0.
    min_score : keypoints with a lower score count as missing.
    about : data, settings and figures, for the reader.
    """

    d: int
    width: int
    pose_width: int
    pose_blocks: int
    offsets_s: tuple[float, ...]
    estimators: tuple[str, ...] = ("movenet_thunder",)
    min_score: float = 0.1
    about: str = ""

    def network(self) -> VipeWindowEncoder:
        """An untrained network of these sizes."""
        pose = Encoder(self.d, self.pose_width, self.pose_blocks, 0.0).folded()
        return VipeWindowEncoder(pose, len(self.offsets_s), self.width)

    def decoder(self) -> nn.Module:
        """An untrained decoder of the window's 3D targets (`vpd.teachers.vipe_window.train`)."""
        size = SIZE * len(self.offsets_s)
        return nn.Sequential(nn.Linear(self.d, DECODER_WIDTH), nn.ReLU(), nn.Linear(DECODER_WIDTH, size))


@dataclass(frozen=True, eq=False)
class VipeWindow:
    """A trained embedding of windows, ready to use."""

    card: VipeWindowCard
    encoder: VipeWindowEncoder
    decoder: nn.Module

    @classmethod
    def load(cls, path: Path | None = None) -> VipeWindow:
        """Load the embedding in ``path``, by default the shipped one. Raises ArtefactError where it is
        none.
        """
        path = model_path(SHIPPED) if path is None else path
        card, weights = read_embedding(path, SHIPPED, VipeWindowCard)
        encoder, decoder = card.network(), card.decoder()
        fill_networks(path, weights, {"encoder": encoder, "decoder": decoder})
        return cls(card, encoder.eval(), decoder.eval())

    def save(self, path: Path) -> None:
        """Write weights and card."""
        write_embedding(
            path, SHIPPED, self.card, weights_of({"encoder": self.encoder, "decoder": self.decoder})
        )

    @torch.inference_mode()
    def embed(self, xy: Tensor, visibility: Tensor) -> Tensor:
        """(B, d) embeddings of windows (B, K, 13, 2), y down, any scale, with visibility (B, K, 13)."""
        found: Tensor = self.encoder(xy, visibility)
        return found

    @torch.inference_mode()
    def decode_3d(self, embedding: Array) -> Array:
        """(T, 13, 3) float32 joints of the middle pose, from (T, d) embeddings, as `Vipe.decode_3d` gives
        them.
        """
        z = torch.from_numpy(np.asarray(embedding, np.float32))
        middle = self.decoder(z).view(len(z), -1, SIZE)[:, len(self.card.offsets_s) // 2]
        joints: Array = joints_of(middle, z.new_tensor(BONE_LENGTHS)).numpy()
        return joints


@lru_cache(maxsize=1)
def shipped() -> VipeWindow:
    """The shipped embedding, loaded once and shared."""
    with torch.inference_mode(False):
        return VipeWindow.load()
