"""An evaluation of a library: split and subsets saved and used again, figures written, nothing left out."""

import csv
import io
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.recognition.made import actions
from vpd.errors import InputError, LabelError
from vpd.library.artefact import Recipe
from vpd.library.backup import states
from vpd.library.features import write_features
from vpd.library.layout import Layout
from vpd.recognition.outcomes import ALL, MISSING
from vpd.recognition.recognisers import make_recogniser
from vpd.report.evaluation_page import write_evaluation
from vpd.sequences import FeatureStore
from vpd.types import Segment
from vpd.verbs.evaluate import advice
from vpd.verbs.features import AUTO, FeatureChoice, open_features
from vpd.verbs.few_shot import measure, prepare
from vpd.verbs.recognise import RecogniseResult, recognise_segments


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> tuple[Layout, list[Segment]]:
    """36 videos of one action each, the last without features."""
    layout = Layout(tmp_path_factory.mktemp("library"))
    layout.settings.write_text("", encoding="utf-8")
    X, y = actions(36)
    for x in X[:-1]:
        write_features(layout.features("made", x.video), [x], x.d, Recipe("made", 1))
    return layout, [Segment(x.video, 0.0, 2.0, None, str(label)) for x, label in zip(X, y, strict=True)]


def test_split_and_subsets_are_kept_and_used_again(library, tmp_path):
    _, segments = library
    first = prepare(segments, tmp_path, ks=[1, 2, 4], subsets=3, seed=1)
    again = prepare(segments, tmp_path, ks=[1, 2, 4], subsets=3, seed=99)
    assert first.train.tolist() == again.train.tolist()
    assert [d.tolist() for d in first.subsets[4]] == [d.tolist() for d in again.subsets[4]]
    assert not set(first.train) & set(first.test)


def write_to(path: Path) -> bytes:
    """Write to a file as a person does, so that it is no longer vpd's. Returns its content."""
    path.write_bytes(path.read_bytes() + b"\n")
    os.utime(path, ns=(0, 0))
    return path.read_bytes()


def again(parts) -> list[str]:
    """Why files were made again. The notes name the file and the former one."""
    notes = [note for note in parts.notes if note.key == "note_made_again"]
    assert all(Path(note.values[name]).exists() for note in notes for name in ("file", "kept"))
    return [str(note.values["why"]) for note in notes]


def test_a_video_on_no_side_is_named_where_the_split_is_a_persons(library, tmp_path):
    _, segments = library
    prepare(segments[:30], tmp_path, ks=[1], subsets=1)
    before = write_to(tmp_path / "splits.csv")
    with pytest.raises(InputError, match="does not name 6 videos, such as v30"):
        prepare(segments, tmp_path, ks=[1], subsets=1)
    assert (tmp_path / "splits.csv").read_bytes() == before


def test_a_split_of_vpds_is_made_again_where_it_no_longer_fits(library, tmp_path):
    _, segments = library
    prepare(segments[:30], tmp_path, ks=[1], subsets=1)
    split = (tmp_path / "splits.csv").read_bytes()
    more = prepare(segments, tmp_path, ks=[1], subsets=1)
    assert again(more)[0] == "no side for 6 labelled videos, such as v30"
    assert len(more.train) + len(more.test) == 36
    # Videos that had a place keep it; the new ones go where their classes lack.
    assert set(split.splitlines()) < set((tmp_path / "splits.csv").read_bytes().splitlines())
    for label in {s.label for s in segments}:
        counts = [sum(segments[i].label == label for i in part) for part in (more.train, more.test)]
        assert abs(counts[0] - counts[1]) <= 1
    assert [path.read_bytes() for path in states(tmp_path / "splits.csv")] == [split]
    assert again(prepare(segments, tmp_path, ks=[1], subsets=1)) == []
    fewer = prepare([segments[i] for i in more.train], tmp_path, ks=[1], subsets=1)
    assert again(fewer)[0] == "no label to train or none to test"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda s, one: [*s[:one], *s[one + 1 :]], "names of labels that were removed or moved"),
        (lambda s, one: [*s[:one], replace(s[one], end_s=1.5), *s[one + 1 :]], "names of labels"),
        (
            lambda s, one: [*s, replace(s[one], start_s=3.0, end_s=4.0, label="lob")],
            "fewer examples of lob than",
        ),
    ],
)
def test_subsets_of_vpds_are_made_again_where_they_no_longer_fit(library, tmp_path, change, why):
    _, segments = library
    first = prepare(segments, tmp_path, ks=[1, 2], subsets=3)
    file = tmp_path / "few_shot.json"
    before, split = file.read_bytes(), (tmp_path / "splits.csv").read_bytes()
    changed = change(segments, int(first.subsets[1][0][0]))
    (said,) = again(prepare(changed, tmp_path, ks=[1, 2], subsets=3))
    assert said.startswith(why)
    assert [path.read_bytes() for path in states(file)] == [before]
    assert (tmp_path / "splits.csv").read_bytes() == split
    assert again(prepare(changed, tmp_path, ks=[1, 2], subsets=3)) == []


