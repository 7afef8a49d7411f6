"""The baselines: parameters, time of a training step against the bare network, clips a second, memory.

    python -m benchmarks.baselines
        the laptop presets, on made inputs

Accuracy on a library is measured by `vpd evaluate --recogniser NAME`.

A step is forward, backward and update. "bare" runs it on one ready batch; "ours" is the loop of an estimator,
which reads, cuts and changes every batch anew. Wanted: bare / ours at least 0.9. Times are of the processor,
the least of some rounds, so that what else runs on the machine disturbs them little.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from vpd.baselines.clips import Clip, clips_of
from vpd.baselines.skeletons import Skeleton
from vpd.baselines.table import BASELINES, make_baseline
from vpd.baselines.training import Trainer, make_optimiser
from vpd.crops import make_crops, write_crops
from vpd.device import make_accelerator
from vpd.flow import make_flow
from vpd.library.artefact import Recipe
from vpd.settings.crop import CropSettings
from vpd.types import Track
from vpd.video import Frame

CLASSES = 7
FRAMES = 25
SIDE = 128
ROUNDS = 3
SPEED = ("tsn-crop", "tsn-flow-crop", "trn-crop", "gsm-crop", "timesformer-crop", "r3d-crop")
SPEED += ("stgcn", "msg3d-joint", "stgcn++", "poseconv3d")


def made_clips(folder: Path, count: int) -> list[Clip]:
    """Clips of noise as large as a tennis clip."""
    rng = np.random.default_rng(0)
    found = []
    for i in range(count):
        frames = [
            Frame(t, t / 25, rng.integers(0, 255, (SIDE, SIDE, 3), dtype=np.uint8)) for t in range(FRAMES)
        ]
        boxes = np.tile(np.array([0, 0, SIDE, SIDE], np.float32), (FRAMES, 1))
        numbers = np.arange(FRAMES)
        track = Track(1, numbers, numbers / 25, boxes, np.ones(FRAMES), np.full(FRAMES, "user"))
        path = folder / f"{i}.arrow"
        batches = make_crops(frames, [track], make_flow("dis", "cpu"), CropSettings(padding=0))
        write_crops(path, batches, Recipe("crop", 1))
        found.append(clips_of(str(i), path, 0, 10)[1])
    return found


def made_skeletons(count: int) -> list[Skeleton]:
    """Skeletons of noise."""
    rng = np.random.default_rng(0)
    shape = (1, FRAMES, 17, 3)
    return [
        Skeleton(str(i), (1,), np.arange(FRAMES) / 25, rng.random(shape, np.float32) * 100, 1280, 720)
        for i in range(count)
    ]


def least(run: Callable[[], object]) -> float:
    """The least processor seconds of some rounds."""
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return min(times)


def speed(name: str) -> dict[str, Any]:
    """The figures of one system."""
    made = make_baseline(name, device="cpu")
    made.training = replace(made.training, epochs=1, least_updates=0, warmup=0)
    batch = made.training.batch
    with tempfile.TemporaryDirectory() as folder:
        X: list[Any] = made_skeletons(2 * batch) if BASELINES[name].takes == "poses" else []
        X = X or made_clips(Path(folder), 2 * batch)
        targets = np.arange(len(X)) % CLASSES
        accelerator = make_accelerator("cpu")
        network = made.make_network(CLASSES)
        source = made.make_source(X, accelerator.device)
        ready = source.ready(source.read(np.arange(batch), 0, True), 0)
        optimiser = make_optimiser(network, made.training)
        wanted = torch.from_numpy(targets[:batch])
        network.train()

        def bare() -> None:
            for _ in range(2):
                loss = cross_entropy(network(ready), wanted)
                loss.backward()
                optimiser.step()
                optimiser.zero_grad(set_to_none=True)

        bare()
        trainer = Trainer(
            network, source, torch.from_numpy(targets), made.training, 0, accelerator, lambda n: n.train()
        )
        prepared = accelerator.prepare(network, optimiser)
        ours_s = least(lambda: trainer.run_epoch(*prepared, 0, 1))
        bare_s = least(bare)
        made.classes_, made.network_ = np.arange(CLASSES), network
        test_s = least(lambda: made.decision_function(X))
    return {
        "system": name,
        "parameters": sum(p.numel() for p in network.parameters()),
        "batch": batch,
        "bare_s": bare_s / 2,
        "ours_s": ours_s / 2,
        "ratio": bare_s / ours_s,
        "clips_a_second": len(X) / test_s,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", default=[])
    parser.add_argument("--one", help="measure one system and print JSON")
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(speed(asked.one)))
        return
    print("| system | parameters | batch | bare step, CPU s | ours | bare / ours | clips a CPU s | peak MB |")
    print("|---|---|---|---|---|---|---|---|")
    for name in asked.names or SPEED:
        command = [sys.executable, "-m", "benchmarks.baselines", "--one", name]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        f = json.loads(done.stdout.splitlines()[-1])
        print(
            f"| {f['system']} | {f['parameters']:,} | {f['batch']} | {f['bare_s']:.3f} | {f['ours_s']:.3f} | "
            f"{f['ratio']:.2f} | {f['clips_a_second']:.1f} | {f['peak_mb']:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
