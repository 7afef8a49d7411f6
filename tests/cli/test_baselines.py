"""`vpd baselines`."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from vpd.baselines.table import BASELINES
from vpd.cli.main import build


def test_the_systems_are_listed():
    arguments = ["baselines", "list", "--json"]
    done = CliRunner().invoke(build(arguments), arguments)
    assert done.exit_code == 0
    assert [row["name"] for row in json.loads(done.stdout)["baselines"]] == list(BASELINES)
