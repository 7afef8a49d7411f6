"""Classify files of a camera's card: which are proxies, that is small copies of recordings."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

PROXY_SUFFIXES = frozenset((".lrv", ".lrf"))
"""Suffixes of the small copies that GoPro, Insta360 and DJI write beside each recording."""
PROXY_FOLDERS = frozenset(("sub", "proxy", "proxies", "proxy media"))
"""Folders of proxies of Sony, Panasonic, Blackmagic and Final Cut."""
_PROXY_ENDING = re.compile(r"(s03|[_-]proxy|[_-]lq)$")
_INSTA360 = re.compile(r"lrv_(\d+_\d+)_\d\d_(\d+)$")


class Card:
    """The files of a walk, by their stems, for finding the recording of a proxy."""

    def __init__(self, files: Iterable[Path]) -> None:
        self._by_stem: dict[str, list[Path]] = defaultdict(list)
        for file in files:
            if file.suffix.lower() not in PROXY_SUFFIXES:
                self._by_stem[file.stem.casefold()].append(file)

    def proxy(self, file: Path) -> str:
        """Say why the file is a small copy of a recording; "" where it is none."""
        stem = file.stem.casefold()
        if file.suffix.lower() in PROXY_SUFFIXES:
            return self._reason(file, self._stems_of_recording(stem), certain=True)
        if match := _INSTA360.match(stem):
            names = [f"vid_{match[1]}_{lens}_{match[2]}" for lens in ("00", "10")]
            return self._reason(file, names, certain=True)
        cut = _PROXY_ENDING.sub("", stem)
        in_folder = file.parent.name.casefold() in PROXY_FOLDERS
        if cut != stem and not stem.endswith("s03"):
            return self._reason(file, [cut], certain=False)
        return self._reason(file, [cut, stem], certain=False) if in_folder else ""

    def _stems_of_recording(self, stem: str) -> list[str]:
        # GoPro's GL010012.LRV belongs to GX010012.MP4 or GH010012.MP4.
        return [stem, *(f"g{letter}{stem[2:]}" for letter in "xhs" if stem.startswith("gl"))]

    def _reason(self, file: Path, stems: Sequence[str], certain: bool) -> str:
        others = [other for stem in stems for other in self._by_stem.get(stem, ()) if other != file]
        others = [other for other in others if other.parent != file.parent or other.suffix != file.suffix
                  or other.stem.casefold() != file.stem.casefold()]  # fmt: skip
        if others:
            return f"a proxy: a small copy of {others[0].name}"
        return "a proxy whose recording is not here (name the file itself to use it)" if certain else ""
