"""The baselines by name, in one table: input, constructor, description."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from vpd.baselines import presets
from vpd.baselines.frozen import FOUNDATIONS
from vpd.baselines.fusion import LateFusion
from vpd.baselines.inputs import InputKind
from vpd.baselines.presets import LAPTOP, PAPER, of_clips, of_skeletons
from vpd.baselines.probe_classifier import ProbeClassifier
from vpd.baselines.settings import Modality
from vpd.errors import InputError, unknown_name

Maker = Callable[..., Any]
"""(preset, flip, changes of parameters) -> an unfitted estimator."""


@dataclass(frozen=True)
class Baseline:
    """One system that the paper compares with, or a current one.

    Attributes
    ----------
    make : see `Maker`.
    takes : crops of the athlete, whole pictures, or poses.
    about : what it is, in a phrase.
    paper : whether the paper's tables have it.
    laptop : whether it has a network for two cores.
    """

    make: Maker
    takes: InputKind
    about: str
    paper: bool = True
    laptop: bool = True


def _two_streams(system: str, preset: str, flip: bool, **changes: Any) -> LateFusion:
    streams: tuple[Modality, ...] = ("rgb", "flow")
    return LateFusion([(m, of_clips(system, m, preset, flip, **changes)) for m in streams])


def _ensemble(preset: str, flip: bool, **changes: Any) -> LateFusion:
    makers = {s: partial(presets.msg3d, stream=s) for s in ("joint", "bone")}
    return LateFusion([(s, of_skeletons(maker, preset, flip, **changes)) for s, maker in makers.items()])


def _rgb(system: str) -> Maker:
    return partial(of_clips, system, "rgb")


def _probe(system: str, preset: str, flip: bool, **changes: Any) -> ProbeClassifier:
    presets.check_preset(preset)
    return ProbeClassifier(system, **changes)


def _of_pictures() -> dict[str, Baseline]:
    """TSN, TRN and GSM over crops and whole pictures, by colours, flow and both."""
    found = {}
    seen: tuple[tuple[str, InputKind, str], ...] = (
        ("-crop", "crops", "crops"),
        ("", "pictures", "whole pictures"),
    )
    for system, title in (("tsn", "TSN"), ("trn", "multi-scale TRN"), ("gsm", "GSM")):
        for suffix, takes, what in seen:
            colours, flow = _rgb(system), partial(of_clips, system, "flow")
            both = partial(_two_streams, system)
            found[f"{system}{suffix}"] = Baseline(colours, takes, f"{title}, colours of {what}")
            found[f"{system}-flow{suffix}"] = Baseline(flow, takes, f"{title}, flow of {what}")
            found[f"{system}-2stream{suffix}"] = Baseline(both, takes, f"{title}, colours and flow of {what}")
    return found


BASELINES: Mapping[str, Baseline] = {
    **_of_pictures(),
    "timesformer-crop": Baseline(_rgb("timesformer"), "crops", "TimeSformer of crops"),
    "timesformer": Baseline(_rgb("timesformer"), "pictures", "TimeSformer of whole pictures"),
    "stgcn": Baseline(partial(of_skeletons, presets.stgcn), "poses", "ST-GCN"),
    "msg3d-joint": Baseline(
        partial(of_skeletons, partial(presets.msg3d, stream="joint")), "poses", "MS-G3D on joints"
    ),
    "msg3d-bone": Baseline(
        partial(of_skeletons, partial(presets.msg3d, stream="bone")), "poses", "MS-G3D on bones"
    ),
    "msg3d": Baseline(_ensemble, "poses", "MS-G3D, joints and bones"),
    "r3d-crop": Baseline(_rgb("r3d"), "crops", "R3D-18, fitted as a whole", paper=False),
    "stgcn++": Baseline(partial(of_skeletons, presets.stgcnpp), "poses", "ST-GCN++", paper=False),
    "poseconv3d": Baseline(
        partial(of_skeletons, presets.poseconv3d), "poses", "PoseConv3D on heatmaps", paper=False
    ),
    **{
        f"{system}-crop": Baseline(
            partial(_probe, system), "crops", f"{system}, frozen, with an attentive probe", paper=False
        )
        for system in FOUNDATIONS
    },
    "mvit-crop": Baseline(_rgb("mvit"), "crops", "MViT-v2 small", paper=False, laptop=False),
}


def make_baseline(name: str, preset: str = LAPTOP, flip: bool = False, **changes: Any) -> Any:
    """Make a baseline by its name. ``changes`` are parameters of its estimator, such as weights or device.

    ``flip`` lets training mirror its examples: only for classes that do not differ by side. Probes on frozen
    networks process each clip once and never mirror. Raises InputError for an unknown name or preset, or
    where a system has no network for two cores, or the preset `frozen` no weights.
    """
    if name not in BASELINES:
        raise unknown_name("baseline", name, BASELINES)
    found = BASELINES[name]
    if preset != PAPER and not found.laptop:
        raise InputError(f"{name} is too large for two cores; ask for the preset `paper`")
    return found.make(preset, flip, **changes)
