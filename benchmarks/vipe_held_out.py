"""The sequences of the shared motion that the shipped embedding was not trained on."""

HELD_OUT = (
    "deepmimic_kick", "deepmimic_cartwheel", "deepmimic_dance_b",
    "deepmimic_getup_faceup", "deepmimic_jump", "cmu_test",
)  # fmt: skip
"""Beginnings of names, as `--hold-out` of `vpd vipe train` takes them."""


def is_held_out(name: str) -> bool:
    """Whether a sequence of that name was kept for validation."""
    return name.startswith(HELD_OUT)
