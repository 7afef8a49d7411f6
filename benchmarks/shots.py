"""Finding where shots begin: precision, recall and F1 of each kind of edit, and what a frame costs.

    python benchmarks/shots.py [FOLDER_OF_CLIPS] [--shots N] [--seed S] [--trained]

Makes videos of shots of the clips and of made pictures, joined by edits of one kind at a time, with flashes,
fast pans and zooms, plates and people who pass in between (tests/athletes/edits.py). The clips that the
network was trained on (sports2d_demo and the project's sample) are left out, unless --trained asks for them.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.athletes.edits import CUT, KINDS, Edit, edited, made_source, read_source
from vpd.athletes.shots import Change, ShotFinder

SLACK = 2
"""Frames by which the middle of what is found may lie beside the edit."""
TRAINED_ON = ("sports2d_demo",)
RATE = 25.0
SAMPLE = Path(__file__).parents[1] / "src/vpd/sample/videos"


def matched(found: Sequence[Change], edits: Sequence[Edit]) -> tuple[int, list[Change]]:
    """How many edits are found, each by one change, and the changes that are of no edit."""
    left = list(found)
    hits = 0
    for edit in edits:
        fitting = [c for c in left if edit.first - SLACK <= (c.last + c.first) / 2 <= edit.last + SLACK]
        if fitting:
            left.remove(fitting[0])
            hits += 1
    return hits, left


def find(frames: Sequence[np.ndarray]) -> tuple[list[Change], float]:
    """The changes, and the processor's seconds."""
    began = time.process_time()
    finder = ShotFinder()
    changes = [change for i, rgb in enumerate(frames) for change in finder.add(rgb, i / RATE)]
    changes += finder.finish()
    return changes, time.process_time() - began


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clips", nargs="?", type=Path, help="folder of clips")
    parser.add_argument("--shots", type=int, default=60, help="for each kind of edit")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--trained", action="store_true", help="also the clips that it was trained on")
    given = parser.parse_args()
    files = sorted(given.clips.glob("*_cam0?.mp4")) if given.clips else []
    if given.trained:
        files += sorted(SAMPLE.glob("*.mp4"))
        files += [given.clips / f"{name}.mp4" for name in TRAINED_ON if given.clips]
    rng = np.random.default_rng(given.seed)
    sources = [*(read_source(path) for path in files), *(made_source(rng) for _ in range(4))]
    print(f"{len(files)} clips and 4 made ones, seed {given.seed}")
    print("| edits | number | found | wrong | precision | recall | F1 | wrong ones lie in |")
    print("|---" * 8 + "|")
    frames, spent_s = 0, 0.0
    sums = {True: np.zeros(3), False: np.zeros(3)}
    for kind in KINDS:
        number, hits = 0, 0
        wrong: list[str] = []
        for _ in range(-(-given.shots // 12)):
            pictures, edits, others = edited(sources, 12, rng, [kind])
            changes, seconds = find(pictures)
            frames, spent_s = frames + len(pictures), spent_s + seconds
            found, left = matched(changes, edits)
            number, hits = number + len(edits), hits + found
            for change in left:
                near = [name for name, a, b in others if a <= change.begins < b]
                wrong.append(near[0] if near else "nothing particular")
        sums[kind == CUT] += (number, hits, len(wrong))
        where = ", ".join(f"{name} {count}" for name, count in Counter(wrong).items())
        print(_line(kind, number, hits, len(wrong), where), flush=True)
    print(_line("all gradual ones", *sums[False].astype(int), ""))
    print(f"{1000 * spent_s / frames:.2f} ms of a core a frame, {frames} frames of {RATE:g} a second")


def _line(kind: str, number: int, hits: int, wrong: int, where: str) -> str:
    precision, recall = hits / max(1, hits + wrong), hits / max(1, number)
    f1 = 2 * precision * recall / max(1e-9, precision + recall)
    return f"| {kind} | {number} | {hits} | {wrong} | {precision:.3f} | {recall:.3f} | {f1:.3f} | {where} |"


if __name__ == "__main__":
    main()
