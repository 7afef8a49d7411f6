"""Exports load in the readers of the other programs' own makers, where these are installed.

pip install pympi-ling label-studio-sdk datumaro
"""

import json

import pytest

from tests.formats.test_formats import MEDIA
from vpd.formats.table import export_segments
from vpd.types import Detection

FOUND = [
    Detection("match 1", 1.0, 2.0, 0, "serve", 0.9),
    Detection("match 1", 1.5, 3.0, 0, "smash & lob", 0.8),
    Detection("b", 0.0, 0.2, None, "serve", 0.7),
]


def test_elan(tmp_path):
    pympi = pytest.importorskip("pympi")
    paths = export_segments("elan", FOUND, MEDIA, tmp_path)
    read = []
    for path in paths:
        file = pympi.Eaf(str(path))
        read += [a for tier in file.get_tier_names() for a in file.get_annotation_data_for_tier(tier)]
    assert sorted(read) == [(0, 200, "serve"), (1000, 2000, "serve"), (1500, 3000, "smash & lob")]


def test_label_studio(tmp_path):
    sdk = pytest.importorskip("label_studio_sdk.label_interface")
    (path,) = export_segments("label-studio", FOUND, MEDIA, tmp_path)
    interface = sdk.LabelInterface(path.with_name("label-studio_config.xml").read_text(encoding="utf-8"))
    interface.validate()
    for task in json.loads(path.read_text(encoding="utf-8")):
        assert interface.validate_task({"data": task["data"]})
        assert all(interface.validate_prediction(p) for p in task["predictions"])


def test_cvat(tmp_path):
    datumaro = pytest.importorskip("datumaro")
    paths = export_segments("cvat", FOUND, MEDIA, tmp_path)
    for path in paths:
        data = datumaro.Dataset.import_from(str(path), "cvat")
        names = {c.name for c in data.categories()[datumaro.AnnotationType.label]}
        assert names >= {d.label for d in FOUND if MEDIA[d.video].video.endswith(path.stem)}
        assert any(item.annotations for item in data)
