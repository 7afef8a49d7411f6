"""The tables and the figure on a small library of made routines."""

import csv
import io
import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from tests.paper import made
from tests.recognition.made import actions
from vpd.baselines import presets
from vpd.baselines.settings import Training
from vpd.baselines.table import BASELINES
from vpd.errors import InputError
from vpd.library.layout import Layout
from vpd.library.sealed_files import write_json
from vpd.paper import detection, figure, recognition, retrieval, students, writers
from vpd.paper.columns import open_columns
from vpd.paper.options import Options
from vpd.paper.published import TABLE_1
from vpd.paper.systems import JOINTS, OURS, RANDOM, ROWS, STUDENT_VI, TOP_CLASS
from vpd.paper.tables import rows_of_each
from vpd.recognition.bigru import BiGRUClassifier

NNS = replace(JOINTS, recogniser="nns")
SHORT = {"epochs": 1, "windows": 8, "patience": 1, "hidden": 8, "folds": 2, "window_s": 4.0}


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    return made.skating_library(tmp_path_factory.mktemp("skating"))


@pytest.fixture
def columns(layout):
    return open_columns([layout])


def test_table_1_has_guesses_features_and_reasons(columns):
    table = recognition.table_1(columns, (RANDOM, TOP_CLASS, NNS, STUDENT_VI), Options())
    cells = [line.cells[0] for line in table.lines]
    assert cells[0].ours == pytest.approx(100 / 6)
    assert cells[1].ours == pytest.approx(50)
    assert cells[2].ours > 90
    assert (cells[2].paper, cells[3].paper) == (95.5, 97.4)
    assert cells[3].ours is None
    assert "vi-vpd" in cells[3].reason
    assert any("36 of 1,446 actions" in note for note in table.notes)
    assert "FSJump6: 2 of 6 classes are tested." in table.notes
    assert any("published validation part" in note for note in table.notes)


def test_a_network_over_skeletons_is_a_row(columns, layout, monkeypatch):
    monkeypatch.setattr(presets, "SMALL_GRAPH", Training(batch=8, epochs=1))
    made.write_made_poses(layout, {segment.video for segment in columns[0].labels})
    table = recognition.table_1(
        columns, rows_of_each(["table1"], ["stgcn"])["table1"], Options(baselines="laptop")
    )
    cell = table.lines[0].cells[0]
    assert not cell.reason
    assert (0 <= cell.ours <= 100, cell.paper) == (True, 88.7)
    assert any("preset laptop, from random weights" in note for note in table.notes)


def test_table_2_says_which_subsets_are_missing(columns):
    table = recognition.table_2(columns, (NNS,), Options())
    full, sixteen = table.lines[0].cells
    assert full.ours > 90
    assert "no few-shot subsets for k = 16, but for 2" in sixteen.reason
    assert (full.paper, sixteen.paper) == (95.5, 72.5)


def test_a_shortened_bigru_is_said(columns, monkeypatch):
    made = []
    monkeypatch.setattr(
        recognition,
        "BiGRUClassifier",
        lambda **given: made.append(given) or BiGRUClassifier(hidden=2, epochs=1),
    )
    for options, wanted in (
        (Options(), {"epochs": 500, "as_reference": False}),
        (Options(epochs=3, as_published=True), {"epochs": 3, "as_reference": True}),
    ):
        table = recognition.table_1(columns, (JOINTS,), options)
        assert made.pop() == wanted
        told = [note for note in table.notes if "BiGRU" in note]
        assert len(told) == (2 if options.epochs else 0)
        assert not told or "3 epochs; the paper has 500" in told[0]
        panel = figure.Panel(columns[0], [figure.Curve(JOINTS, {})])
        assert [note for note in figure.notes([panel], options) if "BiGRU is trained" in note] == told[:1]
        assert recognition.bigru_notes((NNS, RANDOM), options) == []


