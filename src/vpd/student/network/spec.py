"""The specification of a student, apart from its weights."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from vpd.errors import ArtefactError
from vpd.settings.distill import MOVENET, DistillSettings
from vpd.student.corpus.inputs import InputSpec


@dataclass(frozen=True)
class HeadSpec:
    """One head: its teacher, the sizes of the teacher's feature and of its own part, and its targets.

    A target is the pose, followed by a change of pose for each offset in ``motion``.
    """

    teacher: str
    teacher_d: int
    d: int
    motion: tuple[int, ...]
    decoder: bool

    @property
    def is_pose(self) -> bool:
        """Whether the head's part of the feature is the pose itself, in the teacher's units."""
        return not self.decoder

    @property
    def targets(self) -> int:
        """Size of the target vector."""
        return self.teacher_d * (1 + len(self.motion))


@dataclass(frozen=True)
class StudentSpec:
    """The specification of a student.

    Attributes
    ----------
    backbone : name of the encoder; `MOVENET` for a student that reads poses.
    inputs, heads : what it sees, what it is taught.
    size : side of its crops in pixels.
    """

    backbone: str
    size: int
    inputs: InputSpec
    heads: tuple[HeadSpec, ...]

    @property
    def d(self) -> int:
        """Size of a feature."""
        return sum(head.d for head in self.heads)

    @property
    def parts(self) -> list[int]:
        """Sizes of the heads' parts of a feature."""
        return [head.d for head in self.heads]

    @property
    def reads_poses(self) -> bool:
        """Whether the student is a `PoseReadingStudent`."""
        return self.backbone == MOVENET

    def to_json(self) -> dict[str, Any]:
        """Plain values, for config.json."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> StudentSpec:
        """The inverse of ``to_json``. Raises ArtefactError where a value is missing."""
        try:
            given = values["inputs"]
            frames = {name: tuple(given.get(name, ())) for name in ("neighbours", "context_s")}
            inputs = InputSpec(**{**given, **frames})
            heads = tuple(HeadSpec(**{**h, "motion": tuple(h["motion"])}) for h in values["heads"])
            return cls(values["backbone"], values["size"], inputs, heads)
        except (KeyError, TypeError) as error:
            raise ArtefactError(f"the student's config.json does not describe a student: {error}") from error


def student_spec(settings: DistillSettings, size: int, teacher_d: dict[str, int]) -> StudentSpec:
    """The specification that the settings describe. ``teacher_d`` has the size of each teacher's feature."""
    context_s = settings.context_s if settings.reads_poses else ()
    inputs = InputSpec("rgb" in settings.inputs, "flow" in settings.inputs, settings.neighbours, context_s)
    heads = tuple(
        HeadSpec(h.teacher, teacher_d[h.teacher], h.d or teacher_d[h.teacher], h.motion, h.decoder)
        for h in settings.heads
    )
    return StudentSpec(settings.backbone, size, inputs, heads)
