"""The rows of the paper's tables and figure, with our features and recognisers for each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from vpd.sequences.joined import JOINT

Kind = Literal["guess", "quoted", "features", "baseline"]


@dataclass(frozen=True)
class System:
    """One row.

    Attributes
    ----------
    name : on the command line. title : as the paper prints it. sees : what goes in.
    features, recogniser : names of ours, "A + B" for two side by side; a baseline has its own name in
        `recogniser`.
    make : how the features are made where a library lacks them.
    """

    name: str
    title: str
    group: str
    sees: str
    kind: Kind
    features: str = ""
    recogniser: str = "bigru"
    make: str = "vpd run"

    @property
    def measured(self) -> bool:
        """Whether the system can be run."""
        return self.kind in ("features", "baseline")


END_TO_END = "End-to-end"
SKELETON = "Skeleton, tracked 2D poses"
BIGRU = "Features and BiGRU"
OURS = "This program's own"


def _network(name: str, title: str, sees: str, group: str = END_TO_END) -> System:
    """A row under the name that `vpd evaluate --recogniser` has for it."""
    return System(name, title, group, sees, "baseline", recogniser=name, make="")


def _features(name: str, title: str, sees: str, make: str = "vpd run", features: str = "") -> System:
    return System(name, title, BIGRU, sees, "features", features or name, make=make)


def _student(name: str, title: str, sees: str = "RGB, flow") -> System:
    return _features(name, title, sees, f"vpd run --preset {name}")


RANDOM = System("random", "Random", "", "", "guess")
TOP_CLASS = System("top-class", "Top class of the test part", "", "", "guess")
JOINTS = _features("joints2d", "Normalized 2D joints", "2D poses")
VIPE = _features("vipe", "VIPE*", "2D poses")
STUDENT_2D, STUDENT_VI = _student("2d-vpd", "2D-VPD"), _student("vi-vpd", "VI-VPD")
CONCAT = replace(
    STUDENT_VI,
    name="concat-vpd",
    title="Concat-VPD",
    features=f"{STUDENT_2D.features}{JOINT}{STUDENT_VI.features}",
    make=f"{STUDENT_2D.make}` and `{STUDENT_VI.make}",
)
"""The features of two students side by side, as in the paper; no student of its own."""
CORPUS_2D, CORPUS_VI = _student("2d-vpd-corpus", "2D-VPD"), _student("vi-vpd-corpus", "VI-VPD")
OWN = (
    System(
        "vipe-window",
        "vipe-window, dtw-ensemble",
        OURS,
        "2D poses",
        "features",
        "vipe-window",
        "dtw-ensemble",
    ),
    System("vpd-bigru", "vpd, bigru", OURS, "RGB, flow", "features", "vpd"),
    System("vpd", "vpd, dtw-ensemble", OURS, "RGB, flow", "features", "vpd", "dtw-ensemble"),
)

TABLE_1: tuple[System, ...] = (
    RANDOM,
    TOP_CLASS,
    System("trn-quoted", "TRNms (2-stream)", END_TO_END, "RGB, flow", "quoted"),
    System("timesformer-l", "TimeSformer-L", END_TO_END, "RGB", "quoted"),
    _network("tsn", "TSN (w/o crop)", "RGB full"),
    _network("tsn-crop", "TSN (crop)", "RGB crop"),
    _network("tsn-2stream-crop", "TSN (crop; 2-stream)", "RGB crop, flow"),
    _network("trn", "TRNms (w/o crop)", "RGB full"),
    _network("trn-crop", "TRNms (crop)", "RGB crop"),
    _network("trn-2stream-crop", "TRNms (crop; 2-stream)", "RGB crop, flow"),
    _network("gsm", "GSM (w/o crop)", "RGB full"),
    _network("gsm-crop", "GSM (crop)", "RGB crop"),
    System("stgcn-quoted", "ST-GCN (w/o tracking)", SKELETON, "2D poses", "quoted"),
    _network("stgcn", "ST-GCN", "2D poses", SKELETON),
    _network("msg3d", "MS-G3D (ensemble)", "2D poses", SKELETON),
    JOINTS,
    STUDENT_2D,
    VIPE,
    STUDENT_VI,
    CONCAT,
    *OWN,
)

TABLE_2: tuple[System, ...] = (
    replace(JOINTS, title="(a) Normalized 2D joints (teacher)"),
    _student("2d-vpd-rgb", "distilled w/o motion; RGB", "RGB"),
    _student("2d-vpd-flow", "distilled w/o motion; RGB & flow"),
    replace(STUDENT_2D, title="2D-VPD: w/ motion; RGB & flow"),
    replace(VIPE, title="VIPE* (teacher)"),
    _student("vi-vpd-rgb", "VIPE* distilled w/o motion; RGB", "RGB"),
    _student("vi-vpd-flow", "VIPE* distilled w/o motion; RGB & flow"),
    replace(STUDENT_VI, title="VI-VPD: w/ motion; RGB & flow"),
    _student("vi-vpd-actions", "(b) VI-VPD, action video only"),
    replace(CORPUS_VI, title="(c) VI-VPD, entire corpus"),
    *OWN,
)


def _in_group(*systems: System) -> tuple[System, ...]:
    return tuple(replace(system, group="Features") for system in systems)


_OWN_FEATURES = (replace(OWN[0], title="vipe-window"), replace(OWN[2], title="vpd"))
TABLE_3: tuple[System, ...] = (
    # Students of the whole corpus, under the names of the paper's rows.
    *_in_group(JOINTS, replace(CORPUS_2D, name="2d-vpd"), VIPE, replace(CORPUS_VI, name="vi-vpd")),
    *_OWN_FEATURES,
)

TABLE_4: tuple[System, ...] = (
    System("r3d", "Pretrained R3D", "Features", "RGB", "features", "r3d", make="vpd baselines r3d"),
    *_in_group(JOINTS, STUDENT_2D, VIPE, STUDENT_VI),
    *_OWN_FEATURES,
)

FIGURE_3: tuple[System, ...] = (
    next(s for s in TABLE_1 if s.name == "tsn-crop"),
    next(s for s in TABLE_1 if s.name == "gsm-crop"),
    next(s for s in TABLE_1 if s.name == "msg3d"),
    JOINTS,
    VIPE,
    STUDENT_2D,
    STUDENT_VI,
    *OWN,
)
ROWS: dict[str, tuple[System, ...]] = {
    "table1": TABLE_1,
    "table2": TABLE_2,
    "table3": TABLE_3,
    "table4": TABLE_4,
    "figure3": FIGURE_3,
}
