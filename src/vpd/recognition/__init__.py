"""Recognise labelled actions from few examples."""
