"""A verb has the same answer by the command line with --json and in Python, with the same defaults."""

import json
import shutil
import sys
from dataclasses import replace
from importlib import import_module
from inspect import isfunction, signature
from pkgutil import iter_modules

import pytest

import vpd
import vpd.verbs
from vpd.cli import main as cli
from vpd.cli.main import COMMANDS
from vpd.library.answers import Answer, answers_file, read_answers
from vpd.verbs.answer import AnswerRequest, answer

CALLS = {
    "search": ([["a1@0.4-1.2"], lambda library: library.search("a1@0.4-1.2")],
               [["a1@0.4-1.2", "b1@0.4-1.2", "--uncut", "-k", 3, "-f", "joints2d"],
                lambda v: v.search(["a1@0.4-1.2", "b1@0.4-1.2"], True, top=3, features="joints2d")],
               [["a1@0.4-1.2", "--uncut", "--video", "new1"],
                lambda library: library.search("a1@0.4-1.2", uncut=True, videos=["new1"])]),
    "recognise": ([[], lambda library: library.recognise()],
                  [["new1@0.2-1", "--recogniser", "nns"],
                   lambda library: library.recognise(["new1@0.2-1"], recogniser="nns")]),
    "evaluate": ([["-k", 1, "--subsets", 2], lambda library: library.evaluate(ks=[1], subsets=2)],
                 [["-k", 1, "--subsets", 2, "--no-all", "--recogniser", "dtw-soft", "-f", "joints2d"],
                  lambda library: library.evaluate(["joints2d"], ["dtw-soft"], [1], 2, all_labels=False)]),
    "retrieve": ([[], lambda library: library.retrieve()],
                 [["-f", "joints2d", "--pattern", "symmetric2"],
                  lambda library: library.retrieve(["joints2d"], "symmetric2")]),
    "detect": ([[], lambda library: library.detect()],
               [["new1", "--at-least", 0, "--points", "5f"],
                lambda library: library.detect(["new1"], points="5f", at_least=0)]),
    "check": ([[], lambda library: library.check()], [["--deep"], lambda library: library.check(True)]),
    "athletes": ([["a1"], lambda library: library.athletes("a1")],),
    "status": ([[], lambda library: library.status()],),
    "suggest": ([[], lambda library: library.suggest()],
                [["-n", 3, "--mode", "verify", "-f", "joints2d", "--seed", 1],
                 lambda library: library.suggest(3, "verify", "joints2d", 1)]),
    "compare": ([["a1@0.4-1.2", "a2@0.4-1.2"], lambda library: library.compare("a1@0.4-1.2", "a2@0.4-1.2")],
                [["a1@0.4-1.2", "b1@0.4-1.2", "--mirror", "yes", "-f", "joints2d"],
                 lambda v: v.compare("a1@0.4-1.2", "b1@0.4-1.2", "joints2d", "yes")],
                [["a1@0.4-1.2", "a2@0.4-1.2", "b1@0.4-1.2", "--mirror", "no"],
                 lambda v: v.overlay(["a1@0.4-1.2", "a2@0.4-1.2", "b1@0.4-1.2"], mirror="no")]),
    "labels": ([["list"], lambda library: library.list_labels()],
               [["list", "--video", "a1", "--label", "a"], lambda v: v.list_labels(["a1"], ["a"])],
               [["check"], lambda library: library.check_labels()]),
}  # fmt: skip
CHANGES = {
    "add": [["labels", "add", "new1@0.2-1#0", "a"], lambda library: library.add_label("new1@0.2-1#0", "a")],
    "edit": [["labels", "edit", "ID", "--label", "b", "--end", "1.4", "--athlete", "any"],
             lambda library: library.edit_label(an_id(library), "b", end_s=1.4, athlete="any")],
    "remove": [["labels", "remove", "ID"], lambda library: library.remove_labels([an_id(library)])],
    "import": [["labels", "import", "FILE", "--offset", "0.2", "--replace"],
               lambda library: library.import_labels(a_file(library), offset_s=0.2, replace=True)],
    "export": [["labels", "export", "--format", "boris", "-o", "FOLDER", "--label", "a"],
               lambda library: library.export_labels("boris", library.layout.root / "out", labels=["a"])],
    "remove video": [["remove", "b2"], lambda library: library.remove_video("b2")],
    "answer": [["answer", "new1@0.2-1#0", "accepted", "--proposed", "a", "--why", "random"],
               lambda v: v.answer("new1@0.2-1#0", "accepted", proposed="a", why="random")],
    "correct": [["answer", "new1@0.2-1#0", "corrected", "--label", "b", "--proposed", "a"],
                lambda library: library.answer("new1@0.2-1#0", "corrected", "b", "a")],
    "reject": [["answer", "new1@0.2-1", "rejected"], lambda v: v.answer("new1@0.2-1", "rejected")],
    "pick": [["athletes", "a1", "--pick", "0.5,20,30"], lambda v: v.pick_athlete("a1", 0.5, 20, 30)],
    "forget": [["athletes", "a1", "--forget"], lambda library: library.forget_picks("a1")],
}  # fmt: skip
INSIDE = {
    "remove",
    "clean",
    "run",
    "new",
    "settings",
    "show",
    "serve",
    "vipe",
    "paper",
    "demo",
    "doctor",
    "baselines",
}
"""Commands that are no verb of a library's answers, or that their own tests compare."""


