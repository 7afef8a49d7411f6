"""Paths of the files of a library."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from vpd.errors import InputError

SETTINGS_FILE = "vpd.toml"

MADE_FOLDERS = (
    "cache", "crops", "features", "frames", "index", "pictures", "poses", "removed", "results", "students",
    "tracks",
)  # fmt: skip
"""Folders of a library that vpd alone writes into."""
MADE_FILES = ("videos.parquet", ".videos-copy.parquet")
USER_FOLDERS = ("boxes", "labels.backup", "masks_given", "poses_given")
"""Folders of a library with files that a person put there."""


@dataclass(frozen=True)
class Layout:
    """Paths of the library in the folder ``root``. Asking for a path neither reads nor creates anything."""

    root: Path

    @property
    def settings(self) -> Path:
        return self.root / SETTINGS_FILE

    @property
    def videos(self) -> Path:
        return self.root / "videos.parquet"

    @property
    def videos_copy(self) -> Path:
        """A second copy of the table of videos. It protects their ids, which labels refer to."""
        return self.root / ".videos-copy.parquet"

    @property
    def noted(self) -> Path:
        """Notes of what the last run found up to date (`vpd.pipeline.noted`); they may be deleted."""
        return self.root / ".noted.parquet"

    @property
    def labels(self) -> Path:
        return self.root / "labels.csv"

    @property
    def classes(self) -> Path:
        """The classes in the user's order, and how each is labelled (`vpd.library.classes`)."""
        return self.root / "classes.toml"

    @property
    def splits(self) -> Path:
        """The table that assigns videos or single actions to training, validation and test."""
        return self.root / "splits.csv"

    @property
    def few_shot(self) -> Path:
        """Few-shot subsets of the training part, by k."""
        return self.root / "few_shot.json"

    @property
    def queries(self) -> Path:
        """The table of queries of the measurement of retrieval. Without it all actions are queries."""
        return self.root / "queries.csv"

    @property
    def detection_lists(self) -> Path:
        """Lists of videos that detection learns from, the first few of each."""
        return self.root / "detection_lists.json"

    @property
    def dataset(self) -> Path:
        """The published data set that the library was imported from."""
        return self.root / "dataset.json"

    @property
    def picks(self) -> Path:
        """The table of athletes that the user chose, by video."""
        return self.root / "athletes.csv"

    @property
    def results(self) -> Path:
        return self.root / "results"

    @property
    def proposals(self) -> Path:
        """The last detections of each video, which the page asks about; they may be deleted."""
        return self.results / "proposals.json"

    def removed(self, video: str) -> Path:
        """The folder with the files of a video that was removed."""
        return self.root / "removed" / video

    def frames(self, video: str) -> Path:
        """Time of every frame of a video."""
        return self.root / "frames" / f"{video}.parquet"

    def tracks(self, video: str) -> Path:
        return self.root / "tracks" / f"{video}.parquet"

    def boxes(self, video: str) -> Path:
        """Boxes that the user supplied. They replace detection."""
        return self.root / "boxes" / f"{video}.csv"

    def given_poses(self, video: str) -> Path:
        """Poses that the user supplied, as JSON or gzipped JSON. They replace estimation."""
        plain = self.root / "poses_given" / f"{video}.json"
        packed = plain.with_name(f"{plain.name}.gz")
        return packed if packed.is_file() else plain

    def given_masks(self, video: str) -> Path:
        """Masks of the athletes that a data set came with; the student's noise stays off them."""
        return self.root / "masks_given" / f"{video}.arrow"

    def poses(self, video: str) -> Path:
        return self.root / "poses" / f"{video}.parquet"

    def crops(self, video: str) -> Path:
        return self.root / "crops" / f"{video}.arrow"

    def pictures(self, video: str) -> Path:
        """Whole pictures of labelled segments, for the baselines that use them."""
        return self.root / "pictures" / f"{video}.arrow"

    def features(self, name: str, video: str) -> Path:
        return self.root / "features" / name / f"{video}.arrow"

    def index(self, name: str) -> Path:
        """Folder of the index that uncut search of large libraries looks through first; it may be deleted."""
        return self.root / "index" / name

    def feature_names(self) -> list[str]:
        """Names of the features present, sorted."""
        folder = self.root / "features"
        return sorted(p.name for p in folder.iterdir() if p.is_dir()) if folder.is_dir() else []

    def student(self, name: str) -> Path:
        return self.root / "students" / name

    @property
    def readings(self) -> Path:
        """Folder of the pose network's readings of the crops. It may be deleted."""
        return self.root / "students" / ".readings"


def _has_settings(folder: Path) -> bool:
    try:
        return (folder / SETTINGS_FILE).is_file()
    except OSError:  # a folder that may not be looked into
        return False


def _open_to_all(folder: Path) -> bool:
    """Whether every user of the system may put files into the folder, as into /tmp."""
    return os.name == "posix" and bool(folder.stat().st_mode & stat.S_IWOTH)


def must_be_text(path: Path) -> None:
    """Raise InputError where the path of a library is not UTF-8: what reads its files takes no other."""
    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        raise InputError(f"{str(path)!r} is not valid UTF-8. Rename the folder of the library.") from error


def find_library(start: Path) -> Layout:
    """The library at ``start``, or the one that contains it.

    Raises InputError where neither ``start`` nor a folder above it holds ``vpd.toml``, and where that folder
    lies above and every user may write into it: another user may have put the file there.
    """
    start = start.resolve()
    must_be_text(start)
    for folder in (start, *start.parents):
        if _has_settings(folder):
            if folder != start and _open_to_all(folder):
                raise InputError(
                    f"{folder} has a {SETTINGS_FILE}, and everyone may write into that folder: it may be "
                    f"somebody else's. If the library is yours, name it: --library {folder}."
                )
            return Layout(folder)
    raise InputError(
        f"{start} is not a library (no {SETTINGS_FILE} there or above). "
        "Make one with `vpd new LIBRARY VIDEOS...`, or name one with --library PATH."
    )