def test_subsets_that_held_all_of_a_class_are_made_again_where_it_has_more(library, tmp_path):
    _, segments = library
    (tmp_path / "first").mkdir()
    trained = prepare(segments, tmp_path / "first", ks=[4], subsets=2).train
    own = {"splits": tmp_path / "first" / "splits.csv", "ks": [1, 4], "subsets": 2}
    few = [i for i in trained if segments[i].label == segments[trained[0]].label][2:]
    prepare([s for i, s in enumerate(segments) if i not in few], tmp_path, **own)
    found = prepare(segments, tmp_path, **own)
    assert again(found) == [f"fewer examples of {segments[trained[0]].label} than there are now"]
    assert [len(one) for one in found.subsets[4]] == [12, 12]
    assert again(prepare(segments, tmp_path, **own)) == []


def test_subsets_that_a_person_wrote_to_stay(library, tmp_path):
    _, segments = library
    first = prepare(segments, tmp_path, ks=[1], subsets=3)
    before = write_to(tmp_path / "few_shot.json")
    (tmp_path / "splits.csv").unlink()
    prepare(segments, tmp_path, ks=[1], subsets=3)  # makes a split beside them
    gone = int(first.subsets[1][0][0])
    with pytest.raises(LabelError, match="is not among the labels"):
        prepare([*segments[:gone], *segments[gone + 1 :]], tmp_path, ks=[1], subsets=3)
    assert (tmp_path / "few_shot.json").read_bytes() == before


def test_more_subsets_than_before_begin_with_those_of_before(library, tmp_path):
    _, segments = library
    first = prepare(segments, tmp_path, ks=[1, 2], subsets=3)
    more = prepare(segments, tmp_path, ks=[1, 2], subsets=12)
    assert again(more) == ["fewer k or subsets than asked for"]
    assert [list(one) for one in more.subsets[2][:3]] == [list(one) for one in first.subsets[2]]
    assert len(more.subsets[2]) == 12


def test_a_test_segment_without_features_counts_as_wrong(library, tmp_path):
    layout, segments = library
    places = "video,split\n" + "".join(f"v{i},{'train' if i < 18 else 'test'}\n" for i in range(36))
    (tmp_path / "sides.csv").write_text(places)
    parts = prepare(segments, tmp_path, splits=tmp_path / "sides.csv", ks=[1, 2, 4], subsets=3)
    found = measure(layout, parts, ["made"], ["dtw-nn"])
    assert found.missing == {"made": 1}
    for outcome in found.outcomes["made"]:
        assert outcome.predicted[-1] == MISSING
        assert outcome.accuracy < 1
    summary = found.summary("made", "dtw-nn")
    assert list(summary) == [1, 2, 4, ALL]
    assert summary[ALL].mean > found.chance == pytest.approx(1 / 3)

    paths = write_evaluation(found, tmp_path / "out")
    assert [p.name for p in paths] == [
        "accuracy.csv",
        "subsets.csv",
        "classes.csv",
        "accuracy.png",
        "confusion.png",
    ]
    assert all(p.stat().st_size for p in paths)
    with Path(paths[0]).open() as file:
        rows = list(csv.DictReader(file))
    assert [row["k"] for row in rows] == ["1", "2", "4", "all"]
    assert float(rows[3]["mean"]) == pytest.approx(summary[ALL].mean, abs=1e-4)
    assert "made, dtw-nn: More labels" in advice(found)


