"""Search: what looks like this cartwheel?"""

import sys

import vpd

library = vpd.Library(sys.argv[1] if len(sys.argv) > 1 else "sample_library")

# Among the labelled segments.
found = library.search("scene1_a@1.236-3.406", top=3)
for hit in found.hits:
    print(hit.segment.label, hit.segment.video, f"{hit.segment.start_s:.2f} s, distance {hit.distance:.3f}")

# Anywhere in the videos, also where nothing is labelled.
found = library.search("scene1_a@1.236-3.406", uncut=True, top=3)
best = found.hits[0]
print("best in uncut video:", best.segment.video, f"{best.segment.start_s:.2f} to {best.segment.end_s:.2f} s")

# The times of corresponding frames: at which moment does the hit show what the query shows?
print(f"{best.query_s[0]:.2f} s of the query is {best.result_s[0]:.2f} s of the hit")
