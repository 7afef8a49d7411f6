"""Find the boxes and poses that a person put into a library, and the video of each file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from vpd.files import entries
from vpd.library.layout import Layout
from vpd.library.names import VideoNames

JOINTS = "joints.csv"
BOXES = (".csv",)
POSES = (".json.gz", ".json", ".csv", ".h5", ".hdf5", ".trc", "/")
"""Suffixes of given pose files, and a folder. Where a video has several, the first kind is used."""


class UserFiles:
    """The files in ``boxes/`` and ``poses_given/``.

    A file has the name of its video: the id, or the file's name, as in every other table.

    Attributes
    ----------
    boxes, poses : the file of each video, by id; of poses also a folder.
    joints : the user's table of what other programs' points are, ``poses_given/joints.csv``.
    problems : a sentence for each file that is not used.
    """

    def __init__(self, layout: Layout, names: VideoNames) -> None:
        self._layout, self._names = layout, names
        self.problems: list[str] = []
        self.boxes = self._by_video(layout.boxes(""), BOXES, layout.boxes)
        self.poses = self._by_video(layout.given_poses(""), POSES, layout.given_poses)
        self.joints = layout.given_poses("").with_name(JOINTS)

    def _by_video(
        self, place: Path, suffixes: Sequence[str], exact: Callable[[str], Path]
    ) -> dict[str, Path]:
        found: dict[str, Path] = {}
        for path, name in _named(place.parent, suffixes):
            meant = self._names.matches(name)
            shown = path.relative_to(self._layout.root).as_posix()
            if len(meant) != 1:
                why = f"there is no video {name!r}" if not meant else f"{name!r} fits {len(meant)} videos"
                self.problems.append(f"{shown} is not used: {why}.")
                continue
            taken = found.setdefault(meant[0], path)
            if taken != path:
                first, second = (path, taken) if path == exact(meant[0]) else (taken, path)
                found[meant[0]] = first
                left = second.relative_to(self._layout.root).as_posix()
                self.problems.append(f"{left} is not used: {first.name} is, for the same video.")
        return found


def _named(folder: Path, suffixes: Sequence[str]) -> Iterator[tuple[Path, str]]:
    """The files of a folder with these suffixes, and their names without suffix. Earlier suffixes come
    first.
    """
    files = [path for path in entries(folder) if not path.name.startswith(".")]
    for suffix in suffixes:
        for path in files:
            if path.name == JOINTS or path.is_dir() != (suffix == "/"):
                continue
            if suffix == "/":
                yield path, path.name
            elif path.name.lower().endswith(suffix):
                yield path, path.name[: -len(suffix)]
