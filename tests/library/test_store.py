"""The six verbs of an object store, in memory and by moto's S3 process, whose answers get lost."""

import threading

import pytest

from tests.library.stores import BUCKET, in_memory, s3
from vpd.errors import InputError, StoreChangedError, StoreError
from vpd.library import store as stores
from vpd.library.lease import Record
from vpd.library.store import open_store
from vpd.library.store_lease import StoreLease

pytest.importorskip("obstore")


@pytest.fixture(scope="module")
def server():
    """An S3 server of which one answer in ten is lost."""
    pytest.importorskip("moto")
    pytest.importorskip("s3fs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stores, "PAUSE_S", 0.001)
        patch.setattr(stores, "TRIES", 12)
        with s3(patch, 0.1):
            yield


@pytest.fixture(params=["memory", pytest.param("s3", marks=pytest.mark.slow)])
def store(request):
    if request.param == "memory":
        return in_memory("memory://a")
    request.getfixturevalue("server")
    return open_store(f"s3://{BUCKET}/{request.node.name}")


def test_what_is_put_is_read(store, tmp_path):
    seen = store.put("a/b.txt", b"hello", None)
    assert (seen.key, seen.bytes) == ("a/b.txt", 5)
    assert store.look("a/b.txt").etag == seen.etag
    assert store.read("a/b.txt") == b"hello"
    assert store.read("a/b.txt", 1, 3) == b"el"
    assert store.fetch("a/b.txt", tmp_path / "b").etag == seen.etag
    assert (tmp_path / "b").read_bytes() == b"hello"


def test_a_file_is_put_whole(store, tmp_path):
    data = bytes(range(256)) * 8000
    (tmp_path / "big").write_bytes(data)
    (tmp_path / "empty").write_bytes(b"")
    store.put("big", tmp_path / "big", None)
    store.put("empty", tmp_path / "empty", None)
    assert store.read("big") == data
    assert store.look("empty").bytes == 0


def test_the_list_is_of_what_lies_below_a_prefix(store):
    for key in ("a/1", "a/2", "b/1"):
        store.put(key, b"x", None)
    assert sorted(seen.key for seen in store.listed()) == ["a/1", "a/2", "b/1"]
    assert sorted(seen.key for seen in store.listed("a/")) == ["a/1", "a/2"]
    assert store.listed("c/") == []


def test_what_is_not_there(store, tmp_path):
    assert store.look("no") is None
    store.delete("no")
    with pytest.raises(FileNotFoundError):
        store.read("no")
    with pytest.raises(FileNotFoundError):
        store.fetch("no", tmp_path / "no")


def test_what_is_deleted_is_gone(store):
    store.put("a", b"x", None)
    store.delete("a")
    assert store.look("a") is None


def test_only_what_was_expected_is_replaced(store):
    first = store.put("a", b"1", None)
    with pytest.raises(StoreChangedError, match="a was changed by another computer"):
        store.put("a", b"2", None)
    second = store.put("a", b"2", first)
    with pytest.raises(StoreChangedError):
        store.put("a", b"3", first)
    assert store.read("a") == b"2"
    store.delete("a")
    with pytest.raises(StoreChangedError):
        store.put("a", b"3", second)


def test_the_same_content_counts_as_put(store):
    """As where the answer was lost, and the request is sent again."""
    first = store.put("a", b"1", None)
    assert store.put("a", b"1", None).etag == first.etag
    second = store.put("a", b"2", first)
    assert store.put("a", b"2", first).etag == second.etag


@pytest.mark.parametrize("round", range(3))
def test_of_many_writers_one_succeeds(store, round):
    first = store.put("a", b"0", None)
    done = []

    def write(number):
        try:
            store.put("a", f"{number}".encode(), first)
            done.append(number)
        except StoreChangedError:
            return

    writers = [threading.Thread(target=write, args=[i]) for i in range(1, 9)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(done) == 1
    assert store.read("a") == f"{done[0]}".encode()


def test_a_lease_is_held_by_one(store):
    first, second = StoreLease(store, "x.lease"), StoreLease(store, "x.lease")
    assert first.acquire()
    assert not second.acquire()
    first.release()
    assert second.acquire()
    second.release()
    assert [seen.bytes for seen in store.listed()] == [0]


@pytest.mark.parametrize("host", ["elsewhere", "here"])
def test_a_dead_lease_is_taken_over_by_one(store, host):
    """Of a computer that nobody hears of, after a minute; of a process of this one at once."""
    record = Record.of_this("dead", 3)._replace(process=2**22 + 1)
    if host == "elsewhere":
        record = record._replace(host="elsewhere", process=1)
    store.put("x.lease", record.to_json().encode(), None)
    tries = [StoreLease(store, "x.lease") for _ in range(4)]
    if host == "elsewhere":
        for each in tries:
            assert not each.acquire()
            looks = each._looks._seen
            looks.update({lease: (seen, since - 100) for lease, (seen, since) in looks.items()})
    got = [each for each in tries if each.acquire()]
    assert len(got) == 1
    got[0].release()


def test_a_lease_that_is_written_to_is_alive(store):
    lease = StoreLease(store, "x.lease")
    record = Record("other", 0, "elsewhere", 1)
    seen = store.put("x.lease", record.to_json().encode(), None)
    for beat in (1, 2):
        assert not lease.acquire()
        looks = lease._looks._seen
        looks.update({key: (old, since - 100) for key, (old, since) in looks.items()})
        seen = store.put("x.lease", record._replace(beat=beat).to_json().encode(), seen)
    assert not lease.acquire()


def test_who_was_taken_over_is_told(store):
    lease = StoreLease(store, "x.lease")
    assert lease.acquire()
    store.delete("x.lease")
    with pytest.raises(Exception, match=r"x\.lease was taken over"):
        lease.release()


def test_other_places_are_refused():
    with pytest.raises(InputError, match="a library lies in a folder, or at s3:// or gs://"):
        open_store("ftp://a/b")


def test_a_store_that_is_not_there_is_said(monkeypatch):
    pytest.importorskip("s3fs")
    monkeypatch.setattr(stores, "TRIES", 2)
    monkeypatch.setattr(stores, "PAUSE_S", 0.001)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "a")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(StoreError, match="s3://bucket/lib/a cannot be reached, tried 2 times"):
        open_store("s3://bucket/lib").look("a")
