"""The student: network, data, augmentation, distillation, embedding, export."""

from vpd.student.corpus.corpus import VideoSource
from vpd.student.inference.embed import embed, features_of, prepare_rows
from vpd.student.inference.engines import Engine, OnnxEngine, TorchEngine
from vpd.student.inference.export import export_onnx
from vpd.student.inference.readings import kept_readings, prepare_video
from vpd.student.inference.store import load_student, read_config, student_is_current
from vpd.student.network.base import BaseStudent
from vpd.student.network.pose_reading import PoseReadingStudent
from vpd.student.network.spec import StudentSpec
from vpd.student.network.student import Student
from vpd.student.training.distill import Progress, distill

__all__ = [
    "BaseStudent",
    "Engine",
    "OnnxEngine",
    "PoseReadingStudent",
    "Progress",
    "Student",
    "StudentSpec",
    "TorchEngine",
    "VideoSource",
    "distill",
    "embed",
    "export_onnx",
    "features_of",
    "kept_readings",
    "load_student",
    "prepare_rows",
    "prepare_video",
    "read_config",
    "student_is_current",
]
