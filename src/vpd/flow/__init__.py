"""Optical flow between two crops: a table of estimators behind one call."""

from vpd.flow.table import FLOWS, FlowEntry, FlowEstimator, make_flow

__all__ = ["FLOWS", "FlowEntry", "FlowEstimator", "make_flow"]
