"""Every block of Python in the documents runs, on the sample; and the parts that are added there work."""

from functools import cache

import numpy as np
import pytest

from tests.docs.pages import ROOT, blocks, pages
from vpd.formats.media import Media
from vpd.formats.table import FORMATS, import_segments
from vpd.library.poses import read_poses
from vpd.pipeline.engine import ENGINES
from vpd.pose.table import BACKENDS, open_estimator
from vpd.recognition.recognisers import RECOGNISERS, make_recogniser
from vpd.settings import PoseSettings
from vpd.student.corpus.inputs import InputSpec
from vpd.student.network.backbones import BACKBONES, backbone
from vpd.teachers.table import TEACHERS, teacher

SLOW = {
    "docs/baselines.md",
    "docs/detection.md",
    "docs/student.md",
    "docs/athletes.md",
    "docs/recognition.md",
}
"""Pages whose blocks train something, or look at every frame."""
QUERY, VIDEO = "scene1_a@1.236-3.406", "scene1_a"
BLOCKS = [b for page in pages() for b in blocks(page) if b.language == "python"]


def named(block):
    slow = str(block.page.relative_to(ROOT)) in SLOW
    return pytest.param(block, id=block.place, marks=[pytest.mark.slow] if slow else [])


@pytest.fixture
def names(sample_library, tmp_path, monkeypatch):
    """What the pages take as given: a library, its segments and sequences, poses, arrays."""
    monkeypatch.chdir(tmp_path)
    layout = sample_library.layout
    segments = sample_library.labels()
    sequences = sample_library.sequences(segments, "joints2d")
    (poses,) = read_poses(layout.poses(VIDEO))
    arrays = [s.values[:, 0] for s in sequences]
    return {
        "library": sample_library, "layout": layout, "video": VIDEO,
        "path": layout.root / sample_library.videos[VIDEO].path, "segments": segments,
        "labels": [s.label for s in segments], "sequences": sequences, "others": sequences, "reviewed": [],
        "poses": poses, "times_s": np.arange(len(poses.frames)) / 20, "x": arrays[0], "y": arrays[0],
        "list_of_arrays": arrays, "list_of_queries": arrays[:2],
    }  # fmt: skip


@cache
def code(block, root):
    text = block.text.replace('"mylibrary"', repr(root)).replace("match_1@62.5-64", QUERY)
    return compile(text.replace('"match_1"', repr(VIDEO)), block.place, "exec")


@pytest.mark.parametrize("block", [named(b) for b in BLOCKS if b.page.name not in ("add.md", "student.md")])
def test_a_block_runs(block, names):
    if block.page.name == "baselines.md":
        assert names["library"].run(["crop"]).complete
    if block.page.name == "detection.md":
        whole = names["library"].features("joints2d")
        names["sequences"] = [s for video in whole.videos() for s in whole.sequences(video)]
        names["others"] = names["sequences"][:1]
    exec(code(block, str(names["layout"].root)), names)


@pytest.mark.slow
def test_the_student_of_the_page(sample_library, monkeypatch):
    """On a student of a short training."""
    settings = sample_library.layout.settings
    settings.write_text(settings.read_text() + "images = 1000\nepoch_images = 500\n")
    assert sample_library.run(["embed"]).complete
    (block,) = [b for b in BLOCKS if b.page.name == "student.md"]
    text = block.text.replace('"library"', repr(str(sample_library.layout.root))).replace(
        '"video"', f'"{VIDEO}"'
    )
    exec(compile(text, block.place, "exec"), {})


@pytest.fixture
def added(monkeypatch):
    """The tables with what the page `add your own` puts into them."""
    for table in (TEACHERS, BACKENDS, RECOGNISERS, BACKBONES, FORMATS, ENGINES):
        for key in table:
            monkeypatch.setitem(table, key, table[key])  # so that the table is as before after the test
    kept = [(table, set(table)) for table in (TEACHERS, BACKENDS, RECOGNISERS, BACKBONES, FORMATS, ENGINES)]
    for block in BLOCKS:
        if block.page.name == "add.md":
            exec(compile(block.text, block.place, "exec"), {})
    yield
    for table, before in kept:
        for key in set(table) - before:
            del table[key]


def test_what_the_page_adds_works(added, names, tmp_path):
    limbs = teacher("limbs")(names["poses"], names["times_s"], VIDEO)
    assert limbs.values.shape == (len(names["poses"].frames), 2, 4)
    assert TEACHERS["limbs"].joints(limbs.values[:, 0]).shape == (len(limbs), 13, 2)

    crops = np.zeros((3, 64, 64, 3), np.uint8)
    assert open_estimator(PoseSettings(estimator="middle")).keypoints(crops).shape == (3, 17, 3)

    model = make_recogniser("nearest-mean").fit(names["sequences"], names["labels"])
    assert model.predict_proba(names["sequences"][:2]).sum(axis=1) == pytest.approx(1)

    import torch

    assert backbone("tiny")(InputSpec(), 7, "")(torch.zeros(2, 5, 128, 128)).shape == (2, 7)

    file = tmp_path / "a.lines"
    file.write_text(f"{VIDEO}.mp4 1 2.5 a kick\n")
    found = import_segments("lines", file, lambda name: Media(VIDEO, name, start_s=0.5))
    assert [(s.start_s, s.end_s, s.label) for s in found.segments] == [(1.5, 3.0, "a kick")]

    assert list(ENGINES["backwards"].perform([], lambda ms: None, 1)) == []
