"""`vpd new`, `vpd status`, `vpd settings`."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from vpd.cli.common import (
    JsonOption,
    LibraryOption,
    console,
    notices,
    open_library,
    print_json,
    say,
    say_error,
    say_warning,
)
from vpd.counting import counted
from vpd.errors import InputError
from vpd.library.layout import Layout
from vpd.report.terminal import PlainTable, length_text
from vpd.settings.presets import PRESETS

JoinOption = Annotated[
    bool, typer.Option("--join", help="Make one video of the files that a camera cut one recording into.")
]


def register(layout: Layout, places: list[str], join: bool = False) -> bool:
    """Add videos to the library and report each. Returns whether all could be read."""
    from vpd.library.remote import is_url
    from vpd.pipeline.register import add_videos
    from vpd.pipeline.registered import Weight, sentences

    if not all(places):
        raise InputError("a file or folder to add is empty text. Write . for the folder that you are in.")
    result = add_videos(layout, [place if is_url(place) else Path(place) for place in places], join)
    speak = {Weight.FACT: say, Weight.WARNING: say_warning, Weight.ERROR: say_error}
    for weight, sentence in sentences(result):
        speak[weight](str(sentence))
    return not result.problems


def new(
    library: Annotated[
        str, typer.Argument(help="Folder or s3://BUCKET/PREFIX of the library; made where it is not there.")
    ],
    videos: Annotated[
        list[str], typer.Argument(help="Video files, folders of them, and URLs (https://, s3://, gs://).")
    ],
    join: JoinOption = False,
) -> None:
    """Make a library of videos, or add videos to one. The videos stay where they are."""
    from vpd.library.opening import sync
    from vpd.pipeline.register import library_to_fill

    layout = library_to_fill(library)
    complete = register(layout, videos, join)
    sync(layout, say_warning)
    option = f"--library {shlex.quote(library)}"
    say(f"Library: {layout.root}\nNext: vpd run {option}, or all else in the browser: vpd serve {option}")
    if not complete:
        raise typer.Exit(1)


def status(
    library: LibraryOption = None,
    videos: Annotated[bool, typer.Option("--videos", help="List every video.")] = False,
    shards: Annotated[
        int, typer.Option("--shards", min=0, help="Also count by the N shards of `vpd run --shard I/N`.")
    ] = 0,
    as_json: JsonOption = False,
) -> None:
    """Show what is up to date, what is not, and what was set aside."""
    from vpd.pipeline.status import status as look

    found = look(open_library(library))
    if as_json:
        print_json(found.to_json())
        return
    seconds = sum(v["duration_s"] for v in found.videos.values())
    length = length_text(seconds) if seconds else "length not known before the scan"
    say(f"{found.root}: {counted(len(found.videos), 'video')}, {length}")
    table = PlainTable("step", "up to date", "to do", "not needed")
    for name, step in found.steps.items():
        table.add_row(name, str(step.current), str(step.due), str(step.spared or ""))
    console.print(table)
    student = found.student
    if student["due"]:
        say(f"{student['name']}: to be distilled, {student['due']}.")
    elif student["learned_from"]:
        say(_distilled(student))
    if student["ended_early"]:
        say_warning(f"{student['name']} ended early: {student['ended_early']}.")
    if shards:
        console.print(_by_shard(found.videos, shards))
    if videos:
        listed = PlainTable("video", "frames", "seconds", "size", "status", "to do")
        for video, v in found.videos.items():
            size = f"{v['width']} x {v['height']}" if v["frames"] else ""
            listed.add_row(
                video, str(v["frames"]), f"{v['duration_s']:.1f}", size, v["status"], " ".join(v["due"])
            )
        console.print(listed)
        for video, v in found.videos.items():
            if v["about"]:
                say(f"{video}: {v['about']}.")
    for video, v in found.videos.items():
        if v["warning"]:
            say_warning(f"{video}: {v['warning']}.")
    for video, error in found.set_aside.items():
        say_error(f"{video} is set aside: {error}")
    for video, why in found.missing.items():
        say_error(f"{video} is missing: {why}")
    if found.up_to_date:
        say("Everything is up to date.")
    elif student["due"] or any(step.due for step in found.steps.values()):
        say("`vpd run` does what is to do.")


def _distilled(student: Mapping[str, Any]) -> str:
    """A sentence on the videos that a student learned from, and on how those of the library differ."""
    text = f"{student['name']}: distilled on {counted(student['learned_from'], 'video')}"
    removed, new = student["removed"], student["new"]
    if removed:
        text += f", of which {removed} {'is' if removed == 1 else 'are'} no longer in the library"
    if new:
        text += f"; {counted(new, 'video is', 'videos are')} new to it"
    advice = "; `vpd run --redistill` trains it with those that are there" if removed or new else ""
    return f"{text}{advice}."


def _by_shard(videos: Mapping[str, Mapping[str, Any]], count: int) -> PlainTable:
    """How far each shard has come."""
    from vpd.pipeline.run import PREPARATION
    from vpd.pipeline.shard import Shard

    table = PlainTable("shard", "videos", "prepared", "embedded", "set aside")
    for number in range(1, count + 1):
        own = [videos[video] for video in Shard(number, count).of(videos)]
        usable = [v for v in own if not v["error"]]
        prepared = sum(not {"scan", *PREPARATION} & set(v["due"]) for v in usable)
        embedded = sum("embed" not in v["due"] for v in usable)
        counts = (len(own), prepared, embedded, len(own) - len(usable))
        table.add_row(f"{number}/{count}", *map(str, counts))
    return table


def check(
    deep: Annotated[
        bool, typer.Option("--deep", help="Read and compare all files, not only those written to since.")
    ] = False,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare what vpd made with its checksums; name what is damaged, and what makes it again."""
    from vpd.pipeline.check import check_library

    with notices.status("comparing"):
        result = check_library(open_library(library), deep)
    if as_json:
        print_json(result.to_json())
    else:
        for damage in result.damaged:
            say_error(f"{damage.why} {damage.again[0].upper()}{damage.again[1:]}.")
        how = "compared" if deep else "looked at, and compared where they were written to since"
        damaged = len(result.damaged)
        count = counted(damaged, "is damaged", "are damaged") if damaged else "none is damaged"
        say(f"{counted(result.files, 'file')}, {result.bytes / 1e6:.1f} MB, {how}: {count}.")
        if not deep:
            say("--deep compares all of them.")
    if not result.whole:
        raise typer.Exit(1)


