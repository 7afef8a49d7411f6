"""The trained embedding as a file and as an object: weights with what they were trained for, embedding, 3D
poses."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from vpd.errors import ArtefactError, MismatchError
from vpd.models import model_path
from vpd.pose.skeleton import BODY13, COCO17, MIRROR13
from vpd.teachers.vipe.body import MEAN_LENGTHS
from vpd.teachers.vipe.keypoints import encoder_input
from vpd.teachers.vipe.network import Encoder, PoseDecoder
from vpd.teachers.vipe.target import joints_of
from vpd.types import Array

SHIPPED = "vipe"
"""Name of the shipped weights in `vpd.models`."""
SHIPPED_D = 64
"""Size of its embedding."""
BATCH = 8192
"""Poses embedded at a time; more gains nothing on a CPU and costs memory."""
_HIPS, _SPINE, _SHOULDERS, _HEAD, _UPPER, _FORE, _THIGH, _SHIN = MEAN_LENGTHS
BONE_LENGTHS = (
    _SPINE, _HEAD, _SHOULDERS / 2, _UPPER, _FORE, _SHOULDERS / 2, _UPPER, _FORE,
    _HIPS / 2, _THIGH, _SHIN, _HIPS / 2, _THIGH, _SHIN,
)  # fmt: skip
"""Metres of `target.BONES`, for drawing: an embedding tells directions, not sizes."""


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
    about : data, settings and figures, for the reader.
    """

    d: int
    width: int
    blocks: int
    estimators: tuple[str, ...] = ("movenet_thunder",)
    layout: tuple[str, ...] = COCO17
    min_score: float = 0.1
    target: str = "trunk"
    about: str = ""


class Vipe:
    """A view-invariant pose embedding ready to use: 2D poses in, embeddings and 3D poses out."""

    def __init__(self, card: VipeCard, encoder: Encoder, decoder: PoseDecoder) -> None:
        self.card = card
        self.encoder = encoder.folded()
        self.decoder = decoder.eval()
        self.weights = {f"encoder.{k}": v for k, v in encoder.state_dict().items()}
        self.weights |= {f"decoder.{k}": v for k, v in decoder.state_dict().items()}

    @classmethod
    def load(cls, path: Path | None = None, device: str = "cpu") -> Vipe:
        """The embedding in ``path``, by default the shipped one. Raises ArtefactError where it is none."""
        path = model_path(SHIPPED) if path is None else path
        try:
            with safe_open(path, "pt", device=device) as file:
                fields = json.loads(file.metadata()["vipe"])
                weights = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
            fields |= {key: tuple(fields[key]) for key in ("estimators", "layout")}
            card = VipeCard(**fields)
            encoder = Encoder(card.d, card.width, card.blocks, 0.0).to(device)
            decoder = PoseDecoder(card.d).to(device)
            for prefix, network in (("encoder.", encoder), ("decoder.", decoder)):
                own = {k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)}
                network.load_state_dict(own, strict=False)
        except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
            raise ArtefactError(f"{path} is not an embedding made by `vpd vipe train`: {error}") from error
        return cls(card, encoder.eval(), decoder)

    def save(self, path: Path) -> None:
        """Write weights as float16 (docs/vipe.md: no measurable cost) with the card."""
        weights = {
            name: value.detach().cpu().half().contiguous()
            for name, value in self.weights.items()
            if not name.endswith("num_batches_tracked")
        }
        beside = path.with_name(path.name + ".part")
        save_file(weights, beside, metadata={"vipe": json.dumps(asdict(self.card))})
        beside.replace(path)

    def require(self, estimator: str, layout: tuple[str, ...] = COCO17) -> None:
        """Raises MismatchError where poses of this estimator or layout are not what it was trained for."""
        if estimator not in self.card.estimators:
            raise MismatchError(
                f"This embedding was trained for poses of {', '.join(self.card.estimators)}, "
                f"not of {estimator!r}. Estimate the poses again with that, or train an embedding "
                "with `vpd vipe train --estimator`."
            )
        if layout != self.card.layout:
            different = [name for name in layout if name not in self.card.layout] or ["their order"]
            raise MismatchError(
                f"This embedding takes {len(self.card.layout)} keypoints in COCO order; the poses have "
                f"{len(layout)} and differ in {', '.join(different)}."
            )

    @torch.inference_mode()
    def embed(self, xy: Array, visibility: Array) -> Array:
        """(N, d) float32 embeddings of (N, 13, 2) joints, y down, any scale, and (N, 13) visibility in 0..1.

        A joint with visibility 0 is missing and its place is not looked at.
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
        """(T, 13, 3) float32 joints in metres, z up, facing +x where that can be told, of (T, d) embeddings.

        The joints are `vpd.pose.skeleton.BODY13` of an adult of mean size: the embedding knows the
        directions of
        the bones and the tilt of the body, neither its size nor its heading.
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
    """(T, 13, 2) places and (T, 13) visibility of (T, 17, 3) keypoints; missing is 0 in both."""
    chosen = np.asarray(keypoints, np.float32)[:, BODY13]
    seen = np.isfinite(chosen).all(axis=2) & (chosen[..., 2] >= min_score)
    xy = np.where(seen[..., None], chosen[..., :2], 0).astype(np.float32)
    return xy, np.where(seen, chosen[..., 2], 0).astype(np.float32)


def mirrored_2d(xy: Array, visibility: Array) -> tuple[Array, Array]:
    """The pose in the mirrored picture: left and right exchanged, x negated."""
    return xy[:, MIRROR13] * np.array([-1, 1], np.float32), visibility[:, MIRROR13]


def flipped_2d(xy: Array, visibility: Array) -> tuple[Array, Array]:
    """The pose upside down as the paper feeds it for diving: turned over, which keeps the person's sides.

    A picture flipped vertically shows the mirror image of a person, so sides are exchanged with it.
    """
    return xy[:, MIRROR13] * np.array([1, -1], np.float32), visibility[:, MIRROR13]
