"""The trained pose embedding: 2D poses to embeddings, and embeddings to 3D poses."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from vpd.models import model_path
from vpd.pose.skeleton import BODY13, COCO17, MIRROR13
from vpd.teachers.embedding_file import fill_networks, read_embedding, weights_of, write_embedding
from vpd.teachers.vipe.body import MEAN_LENGTHS
from vpd.teachers.vipe.keypoints import encoder_input
from vpd.teachers.vipe.network import DECODER_WIDTH, Encoder, PoseDecoder
from vpd.teachers.vipe.target import joints_of
from vpd.types import Array

SHIPPED = "vipe"
"""Name of the shipped weights in `vpd.models`."""
SHIPPED_D = 64
"""Size of its embedding."""
BATCH = 8192
"""Poses embedded at a time. More gain nothing on a CPU and cost memory."""
_HIPS, _SPINE, _SHOULDERS, _HEAD, _UPPER, _FORE, _THIGH, _SHIN = MEAN_LENGTHS
BONE_LENGTHS = (
    _SPINE, _HEAD, _SHOULDERS / 2, _UPPER, _FORE, _SHOULDERS / 2, _UPPER, _FORE,
    _HIPS / 2, _THIGH, _SHIN, _HIPS / 2, _THIGH, _SHIN,
)  # fmt: skip
"""Lengths in metres of `target.BONES`, for drawing. An embedding holds directions, no sizes."""


@dataclass(frozen=True)
class VipeCard:
    """What an embedding was trained for; kept in the file's metadata.

    Attributes
    ----------
    d, width, blocks : sizes of the encoder.
    estimators : pose estimators whose errors it was trained with.
    layout : keypoint names of the poses it takes, in order.
    min_score : keypoints with a lower score count as missing.
    target : frame of the directions that it was trained to tell (`[vipe] target`).
    residual, decoder_width : as in `[vipe]`.
    about : data, settings and figures, for the reader.
    """

    d: int
    width: int
    blocks: int
    estimators: tuple[str, ...] = ("movenet_thunder",)
    layout: tuple[str, ...] = COCO17
    min_score: float = 0.1
    target: str = "trunk"
    residual: str = "add"
    decoder_width: int = DECODER_WIDTH
    about: str = ""


class Vipe:
    """A view-invariant pose embedding ready to use: 2D poses in, embeddings and 3D poses out."""

    def __init__(self, card: VipeCard, encoder: Encoder, decoder: PoseDecoder) -> None:
        self.card = card
        self.encoder = encoder.folded()
        self.decoder = decoder.eval()
        self.weights = weights_of({"encoder": encoder, "decoder": decoder})

    @classmethod
    def load(cls, path: Path | None = None, device: str = "cpu") -> Vipe:
        """Load the embedding in ``path``, by default the shipped one. Raises ArtefactError where it is
        none.
        """
        path = model_path(SHIPPED) if path is None else path
        card, weights = read_embedding(path, SHIPPED, VipeCard)
        encoder = Encoder(card.d, card.width, card.blocks, 0.0, card.residual == "subtract")
        decoder = PoseDecoder(card.d, card.decoder_width)
        # half-precision files leave out the counters of BatchNorm, which inference does not use
        fill_networks(path, weights, {"encoder": encoder, "decoder": decoder}, optional="num_batches_tracked")
        return cls(card, encoder.to(device).eval(), decoder.to(device))

    def save(self, path: Path) -> None:
        """Write weights and card."""
        write_embedding(path, SHIPPED, self.card, self.weights)

    @torch.inference_mode()
    def embed(self, xy: Array, visibility: Array) -> Array:
        """(N, d) float32 embeddings of (N, 13, 2) joints, y down, any scale, and (N, 13) visibility in 0..1.

        A joint with visibility 0 is missing and its position is ignored.
        """
        device = self.encoder.first.weight.device
        out = np.empty((len(xy), self.card.d), np.float32)
        for start in range(0, len(xy), BATCH):
            part = slice(start, start + BATCH)
            points = torch.from_numpy(np.asarray(xy[part], np.float32)).to(device)
            seen = torch.from_numpy(np.asarray(visibility[part], np.float32)).to(device)
            out[part] = self.encoder(encoder_input(points, seen)).cpu().numpy()
        return out

    @torch.inference_mode()
    def decode_3d(self, embedding: Array) -> Array:
        """(T, 13, 3) float32 joints in metres, z up, from (T, d) embeddings. Bodies face +x unless they lie.

        The joints are `vpd.pose.skeleton.BODY13` of an adult of mean size. The embedding holds the directions
        of the bones and the tilt of the body, but neither its size nor its heading.
        """
        device = self.encoder.first.weight.device
        z = torch.from_numpy(np.asarray(embedding, np.float32)).to(device)
        joints: Array = (
            joints_of(self.decoder(z), z.new_tensor(BONE_LENGTHS), self.card.target == "heading")
            .cpu()
            .numpy()
        )
        return joints


@lru_cache(maxsize=2)
def shipped(device: str = "cpu") -> Vipe:
    """The shipped embedding, loaded once."""
    return Vipe.load(device=device)


def body13(keypoints: Array, min_score: float) -> tuple[Array, Array]:
    """(T, 13, 2) positions and (T, 13) visibility of (T, 17, 3) keypoints. Missing ones are 0 in both."""
    chosen = np.asarray(keypoints, np.float32)[:, BODY13]
    seen = np.isfinite(chosen).all(axis=2) & (chosen[..., 2] >= min_score)
    xy = np.where(seen[..., None], chosen[..., :2], 0).astype(np.float32)
    return xy, np.where(seen, chosen[..., 2], 0).astype(np.float32)


def mirrored_2d(xy: Array, visibility: Array) -> tuple[Array, Array]:
    """The pose in the mirrored picture: left and right exchanged, x negated."""
    return xy[:, MIRROR13] * np.array([-1, 1], np.float32), visibility[:, MIRROR13]


def flipped_2d(xy: Array, visibility: Array) -> tuple[Array, Array]:
    """The pose upside down, as in the paper for diving: rotated, so that the person's sides stay.

    A vertically flipped picture shows the mirror image of a person. Therefore the sides are exchanged, too.
    """
    return xy[:, MIRROR13] * np.array([1, -1], np.float32), visibility[:, MIRROR13]
