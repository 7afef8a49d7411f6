"""Fixtures of the commands' tests."""

import sys

import pytest

from vpd.cli import main as cli


@pytest.fixture
def vpd(monkeypatch, capsys):
    """Call `vpd` in this process: exit code, standard output, standard error."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["vpd", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out = capsys.readouterr()
        return ended.value.code or 0, out.out, out.err

    return call
