"""Settings that cannot fit into the memory are refused before anything is computed."""

import pytest

from tests.pipeline.made import made_library
from vpd.errors import SettingsError
from vpd.pipeline.memory import check_memory
from vpd.pipeline.run import run
from vpd.settings import Settings


@pytest.mark.parametrize(
    "setting",
    [
        "distill batch",
        "embed batch",
        "pose batch",
        "track batch",
    ],
)
def test_a_huge_value_is_refused_with_the_figure(setting):
    section, name = setting.split()
    huge = Settings.model_validate({section: {name: 1_000_000_000}})
    with pytest.raises(SettingsError, match=rf"\[{section}\] {name} .* needs [\d,.]+ GB .* has [\d,.]+ GB"):
        check_memory(huge)


def test_the_defaults_fit():
    check_memory(Settings())


def test_a_run_refuses_before_it_begins(tmp_path):
    layout = made_library(tmp_path, ["a"], "[embed]\nbatch = 1000000000\n")
    with pytest.raises(SettingsError, match="needs"):
        run(layout, ["scan"])
    assert not layout.frames("a").exists()


UNLIMITED = {"distill time_limit_minutes"}
"""A comparison with such a number is right."""


def _numbers():
    for section, values in Settings():
        for name, value in values.model_dump().items():
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if (number or value is None) and f"{section} {name}" not in UNLIMITED:
                yield f"{section} {name}"


@pytest.mark.parametrize("setting", list(_numbers()))
def test_no_number_is_without_limit(setting):
    section, name = setting.split()
    for huge in (10**25, -(10**25)):
        with pytest.raises((ValueError, SettingsError)):
            check_memory(Settings.model_validate({section: {name: huge}}))
