"""Recognise: what is done in these seconds?"""

import sys

import vpd

library = vpd.Library(sys.argv[1] if len(sys.argv) > 1 else "sample_library")

result = library.recognise(["scene4_a@1.0-3.0", "scene5_a@5.0-6.5"], recogniser="dtw-nn")
for answer in result.answers:
    print(answer.segment.video, answer.label, f"{answer.probability:.2f}", answer.reason)
print(f"learned from {result.learned_from} labelled segments; features {result.features.name}")
