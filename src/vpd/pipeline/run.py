"""Run steps on a library: only what is missing or out of date, one video a task, past videos that fail."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from vpd.errors import DiskFullError, VpdError
from vpd.library.layout import Layout
from vpd.library.lock import writing
from vpd.library.videos import OK, SET_ASIDE, Videos
from vpd.pipeline import distill, scan
from vpd.pipeline.engine import automatic_jobs, cores, perform_here, perform_in_workers
from vpd.pipeline.report import Listener, RunReport, Silent
from vpd.pipeline.sources import Sources
from vpd.pipeline.table import stale, with_needs
from vpd.pipeline.task import Outcome, Task
from vpd.settings.toml import load_settings

SAVE_EVERY_S = 10.0
"""The table of videos is written at most this often; what a kill loses of it is found in the artefacts."""

PREPARATION = ("track", "pose", "crop", "teach")
FOR_TRAINING_ALONE = ("pose", "teach")
"""What a video needs no more once there is a student: at inference there is no pose (paper 3.2)."""


def open_sources(layout: Layout) -> Sources:
    """The library's settings and videos as they are now."""
    return Sources(layout, load_settings(layout.settings), Videos.read(layout))


def scanned(videos: Videos) -> list[str]:
    """Videos that can be read, whatever a later step met."""
    return [row.video for row in videos.rows.values() if row.frames > 0]


def needed_steps(video: str, names: Iterable[str], kept: distill.StudentState | None) -> list[str]:
    """Those of the steps that the video needs. ``kept`` is the student that need not be trained again."""
    spared = FOR_TRAINING_ALONE if kept and video not in kept.trained_on else ()
    return [name for name in names if name not in spared]


