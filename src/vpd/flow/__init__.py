"""Optical flow between two crops, by several estimators behind one interface."""
