"""The file of a trained embedding: weights as float16, and a card that states their purpose."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from vpd.errors import ArtefactError
from vpd.files import must_be_a_file, parse_json
from vpd.library.artefact import sealed
from vpd.library.sealed_files import BLANK, FIELD, tensors_are_whole

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


Card = TypeVar("Card", bound="DataclassInstance")


def write_embedding(path: Path, kind: str, card: DataclassInstance, weights: dict[str, Tensor]) -> None:
    """Write weights as float16 (docs/vipe.md: no measurable cost) with the card.

    ``kind`` names the embedding in the file's metadata. The file is written completely or not at all.
    """
    kept = {
        name: value.detach().cpu().half().contiguous()
        for name, value in weights.items()
        if not name.endswith("num_batches_tracked")
    }
    with sealed(path) as part:
        part.write_bytes(save(kept, metadata={kind: json.dumps(asdict(card)), **BLANK}))


def weights_of(networks: dict[str, nn.Module]) -> dict[str, Tensor]:
    """All weights, named ``network.parameter``."""
    return {f"{name}.{k}": v for name, network in networks.items() for k, v in network.state_dict().items()}


def read_embedding(path: Path, kind: str, card: type[Card]) -> tuple[Card, dict[str, Tensor]]:
    """Read the card, and the weights as float32, of a file of this ``kind``.

    Raises ArtefactError where it is missing, damaged or of another kind.
    """
    try:
        must_be_a_file(path)
        with safe_open(path, "pt") as file:
            about = file.metadata()
            if FIELD in about and not tensors_are_whole(path):  # shipped ones are known by their hashes
                raise ValueError("its contents are not what was written")
            fields = parse_json(about[kind])
            weights = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
        values = {k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()}
        return card(**values), weights
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise ArtefactError(f"{path} holds no {kind} embedding made by `vpd vipe`: {error}") from error


def fill_networks(
    path: Path, weights: dict[str, Tensor], networks: dict[str, nn.Module], optional: str = ""
) -> None:
    """Load weights into each network. Weights whose names end in ``optional`` may be missing.

    Raises ArtefactError where weights are missing, unknown or of another size.
    """
    wanted = weights_of(networks)
    needed = {name for name in wanted if not (optional and name.endswith(optional))}
    wrong = sorted((needed - weights.keys()) | (weights.keys() - wanted.keys()))
    wrong += [n for n in weights.keys() & wanted.keys() if weights[n].shape != wanted[n].shape]
    if wrong:
        raise ArtefactError(
            f"{path} is damaged or of another version of vpd: {wrong[0]} is missing, unknown or of another"
            " size. Train the embedding again."
        )
    for name, network in networks.items():
        own = {k.removeprefix(f"{name}."): v for k, v in weights.items() if k.startswith(f"{name}.")}
        network.load_state_dict(own, strict=False)
