"""The folder of the demo: its library and its report. Files of the user are not touched."""

from __future__ import annotations

import shutil
from pathlib import Path

from vpd.api import Library
from vpd.errors import InputError
from vpd.library.artefact import write_text
from vpd.library.layout import MADE_FILES, MADE_FOLDERS, SETTINGS_FILE
from vpd.library.own_folder import OwnFolder, is_marked, mark
from vpd.settings.toml import HEADER

SAMPLE = Path(__file__).parents[1] / "sample"
GIVEN = ("labels.csv", "splits.csv")
"""The files that the sample has besides its videos."""
REPORT = "the report of the demo"

SETTINGS = """
# The demo's: a short training, at the price of accuracy.
[distill]
images = 20000
epoch_images = 4000
"""


class DemoFolder:
    """``out``/library and ``out``/report.

    Raises InputError where one of them exists and is not the demo's.
    """

    def __init__(self, out: Path) -> None:
        self.root, self.report = out / "library", out / "report"
        if self.root.exists() and not is_marked(self.root) and any(self.root.iterdir()):
            raise InputError(f"{self.root} is there, and the demo did not make it. Name another --out.")
        OwnFolder(self.report, REPORT)

    def library(self) -> Library:
        """The library of the sample's videos, with its labels, its split and fast settings.

        An existing one keeps the user's changes.
        """
        if not is_marked(self.root):
            mark(self.root, "the library of the demo")
        if not (self.root / SETTINGS_FILE).exists():
            write_text(HEADER + SETTINGS, self.root / SETTINGS_FILE)
        library = Library.new(self.root, SAMPLE / "videos")
        for name in GIVEN:
            if not (self.root / name).exists():
                write_text((SAMPLE / name).read_text(encoding="utf-8"), self.root / name)
        return library

    def begin_again(self) -> None:
        """Remove the artefacts of the library and the sample's files in it. All other files stay.

        Raises InputError where labels or splits were changed.
        """
        if not is_marked(self.root):
            return
        for name in GIVEN:
            file = self.root / name
            if file.exists() and file.read_bytes() != (SAMPLE / name).read_bytes():
                raise InputError(
                    f"{file} was changed since the demo wrote it. Move it away, or leave --fresh."
                )
        for name in MADE_FOLDERS:
            if name != "results":
                shutil.rmtree(self.root / name, ignore_errors=True)
        for name in (*MADE_FILES, *GIVEN, SETTINGS_FILE):
            (self.root / name).unlink(missing_ok=True)
