"""Files of a library that somebody else made: pipes, devices, folders, links, and what nests without end."""

import os
import shutil
import signal
import zipfile
from contextlib import suppress

import numpy as np
import pytest

import vpd
from tests.odd_files import link_to_endless_zeros, make_pipe
from vpd.errors import InputError, VpdError
from vpd.files import parse_json, read_bytes
from vpd.library import answers
from vpd.library.artefact import write_text
from vpd.library.classes import read_classes
from vpd.library.dataset import read_card
from vpd.library.json_lines import add_line, read_lines
from vpd.library.npz_file import read_npz
from vpd.library.own_folder import OwnFolder
from vpd.recognition.outcomes import KeptOutcomes
from vpd.teachers.vipe.model import Vipe
from vpd.web.journal import Journal

LIMIT_S = 120
"""A reader that waits for a pipe is ended by then."""
DEEP = "[" * 200_000


def _folder(path):
    path.mkdir()


def _deep(path):
    path.write_text(DEEP)


def _deep_object(path):
    path.write_text('{"a":' * 100_000)


def _no_text(path):
    path.write_bytes(b"\xff\xfe\xff" * 40)


def _huge_number(path):
    path.write_text("9" * 6000)


KINDS = [make_pipe, link_to_endless_zeros, _folder, _deep, _deep_object, _no_text, _huge_number]
CHECKED = lambda library: library.check_labels()  # noqa: E731
READERS = {
    "labels.csv": [CHECKED, lambda library: library.recognise()],
    "athletes.csv": [CHECKED, lambda library: library.status()],
    "splits.csv": [CHECKED],
    "queries.csv": [CHECKED],
    "few_shot.json": [CHECKED],
    "detection_lists.json": [CHECKED],
    "boxes/a1.csv": [CHECKED, lambda library: library.status()],
    "poses_given/a1.json": [CHECKED, lambda library: library.status()],
    "poses_given/a1.json.gz": [CHECKED, lambda library: library.status()],
    "dataset.json": [lambda library: read_card(library.layout.dataset), lambda library: library.retrieve()],
    "classes.toml": [lambda library: read_classes(library.layout.classes)],
    "answers.csv": [lambda library: answers.read_answers(library.layout), lambda library: library.suggest()],
    "vpd.toml": [lambda library: library.status()],
    "trainer.toml": [lambda library: library.status()],
    "videos.parquet": [lambda library: library.status()],
    "tracks/a1.parquet": [lambda library: library.athletes("a1"), lambda library: library.status()],
    "features/joints2d/a1.arrow": [lambda library: library.compare("a1@0.4-1.2", "a2@0.4-1.2", "joints2d")],
    "labels.backup/page.jsonl": [lambda library: Journal(library.layout)],
    "removed/a1/video.json": [lambda library: library.remove_video("a1", back=True)],
    "results/few_shot/outcomes.jsonl": [
        lambda library: KeptOutcomes(library.layout.root / "results/few_shot/outcomes.jsonl")
    ],
    "results/detect/.made-by-vpd.json": [
        lambda library: OwnFolder(library.layout.root / "results/detect", "x")
    ],
    "students/vpd/config.json": [lambda library: library.status(), lambda library: library.check()],
    "students/.readings/key.json": [lambda library: library.check()],
    "vipe.safetensors": [lambda library: Vipe.load(library.layout.root / "vipe.safetensors")],
}


@pytest.fixture(scope="module")
def copy(layout, tmp_path_factory):
    """A copy of the library whose settings name a trainer's file."""
    root = tmp_path_factory.mktemp("hostile") / "lib"
    shutil.copytree(layout.root, root)
    (root / "vpd.toml").write_text('[distill]\ntrainer = "trainer.toml"\n')
    (root / "trainer.toml").touch()
    return root


