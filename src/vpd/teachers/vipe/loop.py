"""The loop that trains an embedding: AdamW over generated samples. It can be stopped and resumed."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save
from torch import Tensor, nn

from vpd.errors import InputError
from vpd.library.artefact import sealed, write_text
from vpd.library.sealed_files import BLANK, tensors_are_whole

STATE, HISTORY = "state.safetensors", "history.jsonl"


class LoopSettings(Protocol):
    """The settings of an embedding that the loop uses."""

    @property
    def lr(self) -> float: ...
    @property
    def steps(self) -> int: ...
    @property
    def validate_every(self) -> int: ...
    @property
    def schedule(self) -> str: ...
    def model_dump_json(self) -> str: ...


class Loop:
    """An encoder and a decoder in training. Their state is saved without pickling.

    With a ``folder`` the state is saved at every validation, and a later run continues from it with the
    result of an uninterrupted run. ``known_by`` identifies the settings that a state must agree with.
    """

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        generator: torch.Generator,
        settings: LoopSettings,
        folder: Path | None,
        known_by: str = "",
    ) -> None:
        self.encoder, self.decoder = encoder, decoder
        self.parameters = [p for p in [*encoder.parameters(), *decoder.parameters()] if p.requires_grad]
        self.optimiser = torch.optim.AdamW(self.parameters, lr=settings.lr, weight_decay=0.01, fused=True)
        self.schedule = _schedule(self.optimiser, settings)
        self.generator, self.settings, self.folder = generator, settings, folder
        self.known_by = known_by or settings.model_dump_json()
        self.step = 0
        self.history: list[dict[str, float]] = []

    def run(
        self,
        loss: Callable[[], tuple[Tensor, dict[str, Tensor]]],
        validation: Callable[[], dict[str, float]],
        progress: Callable[[int, dict[str, float]], None] | None,
    ) -> None:
        """Train to the end, and keep the weights of the step with the best ``hit1`` of ``validation``.

        ``loss`` draws a batch and returns its loss, with the parts to report. Raises InputError where the
        folder's state belongs to other settings.
        """
        best = self._resume()
        self.encoder.train()
        sums: dict[str, float] = {}
        for step in range(self.step, self.settings.steps):
            value, parts = loss()
            self.optimiser.zero_grad(set_to_none=True)
            torch.autograd.backward(value)
            if self.settings.schedule == "cycle":
                torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
            self.optimiser.step()
            self.schedule.step()
            for name, part in parts.items():
                sums[name] = sums.get(name, 0.0) + float(part)
            self.step = step + 1
            if self.step % self.settings.validate_every == 0 or self.step == self.settings.steps:
                since = self.step - (self.history[-1]["step"] if self.history else 0)
                row = {"step": self.step, **{k: v / since for k, v in sums.items()}, **validation()}
                sums = {}
                self.history.append(row)
                if row["hit1"] >= max(r["hit1"] for r in self.history):
                    best = self.weights()
                self._save(best)
                if progress is not None:
                    progress(self.step, row)
        self.load_weights(best)
        self.encoder.eval()
        self.decoder.eval()

    def weights(self) -> dict[str, Tensor]:
        """A copy of both networks' weights, with the prefixes ``encoder.`` and ``decoder.``."""
        state = {f"encoder.{k}": v for k, v in self.encoder.state_dict().items()}
        state |= {f"decoder.{k}": v for k, v in self.decoder.state_dict().items()}
        return {k: v.detach().cpu().clone() for k, v in state.items()}

    def load_weights(self, weights: dict[str, Tensor]) -> None:
        """Load the weights that ``weights`` returned into both networks."""
        for name, network in (("encoder.", self.encoder), ("decoder.", self.decoder)):
            network.load_state_dict(
                {k.removeprefix(name): v for k, v in weights.items() if k.startswith(name)}
            )

    def _save(self, best: dict[str, Tensor]) -> None:
        if self.folder is None:
            return
        state = {f"now.{k}": v for k, v in self.weights().items()} | {f"best.{k}": v for k, v in best.items()}
        for number, slots in self.optimiser.state_dict()["state"].items():
            state |= {f"optimiser.{number}.{k}": v.cpu() for k, v in slots.items()}
        state["generator"] = self.generator.get_state()
        # Dropout draws from the default generator.
        state["default_generator"] = torch.get_rng_state()
        about = {"settings": self.known_by, "history": json.dumps(self.history)}
        with sealed(self.folder / STATE) as part:
            part.write_bytes(save(state, {**about, **BLANK}))
        rows = "".join(json.dumps(row) + "\n" for row in self.history)
        write_text(rows, self.folder / HISTORY)

    def _resume(self) -> dict[str, Tensor]:
        path = self.folder / STATE if self.folder is not None else None
        if path is None or not path.is_file():
            return self.weights()
        if not tensors_are_whole(path):
            raise InputError(f"{path} is damaged. Delete it to begin again.")
        with safe_open(path, "pt") as file:
            about = file.metadata()
        if about["settings"] != self.known_by:
            raise InputError(f"{path} was trained with other settings. Give another folder, or delete it.")
        state = load_file(path)
        self.history = json.loads(about["history"])
        self.step = int(self.history[-1]["step"])
        self.load_weights({k.removeprefix("now."): v for k, v in state.items() if k.startswith("now.")})
        slots: dict[int, dict[str, Tensor]] = {}
        for key, value in state.items():
            if key.startswith("optimiser."):
                _, number, slot = key.split(".")
                slots.setdefault(int(number), {})[slot] = value
        with warnings.catch_warnings():
            # It warns that the optimiser has not stepped: it has, in the run before.
            warnings.simplefilter("ignore", UserWarning)
            for _ in range(self.step):
                self.schedule.step()
        full = self.optimiser.state_dict() | {"state": slots}
        self.optimiser.load_state_dict(full)
        self.generator.set_state(state["generator"])
        torch.set_rng_state(state["default_generator"])
        return {k.removeprefix("best."): v for k, v in state.items() if k.startswith("best.")}


def _schedule(
    optimiser: torch.optim.Optimizer, settings: LoopSettings
) -> torch.optim.lr_scheduler.LRScheduler:
    """Warm-up and a cosine, or one rate to the end as the paper has it."""
    if settings.schedule == "constant":
        return torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: 1.0)
    return torch.optim.lr_scheduler.OneCycleLR(
        optimiser, settings.lr, total_steps=settings.steps, pct_start=min(0.1, 500 / settings.steps)
    )