@dataclass
class _Run:
    sources: Sources
    jobs: int
    listener: Listener
    report: RunReport

    def tasks(self, steps: Iterable[tuple[str, Sequence[str]]]) -> list[Task]:
        """Tasks of videos with their steps, the longest first so that none is left for the end."""
        todo = [(video, tuple(names)) for video, names in steps if names]
        workers = min(self.jobs, len(todo)) or 1
        # With one task after the other, libraries use all cores by themselves.
        threads = max(1, cores() // workers)
        layout, settings = self.sources.layout, self.sources.settings
        tasks = [Task(layout.root, settings, self.sources.row(v), names, threads) for v, names in todo]
        return sorted(tasks, key=lambda task: -task.cost_ms)

    def _outcomes(self, tasks: list[Task]) -> Iterator[Outcome]:
        if self.jobs == 1 or len(tasks) == 1:
            yield from perform_here(tasks, self.listener.advance)
        else:
            yield from perform_in_workers(tasks, self.listener.advance, self.jobs)

    def perform(self, what: str, tasks: list[Task]) -> None:
        """Do the tasks and keep the rows of the videos as they become."""
        if not tasks:
            return
        videos, saved_at = self.sources.videos, time.monotonic()
        self.listener.begin(what, len(tasks), sum(task.cost_ms for task in tasks))
        try:
            with closing(self._outcomes(tasks)) as outcomes:  # type: ignore[type-var]  # a generator
                for outcome in outcomes:
                    if outcome.fatal:
                        raise DiskFullError(outcome.error)
                    row = outcome.row
                    if outcome.error:
                        row = row.set_aside(outcome.error)
                    videos.put(row)
                    self.report.count(outcome.seconds)
                    self.listener.ended(row.video, row.error)
                    if time.monotonic() - saved_at > SAVE_EVERY_S:
                        videos.write()
                        saved_at = time.monotonic()
        finally:
            videos.write()

    def try_again(self) -> None:
        """Take up the videos that a step has set aside: what was wrong may be mended."""
        for video in scanned(self.sources.videos):
            self.sources.videos.put(replace(self.sources.row(video), status=OK, error=""))

    def scan(self) -> None:
        videos = self.sources.videos
        due = [video for video in videos.rows if scan.is_due(videos, video)]
        self.perform("scan", self.tasks((video, ["scan"]) for video in due))

    def prepare(self, names: Sequence[str], for_student: distill.StudentState | None) -> None:
        """Steps before distillation, of all videos, or only what the student that is kept needs of each."""
        steps = (
            (video, stale(self.sources, video, needed_steps(video, names, for_student)))
            for video in scanned(self.sources.videos)
        )
        self.perform(" + ".join(names), self.tasks(steps))

    def distill(self, redistill: bool) -> bool:
        """Train the student where it is due; whether there is one in the end."""
        state = distill.state(self.sources)
        usable = [
            video
            for video in self.sources.videos.usable()
            if not stale(self.sources, video, with_needs(["teach", "crop"]))
        ]
        more = len(set(usable) - set(state.trained_on))
        if not state.due and not (redistill and (more or state.ended_early)):
            return True
        why = state.due or (f"{more} videos are new to it" if more else state.ended_early)
        self.listener.say(f"Distilling {state.name} on {len(usable)} videos: {why}.")
        self.listener.begin("distill", 1, 1.0)
        started, done = time.perf_counter(), 0.0

        def progress(fraction: float) -> None:
            nonlocal done
            self.listener.advance(max(0.0, fraction - done))
            done = max(done, fraction)

        try:
            distill.make(self.sources, usable, lambda p: progress(p.fraction))
        except DiskFullError:
            raise
        except VpdError as error:
            self.report.problems.append(f"distill: {error}")
            return False
        self.report.count({"distill": time.perf_counter() - started})
        early = distill.state(self.sources).ended_early
        if early:
            self.listener.say(f"{state.name} ended early: {early}. `vpd run --redistill` goes on with it.")
        return True

    def embed(self) -> None:
        usable = self.sources.videos.usable()
        steps = ((video, stale(self.sources, video, ["embed"])) for video in usable)
        self.perform("embed", self.tasks(steps))


def run(
    layout: Layout,
    steps: Sequence[str] = ("embed",),
    jobs: int = 1,
    redistill: bool = False,
    listener: Listener | None = None,
    teachers: Sequence[str] = (),
    invert: bool = False,
) -> RunReport:
    """Bring the library's artefacts up to date as far as ``steps``, with all that they need.

    Parameters
    ----------
    jobs : worker processes; 1 for this process alone, 0 for one a core.
    redistill : train the student again if there are videos that it has not learned from.
    teachers : make the features of these too, of every video, whatever the settings name.
    invert : take `[teach] invert` as true, whatever the settings say.

    Raises LockedError where another process writes to the library, and DiskFullError.
    """
    names = with_needs([*steps, "teach"] if teachers else steps)
    with writing(layout):
        sweep(layout)
        sources = open_sources(layout)
        if teachers or invert:
            sources = sources.with_teachers(teachers, invert)
        work = _Run(sources, jobs or automatic_jobs(), listener or Silent(), RunReport())
        videos = work.sources.videos
        work.scan()
        if names != ["scan"]:
            work.try_again()
        # On the way to features a video that the student has not learned from needs no pose; asked for by
        # itself, each step is done for all videos.
        student = distill.state(sources) if "embed" in names and not redistill and not teachers else None
        work.prepare([n for n in PREPARATION if n in names], None if student and student.due else student)
        if "distill" in names and not work.distill(redistill):
            names = [name for name in names if name != "embed"]
        if "embed" in names:
            work.embed()
        report = work.report
        report.set_aside = {r.video: r.error for r in videos.rows.values() if r.status == SET_ASIDE}
        report.problems += unused_gifts(layout, videos)
        report.warnings = {r.video: r.warning for r in videos.rows.values() if r.warning}
        return report


def sweep(layout: Layout) -> None:
    """Remove what killed runs left of unfinished files. The caller holds the lock."""
    folders = [layout.root, layout.root / "frames", *(layout.root / f for f in ("tracks", "poses", "crops"))]
    folders += [parent for top in ("features", "students") for parent in (layout.root / top).glob("*")]
    for folder in folders:
        for part in folder.glob(".*.part"):
            part.unlink(missing_ok=True)


def unused_gifts(layout: Layout, videos: Videos) -> list[str]:
    """Boxes and poses that the user gave for no video of the library, most likely by a mistaken name."""
    return [
        f"{path.relative_to(layout.root)} is not used: there is no video {name!r}."
        for folder, suffixes in (
            (layout.boxes(""), (".csv",)),
            (layout.given_poses(""), (".json", ".json.gz")),
        )
        for path in sorted(folder.parent.glob("*"))
        for suffix in suffixes
        if path.name.endswith(suffix) and (name := path.name.removesuffix(suffix)) not in videos.rows
    ]
