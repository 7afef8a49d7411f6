"""Synthetic athletes: a development tool that renders labelled sports video with exact poses."""
