"""The trained movement embedding as a file and as an object."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from vpd.errors import ArtefactError
from vpd.models import model_path
from vpd.teachers.movement.network import MovementEncoder
from vpd.teachers.vipe.network import Encoder

SHIPPED = "movement"
"""Name of the shipped weights in `vpd.models`."""


@dataclass(frozen=True)
class MovementCard:
    """What an embedding was trained for; kept in the file's metadata.

    Attributes
    ----------
    d : size of the embedding.
    width : of the layers that see the whole window.
    pose_width, pose_blocks : sizes of the pose encoder within.
    offsets_s : (K,) seconds of the window's poses against the middle one, in order; one of them is 0.
    min_score : keypoints with a lower score count as missing.
    about : data, settings and figures, for the reader.
    """

    d: int
    width: int
    pose_width: int
    pose_blocks: int
    offsets_s: tuple[float, ...]
    min_score: float = 0.1
    about: str = ""

    def network(self) -> MovementEncoder:
        """A network of these sizes, not trained."""
        pose = Encoder(self.d, self.pose_width, self.pose_blocks, 0.0).folded()
        return MovementEncoder(pose, len(self.offsets_s), self.width)


@dataclass(frozen=True, eq=False)
class Movement:
    """A movement embedding ready to use."""

    card: MovementCard
    encoder: MovementEncoder

    @classmethod
    def load(cls, path: Path | None = None) -> Movement:
        """The embedding in ``path``, by default the shipped one. Raises ArtefactError where it is none."""
        path = model_path(SHIPPED) if path is None else path
        try:
            with safe_open(path, "pt") as file:
                fields = json.loads(file.metadata()["movement"])
                weights = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
            card = MovementCard(**fields | {"offsets_s": tuple(fields["offsets_s"])})
            encoder = card.network()
            encoder.load_state_dict(weights)
        except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
            raise ArtefactError(
                f"{path} is not an embedding made by `vpd vipe train-movement`: {error}"
            ) from error
        return cls(card, encoder.eval())

    def save(self, path: Path) -> None:
        """Write the weights as float16 with the card."""
        weights = {k: v.detach().cpu().half().contiguous() for k, v in self.encoder.state_dict().items()}
        beside = path.with_name(path.name + ".part")
        save_file(weights, beside, metadata={"movement": json.dumps(asdict(self.card))})
        beside.replace(path)

    @torch.inference_mode()
    def embed(self, xy: Tensor, visibility: Tensor) -> Tensor:
        """(B, d) embeddings of windows (B, K, 13, 2), y down, any scale, and visibility (B, K, 13)."""
        found: Tensor = self.encoder(xy, visibility)
        return found


@lru_cache(maxsize=1)
def shipped() -> Movement:
    """The shipped embedding, loaded once, also for those who train with it."""
    with torch.inference_mode(False):
        return Movement.load()
