"""The library that the examples of the documents run on."""

import runpy

import pytest

from tests.docs.pages import DOCS


@pytest.fixture(scope="session")
def sample_library(tmp_path_factory):
    """Five videos of the sample with their true poses, made by the first example."""
    make_library = runpy.run_path(str(DOCS / "examples" / "make_library.py"))["make_library"]
    return make_library(tmp_path_factory.mktemp("docs") / "sample_library")
