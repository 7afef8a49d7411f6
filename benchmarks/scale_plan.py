"""What many hours of video cost: core-hours, disk, money, and days on stated clusters, by simulation.

    python benchmarks/scale_plan.py [--hours 1000 100000 10000000] [--seed 0] [--json FILE]

Discrete events: videos of random length wait for a core, the driver hands them out one after the other, a
core reads its video from shared storage, works, and writes what it made. Some nodes are slow, nodes fail, and
what was in hand there is done again elsewhere; a video that takes its worker down three times is set aside.
Costs a frame are the measured ones of docs/scale.md; all else is an assumption that stands below by name.

At most ``TASKS`` videos are simulated. Of more, each simulated video, core, and byte a second stands for
equally many of the real ones, so that work, waiting and the end of a run keep their proportions.
"""

from __future__ import annotations

import argparse
import heapq
import json
import math
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

FRAMES_AN_HOUR = 90_000
MS_A_FRAME = {"track": 7.9, "pose": 20.5, "crop": 4.1, "embed": 18.4}
"""Measured, one core: docs/scale.md."""
LEARNED_FROM_HOURS = 50.0
"""Hours that need a pose too: those that the student learns from."""
TASKS = 20_000


@dataclass(frozen=True)
class Footage:
    """The videos: mean length and spread (of the logarithm), gigabytes an hour of video and of artefacts.

    5 Mbit/s are 2.25 GB; features, tracks and the index are 0.073 GB; crops, 0.88 GB, are dropped when a
    video is embedded.
    """

    mean_h: float = 0.5
    spread: float = 1.0
    read_gb: float = 2.25
    kept_gb: float = 0.073
    crops_gb: float = 0.88
    poison: float = 1e-4


@dataclass(frozen=True)
class Cluster:
    """Cores in nodes, shared storage, and what goes wrong.

    A node fails once in ``mtbf_days``, and is back after ``repair_h``. A share of ``slow`` nodes takes
    ``slower`` times as long. The driver needs ``dispatch_s`` for a task (measured with Ray: 1.07 ms).
    """

    name: str
    cores: int
    node_cores: int
    storage_gb_s: float
    mtbf_days: float = 90.0
    repair_h: float = 0.5
    slow: float = 0.05
    slower: float = 2.0
    dispatch_s: float = 0.00107


CLUSTERS = (
    Cluster("laptop, 8 cores", 8, 8, 0.5),
    Cluster("server, 40 cores", 40, 40, 1.0),
    Cluster("1,000 cores", 1_000, 40, 4.0),
    Cluster("10,000 cores", 10_000, 40, 20.0),
    Cluster("100,000 cores", 100_000, 40, 20.0),
)


@dataclass(frozen=True)
class Prices:
    """Dollars: a core for an hour, a gigabyte on disk for a month. An assumption; change it to yours."""

    core_h: float = 0.04
    gb_month: float = 0.023


@dataclass(frozen=True)
class Outcome:
    """Of a run: days, shares of the cores' time (0..1), and videos set aside.

    Attributes
    ----------
    busy, reading, lost, idle : at work, waiting for storage, at work that was lost, without a task.
    tail_days : from the moment when no video waits any more to the end.
    """

    days: float
    core_hours: float
    busy: float
    reading: float
    lost: float
    idle: float
    tail_days: float
    set_aside: int
    retried: int


def core_s_an_hour(learned_share: float) -> float:
    """Core-seconds for an hour of video, of which a share is posed too."""
    plain = MS_A_FRAME["track"] + MS_A_FRAME["crop"] + MS_A_FRAME["embed"]
    return FRAMES_AN_HOUR * (plain + learned_share * MS_A_FRAME["pose"]) / 1000


def lengths(hours: float, footage: Footage, count: int, rng: np.random.Generator) -> np.ndarray:
    """Hours of each of ``count`` videos, log-normal, ``hours`` together."""
    drawn = rng.lognormal(0.0, footage.spread, count)
    return drawn * (hours / drawn.sum())


def failures(rng: np.random.Generator, mean_s: float) -> Iterator[float]:
    """Times at which a node fails."""
    at = 0.0
    while True:
        at += float(rng.exponential(mean_s))
        yield at


