"""The student: network, data, augmentation, distillation, embedding, export."""

from vpd.student.corpus import VideoSource
from vpd.student.distill import Progress, distill
from vpd.student.embed import embed, features_of, look
from vpd.student.engines import Engine, OnnxEngine, TorchEngine
from vpd.student.export import export_onnx
from vpd.student.network import Student, StudentSpec
from vpd.student.readings import known_tokens, read_video
from vpd.student.store import load_student, read_config, student_is_current

__all__ = [
    "Engine",
    "OnnxEngine",
    "Progress",
    "Student",
    "StudentSpec",
    "TorchEngine",
    "VideoSource",
    "distill",
    "embed",
    "export_onnx",
    "features_of",
    "known_tokens",
    "load_student",
    "look",
    "read_config",
    "read_video",
    "student_is_current",
]
