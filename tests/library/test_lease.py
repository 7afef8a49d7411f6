"""Leases, tried with other processes: one holder at a time, kept by its heartbeat, taken from the dead."""

import os
import subprocess
import sys
import threading

import pytest

from vpd.errors import LockedError
from vpd.library import lease, lock
from vpd.library.lock import holder, lock_file, locked

QUICK = """
import pathlib, platform, sys
from vpd.library import lease, lock
lease.BEAT_S, lease.TAKEOVER_S, lock.LEASE_POLL_S, lock._LeaseLock.poll_s = 0.1, 1.0, 0.01, 0.01
"""
HOLD = (
    QUICK
    + """
platform.node = lambda: sys.argv[2]
with lock.locked(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""
)
COUNT = (
    QUICK
    + """
path = pathlib.Path(sys.argv[1])
for _ in range(int(sys.argv[2])):
    with lock.locked(path):
        path.write_text(str(int(path.read_text()) + 1))
"""
)


@pytest.fixture(autouse=True)
def leases(monkeypatch):
    """This process, and those that it starts, use leases."""
    monkeypatch.setenv(lease.KIND, "lease")
    monkeypatch.setattr(lease, "BEAT_S", 0.1)
    monkeypatch.setattr(lease, "TAKEOVER_S", 1.0)
    monkeypatch.setattr(lock._LeaseLock, "poll_s", 0.01)


@pytest.fixture
def hold(tmp_path):
    """Have another process hold the lock of a file, on a computer of the given name."""
    path, others = tmp_path / "labels.csv", []

    def start(host):
        other = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(path), host],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        others.append(other)
        assert other.stdout.readline() == "held\n"
        return path, other

    yield start
    for other in others:
        other.kill()
        other.wait()
        other.stdin.close()
        other.stdout.close()


def test_a_living_holder_keeps_its_lease_and_is_named(hold):
    path, other = hold("elsewhere")
    with pytest.raises(LockedError, match=rf"process {other.pid} on elsewhere"), locked(path, wait_s=2.5):
        pass
    other.stdin.close()
    with locked(path, wait_s=30):
        assert holder(path).process == os.getpid()
    assert list(lock_file(path).parent.iterdir()) == [], "leases leave nothing behind"


def test_a_dead_holder_on_another_computer_is_succeeded(hold):
    path, other = hold("elsewhere")
    other.kill()
    other.wait()
    with locked(path, wait_s=30):
        assert holder(path).process == os.getpid()


def test_a_dead_holder_on_this_computer_is_succeeded_at_once(hold, monkeypatch):
    import platform

    monkeypatch.setattr(lease, "TAKEOVER_S", 1e9)
    path, other = hold(platform.node())
    other.kill()
    other.wait()
    with locked(path, wait_s=0):
        assert holder(path).process == os.getpid()


def test_no_update_is_lost(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("0")
    writers = [subprocess.Popen([sys.executable, "-c", COUNT, str(path), "15"]) for _ in range(3)]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    assert path.read_text() == "45"
    assert list(lock_file(path).parent.iterdir()) == []


DEAD = '{"token": "dead", "beat": 1, "host": "elsewhere", "process": 1}'


def see_dead(*leases):
    """Have leases look twice at a file that nobody writes to."""
    for each in leases:
        assert not each.acquire()
        looks = each._looks._seen
        looks.update({file: (seen, since - 10) for file, (seen, since) in looks.items()})


def seen_dead(folder, count):
    """Leases that have looked twice at the file of a dead holder."""
    file = folder / "a.lease"
    file.write_text(DEAD)
    leases = [lease.Lease(file) for _ in range(count)]
    see_dead(*leases)
    return leases


def let_go(holder):
    """Release a lease, which leaves nothing behind."""
    assert holder.token in holder.file.read_text()
    holder.release()
    assert list(holder.file.parent.iterdir()) == []


@pytest.mark.parametrize("round", range(20))
def test_of_many_that_take_over_one_succeeds(tmp_path, round):
    """All see the same dead holder at the same moment."""
    tries = seen_dead(tmp_path, 8)
    gate, got = threading.Barrier(len(tries)), []

    def take(each):
        gate.wait()
        for _ in range(3):
            if each.acquire():
                got.append(each)
                return

    threads = [threading.Thread(target=take, args=(each,)) for each in tries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 1
    let_go(got[0])


def test_who_looked_before_a_takeover_leaves_the_new_holder_alone(tmp_path):
    """Between its look and its claim another took the dead lease over."""
    first, late = seen_dead(tmp_path, 2)
    assert first.acquire()
    assert not late._take_over()
    let_go(first)


def test_a_claim_of_who_died_is_followed_by_the_next(tmp_path):
    dying, next_one = seen_dead(tmp_path, 2)
    claims = []
    dying._link = lambda claim: claims.append(claim)  # where the claim would be; the process dies there
    dying._take_over()
    claims[0].write_text(DEAD.replace("dead", "died"))
    see_dead(next_one)
    assert next_one.acquire()
    let_go(next_one)


def test_who_was_taken_over_is_told(tmp_path):
    """As a computer that slept: its lease is another's when it wakes."""
    path = tmp_path / "labels.csv"
    file = lock_file(path).with_suffix(".lease")
    with pytest.raises(LockedError, match="was taken over"), locked(path):
        file.write_text('{"token": "another", "beat": 1, "host": "elsewhere", "process": 1}')
    assert file.exists(), "the other's lease stays"


@pytest.mark.parametrize(
    ("kind", "mounted", "wanted"),
    [
        ("auto", "ext4", False),
        ("auto", "nfs4", True),
        ("auto", "", False),
        ("file", "nfs", False),
        ("lease", "ext4", True),
    ],
)
def test_network_file_systems_get_leases(tmp_path, monkeypatch, kind, mounted, wanted):
    monkeypatch.setenv(lease.KIND, kind)
    mounts = [("/", "ext4"), (str(tmp_path), mounted)] if mounted else []
    monkeypatch.setattr(lease, "mounts", lambda: mounts)
    lease._file_system.cache_clear()
    assert lease.wanted(tmp_path) == wanted
    lease._file_system.cache_clear()
