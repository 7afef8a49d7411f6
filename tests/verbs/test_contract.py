"""A verb has the same answer by the command line with --json and in Python, with the same defaults."""

import json
import sys

import pytest

import vpd
from vpd.cli import main as cli
from vpd.cli.main import COMMANDS

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
    "athletes": ([["a1"], lambda library: library.athletes("a1")],),
    "status": ([[], lambda library: library.status()],),
}  # fmt: skip


@pytest.mark.parametrize(
    ("verb", "arguments", "call"),
    [(verb, *one) for verb, calls in CALLS.items() for one in calls],
    ids=[f"{verb} {' '.join(map(str, one[0]))}".strip() for verb, calls in CALLS.items() for one in calls],
)
def test_the_command_line_and_python_agree(layout, monkeypatch, capsys, verb, arguments, call):
    monkeypatch.setattr(sys, "argv", ["vpd", verb, *map(str, arguments), "--json", "-L", str(layout.root)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    printed = json.loads(capsys.readouterr().out)
    printed.pop("files", None)
    assert not ended.value.code
    assert printed == json.loads(json.dumps(call(vpd.Library(layout.root)).to_json()))


def test_every_verb_of_the_library_is_compared():
    verbs = {command.name for command in COMMANDS} & set(dir(vpd.Library))
    changing = {"new", "run", "labels", "settings"}
    assert verbs - changing == set(CALLS)
