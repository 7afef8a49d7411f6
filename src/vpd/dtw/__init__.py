"""Dynamic time warping of multivariate sequences: one pair, one against many, many against many."""

from vpd.dtw.many import many_to_many, one_to_many
from vpd.dtw.nearest import Nearest, top_k
from vpd.dtw.packed import Packed, pack
from vpd.dtw.pair import Alignment, dtw_distance, dtw_path, frame_distances, subsequence_path
from vpd.dtw.patterns import DISTANCES, FALLBACK, PATTERNS

__all__ = [
    "DISTANCES",
    "FALLBACK",
    "PATTERNS",
    "Alignment",
    "Nearest",
    "Packed",
    "dtw_distance",
    "dtw_path",
    "frame_distances",
    "many_to_many",
    "one_to_many",
    "pack",
    "subsequence_path",
    "top_k",
]
