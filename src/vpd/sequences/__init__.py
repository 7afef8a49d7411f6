"""Cut the sequences of actions out of feature tables: spans, resampling in time, both orientations."""

from vpd.sequences.athlete import meant_athlete
from vpd.sequences.spans import cut, resample
from vpd.sequences.store import FeatureStore

__all__ = ["FeatureStore", "cut", "meant_athlete", "resample"]
