"""The command `vpd`: a table of commands. Only the called one is imported."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from typing import Any

import typer

from vpd.cli.common import say_error, say_warning
from vpd.cli.signals import Stopped, stopping
from vpd.errors import InputError, VpdError
from vpd.refusals import refusal_and_place
from vpd.settings.old_names import old_option


@dataclass(frozen=True)
class Command:
    """One command: its name, ``module:function`` (or ``module:app`` of a group), and its description."""

    name: str
    where: str
    about: str


COMMANDS = (
    Command("new", "vpd.cli.library:new", "Make a library of videos, or add videos to one."),
    Command("run", "vpd.cli.steps:run", "Do what is missing or out of date, from scan to embed."),
    Command("status", "vpd.cli.library:status", "Show what is up to date."),
    Command("settings", "vpd.cli.library:settings", "Print all settings with their meaning."),
    Command("remove", "vpd.cli.library:remove", "Take a video out, with its labels kept aside."),
    Command("clean", "vpd.cli.library:clean", "Say which files nothing needs, and free them."),
    Command("check", "vpd.cli.library:check", "Compare every file of a library with its checksum."),
    Command("labels", "vpd.cli.labels:app", "List, change, check, import and export labels."),
    Command(
        "athletes", "vpd.cli.athletes:athletes", "Show who was taken for the athlete and why; name another."
    ),
    Command("show", "vpd.cli.show:show", "Write a video with boxes, skeletons and confidence."),
    Command("scan", "vpd.cli.steps:scan", "Step 1: decode every video once."),
    Command("track", "vpd.cli.steps:track", "Step 2: find and follow the athletes."),
    Command("pose", "vpd.cli.steps:pose", "Step 3: estimate their joints."),
    Command("crop", "vpd.cli.steps:crop", "Step 4: cut the crops with optical flow."),
    Command("teach", "vpd.cli.steps:teach", "Step 5: make the weak pose features."),
    Command("distill", "vpd.cli.steps:distill", "Step 6: train the student."),
    Command("embed", "vpd.cli.steps:embed", "Step 7: make the student's features."),
    Command("pixels", "vpd.cli.pixels:pixels", "Make features of what the hands look like."),
    Command("search", "vpd.cli.search:search", "Find actions like VIDEO@START-END."),
    Command("recognise", "vpd.cli.recognise:recognise", "Name the actions of segments by labelled examples."),
    Command("evaluate", "vpd.cli.recognise:evaluate", "Measure recognition by the number of labels."),
    Command("retrieve", "vpd.cli.recognise:retrieve", "Measure retrieval: precision at k."),
    Command("detect", "vpd.cli.detect:detect", "Find where in uncut videos actions happen."),
    Command("baselines", "vpd.cli.baselines:app", "The paper's other systems: list, R3D features."),
    Command("compare", "vpd.cli.compare:compare", "Align two executions and name their differences."),
    Command("suggest", "vpd.cli.suggest:suggest", "Say what to label next."),
    Command("answer", "vpd.cli.suggest:answer", "Answer what suggest asks: a label, or no action."),
    Command("serve", "vpd.cli.serve:serve", "Search, label, review and compare in the browser."),
    Command("vipe", "vpd.cli.vipe:app", "Train the view-invariant pose embedding."),
    Command("paper", "vpd.cli.paper:app", "The paper's data sets, tables and figure."),
    Command("demo", "vpd.cli.demo:demo", "The whole way on the sample, with a report."),
    Command("doctor", "vpd.cli.doctor:doctor", "Show devices, codecs and versions in use."),
)


def _load(command: Command) -> Any:
    module, _, attribute = command.where.partition(":")
    return getattr(import_module(module), attribute)


def _named(about: str) -> Callable[[], None]:
    """A placeholder with the help text of a command that is not called."""

    def command() -> None:
        raise AssertionError("a command that is not called is not run")

    command.__doc__ = about
    return command


def _called(arguments: list[str]) -> str:
    """The name of the called command; "" where the arguments name none."""
    return next((a for a in arguments if not a.startswith("-")), "")


def build(arguments: list[str]) -> typer.Typer:
    """The application for these arguments: the called command, and the names of the others."""
    app = typer.Typer(
        name="vpd",
        help="Search, recognise and detect fine-grained actions in sports videos, from few labels.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback(invoke_without_command=True)
    def root(
        shown: bool = typer.Option(False, "--version", help="Print the version.", is_eager=True),
    ) -> None:
        if shown:
            typer.echo(version("video-pose-distillation"))
            raise typer.Exit

    called = _called(arguments)
    for command in COMMANDS:
        loaded = _load(command) if command.name == called else _named(command.about)
        if isinstance(loaded, typer.Typer):
            app.add_typer(loaded, name=command.name, help=command.about)
        else:
            app.command(command.name, short_help=command.about)(loaded)
    return app


def _say_what_is_slower() -> None:
    compiling = sys.modules.get("vpd.compiling")  # only where the command imported it
    if compiling is not None and (note := compiling.uncached_note()):
        say_warning(note)


def _open_streams() -> None:
    """Open closed standard streams, to nothing. The next file to be opened would take the number of a closed
    one, and what libraries print would be written into that file.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, "w" if number else "r", closefd=False))


def _must_be_somewhere() -> None:
    """Raise InputError where the current folder was removed."""
    try:
        os.getcwd()  # noqa: PTH109  it is asked for, not used
    except FileNotFoundError as error:
        raise InputError("the current folder does not exist any more. Change into another one.") from error


def main() -> None:
    """Run the command. Errors become a sentence on the standard error and an exit code, without a traceback.

    Exit codes: 0 when all of the request was done, 1 when not, 2 for a wrong call, 130 when interrupted, 128
    plus the signal's number for other signals.
    """
    _open_streams()
    renamed = old_option(_called(sys.argv[1:]), sys.argv[1:])
    if renamed:
        say_error(renamed)
        sys.exit(2)
    for stream in (sys.stdout, sys.stderr):  # a name that the terminal cannot show must not end a command
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        with stopping():
            try:
                _must_be_somewhere()
                build(sys.argv[1:])()
            finally:
                _say_what_is_slower()
    except VpdError as error:
        if os.environ.get("VPD_DEBUG") == "1":
            raise
        say_error(str(error))
        sys.exit(1)
    except Stopped as stopped:
        say_error(f"Ended by {stopped}. What is done is kept; the same command continues from there.")
        sys.exit(stopped.exit_code)
    except BrokenPipeError:  # `vpd status | head`: the reader has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        if os.environ.get("VPD_DEBUG") == "1":
            raise
        said = f"Unexpected {type(error).__name__}: {error}. VPD_DEBUG=1 shows where; please report it."
        say_error(str(refusal_and_place(error) or said))
        sys.exit(1)