def test_segments_are_named_by_the_labelled_ones_or_the_reason_is_told(library, tmp_path):
    layout, segments = library
    asked = [Segment(s.video, s.start_s, s.end_s) for s in segments[24:]]
    answers, _ = recognise_segments(
        FeatureStore(layout, "made"), make_recogniser("dtw-nn"), segments[:24], asked
    )
    right = [a.label == s.label for a, s in zip(answers, segments[24:], strict=True)]
    assert np.mean(right) > 0.7
    assert answers[-1].label is None
    assert "has no features 'made'" in answers[-1].reason
    result = RecogniseResult(answers, 24, FeatureChoice("made"), "dtw-nn")
    table = list(csv.DictReader(io.StringIO(result.to_csv())))
    assert [row["label"] for row in table] == [a.label or "" for a in answers]
    assert not result.complete


@pytest.fixture(scope="module")
def two_features(tmp_path_factory) -> tuple[Layout, list[Segment]]:
    """A library of 24 videos with `vipe-window`, the default, that say nothing, and `vipe` that do."""
    layout = Layout(tmp_path_factory.mktemp("library"))
    layout.settings.write_text("", encoding="utf-8")
    X, y = actions(24)
    rng = np.random.default_rng(0)
    for x in X:
        write_features(layout.features("vipe", x.video), [x], x.d, Recipe("made", 1))
        noise = replace(x, values=rng.normal(size=(len(x), 2, 4)).astype(np.float32))
        write_features(layout.features("vipe-window", x.video), [noise], 4, Recipe("made", 1))
    return layout, [Segment(x.video, 0.0, 2.0, None, str(label)) for x, label in zip(X, y, strict=True)]


def test_features_auto_finds_those_that_tell_actions_apart(two_features, tmp_path):
    layout, segments = two_features
    store, sizes = open_features(layout, AUTO)
    assert (store.name, sizes) == ("vipe-window + vipe", (4, 6))
    assert store.videos() == sorted(f"v{i}" for i in range(24))
    parts = prepare(segments, tmp_path, ks=[4], subsets=2)
    found = measure(layout, parts, ["vipe-window", "vipe", AUTO], ["linear"], with_all=False)
    accuracy = {name: np.mean([o.accuracy for o in outcomes]) for name, outcomes in found.outcomes.items()}
    assert accuracy["vipe-window"] < 0.6 < accuracy[AUTO]
    assert accuracy[AUTO] > accuracy["vipe"] - 0.15


def test_features_auto_takes_the_only_ones_there_are(library):
    layout, _ = library
    store, sizes = open_features(layout, AUTO)
    assert isinstance(store, FeatureStore)
    assert (store.name, sizes) == ("made", ())


def test_segments_that_one_of_the_features_lacks_have_a_reason(two_features):
    layout, segments = two_features
    late = replace(segments[0], start_s=50.0, end_s=51.0)
    store, sizes = open_features(layout, AUTO)
    answers, _ = recognise_segments(
        store, make_recogniser("linear", parts=sizes), segments, [segments[1], late]
    )
    assert answers[0].label == segments[1].label
    assert answers[1].label is None
    assert "shows no features" in answers[1].reason


def test_without_labels_nothing_is_guessed(library):
    layout, segments = library
    with pytest.raises(InputError, match="no labelled segments"):
        recognise_segments(FeatureStore(layout, "made"), make_recogniser("dtw-nn"), [], segments)


def test_unreadable_subsets_are_an_error(library, tmp_path):
    _, segments = library
    (tmp_path / "few.json").write_text("[]")
    with pytest.raises(LabelError, match="not a list of subsets"):
        prepare(segments, tmp_path, subset_file=tmp_path / "few.json")
