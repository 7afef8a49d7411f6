"""The examples in the docstrings of `vpd.Library` and of the verbs give what they say."""

import doctest
from importlib import import_module
from pkgutil import iter_modules

import pytest

import vpd
import vpd.verbs

MODULES = ["vpd.api", *(f"vpd.verbs.{module.name}" for module in iter_modules(vpd.verbs.__path__))]
VERBS = {"search", "recognise", "evaluate", "retrieve", "detect", "athletes"}


@pytest.mark.parametrize("name", MODULES)
def test_examples(layout, name):
    module = import_module(name)
    known = {"layout": layout, "library": vpd.Library(layout.root)}
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL)
    for test in doctest.DocTestFinder(exclude_empty=True).find(module, extraglobs=known):
        report = []
        failed = runner.run(test, out=report.append).failed
        assert not failed, "".join(report)


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_has_an_example(verb):
    function = getattr(import_module(f"vpd.verbs.{verb}"), verb)
    assert doctest.DocTestFinder().find(function)[0].examples