def test_a_student_of_fewer_crops_is_said(columns, layout):
    folder = layout.student("vi-vpd")
    assert students.shortened(columns, ROWS["table1"]) == []
    write_json(folder / "config.json", {"epochs": [{"images": 500}, {"images": 1000}]})
    try:
        said = students.shortened(columns, ROWS["table1"])
        assert said == ["FSJump6: vi-vpd trained on 1,000 crops; the paper's on 20,000,000."]
        assert said[0] in retrieval.table_3(columns, (STUDENT_VI,), Options()).notes
        assert students.shortened(columns, (JOINTS,)) == []
    finally:
        shutil.rmtree(folder)


def test_outcomes_are_kept_and_taken_again(columns):
    told = []
    recognition.measure(columns[0], NNS, [2], Options(fresh=True), told.append)
    assert [o.k for o in told] == [2, 2]
    recognition.measure(columns[0], NNS, [2], Options(), told.append)
    assert len(told) == 2


def test_precision_is_that_of_a_plain_count():
    from dtw import dtw

    X, y = actions(14, noise=1.5)
    X[3] = None
    found = retrieval.precision_of(X, y, [*range(0, 14, 2), 3], (1, 5))
    expected = {1: [], 5: []}
    for i in [*range(0, 14, 2), 3]:
        near = []
        for j in range(14):
            if X[i] is not None and X[j] is not None and j != i:
                a, b = (x.values.reshape(len(x), -1).astype(float) for x in (X[i], X[j]))
                try:
                    near.append(
                        (dtw(a, b, step_pattern="symmetricP2", distance_only=True).normalizedDistance, j)
                    )
                except ValueError:
                    continue
        ranked = [j for _, j in sorted(near)]
        for k, of in expected.items():
            of.append(sum(y[j] == y[i] for j in ranked[:k]) / k)
    assert found.at == pytest.approx({k: np.mean(of) for k, of in expected.items()})
    assert (found.queries, found.missing) == (8, 1)


def test_table_3_takes_the_queries_of_the_library(columns, layout):
    assert len(retrieval.query_indices(columns[0])) == 36
    layout.queries.write_text("video\n" + columns[0].labels[0].video + "\n")
    try:
        assert retrieval.query_indices(columns[0]) == list(range(6))
        table = retrieval.table_3(columns, (JOINTS,), Options())
        assert [h.test for h in table.headings] == [6, 6, 6]
        one, ten, fifty = table.lines[0].cells
        assert one.ours >= ten.ours > 60
        assert fifty.reason.startswith("50 is more than")
        layout.queries.write_text("video\nnobody\n")
        with pytest.raises(InputError, match="names no labelled action"):
            retrieval.query_indices(columns[0])
    finally:
        layout.queries.unlink()


@pytest.mark.parametrize("as_published", [False, True])
def test_table_4_in_both_ways(columns, as_published, monkeypatch):
    monkeypatch.setitem(detection.SCHEDULES, "laptop", SHORT)
    options = Options(as_published=as_published, detector="laptop")
    table = detection.table_4(columns, (JOINTS,), options, trials=1)
    assert any("schedule is changed: epochs = 1" in note for note in table.notes)
    assert {(h.train, h.test) for h in table.headings} == {(4, 12)}
    cells = table.lines[0].cells
    assert [c.paper for c in cells] == [80.6, 70.0, 53.5, 40.2, 24.6]
    assert all(0 <= c.ours <= 100 for c in cells)
    assert table.as_published == as_published
    if as_published:
        assert "read off the test table" in cells[0].reason
        assert len(table.extra["trials"]["FSJump6, joints2d"][0]["table"]) == 9


def test_an_unknown_schedule_of_detectors_is_refused(columns):
    with pytest.raises(InputError, match="there are paper, laptop"):
        detection.table_4(columns, (), Options(detector="tiny"))
    assert not detection.SCHEDULES["paper"]


