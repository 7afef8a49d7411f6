"""Fixtures of the page's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from tests.web.browser import chromium, new_page, serving
from tests.web.made import made_library
from vpd.library.layout import Layout
from vpd.web.app import make_app


@pytest.fixture(scope="module")
def layout(tmp_path_factory) -> Layout:
    """A library of six videos, made once a module."""
    return made_library(tmp_path_factory.mktemp("web"))


@pytest.fixture
def client(layout) -> Iterator[TestClient]:
    """The page's server for that library."""
    with TestClient(make_app(layout), base_url="http://127.0.0.1:8000") as made:
        yield made


@pytest.fixture(scope="module")
def address(library) -> Iterator[str]:
    """Where the page of the module's `library` is served."""
    with serving(library) as found:
        yield found


@pytest.fixture(scope="module")
def browser():
    """A browser, started once a module."""
    with chromium() as made:
        yield made


@pytest.fixture
def page(browser, address):
    """A new page; the test fails where it asked another host or had an error."""
    with new_page(browser, address) as made:
        yield made
