"""Kill, interrupt and starve commands at drawn moments, and put queries of all kinds.

    python benchmarks/attack.py --seed 1                            (the whole table; an hour is enough)
    python benchmarks/attack.py --kills 5 --signals 3 --disks 5 --queries 500 --seed 2

Every command that writes is killed (SIGKILL), asked to end (SIGINT, SIGTERM, SIGHUP), and runs into a full
disk, at moments that the seed draws: the n-th work on a file, or the bytes that are left. Afterwards no file
of the user may be lost or half, no artefact damaged, no message may be a traceback or another than the full
disk's, and the same command, once more, must end well, and a run with the same bytes as an undisturbed one.
Queries are drawn from hostile and from plausible text; videos are damaged and read to their end. Prints a
table and what went wrong; exits with 1 then.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections import Counter
from contextlib import nullcontext
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.cli import attacks
from tests.cli.damaged_videos import fuzz_videos
from tests.cli.queries import fuzz_queries
from tests.outcomes import report
from tests.pipeline.disks import small_disk, why_no_small_disk
from tests.pipeline.made import make_video

DISK_MB = 96


def main() -> int:
    """All attacks; 1 where anything went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=73, help="of runs; other commands share as many again")
    parser.add_argument("--signals", type=int, default=24)
    parser.add_argument("--disks", type=int, default=60, help="full disks, a third of them for runs")
    parser.add_argument("--queries", type=int, default=20_000)
    parser.add_argument("--videos", type=int, default=600)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    attacks.import_all()
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")  # nothing of these libraries in the user's own
        video = make_video(folder / "new.mp4", seed=77)
        bases = {}
        for kind, make in (("run", attacks.registered), ("verbs", attacks.answering)):
            (folder / kind).mkdir()
            ended = attacks.forked(lambda make=make, kind=kind: make(folder / kind) and 0)
            assert ended.code == 0, ended.text
            bases[kind] = folder / kind / "lib"
        disk = folder / "disk"
        disk.mkdir()
        no_disk = why_no_small_disk()
        with nullcontext() if no_disk else small_disk(disk, DISK_MB):
            for kind, tries in (("run", attacks.RUN), ("verbs", attacks.VERBS)):
                attack = attacks.Attack(bases[kind], disk / "lib", video)
                for number in range(given.kills):
                    attack.stopped(tries[number % len(tries)], np.random.default_rng([given.seed, number]))
                for number in range(given.signals):
                    rng = np.random.default_rng([given.seed, 1, number])
                    one = list(attacks.SAID)[number % len(attacks.SAID)]
                    attack.stopped(tries[int(rng.integers(len(tries)))], rng, one)
                for number in range(0 if no_disk else given.disks // (3 if kind == "run" else 1)):
                    rng = np.random.default_rng([given.seed, 2, number])
                    attack.full(tries[number % len(tries)], rng)
                counts += Counter({f"{kind}: {what}": n for what, n in attack.counts.items()})
                wrong += attack.wrong
                print(f"{kind}: {dict(attack.counts)}", *attack.wrong, sep="\n", file=sys.stderr)
        for what, (read, refused, bad) in {
            "queries": fuzz_queries(bases["verbs"], given.queries, given.seed),
            "videos": fuzz_videos(folder, given.videos, given.seed),
        }.items():
            counts |= {f"{what}: read": read, f"{what}: refused": refused}
            wrong += bad
    if no_disk:
        print(f"No full disks: {no_disk}.")
    return report("times", counts, wrong)


if __name__ == "__main__":
    sys.exit(main())
