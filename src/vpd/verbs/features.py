"""Choose the features of a verb where the caller names none. No other place decides this."""

from __future__ import annotations

from dataclasses import dataclass

from vpd.counting import counted
from vpd.errors import InputError
from vpd.library.layout import Layout
from vpd.sequences import FeatureStore
from vpd.sequences.joined import JOINT, JoinedStore
from vpd.sequences.store import videos_with
from vpd.settings import Settings
from vpd.settings.toml import load_settings
from vpd.strings import Sentence
from vpd.teachers.table import ranked

LAST = "joints2d"
"""Features used only where there are no others, because they depend on the view."""
AUTO = "auto"
"""The name of all features that cover as many videos as the default does. Recognition weighs them by the
examples.
"""
WEIGHED = ","
"""Between names of features that recognition weighs by the examples, the preferred ones first."""
NAMES_A_STUDENT = {"name", "preset", "backbone"}
"""Settings of [distill] by which a user chooses a student."""


@dataclass(frozen=True)
class FeatureChoice:
    """The features of a verb, and the reason for them.

    Attributes
    ----------
    name : of the features.
    why : a clause such as "vpd.toml names this student"; "" where the caller named the features.
    """

    name: str
    why: str = ""

    @property
    def sentence(self) -> str:
        """The sentence that a command prints; "" where the caller named the features."""
        return f"Features: {self.name} ({self.why}). Choose others with --features." if self.why else ""


def choose_features(layout: Layout, named: str | None = None, recognition: bool = False) -> FeatureChoice:
    """Choose the features: those named, else those of [recognise], else of the student that vpd.toml names,
    else the default.

    The default is the set that covers the most videos. Ties: `vipe-window`, the default student, then the
    other teachers by their rank (docs/experiments/recognition.md, "Which features"). `joints2d` is the
    default only where there are no others.

    Parameters
    ----------
    named : by the caller.
    recognition : whether `features` of [recognise] holds.

    Raises InputError where the features named do not exist, or there are none.
    """
    if named is not None and not isinstance(named, str):
        raise InputError(
            f"features are named in one text, such as 'vpd' or 'vipe-window,vpd', not as {named!r}"
        )
    if named is not None:
        return FeatureChoice(_known(layout, named))
    settings = load_settings(layout.settings)
    if recognition and settings.recognise.features is not None:
        chosen = _known(layout, settings.recognise.features)
        return FeatureChoice(chosen, "`features` in [recognise] of vpd.toml")
    covered = {name: len(videos_with(layout, name)) for name in layout.feature_names()}
    if not covered:
        raise InputError(Sentence("error_no_features", {"library": str(layout.root)}))
    student, absent = settings.distill.name, ""
    if names_a_student(settings):
        if covered.get(student):
            return FeatureChoice(student, f"vpd.toml names this student{_fewer(student, covered)}")
        absent = f"; vpd.toml names the student {student}, which has no features yet: `vpd run` makes them"
    name, why = _default(covered, student)
    return FeatureChoice(name, why + absent)


def _known(layout: Layout, named: str) -> str:
    """The name of features that exist, of several of them (`WEIGHED`), or `AUTO`. Raises InputError."""
    if named != AUTO:
        for one in named.split(WEIGHED):
            FeatureStore(layout, one)
    return named


def open_features(layout: Layout, name: str) -> tuple[FeatureStore | JoinedStore, tuple[int, ...]]:
    """Open the features called ``name``. For `AUTO` and "A,B", also return the sizes of the features that are
    concatenated. "A + B" are those of A and B, concatenated and taken for one kind.

    The features named first, or with `AUTO` the default, have the largest weight where examples are few.
    """
    if JOINT in name:
        return JoinedStore(layout, name.split(JOINT)), ()
    names = _covering(layout) if name == AUTO else name.split(WEIGHED)
    if len(names) == 1:
        return FeatureStore(layout, names[0]), ()
    joined = JoinedStore(layout, names)
    return joined, joined.sizes


def with_joints(layout: Layout, name: str) -> tuple[FeatureStore | JoinedStore, int]:
    """Open the features called ``name``, with the joints beside them where every video has those as well.

    Returns the size of the joints, 0 where there are none: their speed places detections in time.
    """
    store = FeatureStore(layout, name)
    if name == LAST or LAST not in layout.feature_names():
        return store, 0
    joined = JoinedStore(layout, [name, LAST])
    return (joined, joined.sizes[1]) if store.videos() and joined.videos() == store.videos() else (store, 0)


def _covering(layout: Layout) -> list[str]:
    """The default features, and all others that cover as many videos."""
    first = choose_features(layout).name
    videos = {n: set(FeatureStore(layout, n).videos()) for n in layout.feature_names()}
    return [first, *(n for n in sorted(videos) if n != first and videos[n] >= videos[first])]


def names_a_student(settings: Settings) -> bool:
    """Whether the user chose a student in [distill] of vpd.toml."""
    return bool(settings.distill.model_fields_set & NAMES_A_STUDENT)


def _fewer(student: str, covered: dict[str, int]) -> str:
    most = max(covered.values())
    return (
        f", though only {covered[student]} of {most} videos have its features"
        if covered[student] < most
        else ""
    )


def _default(covered: dict[str, int], student: str) -> tuple[str, str]:
    teachers = [name for name in ranked() if name != LAST]
    others = [name for name in sorted(covered, reverse=True) if name not in (student, *teachers)]
    order = [*teachers[:1], student, *teachers[1:], *others]
    present = [name for name in order if name in covered and (name != LAST or len(covered) == 1)]
    best = max(present, key=lambda name: covered[name])
    equals = [name for name in present if covered[name] == covered[best]]
    if len(present) == 1:
        return best, "the only ones there are" if len(covered) == 1 else f"the only ones but {LAST}"
    if len(equals) == 1:
        return best, f"they cover the most videos, {covered[best]}"
    return best, f"first of those that cover {counted(covered[best], 'video')}"
