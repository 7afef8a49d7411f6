"""Measures of recognition, retrieval and detection."""