def an_id(library):
    return library.list_labels().labels[1].id


def a_file(library):
    path = library.layout.root / "more.csv"
    path.write_text("video,start_s,end_s,label\nnew2,0.2,1,a\n")
    return path


def by_command(monkeypatch, capsys, layout, arguments):
    """What the command line prints with --json."""
    monkeypatch.setattr(sys, "argv", ["vpd", *map(str, arguments), "--json", "-L", str(layout.root)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert not ended.value.code
    printed = json.loads(capsys.readouterr().out)
    if arguments[0] != "labels":  # others write files of results that Python does not
        printed.pop("files", None)
    return printed


def plain(result):
    return json.loads(json.dumps(result.to_json()))


@pytest.mark.parametrize(
    ("verb", "arguments", "call"),
    [(verb, *one) for verb, calls in CALLS.items() for one in calls],
    ids=[f"{verb} {' '.join(map(str, one[0]))}".strip() for verb, calls in CALLS.items() for one in calls],
)
def test_the_command_line_and_python_agree(layout, monkeypatch, capsys, verb, arguments, call):
    printed = by_command(monkeypatch, capsys, layout, [verb, *arguments])
    assert printed == plain(call(vpd.Library(layout.root)))


@pytest.fixture
def change(layout, tmp_path):
    """Calls a function with a copy of the library that is as it was."""

    def fresh():
        shutil.rmtree(tmp_path / "copy", ignore_errors=True)
        shutil.copytree(layout.root, tmp_path / "copy")
        return vpd.Library(tmp_path / "copy")

    return fresh


@pytest.mark.parametrize("name", CHANGES)
def test_changes_by_the_command_line_and_in_python_agree(change, monkeypatch, capsys, name):
    arguments, call = CHANGES[name]
    library = change()
    named = {"ID": an_id(library), "FILE": a_file(library), "FOLDER": library.layout.root / "out"}
    printed = by_command(monkeypatch, capsys, library.layout, [named.get(a, a) for a in arguments])
    files = tables(library.layout)
    again = change()
    assert printed == plain(call(again))
    assert files == tables(again.layout)
    assert name in ("export", "pick", "forget") or files[library.layout.labels] != kept(change())


def tables(layout):
    """What the user's tables hold, but for the random ids of answers."""
    files = {path: path.read_bytes() for path in (layout.labels, layout.picks) if path.exists()}
    return files | {answers_file(layout): [replace(a, id="") for a in read_answers(layout)]}


def kept(library):
    return library.layout.labels.read_bytes()


def test_an_undone_change_is_the_same_by_both(change, monkeypatch, capsys):
    library = change()
    before = kept(library)
    library.add_label("new1@0.2-1#0", "a")
    printed = by_command(monkeypatch, capsys, library.layout, ["labels", "undo"])
    assert kept(library) == before
    library = change()
    library.add_label("new1@0.2-1#0", "a")
    undone = plain(library.undo_labels())
    assert kept(library) == before
    assert (printed.pop("undone") is None) == (undone.pop("undone") is None)
    assert printed == undone


@pytest.mark.parametrize(
    ("verdict", "label", "proposed", "message"),
    [
        ("accepted", "", "", "class is missing"),
        ("accepted", "b", "a", "the verdict is corrected"),
        ("corrected", "", "a", "class is missing"),
        ("rejected", "a", "a", "or no class"),
        ("perhaps", "", "", "none of accepted"),
    ],
)
def test_an_answer_that_contradicts_itself_is_refused(change, verdict, label, proposed, message):
    library = change()
    with pytest.raises(vpd.errors.InputError, match=message):
        library.answer("new1@0.2-1", verdict, label, proposed)
    assert read_answers(library.layout) == []


def test_answers_are_kept_all_or_none(change):
    library = change()
    answers = [
        Answer("new1", None, 0.2, 1, "a", "a", "accepted"),
        Answer("new1", None, 2, 3, "", "", "corrected"),
    ]
    with pytest.raises(vpd.errors.InputError, match="class is missing"):
        answer(library.layout, AnswerRequest(answers))
    assert read_answers(library.layout) == []
    assert kept(library) == kept(change())


def test_every_command_is_compared_or_named():
    steps = {"scan", "track", "pose", "crop", "teach", "distill", "embed", "pixels"}
    assert {command.name for command in COMMANDS} - steps - INSIDE == set(CALLS) | {"answer"}


def test_every_function_of_the_verbs_is_a_method_of_the_library():
    functions = set()
    for module in iter_modules(vpd.verbs.__path__):
        members = vars(import_module(f"vpd.verbs.{module.name}"))
        takes_progress = [
            f
            for name, f in members.items()
            if not name.startswith("_") and isfunction(f) and "progress" in signature(f).parameters
        ]
        functions |= {f.__name__ for f in takes_progress if {"request"} & set(signature(f).parameters)}
    methods = {name for name in dir(vpd.Library) if not name.startswith("_")}
    assert functions - {"check"} <= methods
    assert "check_labels" in methods
