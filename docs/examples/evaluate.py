"""Evaluate: how accurate is recognition with one, two and all labelled examples a class?"""

import sys

import vpd

library = vpd.Library(sys.argv[1] if len(sys.argv) > 1 else "sample_library")

result = library.evaluate(features=["joints2d"], recognisers=["nns"], ks=[1, 2], subsets=3)
for row in result.rows():
    print(row)
