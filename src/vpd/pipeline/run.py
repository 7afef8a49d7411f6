"""Run steps on a library: only missing or outdated ones, one task a video, continuing after failures."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from vpd.counting import counted
from vpd.errors import InputError, VpdError
from vpd.library.artefact import is_abandoned
from vpd.library.layout import Layout
from vpd.library.lock import locked
from vpd.library.recovery import mend_table
from vpd.library.videos import NEW, OK, SET_ASIDE, VideoRow, Videos
from vpd.library.within import within
from vpd.machine import cores
from vpd.pipeline import distill, ranks
from vpd.pipeline.cluster import Cluster
from vpd.pipeline.due import notes_of, scan_is_due, stale
from vpd.pipeline.engine import automatic_jobs, choose_engine
from vpd.pipeline.memory import check_memory
from vpd.pipeline.report import Listener, RunReport, Silent
from vpd.pipeline.shard import Shard
from vpd.pipeline.sources import Sources
from vpd.pipeline.table import with_needs
from vpd.pipeline.task import ENDS_ALL, Task
from vpd.settings.toml import load_settings
from vpd.verbs.progress import Progress

SAVE_EVERY_S = 10.0
"""Least time in seconds between two writes of the table of videos. After a kill, artefacts restore the
difference.
"""

PREPARATION = ("track", "pose", "crop", "teach")
FOR_LEARNING = with_needs(["teach", "crop"])
"""Steps that a video needs before a student learns from it."""
FOR_TRAINING_ALONE = ("pose", "teach")
"""Steps that a video does not need once a student exists, because inference needs no pose (paper 3.2)."""


def open_sources(layout: Layout, videos: Videos | None = None) -> Sources:
    """The present settings and videos of the library. ``videos`` is its table, where the caller has read it.

    Raises ArtefactError where the table is damaged.
    """
    videos = Videos.read(layout) if videos is None else videos
    return Sources(layout, load_settings(layout.settings), videos)


def scanned(videos: Videos) -> list[str]:
    """Videos that could be read, also where a later step failed."""
    return [row.video for row in videos.rows.values() if row.frames > 0]


def needed_steps(
    sources: Sources, video: str, names: Iterable[str], kept: distill.StudentState | None
) -> list[str]:
    """The steps that the video needs. ``kept`` is the student that is not trained again.

    Crops that are gone are not needed where the features that were made of them are up to date (`vpd clean`).
    """
    unneeded: tuple[str, ...] = FOR_TRAINING_ALONE if kept and video not in kept.trained_on else ()
    if unneeded and not sources.layout.crops(video).exists() and not stale(sources, video, ["embed"]):
        unneeded = (*unneeded, "crop")
    return [name for name in names if name not in unneeded]


@dataclass
class _Run:
    sources: Sources
    jobs: int
    listener: Listener
    report: RunReport
    engine: str = ""
    cluster: Cluster = field(default_factory=Cluster)
    shard: Shard | None = None
    changed: dict[str, VideoRow] = field(default_factory=dict)
    """Rows that are not yet in the table on the disk."""

    def put(self, row: VideoRow) -> None:
        """Keep the present row of a video."""
        self.changed[row.video] = row
        self.sources.videos.put(row)

    def mine(self, videos: Iterable[str]) -> list[str]:
        """The videos of this run: all, or those of its shard."""
        return self.shard.of(videos) if self.shard else list(videos)

    def save(self) -> None:
        """Write the changed rows into the table of videos, which others may have changed."""
        layout = self.sources.layout
        if not self.changed:
            return
        with locked(layout.videos, math.inf, self.listener.say):
            videos = Videos.read(layout)
            videos.merge(self.changed.values())
            videos.write()
        self.changed.clear()
        self.sources.videos = videos

    def tasks(self, steps: Iterable[tuple[str, Sequence[str]]]) -> list[Task]:
        """Tasks of videos with their steps. The longest come first, so that none is left for the end."""
        todo = [(video, tuple(names)) for video, names in steps if names]
        workers = min(self.jobs, len(todo)) or 1
        # With one task after the other, libraries use all cores by themselves.
        here = choose_engine(self.jobs, len(todo), self.engine).here
        threads, gpus = (max(1, cores() // workers), 0.0) if here else (self.cluster.cpus, self.cluster.gpus)
        layout, settings = self.sources.layout, self.sources.settings
        tasks = [Task(layout.root, settings, self.sources.row(v), names, threads, gpus) for v, names in todo]
        return sorted(tasks, key=lambda task: -task.cost_ms)

    def perform(self, what: str, tasks: list[Task]) -> None:
        """Run the tasks, and keep the rows of the videos as they arrive.

        Artefacts that another run is making are left for the end. Then this run waits for it, and makes what
        remains.
        """
        if not tasks:
            return
        self.listener.begin(what, len(tasks), sum(task.cost_ms for task in tasks))
        while tasks:
            busy = self._perform_free(tasks)
            if len(busy) == len(tasks):
                with locked(next(iter(busy.values())), math.inf, self.listener.say):
                    pass
            if busy:
                self.sources = self.sources.anew()
            tasks = self.tasks((task.row.video, task.steps) for task in tasks if task.row.video in busy)

    def _perform_free(self, tasks: list[Task]) -> dict[str, Path]:
        """Run the tasks that no other run is working on. Returns, by video, the artefacts that another run is
        making.
        """
        busy: dict[str, Path] = {}
        saved_at = time.monotonic()
        try:
            engine = choose_engine(self.jobs, len(tasks), self.engine)
            done = engine.perform(tasks, self.listener.advance, self.jobs)
            with closing(done) as outcomes:  # type: ignore[type-var]  # a generator
                for outcome in outcomes:
                    if outcome.fatal:
                        raise outcome.fatal(outcome.error)
                    self.report.count(outcome.seconds)
                    if outcome.busy is not None:
                        busy[outcome.video] = outcome.busy
                        continue
                    row = outcome.row
                    if outcome.error:
                        row = row.set_aside(outcome.error)
                    self.put(row)
                    self.listener.ended(row.video, row.error)
                    if time.monotonic() - saved_at > SAVE_EVERY_S:
                        self.save()
                        saved_at = time.monotonic()
        finally:
            self.save()
        return busy

    def try_again(self) -> None:
        """Try the videos again that a step has set aside, because the cause may be gone."""
        for video in self.mine(scanned(self.sources.videos)):
            row = self.sources.row(video)
            if row.status == SET_ASIDE:
                self.put(replace(row, status=OK, error=""))
        self.save()

    def scan(self) -> None:
        videos = self.sources.videos
        due = [video for video in self.mine(videos.rows) if scan_is_due(self.sources, video)]
        self.perform("scan", self.tasks((video, ["scan"]) for video in due))
        rows = (self.sources.row(video) for video in due)
        self.report.found = {row.video: row.about for row in rows if row.about and not row.error}

    def prepare(self, names: Sequence[str], for_student: distill.StudentState | None) -> None:
        """Run the steps before distillation: for all videos, or only what the kept student needs of each."""
        steps = (
            (video, stale(self.sources, video, needed_steps(self.sources, video, names, for_student)))
            for video in self.mine(scanned(self.sources.videos))
        )
        self.perform(" + ".join(names), self.tasks(steps))

    def distill(self, redistill: bool) -> bool:
        """Train the student where it is due. Returns whether there is one in the end.

        Where another run is training it, this one waits and uses the result.
        """
        with locked(distill.folder(self.sources), math.inf, self.listener.say):
            return self._distill(redistill)

    def _unprepared(self) -> list[str]:
        """Videos of other shards that could be learned from but are not prepared yet."""
        own = set(self.mine(self.sources.videos.rows))
        rows = [row for row in self.sources.videos.rows.values() if row.video not in own]
        return [
            row.video
            for row in rows
            if row.status == NEW or (row.status == OK and stale(self.sources, row.video, FOR_LEARNING))
        ]

    def _distill(self, redistill: bool) -> bool:
        if self.shard:
            self.sources = self.sources.anew()
        state = distill.state(self.sources)
        if (state.due or redistill) and self.shard and (others := self._unprepared()):
            ranks.begin([])
            kept = "" if state.due else f" {state.name} is kept as it is."
            open_ = counted(len(others), "video of another shard is", "videos of other shards are")
            self.listener.say(
                f"No training now: {open_} not prepared yet.{kept} When all "
                "shards have ended: `vpd distill`, then the shards again."
            )
            return not state.due
        usable = [
            video for video in self.sources.videos.usable() if not stale(self.sources, video, FOR_LEARNING)
        ]
        usable = distill.learned_from(self.sources, usable)
        more = len(set(usable) - set(state.trained_on))
        gone = len(distill.removed(self.sources, state)) if usable else 0
        if not state.due and not (redistill and (more or gone or state.ended_early)):
            ranks.begin([])
            distill.remove_checkpoint(self.sources, state)
            return True
        new = f"{counted(more, 'video is', 'videos are')} new to it"
        lost = f"{counted(gone, 'video is', 'videos are')} no longer in the library"
        why = state.due or ", ".join([new] * bool(more) + [lost] * bool(gone)) or state.ended_early
        self.listener.say(f"Distilling {state.name} on {counted(len(usable), 'video')}: {why}.")
        self.listener.begin("distill", 1, 1.0)
        started, done = time.perf_counter(), 0.0

        def progress(fraction: float) -> None:
            nonlocal done
            self.listener.advance(max(0.0, fraction - done))
            done = max(done, fraction)

        try:
            ranks.begin(usable)
            train = choose_engine(self.jobs, 0, self.engine).train
            if train and self.cluster.workers:
                train(self.sources, usable, self.cluster)
            else:
                distill.make(self.sources, usable, lambda p: progress(p.fraction))
        except ENDS_ALL:
            raise
        except VpdError as error:
            self.report.problems.append(f"distill: {error}")
            return False
        self.report.count({"distill": time.perf_counter() - started})
        early = distill.state(self.sources).ended_early
        if early:
            self.listener.say(f"{state.name} ended early: {early}. `vpd run --redistill` continues it.")
        return True

    def help_to_distill(self) -> RunReport:
        """Run a process of torchrun with a rank above 0. It only takes part in the training."""
        videos = ranks.wait_for_begin()
        if videos:
            distill.make(self.sources.anew(), videos, lambda _: None)
        return self.report

    def embed(self) -> None:
        usable = self.mine(self.sources.videos.usable())
        steps = ((video, stale(self.sources, video, ["embed"])) for video in usable)
        self.perform("embed", self.tasks(steps))

    def note(self) -> None:
        """Note what was found up to date, for the next look."""
        try:
            notes_of(self.sources).write(self.sources.videos.rows.values())
        except InputError as error:
            self.report.problems.append(f"notes: {error}")

    def index(self) -> None:
        """Bring the index of uncut search up to date in a library that is large enough for one."""
        from vpd.verbs.search_index import index_large  # it brings in what takes a second to import

        try:
            # The listener may raise CancelledError.
            index_large(self.sources.layout, Progress(lambda part, text: self.listener.advance(0.0)))
        except InputError as error:  # the first search will
            self.report.problems.append(f"index: {error}")


def run(
    layout: Layout,
    steps: Sequence[str] = ("embed",),
    jobs: int = 1,
    redistill: bool = False,
    listener: Listener | None = None,
    teachers: Sequence[str] = (),
    invert: bool = False,
    preset: str = "",
    engine: str = "",
    cluster: Cluster | None = None,
    shard: Shard | None = None,
) -> RunReport:
    """Bring the library's artefacts up to date as far as ``steps``, with all steps that these need.

    Parameters
    ----------
    jobs : worker processes; 1 for this process alone, 0 for one a core.
    redistill : train the student again if there are videos that it has not learned from, or if some that it
        learned from are no longer in the library.
    teachers : make the features of these too, of every video, whatever the settings name.
    invert : take `[teach] invert` as true, whatever the settings say.
    preset : the student to train and embed with, instead of that of the settings; "" for that.
    engine : by its name in the table of engines; "" for this process or worker processes. With "ray",
        ``jobs`` is the number of tasks that are with the cluster at a time, 0 for as many as keep it busy.
    cluster : which one, and what a task gets of it; by default Ray's on this computer.
    shard : do the videos of this shard alone. A student is trained only when all shards are prepared.

    Several runs may work on one library at once. Each artefact is made by one of them. Raises DiskFullError,
    StoreError, LibraryGoneError.
    A CancelledError from the listener ends the run; finished artefacts stay.
    """
    names = with_needs([*steps, "teach"] if teachers else steps)
    listener = listener or Silent()
    mend_table(layout, listener.say)
    sources = open_sources(layout)
    check_memory(sources.settings)
    if teachers or invert:
        sources = sources.with_teachers(teachers, invert)
    if preset:
        sources = sources.with_preset(preset)
    cluster = cluster or Cluster()
    chosen = choose_engine(jobs, 0, engine)
    jobs = (jobs or automatic_jobs()) if chosen.here else jobs
    work = _Run(sources, jobs, listener, RunReport(), engine, cluster, shard)
    if ranks.is_helper():
        return work.help_to_distill() if "distill" in names else work.report
    with chosen.opened(cluster, listener.say), within(layout.root):
        return _run(work, names, redistill, given=bool(teachers))


def _run(work: _Run, names: Sequence[str], redistill: bool, given: bool) -> RunReport:
    """Run the steps. ``given`` means that features of teachers were requested for every video."""
    sweep(work.sources.layout)
    work.scan()
    if names != ["scan"]:
        work.try_again()
    # On the way to features a video that the student has not learned from needs no pose; asked for by
    # itself, each step is done for all videos.
    student = distill.state(work.sources) if "embed" in names and not redistill and not given else None
    work.prepare([n for n in PREPARATION if n in names], None if student and student.due else student)
    if "distill" in names and not work.distill(redistill):
        names = [name for name in names if name != "embed"]
    if "embed" in names:
        work.embed()
    if {"teach", "embed"} & set(names) and work.shard is None:
        work.index()
    work.note()
    report, videos = work.report, work.sources.videos
    mine = work.mine(videos.rows)
    report.set_aside = {v: videos.rows[v].error for v in mine if videos.rows[v].status == SET_ASIDE}
    gone = {video: videos.missing(video) for video in mine if video not in report.set_aside}
    report.missing = {video: why for video, why in gone.items() if why}
    report.problems += work.sources.unused()
    report.warnings = {v: videos.rows[v].warning for v in mine if videos.rows[v].warning}
    return report


PARTED = ("features", "index", "students")
"""Folders of a library that have a folder for each name."""


def sweep(layout: Layout) -> None:
    """Remove the unfinished files of killed runs."""
    folders = [layout.root, layout.root / "frames", *(layout.root / f for f in ("tracks", "poses", "crops"))]
    folders += [parent for top in PARTED for parent in (layout.root / top).glob("*")]
    for folder in folders:
        if not folder.is_dir():
            continue
        with os.scandir(folder) as entries:
            parts = [folder / e.name for e in entries if e.name.startswith(".") and e.name.endswith(".part")]
        for part in parts:
            if is_abandoned(part):
                part.unlink(missing_ok=True)
