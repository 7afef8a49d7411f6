"""The student: network, data, augmentation, distillation, embedding, export."""

from vpd.student.corpus.corpus import VideoSource
from vpd.student.inference.embed import embed, features_of, look
from vpd.student.inference.engines import Engine, OnnxEngine, TorchEngine
from vpd.student.inference.export import export_onnx
from vpd.student.inference.readings import known_tokens, read_video
from vpd.student.inference.store import load_student, read_config, student_is_current
from vpd.student.network.student import Student, StudentSpec
from vpd.student.training.distill import Progress, distill

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
