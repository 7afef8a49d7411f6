"""The history of a training: one row an epoch, as CSV and as a plot."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from vpd.library.artefact import replacing, write_text


@dataclass(frozen=True)
class Epoch:
    """One epoch: losses a frame, and the explained share of the variance of held-out targets.

    ``pose_r2`` and ``motion_r2`` are those of the first head, over all components; NaN where there is none.
    """

    epoch: int
    images: int
    seconds: float
    learning_rate: float
    training_loss: float
    validation_loss: float
    pose_r2: float
    motion_r2: float


def write_history(epochs: list[Epoch], path: Path) -> None:
    """Write history.csv."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = [f.name for f in fields(Epoch)]
    writer.writerow(names)
    writer.writerows([f"{v:.6g}" if isinstance(v, float) else v for v in asdict(e).values()] for e in epochs)
    write_text(text.getvalue(), path)


def draw_history(epochs: list[Epoch], path: Path) -> None:
    """Plot losses and explained variance over the number of crops seen, as PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6))
    figure.subplots_adjust(left=0.08, right=0.98, bottom=0.15, top=0.95, wspace=0.25)
    FigureCanvasAgg(figure)
    loss, explained = figure.subplots(1, 2)
    images = [e.images / 1000 for e in epochs]
    for name, label in (("training_loss", "training"), ("validation_loss", "validation, held-out videos")):
        loss.plot(images, [getattr(e, name) for e in epochs], marker=".", label=label)
    for name, label in (("pose_r2", "pose"), ("motion_r2", "motion")):
        explained.plot(images, [getattr(e, name) for e in epochs], marker=".", label=label)
    loss.set(ylabel="loss a frame", yscale="log")
    explained.set(ylabel="explained variance, held-out videos", ylim=(min(0, explained.get_ylim()[0]), 1))
    for axes in (loss, explained):
        axes.set_xlabel("crops seen, thousands")
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
    with replacing(path) as part:
        figure.savefig(part, format="png", dpi=120)
