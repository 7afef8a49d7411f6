"""The public names, those of the API page, are described in full, and their examples run."""

import doctest
import inspect
import re
from importlib import import_module
from types import FunctionType

import numpy as np
import pytest

import vpd
from tests.docs.pages import DOCS
from tests.docs.test_prose import refused

NAMES = re.findall(r"^::: (\S+)$", (DOCS / "developer" / "api.md").read_text(encoding="utf-8"), re.MULTILINE)
METHODS = [
    f"vpd.api.Library.{name}"
    for name, member in vars(vpd.Library).items()
    if not name.startswith("_") and isinstance(member, classmethod | FunctionType)
]
NO_EXAMPLE = {"vpd.student.inference.embed.embed"}
"""It needs a trained student: `test_python_blocks` runs its example on docs/student.md."""


def found(name):
    module, _, attribute = name.rpartition(".")
    if module == "vpd.api.Library":
        return getattr(vpd.Library, attribute)
    return getattr(import_module(module), attribute)


def section(text, name):
    """The lines of a section of a numpydoc docstring, "" where it is missing."""
    match = re.search(rf"^{name}\n-+\n(.*?)(?=\n\n\w+\n-+\n|\Z)", text, re.DOTALL | re.MULTILINE)
    return match[1] if match else ""


def documented(text):
    """The names that a section of parameters describes."""
    return {
        n.strip() for line in text.splitlines() if line[:1].strip() for n in line.split(":")[0].split(",")
    }


def test_there_are_forty_public_names():
    assert len(NAMES) + len(METHODS) >= 40


@pytest.mark.parametrize("name", [*NAMES, *METHODS])
def test_a_public_name_is_described_in_full(name):
    thing = found(name)
    text = inspect.getdoc(thing)
    assert not refused(text)
    described = documented(section(text, "Parameters")) | documented(section(text, "Attributes"))
    if inspect.isclass(thing):
        if not issubclass(thing, Exception) and name != "vpd.api.Library":
            assert described
        assert section(text, "Examples")
        return
    signature = inspect.signature(thing)
    wanted = set(signature.parameters) - {"self", "cls"}
    assert wanted <= described, f"not described: {wanted - described}"
    if signature.return_annotation not in (None, "None"):
        assert section(text, "Returns") or section(text, "Yields")
    if name in NAMES and name not in NO_EXAMPLE:
        assert section(text, "Examples")


@pytest.mark.parametrize("name", [n for n in NAMES if n not in ("vpd.api.Library", *NO_EXAMPLE)])
def test_its_example_runs(name, sample_library, tmp_path):
    """`vpd.Library` itself has its example in tests/verbs."""
    module = import_module(name.rpartition(".")[0])
    (sequence,) = sample_library.features("joints2d").sequences("scene1_a")
    known = vars(module) | {
        "np": np,
        "library": sample_library,
        "sequence": sequence,
        "clip": sample_library.layout.root / sample_library.videos["scene1_a"].path,
        "folder": tmp_path,
        "cut": import_module("vpd.sequences").cut,
    }
    flags = doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL | doctest.ELLIPSIS
    runner, said = doctest.DocTestRunner(optionflags=flags), []
    for test in doctest.DocTestFinder(recurse=False).find(found(name), name, globs=known):
        assert test.examples
        runner.run(test, out=said.append)
    assert not runner.failures, "".join(said)
