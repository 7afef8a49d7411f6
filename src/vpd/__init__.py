"""Fine-grained understanding of sports video from few labels, by video pose distillation."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vpd.api import Library

__all__ = ["Library"]


def __getattr__(name: str) -> Any:
    # Not imported before it is asked for: parts of the package are used without the rest.
    if name == "Library":
        from vpd.api import Library

        return Library
    raise AttributeError(f"module 'vpd' has no attribute {name!r}")
