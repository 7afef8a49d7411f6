"""Progress never falls, reaches the caller, and ends a verb that was cancelled with nothing written."""

import os
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch.optim.optimizer import register_optimizer_step_post_hook

import vpd
from vpd.cancelling import check_cancelled
from vpd.errors import CancelledError, VpdError
from vpd.verbs.detect import DetectListener
from vpd.verbs.progress import Progress

FRACTIONS = st.lists(st.floats(-1, 2), max_size=20)


@given(FRACTIONS)
def test_it_never_falls_and_lies_in_0_to_1(fractions):
    told = []
    progress = Progress(lambda fraction, text: told.append(fraction))
    for fraction in fractions:
        progress(fraction)
    assert told == sorted(told)
    assert all(0 <= fraction <= 1 for fraction in told)
    assert len(told) == len(fractions)
    assert not told or told[-1] == max(0, min(1, max(fractions)))


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_part_fills_its_share(a, b, fraction):
    start, stop = sorted((a, b))
    told = []
    progress = Progress(lambda fraction, text: told.append((fraction, text)))
    progress.part(start, stop)(fraction, "x")
    assert told == [(pytest.approx(start + (stop - start) * fraction), "x")]


def test_cancelling_reaches_parts_and_parts_of_parts():
    progress = Progress()
    inner = progress.part(0, 0.5).part(0.5, 1)
    inner(0.5)
    assert not inner.cancelled
    progress.cancel()
    for one in (progress, inner):
        assert one.cancelled
        with pytest.raises(CancelledError):
            one(0.6)
        with pytest.raises(CancelledError):
            one.check()
    assert issubclass(CancelledError, VpdError)


CALLS = {
    "search labelled": lambda library, progress: library.search("a1@0.4-1.2", progress=progress),
    "search uncut": lambda library, progress: library.search("a1@0.4-1.2", uncut=True, progress=progress),
    "recognise": lambda library, progress: library.recognise(progress=progress),
    "evaluate": lambda library, progress: library.evaluate(ks=[1], subsets=2, progress=progress),
    "retrieve": lambda library, progress: library.retrieve(["joints2d", "vipe-window"], progress=progress),
    "detect": lambda library, progress: library.detect(method="search", progress=progress),
}


def reports_until_cancelled(library, call, count):
    """How many reports come where the verb is cancelled after ``count`` of them."""
    reports = []

    def tell(fraction, text):
        reports.append(fraction)
        if len(reports) > count:
            progress.cancel()

    progress = Progress(tell)
    with pytest.raises(CancelledError):
        call(library, progress)
    return len(reports)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_every_verb_reports_and_can_be_cancelled_at_every_report(layout, call):
    library = vpd.Library(layout.root)
    told = []
    call(library, Progress(lambda fraction, text: told.append((fraction, text))))
    assert len(told) >= 2
    assert [fraction for fraction, _ in told] == sorted(fraction for fraction, _ in told)
    assert all(text for _, text in told)
    before = sorted(path for path in layout.root.rglob("*") if path.is_file())
    for count in range(len(told) - 1):
        assert reports_until_cancelled(library, call, count) == count + 1
    assert sorted(path for path in layout.root.rglob("*") if path.is_file()) == before


TRAININGS = {
    "detect": lambda library, progress: library.detect(["new1"], method="trained", progress=progress),
    "recognise": lambda library, progress: library.recognise(recogniser="bigru", progress=progress),
    "evaluate": lambda library, progress: library.evaluate(
        recognisers=["bigru"], ks=[1], subsets=1, progress=progress
    ),
}


@pytest.mark.parametrize("call", TRAININGS.values(), ids=TRAININGS)
def test_a_cancel_within_a_training_ends_it_before_the_next_step(layout, call):
    progress, steps = Progress(), []

    def stepped(*_):
        steps.append(None)
        if len(steps) == 3:
            progress.cancel()

    hook = register_optimizer_step_post_hook(stepped)
    try:
        with pytest.raises(CancelledError):
            call(vpd.Library(layout.root), progress)
    finally:
        hook.remove()
    assert 3 <= len(steps) <= 3 + (os.cpu_count() or 1)  # other threads end the step in hand
    check_cancelled()  # what follows in this thread is not cancelled


def test_a_verb_is_cancelled_from_another_thread(layout):
    waiting, go_on = threading.Event(), threading.Event()

    def tell(fraction, text):
        waiting.set()
        go_on.wait(60)

    progress, ended = Progress(tell), []

    def work():
        try:
            vpd.Library(layout.root).search("a1@0.4-1.2", progress=progress)
        except CancelledError as error:
            ended.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    assert waiting.wait(60)
    progress.cancel()
    go_on.set()
    thread.join(60)
    assert len(ended) == 1


def test_detect_answers_by_search_before_the_networks(layout):
    heard = []

    class Listener(DetectListener):
        def video(self, found):
            assert found.scores
            heard.append(found.video)

        def answer(self, result):
            heard.append("search" if result.by_search else "networks")

    settings = layout.settings.read_text()
    layout.settings.write_text("[detect]\nfolds = 2\nepochs = 1\n")
    try:
        result = vpd.Library(layout.root).detect(["new1"], listener=Listener())
    finally:
        layout.settings.write_text(settings)
    assert heard == ["new1", "search", "new1", "networks"]
    assert result.settings.method == "trained"
    assert not result.by_search
