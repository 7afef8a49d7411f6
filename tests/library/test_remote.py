"""Videos by URL, from a server process that fails at times, copied into a folder of bounded size."""

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from tests.library.stores import gs, s3
from tests.pipeline.made import make_video, set_settings, write_boxes
from vpd.errors import InputError
from vpd.library import remote
from vpd.library.store import open_store
from vpd.library.videos import Videos
from vpd.pipeline.register import add_videos, make_library
from vpd.pipeline.run import run
from vpd.pipeline.status import status

pytest.importorskip("aiohttp")
SERVER = Path(__file__).with_name("bad_server.py")


@contextmanager
def served(source, errors=0.0, *more):
    """The address of a server process."""
    command = [sys.executable, str(SERVER), str(source), str(errors), "1", *more]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture(autouse=True)
def copies(tmp_path, monkeypatch):
    """The folder of copies."""
    monkeypatch.setenv(remote.FOLDER, str(tmp_path / "copies"))
    monkeypatch.setattr(remote, "PAUSE_S", 0.001)
    return tmp_path / "copies"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "there").mkdir()
    return tmp_path / "there"


def write(folder, name, size, seed=0):
    data = np.random.default_rng(seed).bytes(size)
    (folder / name).write_bytes(data)
    return data


def copied(copies):
    return [p for p in copies.iterdir() if p.is_file()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://a/b.mp4", True),
        ("s3://b/c", True),
        ("C:/videos/a.mp4", False),
        ("a.mp4", False),
        ("/a", False),
    ],
)
def test_urls_are_told_from_paths(text, expected):
    assert remote.is_url(text) == expected


def test_a_copy_is_whole_past_errors_and_cut_connections(folder, copies, monkeypatch):
    monkeypatch.setattr(remote, "BLOCK", 4096)
    monkeypatch.setattr(remote, "TRIES", 12)
    data = write(folder, "a.mp4", 200_000)
    with served(folder, 0.3) as address:
        url = f"{address}/a.mp4"
        seen = remote.look(url)
        copy = remote.local_copy(url, seen)
    assert copy.read_bytes() == data
    assert copied(copies) == [copy]
    assert remote.local_copy(url, seen) == copy  # the server is gone: nobody asks it


def test_a_server_that_sends_only_whole_files_will_do(folder):
    data = write(folder, "a.mp4", 50_000)
    with served(folder, 0.0, "no-ranges") as address:
        url = f"{address}/a.mp4"
        assert remote.local_copy(url, remote.look(url)).read_bytes() == data


@pytest.mark.parametrize(
    ("name", "said"), [("gone.mp4", "is gone, or never was there"), ("secret.mp4", "may not be read")]
)
def test_what_cannot_be_read_is_said(folder, name, said, monkeypatch):
    monkeypatch.setattr(remote, "TRIES", 2)
    with served(folder) as address, pytest.raises(InputError, match=said):
        remote.look(f"{address}/{name}")


def test_a_server_that_is_not_there_is_said(monkeypatch):
    monkeypatch.setattr(remote, "TRIES", 2)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(InputError, match="tried 2 times"):
        remote.look(f"http://127.0.0.1:{port}/a.mp4")


def test_an_unknown_kind_and_a_missing_package_are_said(monkeypatch):
    with pytest.raises(InputError, match="nonsense:// is not known"):
        remote.look("nonsense://a/b.mp4")
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(InputError, match=r"pip install 'video-pose-distillation\[cloud\]'"):
        remote.look("s3://bucket/b.mp4")


def test_another_content_is_not_taken_for_the_one_that_was_seen(folder, copies):
    write(folder, "a.mp4", 1000)
    with served(folder) as address:
        url = f"{address}/a.mp4"
        seen = remote.look(url)
        write(folder, "a.mp4", 1000, seed=1)
        with pytest.raises(InputError, match="has another content than when it was looked at"):
            remote.local_copy(url, seen)
    assert not copied(copies)


def test_copies_stay_below_their_size(folder, copies, monkeypatch):
    monkeypatch.setenv(remote.LIMIT, str(2500 / 1e9))
    monkeypatch.setattr(remote, "IN_USE_S", 0)
    with served(folder) as address:
        for i in range(4):
            write(folder, f"{i}.mp4", 1000, i)
            url = f"{address}/{i}.mp4"
            last = remote.local_copy(url, remote.look(url))
            os.utime(last, (i, i))
            assert sum(p.stat().st_size for p in copied(copies)) <= 2500
        assert last in copied(copies)
        write(folder, "large.mp4", 3000)
        url = f"{address}/large.mp4"
        with pytest.raises(InputError, match=f"set {remote.LIMIT} to a larger number"):
            remote.local_copy(url, remote.look(url))


