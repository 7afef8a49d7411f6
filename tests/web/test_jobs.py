"""Jobs in the background: one after the other, with progress, cancelled, failing without harm."""

from __future__ import annotations

import os
from threading import Event

import pytest

from vpd.errors import InputError
from vpd.web.cache import ProxyCache
from vpd.web.jobs import CANCELLED, DONE, FAILED, WAITING, Jobs

LIMIT_S = 20


@pytest.fixture
def jobs():
    made = Jobs()
    yield made
    made.close()


def ended(jobs: Jobs) -> Event:
    done = Event()
    jobs.start("last", "", lambda job: done.set())
    return done


def test_a_job_gives_its_result_and_progress(jobs):
    seen = []

    def work(job):
        job.progress(0.5, "half")
        seen.append((job.fraction, job.text, job.state))
        return {"a": 1}

    job = jobs.start("kind", "about", work)
    assert ended(jobs).wait(LIMIT_S)
    assert seen == [(0.5, "half", "running")]
    assert (job.state, job.result, job.fraction) == (DONE, {"a": 1}, 1.0)
    assert jobs.find(job.id) is job


def test_what_fails_says_why_and_the_next_goes_on(jobs):
    def refuse(job):
        raise InputError("no labels")

    def break_down(job):
        raise ZeroDivisionError("oops")

    first, second = jobs.start("a", "", refuse), jobs.start("b", "", break_down)
    assert ended(jobs).wait(LIMIT_S)
    assert (first.state, first.to_json()["said"]) == (FAILED, {"text": "no labels"})
    assert second.state == FAILED
    assert "Unexpected ZeroDivisionError (oops)" in second.to_json()["error"]
    assert second.to_json()["said"]["key"] == "error_unexpected"


def test_a_running_job_ends_at_its_next_report_and_a_waiting_one_never_begins(jobs):
    begun, go = Event(), Event()

    def work(job):
        begun.set()
        go.wait(LIMIT_S)
        job.progress(0.9)
        raise AssertionError("it went on")

    running = jobs.start("a", "", work)
    waiting = jobs.start("b", "", lambda job: pytest.fail("it began"))
    assert begun.wait(LIMIT_S)
    assert waiting.state == WAITING
    running.cancel()
    waiting.cancel()
    go.set()
    assert ended(jobs).wait(LIMIT_S)
    assert [running.state, waiting.state] == [CANCELLED, CANCELLED]
    assert running.to_json()["error"].startswith("Cancelled. ")


def test_the_longest_unused_pieces_go_first(tmp_path):
    cache = ProxyCache(tmp_path)
    paths = [cache.path("abc", i) for i in range(3)]
    for i, path in enumerate(paths):
        with cache.writing(path) as part:
            part.write_bytes(b"x" * 100)
        stamp = 1_000_000_000 * (i + 1)
        os.utime(path, ns=(stamp, stamp))
    cache.limit = 2 * paths[0].stat().st_size
    assert cache.use(paths[0])
    cache.trim()
    assert [p.is_file() for p in paths] == [True, False, True]


def test_a_hostile_key_stays_in_the_folder(tmp_path):
    assert ProxyCache(tmp_path).path("../../etc/passwd", 1).parent == tmp_path
