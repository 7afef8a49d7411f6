"""Presets are the default student and the paper's three; each has its own name."""

import pytest
from pydantic import ValidationError

from vpd.errors import SettingsError
from vpd.settings import Settings
from vpd.settings.describe import describe, describe_trainer
from vpd.settings.distill import AugmentSettings, DistillSettings, HeadSettings
from vpd.settings.presets import PRESETS
from vpd.settings.section import OPERATIONAL
from vpd.settings.toml import load_settings, load_trainer_settings

PAPERS = {"2d-vpd": ("joints2d",), "vi-vpd": ("vipe",), "concat-vpd": ("joints2d", "vipe")}


@pytest.mark.parametrize(("name", "teachers"), PAPERS.items())
def test_the_papers_students(name, teachers):
    """ResNet-34 from random weights, AdamW 5e-4, 1,000 epochs of 20,000 crops (paper, supplement)."""
    found = DistillSettings(preset=name)
    assert found.name == name
    assert (found.backbone, found.weights, found.inputs) == ("resnet34", "", ("rgb", "flow"))
    assert found.heads == tuple(HeadSettings(teacher=t, motion=(-1,), decoder=True) for t in teachers)
    assert (found.images, found.epoch_images, found.batch) == (20_000_000, 20_000, 100)
    assert (found.learning_rate, found.schedule, found.best_of_mean) == (5e-4, "constant", 5)
    assert (found.loss, found.standardise, found.validation) == ("squared", False, 0.2)
    assert not found.reads_poses


def test_the_default_is_the_student_that_reads_poses():
    assert DistillSettings() == DistillSettings(preset="default")
    assert DistillSettings().name == "vpd"
    assert DistillSettings().reads_poses
    assert [head.teacher for head in DistillSettings().heads] == ["vipe-window", "vipe"]


def test_names_of_presets_differ():
    assert len({DistillSettings(preset=name).name for name in PRESETS}) == len(PRESETS)


def test_settings_beside_a_preset_come_first():
    found = DistillSettings(preset="vi-vpd", images=1000, seed=3)
    assert (found.name, found.images, found.seed, found.epoch_images) == ("vi-vpd", 1000, 3, 20_000)
    own = DistillSettings(preset="vi-vpd", backbone="resnet18", name="small")
    assert (own.name, own.backbone, own.heads) == (
        "small",
        "resnet18",
        DistillSettings(preset="vi-vpd").heads,
    )
    with pytest.raises(ValidationError, match="name of its own"):
        DistillSettings(preset="vi-vpd", backbone="resnet18")


def test_another_preset_keeps_counts_and_not_what_a_student_is():
    mine = DistillSettings(
        name="mine", backbone="resnet18", heads=(HeadSettings(teacher="vipe"),), images=500
    )
    found = mine.with_preset("2d-vpd")
    assert found == DistillSettings(preset="2d-vpd", images=500)
    assert found.with_preset("default") == DistillSettings(images=500)
    with pytest.raises(ValueError, match="preset"):
        mine.with_preset("3d-vpd")


def test_what_is_said_comes_before_the_preset_though_it_is_the_default():
    mine = DistillSettings(images=200_000, learn_from="all")
    assert (mine.images, mine.learn_from) == (DistillSettings().images, DistillSettings().learn_from)
    for settings in (mine, mine.changed(device="cpu")):
        found = settings.with_preset("2d-vpd")
        assert (found.images, found.learn_from) == (200_000, "all")
        assert found.epoch_images == DistillSettings(preset="2d-vpd").epoch_images


def test_operational_settings_are_no_part_of_the_result():
    """Marked on the field; a change of preset alone is none either, the settings it sets are."""
    for name in Settings.model_fields:
        section = getattr(Settings(), name)
        extras = {n: f.json_schema_extra or {} for n, f in type(section).model_fields.items()}
        marked = {n for n, extra in extras.items() if extra.items() >= OPERATIONAL.items()}
        assert section.of_the_result().keys() == type(section).model_fields.keys() - marked
    assert DistillSettings().of_the_result().keys() & {"device", "name", "time_limit_minutes"} == set()
    assert "precision" in DistillSettings().of_the_result()
    assert DistillSettings(device="cpu").of_the_result() == DistillSettings().of_the_result()


def test_what_a_preset_sets_is_printed():
    text = describe(Settings(distill=DistillSettings(preset="vi-vpd", images=7)))
    lines = {line.split(" = ")[0]: line for line in text.splitlines() if " = " in line}
    assert lines["backbone"] == 'backbone = "resnet34"  # by the preset; without it: "movenet"'
    assert lines["images"] == "images = 7  # default: 20000000"
    assert lines["seed"] == "seed = 0"


def test_what_is_printed_can_be_read(tmp_path):
    path = tmp_path / "vpd.toml"
    for name in PRESETS:
        settings = Settings(distill=DistillSettings(preset=name, images=9))
        path.write_text(describe(settings))
        assert load_settings(path) == settings
        changed = DistillSettings(preset=name, batch=7, augment=AugmentSettings(hue=0.125), trainer="t.toml")
        (tmp_path / "t.toml").write_text(describe_trainer(changed))
        path.write_text(describe(Settings(distill=changed)))
        assert load_settings(path).distill == changed


def test_settings_of_a_students_training_stand_in_a_file_of_their_own(tmp_path):
    path = tmp_path / "vpd.toml"
    path.write_text('[distill]\ntrainer = "t.toml"\n')
    with pytest.raises(SettingsError, match=r"t.toml cannot be read"):
        load_settings(path)
    (tmp_path / "t.toml").write_text("batch = 50\n[augment]\nflip = false\n")
    found = load_settings(path).distill
    assert (found.batch, found.augment.flip, found.learning_rate) == (50, False, 5e-4)
    (tmp_path / "t.toml").write_text("seed = 1\n")
    with pytest.raises(SettingsError, match=r"t.toml: seed is no setting of the trainer"):
        load_settings(path)
    path.write_text("[distill]\nbatch = 50\n")
    with pytest.raises(SettingsError, match=r"distill.batch belongs to the trainer.*trainer.toml"):
        load_settings(path)


def test_a_user_has_some_sixty_settings():
    printed = [line for line in describe(Settings()).splitlines() if " = " in line and line[0] != "#"]
    unset = [line for line in describe(Settings()).splitlines() if line.endswith("is not set")]
    assert len(printed) + len(unset) <= 65


def test_a_trainers_settings_have_their_own_file(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text("[vipe]\nsteps = 5\n[vipe_window]\nwidth = 16\n")
    assert load_trainer_settings(path).vipe.steps == 5
    with pytest.raises(SettingsError, match=r"vpd vipe train --settings"):
        load_settings(path)
    path.write_text("[distill]\nimages = 5\n")
    with pytest.raises(SettingsError, match="distill"):
        load_trainer_settings(path)
    with pytest.raises(SettingsError, match="cannot be read"):
        load_trainer_settings(tmp_path / "none.toml")