def clean(
    yes: Annotated[bool, typer.Option("--yes", help="Free it.")] = False,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what of the library's files nothing needs; with --yes delete it.

    These are the crops of videos that are embedded and that no student learned from.
    """
    from vpd.pipeline.clean import clean as clean_library

    found = clean_library(open_library(library), yes)
    if as_json:
        print_json(found.to_json())
    elif found.kept:
        say(found.kept)
    else:
        done = "were freed" if found.freed else "can be freed: vpd clean --yes"
        say(f"Crops of {counted(len(found.crops), 'video')}, {found.bytes / 1e6:.1f} MB, {done}.")
        say("`vpd crop` makes them again; `vpd run` does only where features are out of date.")


def remove(
    video: Annotated[str, typer.Argument(help="The video.")],
    back: Annotated[bool, typer.Option("--back", help="Bring back a removed video.")] = False,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a video out of the library; its file stays. Labels, picks and artefacts are kept in removed/."""
    from vpd.verbs.remove import RemoveRequest, remove_video

    result = remove_video(open_library(library), RemoveRequest(video, back))
    if as_json:
        print_json(result.to_json())
        return
    with_it = f"with {counted(result.labels, 'label')} and {counted(result.picks, 'pick')}"
    if back:
        say(f"{result.video} is back, {with_it}. `vpd run` looks at its file.")
    else:
        say(f"{result.video} is taken out {with_it}, which are kept in {result.folder}.")
        say(f"To bring it back: vpd remove --back {shlex.quote(result.folder.name)}")


def settings(
    library: LibraryOption = None,
    preset: Annotated[str, typer.Option("--preset", help="Show the student of this preset.")] = "",
    trainer: Annotated[
        bool, typer.Option("--trainer", help="Show the settings of the student's training instead.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Print all settings with their meaning, as they are in this library; without one, the defaults.

    Those of a student's training stand in a file of their own, which `[distill] trainer` names.
    """
    from vpd.errors import unknown_name
    from vpd.settings import Settings
    from vpd.settings.describe import describe, describe_trainer
    from vpd.settings.toml import load_settings

    try:
        loaded = load_settings(open_library(library).settings)
    except InputError:
        if library is not None:
            raise
        loaded = Settings()
    if preset:
        if preset not in PRESETS:
            raise unknown_name("preset", preset, PRESETS)
        loaded = loaded.model_copy(update={"distill": loaded.distill.with_preset(preset)})
    if as_json:
        hidden = loaded.distill.trainer_fields()
        shown = loaded.model_dump(mode="json", exclude={"distill": hidden})
        print_json(loaded.distill.model_dump(mode="json", include=hidden) if trainer else shown)
    else:
        say(describe_trainer(loaded.distill) if trainer else describe(loaded))
