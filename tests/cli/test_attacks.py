"""Kills, signals and full disks at drawn moments of commands that write; `benchmarks/attack.py` has more."""

import sys
from importlib import import_module

import numpy as np
import pytest

from tests.cli import attacks
from tests.cli.damaged_videos import fuzz_videos
from tests.cli.queries import fuzz_queries
from tests.pipeline.disks import small_disk, why_no_small_disk
from tests.pipeline.made import make_video
from tests.verbs.conftest import layout  # noqa: F401 - a library on which every command has an answer

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked")
SEED = 5


@pytest.fixture(scope="module")
def attack(tmp_path_factory):
    """Attacks on the library on which every command has an answer."""
    folder = tmp_path_factory.mktemp("attack")
    (folder / "base").mkdir()
    (folder / "work").mkdir()
    for name in ("athletes", "labels", "library", "steps"):
        import_module(f"vpd.cli.{name}")
    ended = attacks.forked(lambda: attacks.answering(folder / "base") and 0)
    assert ended.code == 0, ended.text
    video = make_video(folder / "new.mp4", seed=77)
    return attacks.Attack(folder / "base" / "lib", folder / "work" / "lib", video)


def drawn(attack, count, salt, of=attacks.QUICK):
    """Tries of different commands."""
    rng = np.random.default_rng([SEED, salt])
    attack.wrong.clear()
    return [(attacks.VERBS[int(i)], rng) for i in rng.permutation(of)[:count]]


def test_killed_commands_leave_all_whole_and_go_on(attack):
    for attempt, rng in drawn(attack, 2, 0):
        attack.stopped(attempt, rng)
    assert attack.wrong == []


def test_commands_that_are_asked_to_end_say_what_is_kept(attack):
    for (attempt, rng), number in zip(drawn(attack, 3, 1), attacks.SAID, strict=True):
        attack.stopped(attempt, rng, number)
    assert attack.wrong == []


@pytest.mark.skipif(bool(why_no_small_disk()), reason=why_no_small_disk() or "there is one")
def test_on_a_full_disk_commands_say_so_and_lose_nothing(attack):
    with small_disk(attack.root.parent, 48):
        for attempt, rng in drawn(attack, 2, 2):
            attack.full(attempt, rng)
    assert attack.wrong == []


@pytest.mark.slow
@pytest.mark.parametrize("number", [attacks.KILL, *attacks.SAID])
def test_every_command_that_writes_is_stopped(attack, number):
    attacks.import_all()
    for attempt, rng in drawn(attack, len(attacks.VERBS), number, len(attacks.VERBS)):
        attack.stopped(attempt, rng, number)
    assert attack.wrong == []


@pytest.mark.slow
def test_a_killed_run_ends_with_the_same_bytes(attack, tmp_path):
    (tmp_path / "work").mkdir()
    ended = attacks.forked(lambda: attacks.registered(tmp_path / "base") and 0)
    assert ended.code == 0, ended.text
    runs = attacks.Attack(tmp_path / "base" / "lib", tmp_path / "work" / "lib", attack.video)
    runs.stopped(attacks.RUN[0], np.random.default_rng(SEED))
    assert runs.wrong == []


def test_queries_are_read_as_spans_or_refused(layout):  # noqa: F811
    read, refused, wrong = fuzz_queries(layout.root, 1_000, SEED)
    assert wrong == []
    assert min(read, refused) > 20


def test_damaged_videos_are_read_to_their_end_or_refused(tmp_path):
    read, refused, wrong = fuzz_videos(tmp_path, 20, SEED)
    assert wrong == []
    assert read + refused == 20
