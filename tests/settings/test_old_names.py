"""A name that something had before is answered with its new name."""

import json
import sys
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from vpd.cli import main as cli
from vpd.errors import InputError, SettingsError
from vpd.recognition.recognisers import RECOGNISERS, make_recogniser
from vpd.sequences import FeatureStore
from vpd.settings import Settings
from vpd.settings import old_names as old
from vpd.settings.toml import load_settings
from vpd.teachers import TEACHERS, teacher


def toml(path, value):
    """The text of a vpd.toml that sets ``path``."""
    *sections, key = path.split(".")
    if not sections:
        return f"[{key}]\n"
    head = f"[[{'.'.join(sections)}]]" if sections[-1] == "heads" else f"[{'.'.join(sections)}]"
    return f"{head}\n{key} = {json.dumps(value)}\n"


def accepted(text):
    try:
        Settings.model_validate_json(json.dumps(tomllib.loads(text)))
    except ValidationError as error:
        return all(one["type"] != "extra_forbidden" for one in error.errors())
    return True


@pytest.mark.parametrize("path", old.SETTINGS)
def test_a_setting_that_is_no_more_is_explained(tmp_path, path):
    text = toml(path, 1)
    if accepted(text):
        pytest.skip(f"{path} is still a setting")
    (tmp_path / "vpd.toml").write_text(text)
    with pytest.raises(SettingsError) as error:
        load_settings(tmp_path / "vpd.toml")
    assert old.SETTINGS[path] in str(error.value)


@pytest.mark.parametrize("path", ["recognise.recogniser", "recognise.subsets", "distill.time_limit_minutes"])
def test_the_new_names_of_settings_exist(path):
    assert accepted(toml(path, 1))


@pytest.mark.parametrize(
    ("path", "name", "new"), [(path, *pair) for path, names in old.VALUES.items() for pair in names.items()]
)
def test_an_old_name_as_a_value_is_answered_with_the_new_one(tmp_path, path, name, new):
    value = [name] if path == "teach.teachers" else name
    (tmp_path / "vpd.toml").write_text(toml(path, value))
    with pytest.raises(SettingsError, match=f"{path}: '{name}' is called '{new}' now"):
        load_settings(tmp_path / "vpd.toml")


def test_a_student_of_the_user_may_have_an_old_name(tmp_path):
    (tmp_path / "vpd.toml").write_text('[distill]\nname = "student"\n[recognise]\nfeatures = "student"\n')
    assert load_settings(tmp_path / "vpd.toml").recognise.features == "student"


def test_an_unknown_setting_is_named(tmp_path):
    (tmp_path / "vpd.toml").write_text("[search]\ntopp = 3\n")
    with pytest.raises(SettingsError, match=r"search\.topp: there is no such setting"):
        load_settings(tmp_path / "vpd.toml")


@pytest.mark.parametrize(("name", "new"), old.RECOGNISERS.items())
def test_recognisers(name, new):
    assert name not in RECOGNISERS
    assert new in RECOGNISERS
    with pytest.raises(InputError, match=f"'{name}' is called '{new}' now"):
        make_recogniser(name)


@pytest.mark.parametrize(("name", "new"), old.FEATURES.items())
def test_features_and_teachers(tmp_path, name, new):
    from vpd.library.layout import Layout

    assert new in (*TEACHERS, Settings().distill.name)
    with pytest.raises(InputError, match=f"'{name}' is called '{new}' now"):
        teacher(name)
    with pytest.raises(InputError, match=f"'{name}' is called '{new}' now"):
        FeatureStore(Layout(tmp_path), name)


@given(st.sampled_from([(c, *pair) for c, names in old.OPTIONS.items() for pair in names.items()]), st.text())
def test_options_are_found_with_and_without_a_value(option, value):
    command, name, new = option
    for arguments in ([command, name, value], [command, f"{name}={value}"], ["-L", "lib", command, name]):
        assert old.old_option(command, arguments) == f"{name} is called {new} now."
    assert old.old_option("search", [name]) == ""


def test_an_old_option_ends_with_its_new_name(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["vpd", "evaluate", "--head", "nns"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    assert "--head is called --recogniser now." in capsys.readouterr().err


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_other_values_are_no_old_names(values):
    assert old.old_values(values if isinstance(values, dict) else {"search": values}) == []
