"""Every command in the documents is one that the command line takes, and every script in them is there."""

import re
import shlex
from functools import cache

import pytest
import typer

from tests.docs.pages import INLINE, ROOT, blocks, pages
from vpd.cli.main import COMMANDS, build
from vpd.settings import Settings
from vpd.settings.toml import load_settings

UsageError = typer.BadParameter.__base__
"""What the parser raises; typer may bring its own click."""
SHELL = ("", "sh", "powershell")
NAMES = [command.name for command in COMMANDS]
PLACEHOLDERS = {"K": "1", "N": "1", "S": "1.5", "SCORE": "0.5", "H": "127.0.0.1", "P": "8000"}
"""What stands in documents for a number."""


@cache
def command_of(name):
    """The click command of one `vpd` command, with its own sub-commands."""
    return typer.main.get_command(build([name])).commands[name]


def lines(block):
    """The commands of a block of a shell, without comments, joined where a line goes on."""
    text = re.sub(r"\\\n\s*", "", block.text)
    for line in text.splitlines():
        yield from (part.strip() for part in re.split(r";|&&", re.sub(r"(^|\s)#.*$", "", line)))


def vpd_lines():
    for page in pages():
        for block in blocks(page):
            if block.language in SHELL:
                for line in lines(block):
                    found = re.search(r"(?:^|[\s/\\])vpd (?P<rest>[a-z].*)$", line)
                    if found and found["rest"].split()[0] in NAMES:
                        yield block.place, found["rest"]


def scripts():
    for page in pages():
        text = page.read_text(encoding="utf-8")
        for found in re.finditer(
            r"python (?P<script>(?:benchmarks|tools|docs|examples)/[\w/]+\.py)(?P<rest>[^`\n|]*)", text
        ):
            line = text.count("\n", 0, found.start()) + 1
            yield f"{page.relative_to(ROOT)}:{line}", found["script"], found["rest"].split("#")[0]


def parse(arguments):
    """Parse a command without running it. Raises click's errors."""
    name, *rest = [PLACEHOLDERS.get(word, word) for word in arguments if word not in ("...", "|", ">")]
    command = command_of(name)
    while hasattr(command, "commands"):
        name, *rest = rest
        assert name in command.commands, f"there is no {name}"
        command = command.commands[name]
    with command.make_context(name, rest):
        pass


def test_there_are_commands_to_check():
    assert len(list(vpd_lines())) > 60
    with pytest.raises(UsageError):
        parse(["search", "a@1-2", "--nonsense"])


def test_commands_of_the_documents_parse():
    wrong = []
    for place, line in vpd_lines():
        words = shlex.split(re.sub(r"\[(-.*?)\]", r"\1", line.split(" > ")[0]))  # [--option] may be left out
        try:
            parse(words)
        except (UsageError, AssertionError, ValueError) as error:
            wrong.append(f"{place}: vpd {line}: {getattr(error, 'message', error)}")
    assert not wrong, "\n".join(wrong)


def options(command):
    if hasattr(command, "commands"):
        return set().union(*(options(c) for c in command.commands.values()))
    return {o for p in command.params if p.param_type_name == "option" for o in (*p.opts, *p.secondary_opts)}


def test_commands_in_sentences_exist():
    """Of `vpd NAME --option` in a sentence or a table: the name and the options."""
    wrong = []
    for page in pages():
        for span in INLINE.findall(page.read_text(encoding="utf-8")):
            found = re.match(r"vpd ([a-z]\w*)\b(.*)", span)
            if not found:
                continue
            name, rest = found.groups()
            used = set(re.findall(r"(?<!\S)\[?(--[\w-]+)", rest)) - {"--help", "--version"}
            if name not in NAMES:
                wrong.append(f"{page.relative_to(ROOT)}: `{span}`: there is no command {name}")
            elif used - options(command_of(name)):
                wrong.append(f"{page.relative_to(ROOT)}: `{span}`: {used - options(command_of(name))}")
    assert not wrong, "\n".join(wrong)


def test_scripts_of_the_documents_exist_and_have_their_options():
    wrong = []
    for place, script, rest in scripts():
        path = ROOT / script
        source = path.read_text(encoding="utf-8") if path.is_file() else ""
        wrong += [
            f"{place}: {script} {option}"
            for option in ["", *re.findall(r"(?<!\S)\[?(--[\w-]+)", rest)]
            if not source or option not in source
        ]
    assert not wrong, "\n".join(wrong)


def test_every_command_has_its_row():
    """docs/commands.md names each command, and each of a group."""
    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    rows = [row for row in text.splitlines() if row.startswith("|")]
    missing = []
    for name in NAMES:
        named = [row for row in rows if re.search(rf"`vpd {name}\b|`{name}`", row)]
        parts = getattr(command_of(name), "commands", {}) if named else [""]
        missing += [
            f"{name} {part}" for part in parts if not any(re.search(rf"\b{part}\b", r) for r in named)
        ]
    assert not [m for m in missing if not re.search(r"table[23]$", m)]  # table1 ... table4


SECTIONS = tuple(f"[{name}]" for name in Settings.model_fields)
SETTINGS = [b for p in pages() for b in blocks(p) if b.language == "toml" and b.text.startswith(SECTIONS)]
"""Blocks of vpd.toml; `classes.toml` and others begin otherwise."""


@pytest.mark.parametrize("block", SETTINGS, ids=lambda block: block.place)
def test_settings_of_the_documents_are_accepted(block, tmp_path):
    """An unknown or impossible setting in a page is an error here as it is for a reader."""
    path = tmp_path / "vpd.toml"
    path.write_text(block.text, encoding="utf-8")
    load_settings(path)
