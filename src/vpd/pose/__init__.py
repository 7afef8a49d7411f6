"""2D poses: the skeleton, the estimators behind one interface, poses from outside."""
