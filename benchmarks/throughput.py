"""Frames per second of track + pose + crop, what each costs over its floor, and peak memory.

    python benchmarks/throughput.py CLIPS_FOLDER [--clips 12]        speed, against the floor
    python benchmarks/throughput.py CLIPS_FOLDER --memory            peak memory, short against long videos

The floor is what cannot be saved: decoding once, and the networks alone on tensors that are ready, as often
as the steps called them. "crop alone" is the step of videos that need no pose, because a student exists.
Steps and floor alternate clip by clip in one process, so a busy machine slows both.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np

CASES = ((2, 1), (1, 2))
"""Processes and threads of each."""
WARM_UP = 2
FPS = 30


@dataclass
class Spent:
    """Seconds of wall and of CPU by name, and counts of frames and network calls."""

    wall_s: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    cpu_s: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    frames: int = 0
    looked: int = 0
    posed: int = 0

    def measure(self, name: str, work: Callable[[], object]) -> object:
        wall, cpu = time.perf_counter(), time.process_time()
        result = work()
        self.wall_s[name] += time.perf_counter() - wall
        self.cpu_s[name] += time.process_time() - cpu
        return result


class CountedDetector:
    """A detector that counts the pictures it is given."""

    def __init__(self, inner: object) -> None:
        self.inner, self.count, self.device = inner, 0, "CPU"

    def detect(self, images: Sequence[np.ndarray]) -> object:
        self.count += len(images)
        return self.inner.detect(images)  # type: ignore[attr-defined]


class CountedEstimator:
    """An estimator that counts the crops it is given."""

    def __init__(self, inner: object) -> None:
        self.inner, self.count = inner, 0
        for name in ("name", "device", "size", "padding", "joint_padding"):
            setattr(self, name, getattr(inner, name))

    def keypoints(self, crops: np.ndarray) -> np.ndarray:
        self.count += len(crops)
        return self.inner.keypoints(crops)  # type: ignore[attr-defined, no-any-return]


def crop_all(frames: Iterator[object], tracks: list[object], settings: object, flow: object) -> int:
    """Make all crops of the tracks, as the step `crop` does, and write them nowhere."""
    from vpd.crops import make_crops

    return sum(batch.num_rows for batch in make_crops(frames, tracks, flow, settings))  # type: ignore[arg-type]


def watched(frames: Iterator[object], look: Callable[..., None]) -> Iterator[object]:
    """The frames, each shown to ``look`` first."""
    for frame in frames:
        look(frame)
        yield frame


def worker(clips: list[Path], threads: int) -> Spent:
    """Steps and floor on ``clips``, one clip after the other."""
    import cv2

    from vpd.athletes import NanoDet, track
    from vpd.flow import make_flow
    from vpd.pipeline.passes import Pictures
    from vpd.pose.estimation import Estimation
    from vpd.pose.table import open_estimator
    from vpd.settings import Settings
    from vpd.video import read_frames

    cv2.setNumThreads(threads)
    settings = Settings()
    detector = CountedDetector(NanoDet(settings.track.min_score, threads))
    estimator = CountedEstimator(open_estimator(settings.pose, threads))
    picture = np.zeros((1, 3, 416, 416), np.float32)
    crop = np.zeros((1, 256, 256, 3), np.float32)
    detect_alone = lambda n: [detector.inner.session.run(None, {"image": picture}) for _ in range(n)]  # noqa: E731
    pose_alone = lambda n: [estimator.inner.session.run(None, {"image": crop}) for _ in range(n)]  # noqa: E731
    flow = make_flow(settings.crop.flow)
    detect_alone(WARM_UP), pose_alone(WARM_UP)
    warm = list(islice(read_frames(clips[0]), WARM_UP))  # what is imported at first use is no work on frames
    height, width = warm[0].rgb.shape[:2]
    people = track(iter(warm), width, height, settings.track, detector).tracks  # type: ignore[arg-type]
    crop_all(iter(warm), people, settings.crop, flow)
    spent = Spent()
    for clip in clips:
        first = next(iter(read_frames(clip)))
        height, width = first.rgb.shape[:2]
        before = detector.count, estimator.count
        frames = sum(1 for _ in read_frames(clip))
        # As a run does: pictures that fit into memory are decoded once, poses and crops share a pass.
        pictures = Pictures(lambda: clip, frames * height * width * 3, again=True)  # noqa: B023
        result = spent.measure(
            "track",
            lambda: track(pictures.frames(), width, height, settings.track, detector),  # noqa: B023
        )
        tracks = result.tracks  # type: ignore[attr-defined]
        estimation = Estimation(tracks, estimator, settings.pose)
        posed_and_cropped = watched(pictures.frames(), estimation.add)
        spent.measure(
            "pose + crop",
            lambda: (crop_all(posed_and_cropped, tracks, settings.crop, flow), estimation.finish()),  # noqa: B023
        )
        spent.measure("crop alone", lambda: crop_all(pictures.frames(), tracks, settings.crop, flow))  # noqa: B023
        looked, posed = detector.count - before[0], estimator.count - before[1]
        spent.frames += spent.measure("floor: decode", lambda: sum(1 for _ in read_frames(clip)))  # type: ignore[operator]  # noqa: B023
        spent.measure("floor: detector", lambda: detect_alone(looked))  # noqa: B023
        spent.measure("floor: estimator", lambda: pose_alone(posed))  # noqa: B023
        spent.looked += looked
        spent.posed += posed
    return spent


STEPS = ("track", "pose + crop")
FLOOR = ("floor: decode", "floor: detector", "floor: estimator")


def report(processes: int, threads: int, parts: list[Spent]) -> None:
    frames = sum(p.frames for p in parts)
    print(f"\n{processes} process(es) x {threads} thread(s): {frames} frames", end=", ")
    print(f"{sum(p.looked for p in parts)} searched for people, {sum(p.posed for p in parts)} crops posed")
    print(f"| {'part':18} | wall ms a frame | CPU ms a frame |\n|---|---|---|")
    for name in (*STEPS, "crop alone", *FLOOR):
        wall = sum(p.wall_s[name] for p in parts) / processes
        cpu = sum(p.cpu_s[name] for p in parts)
        print(f"| {name:18} | {1000 * wall / frames:15.2f} | {1000 * cpu / frames:14.2f} |")
    wall = max(sum(p.wall_s[n] for n in STEPS) for p in parts)
    ratios = []
    for spent in ("wall_s", "cpu_s"):
        steps, floor = (sum(getattr(p, spent)[n] for p in parts for n in names) for names in (STEPS, FLOOR))
        ratios.append(steps / floor)
    print(f"track + pose + crop: {frames / wall:.1f} frames/s (wanted 25);", end=" ")
    cpu = sum(p.cpu_s[n] for p in parts for n in STEPS)
    print(f"{processes * threads * frames / cpu:.1f} by CPU time, as on free cores;", end=" ")
    print(f"{ratios[0]:.2f} x the floor's wall time, {ratios[1]:.2f} x its CPU time (wanted 1.15)")


def limit_threads(threads: int) -> None:
    """Libraries read this when a process starts."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ[name] = str(threads)


