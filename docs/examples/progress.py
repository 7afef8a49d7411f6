"""Progress and cancelling: every long verb reports how far it is, and stops when it is told to."""

import sys

import vpd
from vpd.errors import CancelledError
from vpd.verbs.progress import Progress

library = vpd.Library(sys.argv[1] if len(sys.argv) > 1 else "sample_library")

library.search("scene1_a@1.236-3.406", progress=Progress(lambda done, text: print(f"{done:4.0%} {text}")))

progress = Progress()
progress.cancel()  # from any thread, for instance when a user closes the window
try:
    library.search("scene1_a@1.236-3.406", progress=progress)
except CancelledError as error:
    print(error)
