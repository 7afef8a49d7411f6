"""The numbers of the paper's Tables 1 to 4, by row and data set (Hong et al., ICCV 2021)."""

from __future__ import annotations

DATA = ("fs", "tennis", "fx", "diving48")
Numbers = dict[str, tuple[float, ...]]
"""Figures by data set. Blanks of the paper are absent."""


def _columns(*values: float | None) -> Numbers:
    return {data: (value,) for data, value in zip(DATA, values, strict=True) if value is not None}


def _several(*values: tuple[float, ...] | None) -> Numbers:
    return {data: value for data, value in zip(DATA, values, strict=True) if value is not None}


TABLE_1: dict[str, Numbers] = {
    "random": _columns(16.7, 14.3, 2.9, 2.1),
    "top-class": _columns(33.7, 46.7, 7.5, 8.3),
    "trn-quoted": _columns(None, None, 84.9, None),
    "timesformer-l": _columns(None, None, None, 81.0),
    "tsn": _columns(57.9, None, 83.2, 82.3),
    "tsn-crop": _columns(81.2, 87.8, 88.5, 83.6),
    "tsn-2stream-crop": _columns(82.7, 90.9, 90.4, 83.6),
    "trn": _columns(68.7, None, 81.5, 80.5),
    "trn-crop": _columns(77.7, 55.5, 87.1, 81.8),
    "trn-2stream-crop": _columns(84.0, 76.3, 87.3, 81.5),
    "gsm": _columns(42.1, None, 90.3, 90.2),
    "gsm-crop": _columns(90.6, 67.1, 93.6, 88.7),
    "stgcn-quoted": _columns(None, None, 40.1, None),
    "stgcn": _columns(88.7, 88.4, 80.3, 64.8),
    "msg3d": _columns(91.7, 91.0, 92.1, 80.2),
    "joints2d": _columns(95.5, 90.9, 86.9, 75.7),
    "2d-vpd": _columns(97.0, 92.6, 94.5, 86.4),
    "vipe": _columns(96.8, 91.8, 90.8, 78.6),
    "vi-vpd": _columns(97.4, 93.3, 94.6, 88.6),
    "concat-vpd": _columns(96.2, 93.2, 95.1, 88.7),
}
"""Top-1 %, full training set."""

TABLE_2: dict[str, Numbers] = {
    "joints2d": _several((95.5, 72.5), (90.9, 64.3), (86.9, 65.6), (75.7, 25.5)),
    "2d-vpd-rgb": _several((96.1, 73.2), (90.9, 66.5), (92.0, 76.3), (85.3, 52.8)),
    "2d-vpd-flow": _several((95.8, 74.6), (91.7, 67.0), (91.6, 76.6), (85.6, 53.0)),
    "2d-vpd": _several((97.0, 74.4), (92.6, 66.9), (94.5, 82.7), (86.4, 57.6)),
    "vipe": _several((96.8, 80.5), (91.8, 67.0), (90.8, 75.7), (78.6, 35.0)),
    "vi-vpd-rgb": _several((97.1, 81.3), (92.1, 67.6), (93.5, 83.4), (86.5, 54.9)),
    "vi-vpd-flow": _several((97.3, 79.3), (91.7, 69.7), (92.9, 83.2), (85.9, 53.7)),
    "vi-vpd": _several((97.4, 80.2), (93.3, 71.1), (94.6, 84.9), (88.6, 58.8)),
    "vi-vpd-actions": _several((96.3, 79.4), (92.4, 69.1), (94.1, 84.3), None),
    "vi-vpd-corpus": _several((97.2, 81.9), (93.8, 72.6), (94.5, 84.9), (88.4, 59.6)),
}
"""Top-1 % with all training labels, and with 16 examples a class."""

TABLE_3: dict[str, Numbers] = {
    "joints2d": _several((91.8, 84.8, 73.8), (91.8, 88.1, 82.1), (71.6, 57.4, 39.0), (34.5, 22.1, 14.6)),
    "2d-vpd": _several((92.5, 86.4, 76.3), (93.1, 90.0, 84.6), (79.7, 66.8, 47.5), (64.4, 43.8, 27.9)),
    "vipe": _several((92.9, 85.1, 75.7), (92.4, 90.0, 85.9), (72.2, 60.1, 46.6), (36.1, 24.1, 15.1)),
    "vi-vpd": _several((93.6, 86.8, 78.0), (92.8, 90.6, 86.3), (80.8, 68.6, 52.4), (60.9, 40.9, 25.4)),
}
"""Precision at 1, 10, 50, %."""

TABLE_4: dict[str, Numbers] = {
    "r3d": _several((39.5, 30.0, 23.1, 15.0, 9.0), (41.3, 37.8, 29.9, 15.8, 7.6), None, None),
    "joints2d": _several((80.6, 70.0, 53.5, 40.2, 24.6), (59.7, 58.2, 43.7, 24.6, 10.3), None, None),
    "2d-vpd": _several((85.7, 77.8, 61.5, 47.6, 25.8), (67.4, 66.5, 54.0, 28.4, 13.1), None, None),
    "vipe": _several((84.5, 76.8, 59.3, 45.3, 26.7), (67.4, 65.8, 51.2, 28.9, 12.3), None, None),
    "vi-vpd": _several((86.1, 78.6, 60.7, 47.9, 28.7), (73.5, 72.6, 58.6, 32.9, 13.8), None, None),
}
"""Average precision % at temporal IoU 0.3, 0.4, 0.5, 0.6, 0.7; five routines or points."""
