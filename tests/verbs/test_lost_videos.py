"""One rule for every verb: a video that is missing, replaced or set aside answers nothing, and is named."""

import shutil
from dataclasses import replace
from types import SimpleNamespace

import pytest
from starlette.testclient import TestClient

import vpd
from tests.pipeline.made import make_video
from tests.web.made import result_of
from vpd.errors import InputError
from vpd.library.videos import Videos
from vpd.web.app import make_app

LOST = {"a2", "new2"}
QUERY = "a1@0.4-1.2"


def _delete(library, video):
    (library.layout.root.parent / "videos" / f"{video}.mp4").unlink()


def _replace(library, video):
    make_video(library.layout.root.parent / "videos" / f"{video}.mp4", seed=99)


def _set_aside(library, video):
    table = Videos.read(library.layout)
    table.put(table[video].set_aside("its middle is damaged"))
    table.write()


@pytest.fixture(
    scope="module", params=[_delete, _replace, _set_aside], ids=["missing", "replaced", "set aside"]
)
def lost(request, layout, tmp_path_factory):
    """A copy of the library and its videos, of which two are lost, and the word that says why."""
    folder = tmp_path_factory.mktemp("lost")
    for name in ("lib", "videos"):
        shutil.copytree(layout.root.parent / name, folder / name)
    library = vpd.Library(folder / "lib")
    table = Videos.read(library.layout)
    for row in list(table.rows.values()):
        table.put(replace(row, path=str(folder / "videos" / f"{row.video}.mp4")))
    table.write()
    for video in LOST:
        request.param(library, video)
    why = {_delete: "is missing", _replace: "has changed", _set_aside: "is set aside"}[request.param]
    return SimpleNamespace(library=vpd.Library(folder / "lib"), why=why)


def named(notes, lost, video="a2"):
    return any(video in text and lost.why in text for text in map(str, notes))


def videos_in(rows):
    return {row["video"] for row in rows}


@pytest.mark.parametrize("uncut", [True, False])
def test_search(lost, uncut):
    found = lost.library.search(QUERY, uncut=uncut)
    assert found.hits
    assert not LOST & videos_in(found.rows())
    assert named(found.notes, lost)
    with pytest.raises(InputError, match=lost.why):
        lost.library.search("new2@0.2-1", uncut=uncut)


def test_recognise(lost):
    found = lost.library.recognise()
    assert {a.segment.video for a in found.answers if a.label} == {"new1"}
    assert all(lost.why in a.reason for a in found.answers if not a.label)
    assert named(found.notes, lost)


def test_evaluate(lost):
    found = lost.library.evaluate(features=["joints2d"], recognisers=["dtw-nn"], ks=[1], subsets=1)
    assert found.evaluation.missing == {"joints2d": 1}
    assert named(found.notes, lost)


def test_retrieve(lost):
    found = lost.library.retrieve(["joints2d", "vipe-window"])
    assert [(row["features"], row["ranking"], row["queries"]) for row in found.rows()] == [
        (name, ranking, 3) for name in ("joints2d", "vipe-window") for ranking in ("together", "alone")
    ]
    assert sum("a2" in str(note) for note in found.notes) == 1
    assert named(found.notes, lost)


def test_detect(lost):
    found = lost.library.detect()
    assert list(found.times_s) == ["new1"]
    assert named(found.notes, lost)
    with pytest.raises(InputError, match=lost.why):
        lost.library.detect(["new2"])


def test_suggest(lost):
    found = lost.library.suggest(50)
    assert found.items
    assert not LOST & {item.segment.video for item in found.items}
    assert named(found.notes, lost, "new2")


def test_compare(lost):
    with pytest.raises(InputError, match=lost.why):
        lost.library.compare(QUERY, "a2@0.4-1.2")


def test_features_in_python(lost):
    store = lost.library.features("joints2d")
    assert store.videos() == ["a1", "b1", "b2", "new1"]
    with pytest.raises(InputError, match=lost.why):
        store.sequences("a2")


def test_the_page(lost):
    with TestClient(make_app(lost.library.layout), base_url="http://127.0.0.1:8000") as client:
        found = result_of(client, client.post("/api/search", json={"positive": [QUERY], "top": 50}))
        assert not LOST & videos_in(found["results"])
        assert named(found["notes"], lost)
        asked = result_of(client, client.post("/api/next", json={"n": 50}))
        assert not LOST & videos_in(asked["items"])
        compared = client.post("/api/compare", json={"a": QUERY, "b": "a2@0.4-1.2"})
        assert compared.status_code >= 400
        assert lost.why in compared.text