@pytest.fixture
def limited():
    """Ends a test that waits, on systems that have an alarm."""
    if not hasattr(signal, "SIGALRM"):
        yield
        return

    def end(number, frame):
        raise TimeoutError("it waits without end")

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(LIMIT_S)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def _remove(path):
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@pytest.mark.skipif(os.name != "posix", reason="pipes and devices of other kinds")
@pytest.mark.parametrize("name", READERS)
def test_what_is_no_such_file_is_read_or_named_at_once(name, copy, limited):
    path = copy / name
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = path.read_bytes() if path.is_file() else None
    for kind in KINDS:
        _remove(path)
        kind(path)
        for read in READERS[name]:
            with suppress(VpdError):
                read(vpd.Library(copy))
    _remove(path)
    if kept is not None:
        path.write_bytes(kept)


def test_lines_are_added_through_no_link_and_behind_no_half_line(tmp_path):
    path, precious = tmp_path / "lines.jsonl", tmp_path / "precious"
    precious.write_text("mine\n")
    path.symlink_to(precious)
    with pytest.raises(InputError, match="is a link"):
        add_line(path, {"a": 1})
    assert precious.read_text() == "mine\n"
    path.unlink()
    add_line(path, {"a": 1})
    with path.open("a") as out:
        out.write('{"a": 2, "che')
    add_line(path, {"a": 3, "text": "\udce9"})
    assert [row["a"] for row in read_lines(path)] == [1, 3]
    path.write_text(path.read_text().replace('"a": 1', '"a": 7'))
    assert [row["a"] for row in read_lines(path)] == [3]


def test_a_journal_through_a_link_changes_nothing_outside(layout, tmp_path):
    root = tmp_path / "lib"
    shutil.copytree(layout.root, root)
    (tmp_path / "bashrc").write_text("precious")
    (root / "labels.backup").mkdir(exist_ok=True)
    (root / "labels.backup" / "page.jsonl").symlink_to(tmp_path / "bashrc")
    library = vpd.Library(root)
    name = library.list_labels().labels[0].id
    Journal(library.layout).remove(name, None)
    assert (tmp_path / "bashrc").read_text() == "precious"
    assert len(library.list_labels().labels) == 3


@pytest.mark.parametrize("rows", [
    [{"before": [{}], "after": []}], [{"before": 5, "after": "x"}], [{"undo": True}],
    [{"before": [], "after": [1]}],
    [{"before": [], "after": [{"id": 1, "version": None, "video": "a1", "label": "a"}]}],
])  # fmt: skip
def test_a_forged_journal_is_none(rows, layout, tmp_path):
    root = tmp_path / "lib"
    shutil.copytree(layout.root, root)
    library = vpd.Library(root)
    for row in rows:
        add_line(root / "labels.backup" / "page.jsonl", row)
    with pytest.raises(InputError, match="nothing to undo"):
        Journal(library.layout).undo()


@pytest.mark.parametrize("names", [["a", "a.npy"], ["a.npy", "a.npy"], ["a.npy", "notes.txt"]])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_archive_with_more_than_its_arrays_is_refused(names, tmp_path):
    np.save(tmp_path / "a.npy", np.arange(3))
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as out:
        for name in names:
            out.writestr(name, (tmp_path / "a.npy").read_bytes())
    with pytest.raises(InputError, match=r"x\.npz holds"):
        read_npz(tmp_path / "x.npz", ["a"])


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    with (tmp_path / "large").open("wb") as out:
        out.truncate(2**40)  # takes no room on the disk
    with pytest.raises(OSError, match="more than the"):
        read_bytes(tmp_path / "large")
    with pytest.raises(ValueError, match="too deeply"):
        parse_json(DEEP)


def test_a_damaged_embedding_is_named(tmp_path):
    path = tmp_path / "vipe.safetensors"
    Vipe.load().save(path)
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)
    with pytest.raises(VpdError, match="not what was written"):
        Vipe.load(path)
    write_text("x", path)
    with pytest.raises(VpdError, match="holds no vipe embedding"):
        Vipe.load(path)
