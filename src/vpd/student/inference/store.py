"""A student on disk: weights as safetensors, its specification as JSON. Nothing is pickled."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save

from vpd.errors import ArtefactError
from vpd.library.artefact import Recipe, replacing
from vpd.library.sealed_files import read_json, write_json
from vpd.student.network.base import BaseStudent
from vpd.student.network.build import build_student
from vpd.student.network.spec import StudentSpec

WEIGHTS, CONFIG, SPLIT = "student.safetensors", "config.json", "split.json"


def save_student(student: BaseStudent, folder: Path, recipe: Recipe, more: dict[str, Any]) -> None:
    """Write the weights, then config.json. Its presence and key show that the student is complete.

    The old config.json is deleted first. A process that is killed in between leaves no student, never new
    weights under the old description.
    """
    state = {name: tensor.detach().cpu().contiguous() for name, tensor in student.state_dict().items()}
    (folder / CONFIG).unlink(missing_ok=True)
    with replacing(folder / WEIGHTS) as part:
        weights = save(state)
        part.write_bytes(weights)
    config: dict[str, Any] = {"weights": hashlib.sha256(weights).hexdigest()[:32], "key": recipe.key}
    config |= {"recipe": json.loads(next(iter(recipe.to_metadata().values())))}
    config |= {"student": student.spec.to_json(), **more}
    write_json(folder / CONFIG, config)


def read_config(folder: Path) -> dict[str, Any]:
    """Read config.json of a student. Raises ArtefactError where it is missing or damaged."""
    path = folder / CONFIG
    try:
        config = read_json(path)
    except FileNotFoundError as error:
        raise ArtefactError(f"{folder} holds no student. Make one with `vpd distill`.") from error
    except (OSError, ValueError) as error:
        raise ArtefactError(f"{path} is damaged ({error}). Delete {folder} and distill again.") from error
    return config


def load_student(folder: Path) -> BaseStudent:
    """Load the student in a folder, ready to embed.

    Parameters
    ----------
    folder : Path
        ``students/<name>`` of a library: `Layout.student`.

    Returns
    -------
    BaseStudent
        A torch module in evaluation mode, on the CPU.

    Raises
    ------
    ArtefactError
        Where it is missing or damaged.

    Examples
    --------
    >>> load_student(library.layout.student("nobody"))
    Traceback (most recent call last):
    ...
    vpd.errors.ArtefactError: ...
    """
    student = build_student(StudentSpec.from_json(read_config(folder)["student"]))
    try:
        student.load_state_dict(load_file(folder / WEIGHTS))
    except (OSError, RuntimeError, SafetensorError) as error:
        raise ArtefactError(
            f"{folder / WEIGHTS} is missing, damaged or of another version of vpd ({error}). "
            f"Delete {folder} and distill again."
        ) from error
    return student.eval()


def student_is_current(folder: Path, recipe: Recipe) -> bool:
    """Whether the student in ``folder`` is complete and made from exactly this recipe."""
    try:
        return bool(read_config(folder).get("key") == recipe.key and (folder / WEIGHTS).is_file())
    except ArtefactError:
        return False
