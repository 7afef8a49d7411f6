"""Fixtures of the pipeline's tests."""

from dataclasses import replace

import pytest

from tests.pipeline import made
from vpd.pipeline import distill, table


@pytest.fixture
def quick(monkeypatch):
    """Distillation and embedding that take no time; everything before is real."""
    monkeypatch.setattr(distill, "make", made.fake_distill)
    monkeypatch.setitem(table.STEPS, "embed", replace(table.STEPS["embed"], make=made.fake_embed))
