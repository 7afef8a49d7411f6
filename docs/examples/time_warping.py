"""Dynamic time warping of any sequences of vectors."""

import numpy as np

from vpd.dtw import dtw_distance, dtw_path, many_to_many, pack, top_k

rng = np.random.default_rng(0)
slow = np.cumsum(rng.standard_normal((60, 8)), axis=0)
fast = slow[::2] + 0.01 * rng.standard_normal((30, 8))  # the same movement at double speed
other = np.cumsum(rng.standard_normal((40, 8)), axis=0)

print(f"{dtw_distance(slow, fast, pattern='symmetric2'):.3f} to itself, faster")
print(f"{dtw_distance(slow, other, pattern='symmetric2'):.3f} to another")

path = dtw_path(slow, fast, pattern="symmetric2")
print(f"frame {path.query[30]} of the slow one is frame {path.reference[30]} of the fast one")

collection = pack([fast, other])
print(top_k(slow, collection, 1, pattern="symmetric2").indices)
print(many_to_many([slow, other], collection, "symmetric2").shape)
