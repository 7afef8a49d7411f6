"""The settings of a library: one section a step. Each setting states its reason."""

from vpd.settings.crop import CropSettings
from vpd.settings.detect import DetectSettings
from vpd.settings.distill import DistillSettings
from vpd.settings.embed import EmbedSettings
from vpd.settings.pose import PoseSettings
from vpd.settings.recognise import RecogniseSettings
from vpd.settings.scan import ScanSettings
from vpd.settings.search import SearchSettings
from vpd.settings.section import Section
from vpd.settings.teach import TeachSettings
from vpd.settings.track import TrackSettings


class Settings(Section):
    """All of vpd.toml."""

    scan: ScanSettings = ScanSettings()
    track: TrackSettings = TrackSettings()
    pose: PoseSettings = PoseSettings()
    crop: CropSettings = CropSettings()
    teach: TeachSettings = TeachSettings()
    distill: DistillSettings = DistillSettings()
    embed: EmbedSettings = EmbedSettings()
    search: SearchSettings = SearchSettings()
    recognise: RecogniseSettings = RecogniseSettings()
    detect: DetectSettings = DetectSettings()


__all__ = [
    "CropSettings",
    "DetectSettings",
    "DistillSettings",
    "EmbedSettings",
    "PoseSettings",
    "RecogniseSettings",
    "ScanSettings",
    "SearchSettings",
    "Section",
    "Settings",
    "TeachSettings",
    "TrackSettings",
]
