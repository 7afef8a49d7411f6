"""2D poses: the skeleton, the estimators behind one interface, and poses of other programs."""
