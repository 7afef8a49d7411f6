"""Subsets, splits and the few-shot protocol keep training and test apart, and repeat themselves."""

import json
from typing import ClassVar

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

from tests.recognition.made import actions
from vpd.errors import InputError, LabelError
from vpd.recognition.actions import segment_key
from vpd.recognition.bigru import BiGRUClassifier
from vpd.recognition.estimator import SequenceClassifier
from vpd.recognition.neighbours import DTWNeighbours
from vpd.recognition.outcomes import ALL
from vpd.recognition.protocol import run_few_shot, seeded
from vpd.recognition.split import TEST, TRAIN, make_split, part_of, read_split, write_split
from vpd.recognition.subsets import make_subsets, read_subsets, write_subsets
from vpd.sequences.transforms import Smooth
from vpd.types import Segment

SEGMENTS = [Segment(f"v{i}", 0.0, 1.0, None, f"class {i % 3}") for i in range(24)]
LABELS = np.array([s.label for s in SEGMENTS])


def test_subsets_are_nested_balanced_and_of_the_training_part():
    train = np.arange(3, 24)
    subsets = make_subsets(LABELS, train, [1, 2, 4, 99], 5, np.random.default_rng(0))
    assert sorted(subsets) == [1, 2, 4]
    for smaller, larger in zip(subsets[2], subsets[4], strict=True):
        assert set(smaller) < set(larger) <= set(train)
        assert np.unique(LABELS[larger], return_counts=True)[1].tolist() == [4, 4, 4]


def test_subsets_survive_a_file(tmp_path):
    subsets = make_subsets(LABELS, np.arange(24), [1, 3], 4, np.random.default_rng(1))
    write_subsets(tmp_path / "subsets.json", subsets, SEGMENTS)
    again = read_subsets(tmp_path / "subsets.json", SEGMENTS)
    assert {k: [a.tolist() for a in v] for k, v in subsets.items()} == {
        k: [a.tolist() for a in v] for k, v in again.items()
    }


def test_subsets_may_name_file_names_but_not_what_is_ambiguous(tmp_path):
    path = tmp_path / "few.json"
    path.write_text(json.dumps({"1": [["v3.mp4", segment_key(SEGMENTS[5])]]}))
    assert read_subsets(path, SEGMENTS)[1][0].tolist() == [3, 5]
    twice = [*SEGMENTS, Segment("v3", 2.0, 3.0, None, "class 1")]
    path.write_text(json.dumps({"1": []}))
    with pytest.raises(LabelError, match="not a list of subsets by k"):
        read_subsets(path, SEGMENTS)
    path.write_text(json.dumps({"1": [["v3@0-1"]]}))
    with pytest.raises(LabelError, match="'v3@0-1' has 2 labels"):
        read_subsets(path, [*SEGMENTS, Segment("v3", 0.0, 1.0, None, "class 1")])
    path.write_text(json.dumps({"1": [["v3.mp4", segment_key(SEGMENTS[5])]]}))
    with pytest.raises(LabelError, match="holds 2 labelled segments"):
        read_subsets(path, twice)
    path.write_text(json.dumps({"1": [["nobody"]]}))
    with pytest.raises(LabelError, match="not among the labels"):
        read_subsets(path, SEGMENTS)


def test_a_class_with_fewer_than_k_examples_gives_all_it_has():
    subsets = make_subsets(LABELS[:6], np.array([0, 1, 2, 3, 4]), [2, 3], 3, np.random.default_rng(0))
    assert list(subsets) == [2]
    assert [sorted(one.tolist()) for one in subsets[2]] == [[0, 1, 2, 3, 4]] * 3
    with pytest.raises(InputError, match="no class has more than 2"):
        make_subsets(LABELS[:6], np.array([0, 1, 2, 3, 4]), [9], 3, np.random.default_rng(0))


@pytest.mark.filterwarnings("error")
def test_a_class_with_one_example_is_split_without_a_warning_of_another_package():
    assert len(make_split(["a", "a", "b"], ["one", "two", "three"], None, seed=0)) == 3


def test_a_made_split_keeps_scenes_whole_and_survives_a_file(tmp_path):
    scenes = {s.video: f"scene {i // 3}" for i, s in enumerate(SEGMENTS)}
    places = make_split(LABELS, [s.video for s in SEGMENTS], scenes, seed=0)
    sides = {}
    for place in places.values():
        sides.setdefault(place.scene, set()).add(place.split)
    assert all(len(side) == 1 for side in sides.values())
    assert {TRAIN, TEST} == {place.split for place in places.values()}
    write_split(tmp_path / "splits.csv", places)
    assert read_split(tmp_path / "splits.csv") == places


def test_a_scene_on_both_sides_is_refused(tmp_path):
    path = tmp_path / "splits.csv"
    path.write_text("video,scene,split\na.mp4,x,train\nb.mp4,x,test\n")
    with pytest.raises(LabelError, match="line 3, column scene: the scene x is in both"):
        read_split(path)


def test_a_split_may_name_single_actions_of_one_video(tmp_path):
    path = tmp_path / "splits.csv"
    path.write_text(
        "video,scene,split\nv@0.000-1.000,v,train\nv@2.000-3.000#1,v,test\nv@4.000-5.000,v,validation\nw.mp4,w,test\n"
    )
    places = read_split(path)
    asked = [
        Segment("v", 0, 1),
        Segment("v", 2, 3, 1),
        Segment("v", 4, 5),
        Segment("w", 0, 9),
        Segment("v", 7, 8),
    ]
    found = [part_of(places, s) for s in asked]
    assert [place and place.split for place in found] == ["train", "test", "validation", "test", None]


