"""Compare: where do two executions of an action differ?"""

import sys

import vpd

library = vpd.Library(sys.argv[1] if len(sys.argv) > 1 else "sample_library")

cartwheels = [segment for segment in library.labels() if segment.label == "cartwheel"]
result = library.compare(cartwheels[0], cartwheels[1])
print(f"distance {result.distance:.3f}, tempo {result.mean_tempo:.2f}, mirrored: {result.mirrored}")
for difference in result.differences:
    print(f"{difference.start_s:.2f} to {difference.end_s:.2f} s: {difference.sentence}")
