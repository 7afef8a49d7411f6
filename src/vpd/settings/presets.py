"""Presets of students: the default one and the paper's three. The paper's settings stand only here."""

from __future__ import annotations

from typing import Any

PAPER: dict[str, Any] = {
    "backbone": "resnet34",
    "weights": "",
    "inputs": ("rgb", "flow"),
    "neighbours": (),
    "context_s": (),
    "loss": "squared",
    "standardise": False,
    "images": 20_000_000,
    "epoch_images": 20_000,
    "validation_images": 5_000,
    "batch": 100,
    "learning_rate": 5e-4,
    "schedule": "constant",
    "best_of_mean": 5,
    "learn_from": "training",
}
"""Settings that the paper's students share (3.3, 4.1, supplement): ResNet-34 from random weights, colours,
flow, squared error, 1,000 epochs of 20,000 crops of the training videos, the best mean of five epochs."""


def _decoded(teacher: str) -> dict[str, Any]:
    """A head as in the paper: a decoder predicts the pose and its change since the frame before."""
    return {"teacher": teacher, "motion": (-1,), "decoder": True}


_2D_VPD = {**PAPER, "heads": (_decoded("joints2d"),)}
_VI_VPD = {**PAPER, "heads": (_decoded("vipe"),)}
PRESETS: dict[str, dict[str, Any]] = {
    "default": {},
    "2d-vpd": {"name": "2d-vpd", **_2D_VPD},
    "vi-vpd": {"name": "vi-vpd", **_VI_VPD},
    "concat-vpd": {"name": "concat-vpd", **PAPER, "heads": (_decoded("joints2d"), _decoded("vipe"))},
    "2d-vpd-rgb": {"name": "2d-vpd-rgb", **PAPER, "inputs": ("rgb",), "heads": ({"teacher": "joints2d"},)},
    "2d-vpd-flow": {"name": "2d-vpd-flow", **PAPER, "heads": ({"teacher": "joints2d"},)},
    "vi-vpd-rgb": {"name": "vi-vpd-rgb", **PAPER, "inputs": ("rgb",), "heads": ({"teacher": "vipe"},)},
    "vi-vpd-flow": {"name": "vi-vpd-flow", **PAPER, "heads": ({"teacher": "vipe"},)},
    "vi-vpd-actions": {"name": "vi-vpd-actions", **_VI_VPD, "learn_from": "actions"},
    "vi-vpd-corpus": {"name": "vi-vpd-corpus", **_VI_VPD, "learn_from": "all"},
    "2d-vpd-corpus": {"name": "2d-vpd-corpus", **_2D_VPD, "learn_from": "all"},
}
"""Settings of `DistillSettings` by preset. The features of a preset have its ``name``.

Those with -rgb and -flow are the ablations of Table 2 without motion: the student gives the pose itself, from
colours alone or from colours and flow (paper, section 4.1.3, footnote 1). -actions learns from the labelled
actions alone, -corpus from the tested videos too (Table 2, b and c; Table 3).

The paper's Concat-VPD joins the features of 2D-VPD and VI-VPD, as `vpd paper` does; `concat-vpd` is one
student with both heads on one encoder.
"""

IDENTITY = ("backbone", "weights", "inputs", "neighbours", "context_s", "heads")
"""Settings that define a preset. A student that differs in them needs a name of its own."""