def test_events_that_touch_are_one_and_those_of_two_athletes_are_not(columns):
    task = detection.task_of(columns[0], Options())
    assert len(task.tested) == 2
    assert len(task.training[0]) == 4
    assert len(task.truth()) == 12
    lists = columns[0].layout.detection_lists
    before = lists.read_text()
    lists.write_text('[["nobody"]]')
    with pytest.raises(InputError, match="has a list without a video to learn from"):
        detection.task_of(columns[0], Options())
    lists.write_text(before)
    event = task.events[0]
    after = replace(event, start_s=event.end_s, end_s=event.end_s + 1)
    assert len(detection.joined([event, after])) == 1
    assert len(detection.joined([event, replace(after, athlete=1)])) == 2


def test_figure_3_is_written_with_its_csv(columns, tmp_path, monkeypatch):
    monkeypatch.setattr(figure, "BIGRU", "dtw-nn")
    panels = figure.draw_curves(columns, (JOINTS, STUDENT_VI), Options())
    paths = figure.write_figure(panels, tmp_path, Options())
    assert [p.suffix for p in paths] == [".csv", ".svg", ".png", ".html"]
    rows = list(csv.DictReader(paths[0].open()))
    measured = [r for r in rows if not r["reason"]]
    assert {(r["recogniser"], r["k"], r["n_train"]) for r in measured} == {
        ("dtw-nn", "2", "4"),
        ("nns", "2", "4"),
    }
    assert len(measured) == 4
    assert any("vi-vpd" in r["reason"] for r in rows)
    assert panels[0].best_published == 97.4


def test_all_formats_hold_the_same_figures(columns, tmp_path):
    table = recognition.table_1(columns, (RANDOM, NNS, STUDENT_VI), Options())
    paths = writers.write_table(table, tmp_path)
    ours = f"{table.lines[1].cells[0].ours:.1f}"
    texts = {p.suffix: p.read_text() for p in paths}
    assert set(texts) == {".csv", ".json", ".md", ".tex", ".html"}
    assert all(ours in texts[s] for s in (".md", ".tex", ".html"))
    assert all("95.5" in texts[s] for s in (".md", ".tex", ".html", ".csv"))
    assert "In brackets" in texts[".md"]
    difference = f"{table.lines[1].cells[0].difference:+.1f}"
    assert all(difference in texts[s] for s in (".md", ".tex", ".html"))
    assert all("36 of 1,446 actions" in texts[s] for s in texts)
    row = list(csv.DictReader(io.StringIO(texts[".csv"])))[1]
    assert float(row["ours"]) == pytest.approx(
        json.loads(texts[".json"])["lines"][1]["cells"][0]["ours"], abs=1e-4
    )
    assert float(row["difference"]) == pytest.approx(float(row["ours"]) - 95.5, abs=1e-3)
    assert "make them with" in texts[".html"]


def test_text_cannot_leave_its_cell():
    cell = replace_text("<b>|&_%$\n")
    assert "<b>" not in writers.to_html(cell)
    assert r"\textless{}b\textgreater{}\textbar{}\&\_\%\$" in writers.to_latex(cell)
    rows = [line for line in writers.to_markdown(cell).splitlines() if line.startswith("|")]
    assert [line.replace(r"\|", "").count("|") for line in rows] == [3, 3, 3, 3]
    assert not any("<" in line for line in rows)
    assert "In brackets" not in writers.to_markdown(cell)  # as the paper has no figure


def replace_text(text):
    from vpd.paper.result import Cell, Heading, Line, ResultTable

    return ResultTable(
        "t", text, (Heading(text, text),), (Line(text, text, text, text, (Cell(1.0),)),), (text,)
    )


