"""`vpd check`: compare every file that vpd made with its checksum, and name what makes a damaged one
again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from vpd.errors import ArtefactError, InputError
from vpd.files import entries
from vpd.library import backup, checksum, own_folder, verified
from vpd.library.artefact import check as check_artefact
from vpd.library.artefact import read_recipe
from vpd.library.layout import MADE_FILES, Layout
from vpd.library.sealed_files import ends_whole, read_json, tensors_are_whole
from vpd.pipeline.distill import CHECKPOINT, CONFIG, WEIGHTS
from vpd.pipeline.sources import file_key

ONE_A_VIDEO = ("frames", "tracks", "poses", "crops", "pictures")
MASKS = "masks_given"
AGAIN = "`vpd run` makes it again"
IMPORT = "`vpd paper import` makes it again"
REPEAT = "the command that wrote it writes new results"


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
    def artefact(again: str = AGAIN) -> _Look:
        return lambda path: (_of_artefact(path, deep), again)

    for name in MADE_FILES:
        if (layout.root / name).is_file():
            yield layout.root / name, artefact("`vpd run` makes it again, with the same ids")
    if layout.noted.is_file():
        yield layout.noted, artefact()
    features = layout.root / "features"
    folders = [layout.root / name for name in (*ONE_A_VIDEO, MASKS)]
    for top in (features, layout.index("x").parent):
        folders += [path for path in entries(top) if path.is_dir()]
    for folder in folders:
        for path in entries(folder):
            if path.suffix in (".parquet", ".arrow") and not path.name.startswith("."):
                yield path, artefact(IMPORT if folder.name == MASKS else AGAIN)
    yield from _students(layout)
    for given in (layout.labels, layout.picks):
        for state in backup.states(given):
            yield state, _of_state
    if deep:
        yield from _results(layout)


def _students(layout: Layout) -> Iterator[tuple[Path, _Look]]:
    students = layout.student("x").parent
    for folder in entries(students):
        if folder == layout.readings:
            continue
        for name, look in ((CONFIG, _of_config), (WEIGHTS, _of_weights), (CHECKPOINT, _of_checkpoint)):
            if (folder / name).is_file():
                yield folder / name, look
    for path in sorted(layout.readings.glob("*.npy")):
        yield path, _of_reading


def _results(layout: Layout) -> Iterator[tuple[Path, _Look]]:
    """The files of results that nobody wrote to since: who did has made them his own."""
    for mark in sorted(layout.results.glob(f"*/{own_folder.MARK}")):
        yield mark, _of_mark
        for path, (size, hashed) in own_folder.untouched(mark.parent).items():
            yield path, partial(_of_result, size=size, hashed=hashed)


def _of_artefact(path: Path, deep: bool) -> str:
    try:
        if deep or not _is_untouched(path):
            check_artefact(path)
    except (ArtefactError, InputError) as error:
        return str(error)
    except OSError as error:
        return f"{path} cannot be read ({error.strerror})."
    return ""


def _is_untouched(path: Path) -> bool:
    try:
        return checksum.is_untouched(path, read_recipe(path)["checksum"])
    except ArtefactError:
        return False


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
    return _unless(ends_whole(path), path), "`vpd run` reads these crops again when it needs them"


def _of_state(path: Path) -> tuple[str, str]:
    return _compared(path, backup.is_whole), "delete it: `vpd labels undo` refuses this earlier state"


def _of_mark(path: Path) -> tuple[str, str]:
    return _compared(path, lambda mark: own_folder.mark_is_whole(mark.parent)), REPEAT


def _of_result(path: Path, size: int, hashed: str) -> tuple[str, str]:
    return _compared(path, lambda file: own_folder.is_as_written(file, size, hashed)), REPEAT


def _compared(path: Path, whole: Callable[[Path], bool]) -> str:
    try:
        return _unless(whole(path), path)
    except (OSError, ValueError) as error:
        return f"{path} is damaged ({error})."
