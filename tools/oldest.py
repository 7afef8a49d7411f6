"""Print the oldest versions that pyproject.toml allows, as constraints for pip.

    python tools/oldest.py > oldest.txt && pip install -e ".[test]" -c oldest.txt

`make test-oldest` runs the tests on them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]


def oldest(requirements: list[str]) -> Iterator[str]:
    """One constraint for each requirement ``NAME>=VERSION``: that version, with whatever is mended in it."""
    for requirement in requirements:
        found = re.fullmatch(r"([\w.-]+)(?:\[[\w,]+\])?>=([\d.]+)", requirement)
        if not found:
            raise ValueError(f"{requirement!r} has no oldest version")
        yield f"{found[1]}=={found[2]}.*"


def main() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    print("\n".join(oldest(project["dependencies"])))


if __name__ == "__main__":
    main()
