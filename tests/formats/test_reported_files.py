"""Other programs' files after public bug reports: each reads as its README says, or is refused."""

import pytest

from tests.shared import shared_path
from vpd.errors import InputError, LabelError
from vpd.formats.table import Media, guess_format, import_segments
from vpd.library.names import VideoNames

NAMES = VideoNames([("match_1", "/films/match_1.mp4"), ("match_2", "/films/match_2.mp4")])
MEDIA = {
    name: Media(name, f"/films/{name}.mp4", 20.0, 319, 320, 240, 15.95) for name in ("match_1", "match_2")
}


def find(name):
    return MEDIA[NAMES.find_from_elsewhere(name)]


def read(relative, tiers=()):
    path = shared_path(f"data/reports/{relative}")
    read = import_segments(guess_format(path), path, find, tiers)
    return [(s.video, round(s.start_s, 6), round(s.end_s, 6), s.label) for s in read.segments]


SERVE = ("match_1", 2.0, 3.5, "serve")


@pytest.mark.parametrize(
    ("relative", "tiers", "expected"),
    [
        ("elan/elan_origin.eaf", (), [("match_1", 6.0, 7.5, "serve")]),
        ("elan/elan_audio_first.eaf", (), [("match_1", 1.0, 2.5, "serve")]),
        ("elan/elan_doctype.eaf", (), [("match_1", 1.0, 2.5, "serve")]),
        ("elan/elan_unaligned.eaf", (), [("match_1", 1.0, 2.5, "serve"), ("match_1", 2.5, 4.0, "lob")]),
        ("elan/elan_tiers.eaf", ("strokes",), [("match_1", 1.0, 2.5, "serve")]),
        ("elan/elan_tiers.eaf", ("hand",), [("match_1", 1.0, 2.5, "left")]),
        ("label_studio/ls_upload.json", (), [SERVE]),
        ("label_studio/ls_upload2.json", (), [SERVE]),
        ("label_studio/ls_local.json", (), [SERVE]),
        ("label_studio/ls_local_enc.json", (), [SERVE]),
        ("label_studio/ls_s3.json", (), [SERVE]),
        ("label_studio/ls_min.json", (), [SERVE]),
        ("label_studio/ls_audio_seconds.json", (), [SERVE]),
        ("label_studio/ls_cancelled.json", (), [("match_1", 5.0, 6.0, "lob")]),
        ("label_studio/ls_two_annotators.json", ("1",), [SERVE]),
        ("label_studio/ls_two_annotators.json", ("2",), [("match_1", 2.1, 3.6, "serve")]),
        ("opensportslab_other_versions/osl1.json", (), [("match_1", 2.0, 2.05, "serve")]),
        ("opensportslab_other_versions/soccernet.json", (), [("match_1", 2.0, 2.05, "serve")]),
        ("opensportslab_other_versions/e2e.json", (), [("match_1", 2.0, 2.05, "serve")]),
        ("cvat/cvat_job.xml", (), [SERVE]),
        ("cvat/cvat_skel.xml", (), [SERVE]),
        ("cvat/cvat_step.xml", (), [SERVE]),
        ("cvat/cvat_tags.xml", (), [("match_1", 2.0, 2.1, "serve")]),
    ],
)
def test_read(relative, tiers, expected):
    assert read(relative, tiers) == expected


@pytest.mark.parametrize(
    ("relative", "what"),
    [
        ("label_studio/ls_two_annotators.json", r"no annotator 'x'; it has 1, 2"),
        ("elan/elan_tiers.eaf", "no tier 'x'"),
        ("cvat/cvat_job.xml", "files of cvat have no tiers to choose"),
    ],
)
def test_a_tier_that_is_not_there_is_an_error(relative, what):
    with pytest.raises(InputError, match=what):
        read(relative, ("x",))


def test_annotators_that_are_left_out_are_named():
    path = shared_path("data/reports/label_studio/ls_two_annotators.json")
    assert "Annotations of 2 were left out." in import_segments("label-studio", path, find, ("1",)).notes


@pytest.mark.parametrize(
    ("relative", "what"),
    [
        ("elan/elan_tiers.eaf", "several tiers.*'notes'.*ask the coach.*--tier"),
        ("label_studio/ls_two_annotators.json", r"2 people annotated it \(1, 2\).*--tier"),
        ("label_studio/ls_dict.json", "no format that is known"),
        ("cvat/cvat_project.xml", r"several tasks \(match_1.mp4/coach task, match_2.mp4/coach task\)"),
    ],
)
def test_what_the_file_does_not_decide_is_asked_for(relative, what):
    with pytest.raises(LabelError, match=what):
        read(relative)
