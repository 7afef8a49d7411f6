"""The oldest versions of what the package depends on."""

import re
import tomllib

import pytest

from tools.oldest import ROOT, oldest


def test_every_dependency_has_one():
    dependencies = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "dependencies"
    ]
    found = list(oldest(dependencies))
    assert [line.split("==")[0] for line in found] == [re.split(r"[\[>]", d)[0] for d in dependencies]
    assert list(oldest(["fsspec[http]>=2024.6"])) == ["fsspec==2024.6.*"]


@pytest.mark.parametrize("requirement", ["torch", "torch<3", "torch>=2,<3"])
def test_one_without_a_lower_bound_is_refused(requirement):
    with pytest.raises(ValueError, match="has no oldest version"):
        list(oldest([requirement]))
