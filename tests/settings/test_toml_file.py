"""TOML of people and of others: read, or refused with the file's name."""

import pytest

from vpd.errors import SettingsError
from vpd.settings.toml import load_settings
from vpd.settings.toml_file import read_toml

HOSTILE = {
    "nested arrays": "a = " + "[" * 100_000 + "]" * 100_000,
    "nested tables": "a = " + "{ b = " * 5_000 + "1" + " }" * 5_000,
    "dotted": ".".join("a" * 20_000) + " = 1",
    "dotted header": "[" + ".".join("a" * 20_000) + "]\nb = 1",
    "some levels": ".".join("a" * 40) + " = 1",
    "digits": "seed = " + "9" * 10_000,
    "no text": "a = '\x00'",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_cannot_be_settings_is_refused_with_the_files_name(kind, tmp_path):
    path = tmp_path / "vpd.toml"
    path.write_text(HOSTILE[kind])
    with pytest.raises(SettingsError, match=r"vpd\.toml is not valid TOML"):
        load_settings(path)


def test_what_settings_need_is_read(tmp_path):
    path = tmp_path / "vpd.toml"
    path.write_text("[[distill.heads]]\nteacher = 'vipe'\n[a.b.c.d]\ne = [[1, 2], [3]]\n")
    assert read_toml(path)["a"] == {"b": {"c": {"d": {"e": [[1, 2], [3]]}}}}