def test_an_unknown_part_and_a_video_named_twice_are_refused(tmp_path):
    path = tmp_path / "splits.csv"
    path.write_text("video,split\na,val\n")
    with pytest.raises(LabelError, match="'val'; expected train, validation, test"):
        read_split(path)
    path.write_text("video,split\na,train\na.mp4,test\n")
    with pytest.raises(LabelError, match="line 3, column video: a is named twice"):
        read_split(path)


class Judged(DTWNeighbours):
    """Remembers what it was trained and judged on."""

    seen: ClassVar[list] = []

    def fit(self, X, y, X_validation=None, y_validation=None):
        self.seen.append(
            ([x.video for x in X], None if X_validation is None else [x.video for x in X_validation])
        )
        return super().fit(X, y)


def test_validation_examples_choose_and_are_not_trained_on():
    X, y = actions(12)
    train, test, judges = np.arange(8), np.arange(9, 12), np.array([6, 7])
    Judged.seen.clear()
    subsets = {1: [np.array([0, 1, 2])]}
    recognisers = {"judged": Judged(pattern="symmetric2"), "plain": DTWNeighbours(pattern="symmetric2")}
    run_few_shot(X, y, train, test, subsets, recognisers, validation=lambda chosen, k: judges)
    assert sorted(Judged.seen, key=lambda seen: len(seen[0])) == [
        (["v0", "v1", "v2"], ["v6", "v7"]),
        ([f"v{i}" for i in range(6)], ["v6", "v7"]),
    ]


def test_every_head_is_run_on_every_subset():
    X, y = actions(24)
    train, test = np.arange(12), np.arange(12, 24)
    subsets = make_subsets(y, train, [1, 2], 3, np.random.default_rng(0))
    recognisers = {
        "one": DTWNeighbours(pattern="symmetric2"),
        "two": DTWNeighbours(k=3, pattern="symmetric2"),
    }
    outcomes = run_few_shot(X, y, train, test, subsets, recognisers)
    assert [(o.recogniser, o.k, o.subset) for o in outcomes] == [
        (recogniser, k, subset)
        for recogniser in recognisers
        for k, subset in [(1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (2, 2), (ALL, 0)]
    ]
    for o in outcomes:
        assert o.accuracy == (o.predicted == y[test]).mean()


def test_classes_with_one_example_each_cannot_be_split():
    with pytest.raises(InputError, match="each class has one example"):
        make_split(["a", "b", "c"], ["one", "two", "three"], None, seed=0)


def test_a_test_part_without_features_is_said():
    with pytest.raises(InputError, match="no segment of the test part has features"):
        run_few_shot(
            [actions(1)[0][0], None], ["a", "a"], np.array([0]), np.array([1]), {1: [np.array([0])]}, {}
        )


def test_a_test_example_in_a_subset_is_refused():
    X, y = actions(6)
    with pytest.raises(InputError, match="1 example from outside the training part"):
        run_few_shot(X, y, np.arange(3), np.arange(3, 6), {1: [np.array([0, 1, 5])]}, {"n": DTWNeighbours()})


def test_a_class_without_training_counts_as_wrong():
    X, y = actions(6)
    subsets, nns = {1: [np.array([0, 1])]}, {"n": DTWNeighbours()}
    outcome = run_few_shot(X, y, np.array([0, 1]), np.arange(3, 6), subsets, nns, with_all=False)[0]
    assert (outcome.predicted != "class 2").all()
    with pytest.raises(InputError, match="no example of class 2"):
        run_few_shot(X, y, np.array([0, 1]), np.array([2, 5]), subsets, nns)


def test_seeds_reach_into_pipelines():
    pipeline = make_pipeline(Smooth(), BiGRUClassifier())
    assert seeded(pipeline, 7).get_params()["bigruclassifier__seed"] == 7
    assert pipeline.get_params()["bigruclassifier__seed"] == 0


class Seeded(SequenceClassifier):
    """Predicts the class whose number is its seed."""

    def __init__(self, seed=9):
        self.seed = seed

    def fit(self, X, y):
        self._start_fit(X, y)
        return self

    def predict_proba(self, X):
        return np.eye(len(self.classes_))[np.full(len(X), self.seed % len(self.classes_))]


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_subset_seeds_what_is_random_with_its_number(jobs):
    X, y = actions(24)
    train, test = np.arange(12), np.arange(12, 24)
    subsets = make_subsets(y, train, [1], 5, np.random.default_rng(0))
    recognisers = {"random": make_pipeline(Smooth(), Seeded())}
    outcomes = run_few_shot(X, y, train, test, subsets, recognisers, jobs=jobs)
    predicted = [(o.k, o.subset, o.predicted[0]) for o in outcomes]
    assert predicted == [
        *[(1, i, f"class {i % 3}") for i in range(5)],
        *[(ALL, i, f"class {i}") for i in range(3)],
    ]


def test_with_all_examples_what_is_not_random_runs_once():
    X, y = actions(24)
    train, test = np.arange(12), np.arange(12, 24)
    subsets = make_subsets(y, train, [1], 5, np.random.default_rng(0))
    outcomes = run_few_shot(X, y, train, test, subsets, {"n": DTWNeighbours(pattern="symmetric2")})
    assert [o.subset for o in outcomes if o.k == ALL] == [0]