def test_a_copy_that_is_about_to_be_opened_is_kept(folder, copies, monkeypatch):
    monkeypatch.setenv(remote.LIMIT, str(1500 / 1e9))
    with served(folder) as address:
        for i in range(2):
            write(folder, f"{i}.mp4", 1000, i)
            remote.local_copy(f"{address}/{i}.mp4", remote.look(f"{address}/{i}.mp4"))
    assert len(copied(copies)) == 2


def test_a_library_of_urls_is_that_of_files(tmp_path, folder, copies):
    """The same ids, keys and artefacts; a step after the copy is gone makes it again."""
    libraries = {}
    for name in ("a", "b"):
        make_video(folder / f"{name}.mp4", ord(name))
    with served(folder, 0.01) as address:
        for kind in ("files", "urls"):
            layout = make_library(tmp_path / kind)
            places = [f"{address}/{n}.mp4" if kind == "urls" else folder / f"{n}.mp4" for n in "ab"]
            assert add_videos(layout, places).added == ["a", "b"]
            for name in "ab":
                write_boxes(layout, name)
            set_settings(layout)
            assert run(layout, ["track"]).complete
            for copy in copied(copies) if kind == "urls" else []:
                copy.unlink()
            assert run(layout, ["crop"]).complete
            libraries[kind] = layout
    for name in "ab":
        one, other = (Videos.read(libraries[kind])[name] for kind in ("files", "urls"))
        assert (one.key, one.frames, one.duration_s) == (other.key, other.frames, other.duration_s)
        crops = [libraries[kind].crops(name).read_bytes() for kind in ("files", "urls")]
        assert crops[0] == crops[1]
    assert Videos.read(libraries["urls"])["a"].path == f"{address}/a.mp4"
    # the server is gone: what is made stays usable, and nobody is asked
    assert status(libraries["urls"]).missing == {}


def test_a_changed_url_is_taken_up_by_naming_it_again(tmp_path, folder):
    make_video(folder / "a.mp4", 1)
    layout = make_library(tmp_path / "lib")
    with served(folder) as address:
        url = f"{address}/a.mp4"
        add_videos(layout, [url])
        run(layout, ["scan"])
        before = Videos.read(layout)["a"].key
        assert add_videos(layout, [url]).known == ["a"]
        assert Videos.read(layout)["a"].key == before
        make_video(folder / "a.mp4", 2)
        time.sleep(0.01)
        add_videos(layout, [url, f"{address}/none.mp4"])
        run(layout, ["scan"])
    assert Videos.read(layout)["a"].key not in ("", before)
    assert len(Videos.read(layout)) == 1


def registered_and_run(tmp_path, folder, bucket, put):
    """Videos of a bucket, of which one comes later, become a library; ``put`` puts an object."""
    for name in ("a", "b"):
        put(f"day/{name}.mp4", make_video(folder / f"{name}.mp4", ord(name)).read_bytes())
    put("day/notes.txt", b"no video")
    layout = make_library(tmp_path / "lib")
    registered = add_videos(layout, [f"{bucket}/day/", f"{bucket}/none/"])
    assert registered.added == ["a", "b"]
    assert [place for place, _ in registered.problems] == [f"{bucket}/none/"]
    put("day/c.mp4", make_video(folder / "c.mp4", ord("c")).read_bytes())
    registered = add_videos(layout, [f"{bucket}/day/"])
    assert (registered.added, registered.known) == (["c"], ["a", "b"])
    for name in "abc":
        write_boxes(layout, name)
    set_settings(layout)
    assert run(layout, ["crop"]).complete
    assert Videos.read(layout)["a"].path == f"{bucket}/day/a.mp4"


@pytest.mark.slow
def test_videos_of_a_bucket(tmp_path, folder, monkeypatch):
    """moto's S3 as a process, behind a server that fails for one answer in a hundred."""
    for name in ("s3fs", "moto", "boto3", "obstore"):
        pytest.importorskip(name)
    monkeypatch.setattr(remote, "BLOCK", 1000)
    with s3(monkeypatch, 0.01):
        store = open_store("s3://games")
        registered_and_run(tmp_path, folder, "s3://games", lambda key, data: store.put(key, data, None))


@pytest.mark.slow
def test_videos_of_a_google_bucket(tmp_path, folder, monkeypatch):
    """gcp-storage-emulator as a process: it speaks the JSON interface of Google's store."""
    pytest.importorskip("gcp_storage_emulator")
    gcsfs = pytest.importorskip("gcsfs")
    monkeypatch.setattr(remote, "BLOCK", 1000)
    with gs(monkeypatch):
        there = gcsfs.GCSFileSystem()
        registered_and_run(tmp_path, folder, "gs://games", lambda key, data: there.pipe(f"games/{key}", data))