def speed(clips: list[Path]) -> None:
    for processes, threads in CASES:
        limit_threads(threads)
        with multiprocessing.get_context("spawn").Pool(processes) as pool:
            jobs = [(clips[i::processes], threads) for i in range(processes)]
            report(processes, threads, pool.starmap(worker, jobs))


class StubDetector:
    """Finds one walking person without a network."""

    device = "CPU"

    def __init__(self) -> None:
        self.looked = 0

    def detect(self, images: Sequence[np.ndarray]) -> list[object]:
        from vpd.athletes import PersonBoxes

        self.looked += len(images)
        box = np.array([[100 + self.looked % 300, 100, 80, 200]], np.float32)
        return [PersonBoxes(box, np.array([0.9], np.float32)) for _ in images]


class StubEstimator:
    """Finds all joints in the middle without a network."""

    name, device, size, padding, joint_padding = "stub", "CPU", (256, 256), 1.2, 1.35

    def keypoints(self, crops: np.ndarray) -> np.ndarray:
        return np.full((len(crops), 17, 3), 0.5, np.float32)


def made_frames(n: int) -> Iterator[object]:
    from vpd.video import Frame

    pictures = np.random.default_rng(0).integers(0, 30, (8, 360, 640, 3), np.uint8)
    for t in range(n):
        yield Frame(t, t / 30, pictures[t % 8].copy())


def memory_of(
    frames: Callable[[], Iterator[object]], width: int, height: int, stub: bool
) -> tuple[int, float]:
    """Frames, and the peak memory in MB of this process after track, pose and crop of them."""
    from vpd.athletes import NanoDet, track
    from vpd.flow import make_flow
    from vpd.pose.estimation import estimate
    from vpd.pose.table import open_estimator
    from vpd.settings import Settings

    settings = Settings()
    detector = StubDetector() if stub else NanoDet(settings.track.min_score, 1)
    estimator = StubEstimator() if stub else open_estimator(settings.pose, 1)
    tracks = track(frames(), width, height, settings.track, detector).tracks  # type: ignore[arg-type]
    estimate(frames(), tracks, estimator, settings.pose)  # type: ignore[arg-type]
    flow = None if stub else make_flow(settings.crop.flow)
    crop_all(frames(), tracks, settings.crop, flow)  # type: ignore[arg-type]
    n = sum(1 for _ in frames()) if not stub else 0
    return n, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def memory_of_files(clips: list[Path]) -> tuple[int, float]:
    """The clips one behind the other as one long video."""
    from vpd.video import Frame, read_frames

    def frames() -> Iterator[object]:
        t = 0
        for clip in clips:
            for frame in read_frames(clip):
                yield Frame(t, t / 30, frame.rgb)
                t += 1

    first = next(iter(read_frames(clips[0])))
    return memory_of(frames, first.rgb.shape[1], first.rgb.shape[0], stub=False)


def memory_of_stubs(n: int) -> tuple[int, float]:
    return n, memory_of(lambda: made_frames(n), 640, 360, stub=True)[1]


def memory(clips: list[Path], long_minutes: int) -> None:
    limit_threads(1)
    print("| video | frames | peak memory, MB |\n|---|---|---|")
    cases: list[tuple[str, Callable[..., tuple[int, float]], tuple[object, ...]]] = [
        ("one clip", memory_of_files, (clips[:1],)),
        (f"{len(clips)} clips joined", memory_of_files, (clips,)),
        ("stubbed networks, a minute", memory_of_stubs, (60 * FPS,)),
        (f"stubbed networks, {long_minutes} minutes", memory_of_stubs, (long_minutes * 60 * FPS,)),
    ]
    for name, work, arguments in cases:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            n, peak = pool.apply(work, arguments)
        print(f"| {name} | {n} | {peak:.0f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path, help="folder of short clips")
    parser.add_argument("--clips", type=int, default=12, help="how many, taken evenly from the folder")
    parser.add_argument("--memory", action="store_true", help="measure peak memory instead of speed")
    parser.add_argument("--long-minutes", type=int, default=120, help="length of the long video of --memory")
    given = parser.parse_args()
    files = sorted(given.folder.glob("*.mp4"))
    clips = list(islice(files, 0, None, max(1, len(files) // given.clips)))[: given.clips]
    if given.memory:
        memory(clips, given.long_minutes)
    else:
        speed(clips)


if __name__ == "__main__":
    main()
