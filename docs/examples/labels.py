"""Labels: read them, and write them for ELAN. `library.import_labels` reads such files."""

import sys
from tempfile import TemporaryDirectory

import vpd

library = vpd.Library(sys.argv[1] if len(sys.argv) > 1 else "sample_library")

for segment in library.labels()[:3]:
    print(segment.video, segment.athlete, segment.start_s, segment.end_s, segment.label)

with TemporaryDirectory() as folder:
    written = library.export_labels("elan", folder)
    print(f"{written.segments} labels in {len(written.files)} ELAN files")