def test_what_lacks_features_is_said(columns, layout):
    tested = next(s.video for s in columns[0].labels if "2018" in s.video)
    path, aside = layout.features("joints2d", tested), layout.root / "aside"
    path.rename(aside)
    try:
        table = recognition.table_1(columns, (NNS,), Options())
        assert any("6 test segments lack joints2d and count as wrong" in note for note in table.notes)
        panels = figure.draw_curves(columns, (replace(NNS, group=OURS),), Options())
        assert any("6 test segments lack" in note for note in figure.notes(panels, Options()))
        table = retrieval.table_3(columns, (JOINTS,), Options())
        assert any("6 of 36 actions without features" in note for note in table.notes)
        said = detection._lacking(columns[0], JOINTS, Options(), 5)
        assert "learned from 4 videos at least, in 1 trial" in said[0]
        assert "1 of 2 videos tested without features" in said[1]
    finally:
        aside.rename(path)


def test_subsets_that_lost_examples_are_said(layout, columns):
    assert not columns[0].shortened_subsets()
    lists, before = layout.few_shot, layout.few_shot.read_text()
    names = json.loads(before)["2"]
    try:
        lists.write_text(json.dumps({"2": [names[0][:3], names[1]]}))
        notes = recognition.learning_notes(open_columns([layout])[0], Options())
        assert "FSJump6: the few-shot subsets hold fewer examples: 7 of 8 with k = 2." in notes
    finally:
        lists.write_text(before)


def test_libraries_of_one_data_set_are_told_apart(layout, tmp_path):
    other = Layout(shutil.copytree(layout.root, tmp_path / "lib"))
    one, two = open_columns([layout, other, layout])
    assert [one.title, two.title] == [f"FSJump6 ({layout.root})", f"FSJump6 ({other.root})"]
    other.splits.write_text("".join(line for line in layout.splits.open() if not line.endswith("test\n")))
    with pytest.raises(InputError, match=f"{other.root}: .*does not name 2 videos"):
        _ = two.parts


def test_rows_are_named_as_published_and_unknown_names_are_listed():
    named = {system.name for system in ROWS["table1"]}
    assert set(TABLE_1) <= named
    networks = [s for rows in (ROWS["table1"], ROWS["figure3"]) for s in rows if s.kind == "baseline"]
    assert {s.name for s in networks} > {"gsm", "gsm-crop", "tsn-2stream-crop", "stgcn"}
    assert all(s.name == s.recogniser in BASELINES for s in networks)
    with pytest.raises(InputError, match="table1 has no row pr-vipe"):
        rows_of_each(["table1"], ["pr-vipe"])
    chosen = rows_of_each(["table1", "table3", "table4"], ["vipe", "r3d", "vipe"])
    named = {table: [s.name for s in rows] for table, rows in chosen.items()}
    assert named == {"table1": ["vipe"], "table3": ["vipe"], "table4": ["vipe", "r3d"]}


def test_a_library_without_a_data_set_is_a_column(layout, tmp_path, monkeypatch):
    card = layout.dataset.read_text()
    layout.dataset.unlink()
    try:
        column = open_columns([layout])[0]
        assert (column.title, column.data) == ("lib", "")
        assert column.random == pytest.approx(0.5)
        with pytest.raises(InputError, match="no library of fs"):
            open_columns([layout], ["fs"])
    finally:
        layout.dataset.write_text(card)


def test_held_out_videos_choose_the_epoch_where_no_part_is_published(columns):
    column = columns[0]
    card = replace(column.card, key="fx")
    parts = replace(column.parts, validation=np.empty(0, np.int64))
    floor = replace(column, card=card)
    vars(floor)["parts"] = parts
    chosen, note = recognition.validation_of(floor, Options())
    assert "tenth of the training videos" in note
    held = set(chosen(parts.train, 0).tolist())
    videos = {parts.segments[i].video for i in held}
    assert held
    assert held == {i for i in parts.train.tolist() if parts.segments[i].video in videos}
    subset = parts.subsets[2][0]
    assert not set(chosen(subset, 2).tolist()) & set(subset.tolist())
    published, note = recognition.validation_of(floor, Options(as_published=True))
    assert published(parts.train, 0).tolist() == parts.test.tolist()
    assert "as published" in note
