"""The step `embed`: the student's features of every crop."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from vpd.errors import ArtefactError
from vpd.library.artefact import Recipe
from vpd.library.features import write_features
from vpd.pipeline import crop, distill
from vpd.pipeline.sources import Output, Sources, Work
from vpd.settings import EmbedSettings

if TYPE_CHECKING:  # torch takes seconds to import.
    from vpd.student import Engine

VERSION = 1
NO_STUDENT = "no student"


def student_key(sources: Sources) -> str:
    """Hash of the student's weights: a student trained again by the same recipe may be another."""
    return distill.weights_key(sources) or NO_STUDENT


def outputs(sources: Sources, video: str) -> list[Output]:
    """The features."""
    inputs = {"crop": crop.outputs(sources, video)[0].recipe.key, "student": student_key(sources)}
    settings = sources.that_matter(sources.settings.embed, "embed")
    path = sources.layout.features(sources.settings.distill.name, video)
    return [Output(path, Recipe("embed", VERSION, settings, inputs))]


@lru_cache(maxsize=1)
def _engine(folder: Path, key: str, settings: EmbedSettings, threads: int) -> Engine:
    from vpd.student import OnnxEngine, TorchEngine, export_onnx, load_student
    from vpd.student.device import choose_device

    student = load_student(folder)
    on_cpu = choose_device(settings.device).type == "cpu"
    if settings.engine == "torch" or (settings.engine == "auto" and not (on_cpu and student.reads_people)):
        return TorchEngine(student, settings.device, settings.precision)
    exported = folder / f"student-{key[:12]}.onnx"
    if not exported.is_file():
        made = export_onnx(student, exported)
        for old in set(folder.glob("student-*.onnx")) - set(made):
            old.unlink(missing_ok=True)
    return OnnxEngine(exported, student, threads)


def make(work: Work, wanted: list[Output]) -> None:
    """Embed the crops of one video."""
    from vpd.crops import CropFile
    from vpd.student import embed, known_tokens

    key = student_key(work.sources)
    if key == NO_STUDENT:
        raise ArtefactError("there is no student to embed with. Make one with `vpd distill`.")
    engine = _engine(distill.folder(work.sources), key, work.settings.embed, work.threads)
    crops = CropFile(work.layout.crops(work.video))
    known = known_tokens(engine.student, crops, work.layout.readings, work.video)
    sequences = embed(engine, crops, work.settings.embed, work.video, known)
    write_features(wanted[0].path, sequences, engine.student.spec.d, wanted[0].recipe)
    work.progress(work.row.frames)
