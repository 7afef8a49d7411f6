"""The options of a run of the tables, and the receiver of its progress."""

from __future__ import annotations

from dataclasses import dataclass, field

from vpd.pipeline.report import Listener, Silent


@dataclass(frozen=True)
class Options:
    """Options of all tables.

    Attributes
    ----------
    as_published : repeat the reference where it is questionable; the table says so.
    jobs : worker processes. seed : of what is random and not given by a list.
    fresh : measure again what is kept of earlier runs.
    baselines : preset of the paper's other systems, laptop or paper; "" leaves them out.
    detector : schedule of Table 4's detectors, paper or laptop.
    epochs : of the BiGRU, where the paper's 500 take too long; 0 for the paper's.
    """

    as_published: bool = False
    jobs: int = 1
    seed: int = 0
    fresh: bool = False
    baselines: str = ""
    detector: str = "paper"
    epochs: int = 0
    listener: Listener = field(default_factory=Silent)
