"""Optical flow between two crops, by one of several estimators in a table."""

from vpd.flow.table import FLOWS, FlowEntry, FlowEstimator, make_flow

__all__ = ["FLOWS", "FlowEntry", "FlowEstimator", "make_flow"]
