"""`vpd vipe`: train the view-invariant pose embedding on 3D motion, and describe a trained one."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from vpd.counting import counted
from vpd.errors import InputError
from vpd.library.own_folder import own_folder
from vpd.settings.describe import describe
from vpd.settings.toml import load_trainer_settings
from vpd.settings.vipe import PRESETS, TrainerSettings, VipeSettings
from vpd.settings.vipe import preset as vipe_preset
from vpd.teachers.vipe.model import Vipe, VipeCard
from vpd.teachers.vipe.motion import Motion
from vpd.teachers.vipe.readers import read_folder
from vpd.teachers.vipe.readers.layout import Axis
from vpd.teachers.vipe.readers.table import Given
from vpd.teachers.vipe.train import train
from vpd.teachers.vipe_window.train import train as train_window

app = typer.Typer(help="The view-invariant pose embedding (VIPE*).", no_args_is_help=True)
UNITS = {"m": 1.0, "dm": 0.1, "in": 0.0254, "cm": 0.01, "mm": 0.001}
AXES: dict[str, Axis] = {"x": "x", "y": "y", "z": "z"}


def split(motions: list[Motion], held_out: list[str]) -> tuple[list[Motion], list[Motion]]:
    """Split motions into training and validation. ``held_out`` are beginnings of names of sources or
    sequences. Raises InputError where one matches nothing.
    """
    for name in held_out:
        if not any(m.source == name or m.name.startswith(name) for m in motions):
            sources = sorted({m.source for m in motions})
            raise InputError(f"no source or sequence is called {name!r}; sources are {', '.join(sources)}")
    chosen = [any(m.source == n or m.name.startswith(n) for n in held_out) for m in motions]
    return (
        [m for m, out in zip(motions, chosen, strict=True) if not out],
        [m for m, out in zip(motions, chosen, strict=True) if out],
    )


@app.command("train")
def train_command(
    motion: Annotated[list[Path], typer.Argument(help="Files or folders of 3D motion.")],
    out: Annotated[Path, typer.Option(help="Folder for the state, the history and vipe.safetensors.")],
    hold_out: Annotated[
        list[str], typer.Option(help="Source or beginning of sequence names to validate on; repeatable.")
    ],
    settings: Annotated[
        Path | None,
        typer.Option(help="TOML file with a section [vipe]; `vpd vipe settings` prints one."),
    ] = None,
    unit: Annotated[str | None, typer.Option(help="m, dm, in, cm or mm, where files do not say.")] = None,
    up: Annotated[str | None, typer.Option(help="x, y or z, where it cannot be told.")] = None,
    body_model: Annotated[
        Path | None,
        typer.Option(
            help="SMPL-H model.npz, or a folder with one for each gender, for AMASS files without joints."
        ),
    ] = None,
    start: Annotated[Path | None, typer.Option(help="Weights to start from, instead of random ones.")] = None,
    estimator: Annotated[
        str, typer.Option(help="Pose estimator that the embedding is for.")
    ] = "movenet_thunder",
    preset: Annotated[
        str | None, typer.Option(help=f"Named settings: {', '.join(PRESETS)} (VIPE* to the paper's letter).")
    ] = None,
    steps: Annotated[
        int | None, typer.Option(min=1, help="Optimiser steps, instead of the settings'.")
    ] = None,
) -> None:
    """Train on 3D motion; started again with the same folder it continues."""
    if preset is not None and (settings is not None or preset not in PRESETS):
        raise InputError(f"--preset is one of {', '.join(PRESETS)}, and goes without --settings")
    if unit is not None and unit not in UNITS:
        raise InputError(f"the unit {unit!r} is unknown; {', '.join(UNITS)} are known")
    if up is not None and up not in AXES:
        raise InputError(f"--up is x, y or z, not {up!r}")
    chosen = _settings(settings).vipe if settings is not None else vipe_preset(preset or "laptop")
    if steps is not None:
        chosen = VipeSettings.model_validate(chosen.model_dump() | {"steps": steps})
    given = Given(UNITS[unit] if unit else None, AXES[up] if up else None, body_model)
    motions = [m for path in motion for m in read_folder(path, given)]
    training, held_out = split(motions, hold_out)
    frames = sum(len(m.joints) for m in training)
    what = f"{counted(len(training), 'sequence')}, {counted(frames, 'frame')}"
    typer.echo(f"{what} to train on; {len(held_out)} held out")

    show = _shower(chosen.steps)
    with own_folder(out, "a training of vipe", goes_on=True) as folder:
        folder.begin()
        trained = train(
            training, held_out, chosen, out, show, Vipe.load(start) if start is not None else None
        )
        about = _about(chosen.model_dump(), training, held_out, trained.history)
        card = VipeCard(
            chosen.d,
            chosen.width,
            chosen.blocks,
            estimators=(estimator,),
            target=chosen.target,
            residual=chosen.residual,
            decoder_width=chosen.decoder_width,
            about=about,
        )
        Vipe(card, trained.encoder, trained.decoder).save(out / "vipe.safetensors")
    typer.echo(f"wrote {out / 'vipe.safetensors'}")


@app.command("train-window")
def train_window_command(
    motion: Annotated[list[Path], typer.Argument(help="Files or folders of 3D motion.")],
    out: Annotated[Path, typer.Option(help="Folder for the state, the history and vipe_window.safetensors.")],
    hold_out: Annotated[
        list[str], typer.Option(help="Source or beginning of sequence names to validate on; repeatable.")
    ],
    settings: Annotated[
        Path | None, typer.Option(help="TOML file with sections [vipe_window] and [vipe].")
    ] = None,
    start: Annotated[
        Path | None, typer.Option(help="vipe.safetensors to start from; by default the shipped.")
    ] = None,
) -> None:
    """Train the embedding of the poses of half a second (vipe-window), from that of single poses."""
    chosen = _settings(settings)
    training, held_out = split([m for path in motion for m in read_folder(path)], hold_out)
    typer.echo(f"{counted(len(training), 'sequence')} to train on; {len(held_out)} held out")
    show = _shower(chosen.vipe_window.steps)
    begun = Vipe.load(start)
    with own_folder(out, "a training of vipe-window", goes_on=True) as folder:
        folder.begin()
        found, history = train_window(training, held_out, begun, chosen.vipe_window, chosen.vipe, out, show)
        used = {"vipe-window": chosen.vipe_window.model_dump(), "vipe": chosen.vipe.model_dump()}
        card = replace(found.card, about=_about(used, training, held_out, history))
        replace(found, card=card).save(out / "vipe_window.safetensors")
    typer.echo(f"wrote {out / 'vipe_window.safetensors'}")


@app.command("settings")
def settings_command() -> None:
    """Print the settings of the two trainers with their meaning, as a file for --settings."""
    typer.echo(describe(TrainerSettings()))


def _settings(path: Path | None) -> TrainerSettings:
    return load_trainer_settings(path) if path is not None else TrainerSettings()


def _about(
    settings: dict[str, Any],
    training: Sequence[Motion],
    held_out: Sequence[Motion],
    history: Sequence[dict[str, float]],
) -> str:
    """The text of a model card: settings, the selected step, and the data."""
    about = {
        "settings": settings,
        "best": max(history, key=lambda row: row["hit1"]),
        "sources": sorted({m.source for m in training}),
        "held_out": sorted({m.name for m in held_out}),
    }
    return json.dumps(about)


def _shower(steps: int) -> Callable[[int, dict[str, float]], None]:
    def show(step: int, row: dict[str, float]) -> None:
        figures = "  ".join(f"{name} {value:.3f}" for name, value in row.items() if name != "step")
        typer.echo(f"step {step} of {steps}  {figures}")

    return show


@app.command("info")
def info_command(
    weights: Annotated[Path | None, typer.Argument(help="vipe.safetensors; by default the shipped.")] = None,
) -> None:
    """Print what an embedding was trained on and for."""
    card = Vipe.load(weights).card
    typer.echo(f"d = {card.d}, width {card.width}, {card.blocks} blocks; for {', '.join(card.estimators)}")
    typer.echo(card.about)
