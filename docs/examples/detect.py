"""Detect: where in a video do the labelled actions happen?"""

import sys

import vpd

library = vpd.Library(sys.argv[1] if len(sys.argv) > 1 else "sample_library")

# method="search" answers at once; "trained" (the default) trains networks on the labels first.
result = library.detect(videos=["scene5_a"], method="search", at_least=0.1)
for found in result.detections[:5]:
    print(f"{found.label:10} {found.start_s:6.2f} to {found.end_s:6.2f} s, score {found.score:.2f}")
