"""Every shipped network has a card that says what it is for, where it is from, and what it cannot do."""

import re

import pytest

from vpd.models import FOLDER, MODELS


@pytest.mark.parametrize("model", MODELS.values(), ids=list(MODELS))
def test_a_network_has_a_card(model):
    card = (FOLDER / model.file).with_suffix(".md").read_text(encoding="utf-8")
    assert card.startswith(f"# Model card: `{model.file}`\n")
    points = set(re.findall(r"^- \*\*([\w ]+)\*\*", card, re.MULTILINE))
    assert {"For", "Limits"} <= points
    assert {"Settings", "Data"} <= points or {"Origin", "Not trained by this project"} <= points
    assert model.licence in card


def test_every_weight_file_is_in_the_table():
    files = {path.name for path in FOLDER.iterdir() if path.suffix in (".onnx", ".safetensors")}
    assert files == {model.file for model in MODELS.values()}
