"""`vpd check`: compare every file that vpd made with its checksum, and name what makes a damaged one
again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vpd.errors import ArtefactError, InputError
from vpd.library import checksum, verified
from vpd.library.artefact import check as check_artefact
from vpd.library.artefact import read_recipe
from vpd.library.layout import MADE_FILES, Layout
from vpd.library.sealed_files import array_is_whole, read_json, tensors_are_whole
from vpd.pipeline.distill import CHECKPOINT, CONFIG, WEIGHTS
from vpd.pipeline.sources import file_key

ONE_A_VIDEO = ("frames", "tracks", "poses", "crops", "pictures")
AGAIN = "`vpd run` makes it again"


@dataclass(frozen=True)
class Damage:
    """A damaged file, its damage, and the command that makes it again."""

    path: Path
    why: str
    again: str


@dataclass
class LibraryCheck:
    """The result of a check.

    Attributes
    ----------
    deep : whether the contents of every file were compared; else only of those that were written to since.
    """

    root: Path
    deep: bool
    files: int = 0
    bytes: int = 0
    damaged: list[Damage] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether nothing is damaged."""
        return not self.damaged

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "root": str(self.root),
            "deep": self.deep,
            "looked_at": self.files,
            "bytes": self.bytes,
            "damaged": [
                {"path": d.path.relative_to(self.root).as_posix(), "why": d.why, "again": d.again}
                for d in self.damaged
            ],
        }


def check_library(
    layout: Layout, deep: bool = False, progress: Callable[[Path], None] = lambda path: None
) -> LibraryCheck:
    """Check every file that vpd made in a library.

    A damaged file counts as out of date from then on, so that the next run makes it again. Nothing else
    changes.
    """
    result = LibraryCheck(layout.root, deep)
    if deep:
        verified.forget()
    for path, look in _files(layout, deep):
        progress(path)
        why, again = look(path)
        result.files += 1
        result.bytes += path.stat().st_size
        if why:
            result.damaged.append(Damage(path, why, again))
    return result


_Look = Callable[[Path], tuple[str, str]]


def _files(layout: Layout, deep: bool) -> Iterator[tuple[Path, _Look]]:
    def artefact(path: Path) -> tuple[str, str]:
        return _of_artefact(path, deep), AGAIN

    def table(path: Path) -> tuple[str, str]:
        return _of_artefact(path, deep), "`vpd run` makes it again, with the same ids"

    for name in MADE_FILES:
        if (layout.root / name).is_file():
            yield layout.root / name, table
    features = layout.root / "features"
    folders = [layout.root / name for name in ONE_A_VIDEO]
    for top in (features, layout.index("x").parent):
        folders += sorted(p for p in top.iterdir() if p.is_dir()) if top.is_dir() else []
    for folder in folders:
        for suffix in ("parquet", "arrow"):
            for path in sorted(folder.glob(f"*.{suffix}")):
                if not path.name.startswith("."):
                    yield path, artefact
    students = layout.student("x").parent
    for folder in sorted(students.iterdir()) if students.is_dir() else []:
        if folder == layout.readings:
            continue
        for name, look in ((CONFIG, _of_config), (WEIGHTS, _of_weights), (CHECKPOINT, _of_checkpoint)):
            if (folder / name).is_file():
                yield folder / name, look
    for path in sorted(layout.readings.glob("*.npy")):
        yield path, _of_reading


def _of_artefact(path: Path, deep: bool) -> str:
    try:
        record = read_recipe(path)
        if deep or not checksum.is_untouched(path, record["checksum"]):
            check_artefact(path)
    except (ArtefactError, InputError) as error:
        return str(error)
    except OSError as error:
        return f"{path} cannot be read ({error.strerror})."
    return ""


def _unless(whole: bool, path: Path) -> str:
    return "" if whole else f"{path} is damaged (its contents are not what was written)."


def _of_config(path: Path) -> tuple[str, str]:
    try:
        read_json(path)
    except (OSError, ValueError) as error:
        return f"{path} is damaged ({error}).", "`vpd run` trains the student again"
    return "", ""


def _of_weights(path: Path) -> tuple[str, str]:
    try:
        stated = read_json(path.with_name(CONFIG)).get("weights")
    except (OSError, ValueError):
        return "", ""  # that config.json is damaged is said of it
    return _unless(stated in (None, file_key(path)), path), "`vpd run` trains the student again"


def _of_checkpoint(path: Path) -> tuple[str, str]:
    return _unless(tensors_are_whole(path), path), "the training begins again at its first epoch"


def _of_reading(path: Path) -> tuple[str, str]:
    return _unless(array_is_whole(path), path), "`vpd run` reads these crops again when it needs them"
