"""The student's training by processes of a Ray cluster, as Ray Train starts them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vpd.errors import ArtefactError, VpdError
from vpd.library.layout import Layout
from vpd.pipeline import distill
from vpd.pipeline.cluster import Cluster, import_ray
from vpd.pipeline.software import differences, installed
from vpd.pipeline.sources import Sources
from vpd.settings import Settings

MOST_LOST = 10
"""So often the processes are started again after one of them, or its computer, was lost."""
MOST_SAID = 300
WHY = "error.txt"


@dataclass(frozen=True)
class _Training:
    """All that a process must know."""

    root: Path
    settings: Settings
    videos: tuple[str, ...]
    software: dict[str, str]
    folder: Path


def _sources(root: Path, settings: Settings) -> Sources:
    from vpd.library.videos import Videos

    layout = Layout(root)
    return Sources(layout, settings, Videos.read(layout))


def _train(config: dict[str, Any]) -> None:
    """Called by Ray Train in each process. An error of ours is written down, and ends all attempts."""
    training: _Training = config["training"]
    why = training.folder / WHY
    if why.exists():
        return
    try:
        if other := differences(training.software, installed()):
            raise ArtefactError(f"a computer of the cluster has other software ({other}).")
        distill.make(_sources(training.root, training.settings), training.videos, lambda progress: None)
    except VpdError as error:
        why.write_text(str(error), encoding="utf-8")
        raise


def train_on_ray(sources: Sources, videos: Sequence[str], cluster: Cluster) -> None:
    """Train the student on ``videos`` with ``cluster.workers`` processes of the cluster that is connected.

    The batch is shared by the processes, as by torchrun. The checkpoint lies in the student's folder: where
    a process or its computer is lost, all are started again and continue from there. Raises ArtefactError
    where that does not help, and for every error of the training itself.
    """
    ray = import_ray()
    from ray.train import FailureConfig, RunConfig, ScalingConfig, TrainingFailedError
    from ray.train.torch import TorchTrainer

    folder = sources.layout.root / "cache" / f"train-{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    training = _Training(sources.layout.root, sources.settings, tuple(videos), installed(), folder)
    of_each = {"CPU": float(cluster.cpus)} | ({"GPU": cluster.gpus} if cluster.gpus else {})
    trainer = TorchTrainer(
        _train,
        train_loop_config={"training": training},
        scaling_config=ScalingConfig(
            num_workers=cluster.workers, use_gpu=cluster.gpus > 0, resources_per_worker=of_each
        ),
        run_config=RunConfig(
            name="student", storage_path=str(folder), failure_config=FailureConfig(max_failures=MOST_LOST)
        ),
    )
    try:
        trainer.fit()
        said = _said(folder)
    except (TrainingFailedError, ray.exceptions.RayError) as error:
        ray_said = " ".join(str(error).split())[:MOST_SAID]
        said = _said(folder) or f"the training on the cluster failed ({ray_said}); its checkpoint is kept."
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if said:
        raise ArtefactError(said)


def _said(folder: Path) -> str:
    try:
        return (folder / WHY).read_text(encoding="utf-8")
    except OSError:
        return ""
