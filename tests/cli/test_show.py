"""`vpd show` and `vpd teach --teacher`: what is drawn, and made, on request."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.pipeline.made import made_library, made_posed_library
from vpd.library.features import read_features
from vpd.pipeline.run import run
from vpd.video import read_frames, read_video_info

NAMES = ["a", "b", "c", "d", "e"]


@pytest.fixture
def layout(tmp_path):
    return made_library(tmp_path, NAMES)


def shown(vpd, layout, *options):
    code, out, err = vpd("show", "a", *options, "--json", "-L", layout.root)
    assert code == 0, err
    return Path(json.loads(out)["file"])


@pytest.fixture(scope="module")
def distilled(tmp_path_factory):
    """A library with a student of its own."""
    layout = made_posed_library(tmp_path_factory.mktemp("shown"), NAMES)
    assert run(layout).complete
    return layout


def test_panels_beside_the_picture(vpd, layout, distilled):
    run(layout, ["scan"])
    code, _, err = vpd("show", "a", "--student", "-L", layout.root)
    assert (code, "vpd distill" in err) == (1, True)
    layout = distilled
    # 128 x 96 pixels, and beside them one column of two squares, or two views of half the height.
    for options, width in (((), 128), (("--student",), 128 + 48), (("--student", "--3d"), 128 + 48 + 96)):
        file = shown(vpd, layout, *options)
        info = read_video_info(file)
        assert (info.frames, info.width, info.height) == (6, width, 96), options
    first = next(iter(read_frames(file))).rgb.astype(int)
    for panel in (first[:48, 128:176], first[48:, 128:176], first[24:72, 176:]):
        assert np.ptp(panel) > 100, "a pose is drawn in every panel"


def test_a_page_of_disagreements(vpd, distilled):
    layout = distilled
    code, out, err = vpd("show", "--disagreements", 3, "--json", "-L", layout.root)
    assert code == 0, err
    told = json.loads(out)
    distances = [frame["distance"] for frame in told["frames"]]
    assert distances == sorted(distances, reverse=True)
    assert len({frame["video"] for frame in told["frames"]}) == 3, "of frames near each other one is shown"
    page = Path(told["file"]).read_text(encoding="utf-8")
    assert page.count("<figure ") == 3
    assert all((Path(told["file"]).parent / f"{n:03d}.png").stat().st_size > 1000 for n in range(3))
    assert vpd("show", "-L", layout.root)[0] == 2


def test_the_features_of_another_teacher(vpd, layout):
    code, out, _ = vpd("teach", "--teacher", "vipe", "--json", "-L", layout.root, "-j", 1)
    assert (code, json.loads(out)["made"]["teach"]) == (0, 5)
    assert sorted(layout.feature_names()) == ["joints2d", "vipe"]
    assert read_features(layout.features("vipe", "a"))[0].d == 64
    assert vpd("teach", "-L", layout.root, "-j", 1)[1].startswith("Nothing to do")
    code, _, err = vpd("run", "--teacher", "nobody", "-L", layout.root)
    assert (code, "there is no teacher 'nobody'; there are joints2d, vipe" in err) == (1, True)


def test_labels_of_set_aside_videos_are_said(vpd, layout, tmp_path):
    (tmp_path / "bad.mp4").write_bytes(b"no video")
    vpd("scan", tmp_path / "bad.mp4", "-L", layout.root, "-j", 1)
    layout.labels.write_text("video,start_s,end_s,label\na,0,0.1,jump\nbad,0,1,jump\n")
    code, out, err = vpd("labels", "check", "--json", "-L", layout.root)
    found = json.loads(out)
    assert (code, found["segments"], err) == (0, 2, "")
    notes = {finding["kind"]: finding["text"] for finding in found["findings"]}
    assert notes["video set aside"].startswith("bad is set aside (")
