"""The simulation behind docs/scale.md does all work, in time that its parts allow."""

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.scale_plan import Cluster, Footage, core_s_an_hour, lengths, simulate

IDEAL = Cluster("ideal", 20, 10, 1e9, mtbf_days=1e9, slow=0.0, dispatch_s=0.0)
CLEAN = Footage(poison=0.0)
HOURS = 200.0


def test_the_same_seed_gives_the_same():
    assert simulate(HOURS, IDEAL, seed=3) == simulate(HOURS, IDEAL, seed=3)
    assert simulate(HOURS, IDEAL, seed=3) != simulate(HOURS, IDEAL, seed=4)


def test_without_trouble_the_days_are_work_by_cores():
    found = simulate(HOURS, IDEAL, CLEAN)
    work_days = HOURS * core_s_an_hour(50 / HOURS) / 86400
    longest = lengths(HOURS, CLEAN, 400, np.random.default_rng(0)).max() * core_s_an_hour(50 / HOURS) / 86400
    assert work_days / 20 <= found.days <= work_days / 20 + longest
    assert found.core_hours == pytest.approx(24 * work_days)
    assert found.busy + found.idle == pytest.approx(1)
    assert found.reading == pytest.approx(0, abs=1e-6)
    assert (found.lost, found.retried, found.set_aside) == (0, 0, 0)


def test_slow_storage_sets_the_pace():
    found = simulate(HOURS, replace(IDEAL, storage_gb_s=0.001), CLEAN)
    reading_days = HOURS * (CLEAN.read_gb + CLEAN.kept_gb) / 0.001 / 86400
    assert found.days == pytest.approx(reading_days, rel=0.1)
    assert found.reading > 0.5


def test_a_slow_driver_sets_the_pace():
    found = simulate(HOURS, replace(IDEAL, dispatch_s=3600.0), CLEAN)
    assert found.days >= 400 * 3600 / 86400


def test_failures_cost_time_and_lose_no_video():
    calm, rough = (simulate(HOURS, replace(IDEAL, mtbf_days=d), CLEAN) for d in (1e9, 0.5))
    assert rough.lost > 0
    assert rough.retried > 0
    assert rough.days > calm.days
    assert rough.core_hours == calm.core_hours


def test_slow_nodes_cost_time():
    assert simulate(HOURS, replace(IDEAL, slow=1.0), CLEAN).days == pytest.approx(
        2 * simulate(HOURS, IDEAL, CLEAN).days
    )


def test_videos_that_kill_their_worker_are_set_aside():
    found = simulate(HOURS, IDEAL, Footage(poison=0.05))
    assert 5 <= found.set_aside <= 40
    assert found.retried == 2 * found.set_aside


def test_a_large_load_keeps_its_proportions():
    small = simulate(5_000, replace(IDEAL, cores=100), CLEAN)
    large = simulate(500_000, replace(IDEAL, cores=10_000), CLEAN)
    assert large.days == pytest.approx(small.days, rel=0.1)
    assert large.core_hours == pytest.approx(100 * small.core_hours, rel=0.02)
