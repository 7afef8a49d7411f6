"""Recognisers are scikit-learn estimators over lists of sequences: cross-validate one."""

import sys

import numpy as np
from sklearn.model_selection import cross_val_score

import vpd
from vpd.recognition.recognisers import make_recogniser

library = vpd.Library(sys.argv[1] if len(sys.argv) > 1 else "sample_library")

segments = library.labels()
sequences = np.empty(len(segments), object)  # scikit-learn indexes arrays
sequences[:] = library.sequences(segments, "joints2d")
labels = np.array([segment.label for segment in segments])

scores = cross_val_score(make_recogniser("linear", sides="same"), sequences, labels, cv=3)
print(f"accuracy {scores.mean():.2f} over {len(scores)} folds")
