"""Damage what `vpd vipe train` keeps: a training goes on to the same weights, or says what is damaged."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import torch

from tests.outcomes import Outcomes
from tests.pipeline.damage import damage_file
from tests.teachers.vipe_window.test_vipe_window import swing
from vpd.errors import VpdError
from vpd.settings.vipe import VipeSettings
from vpd.teachers.vipe.loop import HISTORY, STATE
from vpd.teachers.vipe.model import Vipe, VipeCard
from vpd.teachers.vipe.train import Trained, train

SETTINGS = VipeSettings(
    steps=4, validate_every=2, batch=8, width=16, blocks=1, decoder_width=16, device="cpu"
)
EMBEDDING = "vipe.safetensors"


def _train(folder: Path | None, stop: bool = False) -> Trained:
    def shown(step: int, row: dict[str, float]) -> None:
        if stop:
            raise KeyboardInterrupt

    return train([swing("a", 0)], [swing("b", 1)], SETTINGS, folder, shown)


def _weights(trained: Trained | Vipe) -> list[torch.Tensor]:
    return [*trained.encoder.state_dict().values(), *trained.decoder.state_dict().values()]


def _same(a: list[torch.Tensor], b: list[torch.Tensor]) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


def fuzz(folder: Path, count: int, seed: int) -> Outcomes:
    """Damage the state, the history and the weights of a training that was stopped, in turn, and go on."""
    out, base, copy = Outcomes(), folder / "training", folder / "copy"
    whole = _train(None)
    base.mkdir()
    card = VipeCard(SETTINGS.d, SETTINGS.width, SETTINGS.blocks, decoder_width=SETTINGS.decoder_width)
    Vipe(card, whole.encoder, whole.decoder).save(base / EMBEDDING)
    saved = _weights(Vipe.load(base / EMBEDDING))
    try:
        _train(base, stop=True)
    except KeyboardInterrupt:
        out.counts["training: stopped"] += 1
    for number in range(count):
        rng = np.random.default_rng([seed, 2, number])
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(base, copy)
        name = (STATE, HISTORY, EMBEDDING)[number % 3]
        if not damage_file(copy / name, rng, keep_times=bool(number % 2)):
            continue
        try:
            read = Vipe.load(copy / name) if name == EMBEDDING else _train(copy)
            same = _same(_weights(read), saved if name == EMBEDDING else _weights(whole))
            out.counts["training: the same" if same else "training: other"] += 1
            if not same:
                out.wrong.append(f"{seed}/{number} {name}: other weights")
        except VpdError:
            out.counts["training: error"] += 1
        except Exception as error:  # noqa: BLE001 - any other end is what is looked for
            out.wrong.append(f"{seed}/{number} {name}: {type(error).__name__}: {error}")
    return out
