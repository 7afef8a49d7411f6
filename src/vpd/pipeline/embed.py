"""The step `embed`: the student's features of every crop."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from vpd.errors import ArtefactError
from vpd.library.artefact import Recipe
from vpd.library.features import CONTENT, write_features
from vpd.pipeline import crop, distill
from vpd.pipeline.sources import Output, Sources, Work, file_key
from vpd.settings import EmbedSettings

if TYPE_CHECKING:  # torch takes seconds to import.
    from vpd.student import BaseStudent, Engine

VERSION = 2
NO_STUDENT = "no student"


def student_key(sources: Sources) -> str:
    """Hash of the student's weights. A student that is trained again by the same recipe may differ."""
    return distill.weights_key(sources) or NO_STUDENT


def outputs(sources: Sources, video: str) -> list[Output]:
    """The file of features, with its recipe."""
    inputs = {"crop": crop.outputs(sources, video)[0].recipe.key, "student": student_key(sources)}
    settings = sources.settings.embed.of_the_result()
    path = sources.layout.features(sources.settings.distill.name, video)
    return [Output(path, Recipe("embed", VERSION, settings, inputs))]


@lru_cache(maxsize=1)
def _student(folder: Path, key: str) -> BaseStudent:
    from vpd.student import load_student

    return load_student(folder)


@lru_cache(maxsize=1)
def _engine(folder: Path, key: str, settings: EmbedSettings, threads: int) -> Engine:
    from vpd.device import choose_device
    from vpd.student import OnnxEngine, TorchEngine

    student = _student(folder, key)
    on_cpu = choose_device(settings.device).type == "cpu"
    if settings.engine == "torch" or (
        settings.engine == "auto" and not (on_cpu and student.spec.reads_poses)
    ):
        return TorchEngine(student, settings.device, settings.precision)
    return OnnxEngine(_exported(student, folder, key), student, threads)


def _exported(student: BaseStudent, folder: Path, key: str) -> Path:
    """The student as ONNX. The name contains the hash of the content, so that damage is found."""
    from vpd.student import export_onnx

    for path in folder.glob(f"student-{key[:12]}-*.onnx"):
        if path.stem.endswith(file_key(path)[:12]):
            return path
    made = export_onnx(student, folder / f"student-{key[:12]}.onnx")[0]
    named = made.with_name(f"{made.stem}-{file_key(made)[:12]}.onnx")
    made.replace(named)
    for old in set(folder.glob("student-*.onnx")) - {named}:
        old.unlink(missing_ok=True)
    return named


def make(work: Work, wanted: list[Output]) -> None:
    """Embed the crops of one video."""
    from vpd.crops import CropFile
    from vpd.student import features_of, prepare_video

    key = student_key(work.sources)
    if key == NO_STUDENT:
        raise ArtefactError("there is no student to embed with. Make one with `vpd distill`.")
    folder, settings = distill.folder(work.sources), work.settings.embed
    student = _student(folder, key)
    crops = CropFile(work.layout.crops(work.video))
    reported, done = 0, 0.0

    def progress(share: float) -> None:
        nonlocal reported, done
        done += share
        work.progress(int(done * work.row.frames) - reported)
        reported = int(done * work.row.frames)

    def engine() -> Engine:
        return _engine(folder, key, settings, work.threads)

    prepared = prepare_video(student, crops, work.layout.readings, work.video, engine, settings, progress)
    sequences = features_of(student, crops, prepared, work.video)
    recipe = replace(wanted[0].recipe, notes={CONTENT: work.row.key})
    write_features(wanted[0].path, sequences, student.spec.d, recipe)
    work.progress(work.row.frames - reported)