def simulate(hours: float, cluster: Cluster, footage: Footage | None = None, seed: int = 0) -> Outcome:
    """Process ``hours`` of video."""
    footage = footage or Footage()
    rng = np.random.default_rng(seed)
    videos = max(1, round(hours / footage.mean_h))
    scale = max(1.0, videos / TASKS)
    count, cores = round(videos / scale), max(1, round(cluster.cores / scale))
    size = lengths(hours / scale, footage, count, rng)
    # Longest first, as `vpd run` does.
    size = np.sort(size)[::-1]
    # Whole nodes where there are any; else a part of one, which fails as a node does.
    nodes = max(1, math.ceil(cores / cluster.node_cores))
    node_of = np.arange(cores) % nodes
    pace = np.where(rng.random(nodes) < cluster.slow, cluster.slower, 1.0)
    fails = [failures(np.random.default_rng([seed, n]), cluster.mtbf_days * 86400) for n in range(nodes)]
    next_fail = np.array([next(f) for f in fails])
    rate = cluster.storage_gb_s / scale
    work_s = size * core_s_an_hour(min(1.0, LEARNED_FROM_HOURS / hours))
    poison = rng.random(count) < footage.poison
    waiting = deque(range(count))
    tries = np.zeros(count, int)
    free = [(0.0, core) for core in range(cores)]
    heapq.heapify(free)
    running: list[tuple[float, int, int, bool]] = []
    disk, driver, busy, reading, lost = 0.0, 0.0, 0.0, 0.0, 0.0
    end, empty_at, set_aside, retried = 0.0, 0.0, 0, 0
    while waiting or running:
        # The next thing that happens: a task starts on the first free core, or one ends.
        starts = max(free[0][0], 0.0) if waiting and free else math.inf
        if running and running[0][0] <= starts:
            at, task, core, done = heapq.heappop(running)
            end = max(end, at)
            node = int(node_of[core])
            back = at
            if not done:
                tries[task] += 1
                if poison[task]:
                    back = at
                else:
                    back = at + cluster.repair_h * 3600
                if tries[task] >= 3 and poison[task]:
                    set_aside += 1
                else:
                    retried += 1
                    waiting.append(task)
            while next_fail[node] <= at:
                next_fail[node] = next(fails[node])
            heapq.heappush(free, (back, core))
            continue
        at, core = heapq.heappop(free)
        task = waiting.popleft()
        if not waiting:
            empty_at = at
        node = int(node_of[core])
        while next_fail[node] <= at:
            next_fail[node] = next(fails[node])
        driver = max(driver, at) + cluster.dispatch_s / scale
        # Storage serves one after the other, at the rate of all together.
        gigabytes = size[task] * (footage.read_gb + footage.kept_gb)
        disk = max(disk, driver) + gigabytes / rate
        took = work_s[task] * pace[node] * (0.5 if poison[task] else 1.0)
        finish = disk + took
        if next_fail[node] < finish or poison[task]:
            stopped = min(float(next_fail[node]), finish)
            lost += stopped - at
            heapq.heappush(running, (stopped, task, core, False))
        else:
            reading += disk - at
            busy += took
            heapq.heappush(running, (finish, task, core, True))
    whole = cores * end
    return Outcome(
        end / 86400,
        float(work_s.sum()) * scale / 3600,
        busy / whole,
        reading / whole,
        lost / whole,
        max(0.0, 1 - (busy + reading + lost) / whole),
        (end - empty_at) / 86400,
        round(set_aside * scale),
        round(retried * scale),
    )


def row(hours: float, cluster: Cluster, prices: Prices, seed: int) -> dict[str, str]:
    """One row of the table."""
    footage = Footage()
    found = simulate(hours, cluster, footage, seed)
    kept_tb = hours * footage.kept_gb / 1000
    paid = cluster.cores * found.days * 24 * prices.core_h
    return {
        "hours of video": f"{hours:,.0f}",
        "cluster": cluster.name,
        "core-hours": f"{found.core_hours:,.0f}",
        "days": f"{found.days:,.1f}",
        "at work": f"{found.busy:.0%}",
        "waiting for storage": f"{found.reading:.0%}",
        "lost to failures": f"{found.lost:.1%}",
        "the end, days": f"{found.tail_days:,.2f}",
        "disk kept": f"{kept_tb:,.1f} TB" if kept_tb < 1000 else f"{kept_tb / 1000:,.1f} PB",
        "cores, $": f"{paid:,.0f}",
        "disk, $ a month": f"{1000 * kept_tb * prices.gb_month:,.0f}",
    }


def pairs(hours: list[float]) -> Iterator[tuple[float, Cluster]]:
    """Hours and the clusters on which they take between an hour and a year, by core-hours alone."""
    for h in hours:
        for cluster in CLUSTERS:
            days = h * core_s_an_hour(0) / 3600 / cluster.cores / 24
            if 0.05 < days < 365:
                yield h, cluster


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--hours", type=float, nargs="+", default=[1e3, 1e5, 1e7])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--storage-gb-s", type=float, help="of every cluster, instead of its own")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    rows = []
    for hours, cluster in pairs(args.hours):
        if args.storage_gb_s:
            cluster = replace(cluster, storage_gb_s=args.storage_gb_s)
        rows.append(row(hours, cluster, Prices(), args.seed))
        if len(rows) == 1:
            print("| " + " | ".join(rows[0]) + " |\n|" + "---|" * len(rows[0]))
        print("| " + " | ".join(rows[-1].values()) + " |", flush=True)
    if args.json:
        record = {"footage": asdict(Footage()), "prices": asdict(Prices()), "rows": rows}
        args.json.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
