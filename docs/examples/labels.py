"""Labels: read them, write them for ELAN, and read that file again."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import vpd
from vpd.verbs.labels import ExportRequest, export_labels

library = vpd.Library(sys.argv[1] if len(sys.argv) > 1 else "sample_library")

for segment in library.labels()[:3]:
    print(segment.video, segment.athlete, segment.start_s, segment.end_s, segment.label)

with TemporaryDirectory() as folder:
    written = export_labels(library.layout, ExportRequest("elan", Path(folder)))
    print(f"{written.segments} labels in {len(written.files)} ELAN files")
