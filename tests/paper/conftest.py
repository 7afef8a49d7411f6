"""The published label files among the shared inputs, laid out as their authors have them."""

import csv
import gzip
import shutil
import tarfile
from functools import cache
from pathlib import Path

import pytest

from tests.shared import shared_path
from vpd.paper.datasets.finegym import ANNOTATION
from vpd.paper.datasets.table import read_dataset

KS = (4, 8, 16, 32, 64, 128)


def unpacked(folder):
    """All label files below ``folder``; skips where the shared inputs are absent."""
    source = shared_path("data/paper")
    with tarfile.open(source / "vpd" / "action_dataset.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    for packed in [*(source / "finegym").glob("*.gz"), *(source / "diving48").glob("*.gz")]:
        out = folder / packed.parent.name / packed.name.removesuffix(".gz")
        out.parent.mkdir(exist_ok=True)
        with gzip.open(packed) as file:
            out.write_bytes(file.read())
    finegym = folder / "finegym"
    # The whole annotation is not among the shared inputs: a part of it, rebuilt, stands for it.
    (finegym / "fx_partial_annotation.json").rename(finegym / ANNOTATION)
    old = folder / "finegym_v1.0"
    old.mkdir()
    shutil.move(finegym / "gym99_train_element_v1.0.txt", old)
    return folder


@cache
def video_meta():
    """Frame rate and frame count by data set and video."""
    found = {}
    with gzip.open(shared_path("data/paper/vpd/video_meta.csv.gz"), "rt") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["dataset"], {})[row["video"]] = (float(row["fps"]), int(row["frames"]))
    return found


@pytest.fixture(scope="session")
def label_root(tmp_path_factory):
    return unpacked(tmp_path_factory.mktemp("published"))


@pytest.fixture(scope="session")
def dataset(label_root):
    """The data set by its key, read once."""

    @cache
    def read(key):
        root = {"fs": "action_dataset", "tennis": "action_dataset"}.get(key, ".")
        return read_dataset(key, Path(label_root, root), list(video_meta()[key]) if key == "tennis" else ())

    return read
