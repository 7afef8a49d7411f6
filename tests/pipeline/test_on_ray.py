"""Tasks on a Ray cluster: what is done with its answers, and, slow, with Ray itself.

A cluster that loses processes, nodes and programs is in benchmarks/cluster.py, which a slow test calls.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.pipeline.made import BASE, made_library
from vpd.errors import InputError, MismatchError
from vpd.pipeline import cluster, engine, on_ray
from vpd.pipeline.cluster import Cluster
from vpd.pipeline.run import open_sources, run
from vpd.pipeline.software import differences, installed
from vpd.pipeline.task import Outcome, Task

ROOT = Path(__file__).parents[2]


def task(layout, video="a"):
    sources = open_sources(layout)
    return Task(layout.root, sources.settings, sources.row(video), ("scan",), 1)


class WorkerCrashedError(Exception):
    """As Ray's."""


class NodeDiedError(Exception):
    """As Ray's."""


class Ray:
    """Stands for a connection: tasks end at once with the next of ``answers``, on the next of ``nodes``."""

    exceptions = SimpleNamespace(
        RayError=Exception,
        WorkerCrashedError=WorkerCrashedError,
        OutOfMemoryError=MemoryError,
        RayTaskError=KeyError,
    )

    def __init__(self, answers, nodes=("n1", "n2")):
        self.answers, self.names, self.sent, self.cancelled = list(answers), nodes, [], []

    def nodes(self):
        return [{"NodeID": n, "Alive": True, "Resources": {"CPU": 2.0, "memory": 1e9}} for n in self.names]

    def put(self, value):
        return value

    def remote(self, **options):
        self.declared = options
        return lambda do: SimpleNamespace(options=self._options)

    def _options(self, **options):
        def send(task, software):
            self.sent.append(options)
            return len(self.sent)

        return SimpleNamespace(remote=send)

    def wait(self, refs, num_returns, timeout):
        return refs[:1], refs[1:]

    def get(self, ref):
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def cancel(self, ref, force=False):
        self.cancelled.append(ref)


@pytest.fixture
def answered(monkeypatch, tmp_path):
    """Do the task of one video where the cluster answers as given."""
    one = task(made_library(tmp_path, ["a"]))

    def do(answers, jobs=1):
        ray = Ray(answers)
        monkeypatch.setattr(on_ray, "import_ray", lambda: ray)
        outcomes = list(on_ray.perform_on_ray([one], lambda ms: None, jobs))
        return ray, outcomes

    return do


def done(video="a"):
    return Outcome(video, SimpleNamespace(video=video))


def test_resources_are_declared(answered):
    ray, (outcome,) = answered([done()])
    assert not outcome.error
    assert ray.declared == {"max_retries": 0, "num_gpus": 0.0, "memory": 1e9}
    assert ray.sent[0]["num_cpus"] == 1
    assert ray.sent[0]["scheduling_strategy"] == "SPREAD"


def test_a_video_whose_process_dies_is_tried_again(answered):
    ray, (outcome,) = answered([WorkerCrashedError(), WorkerCrashedError(), done()])
    assert not outcome.error
    assert len(ray.sent) == 3


def test_a_video_that_kills_three_processes_is_set_aside(answered):
    ray, (outcome,) = answered([WorkerCrashedError()] * 3 + [done()])
    assert outcome.error.startswith("3 processes of the cluster died on it")
    assert len(ray.sent) == 3


def test_lost_computers_are_no_fault_of_the_video(answered):
    ray, (outcome,) = answered([NodeDiedError()] * 5 + [done()])
    assert not outcome.error
    assert len(ray.sent) == 6


def test_a_video_is_not_tried_for_ever(answered):
    ray, (outcome,) = answered([NodeDiedError("no reply")] * 30)
    assert "lost it 20 times (NodeDiedError: no reply)" in outcome.error
    assert len(ray.sent) == 20


def test_a_computer_with_other_software_gets_no_more_tasks(answered):
    ray, (outcome,) = answered([on_ray.Refusal("n1", "east", "it is another"), done()])
    assert not outcome.error
    assert ray.sent[1]["label_selector"] == {"ray.io/node-id": "!in(n1)"}


def test_where_no_computer_is_left_all_are_named(answered):
    refusals = [on_ray.Refusal("n1", "east", "no numpy"), on_ray.Refusal("n2", "west", "no library")]
    with pytest.raises(MismatchError, match=r"east: no numpy; west: no library\."):
        answered(refusals)


def test_leaving_early_cancels_what_is_with_the_cluster(monkeypatch, tmp_path):
    layout = made_library(tmp_path, ["a", "b", "c"])
    ray = Ray([done("a")])
    monkeypatch.setattr(on_ray, "import_ray", lambda: ray)
    outcomes = on_ray.perform_on_ray([task(layout, v) for v in "abc"], lambda ms: None, 3)
    next(outcomes)
    outcomes.close()
    assert ray.cancelled[:2] == [2, 3]


def test_a_computer_that_does_not_see_the_library_says_so(tmp_path):
    one = task(made_library(tmp_path, ["a"]))
    away = Task(tmp_path / "elsewhere", one.settings, one.row, one.steps, 1)
    refused = on_ray.work(away, installed(), "n1")
    assert refused.node == "n1"
    assert f"it does not see the library {tmp_path / 'elsewhere'}" in refused.why


def test_a_computer_with_another_version_says_which(tmp_path):
    one = task(made_library(tmp_path, ["a"]))
    refused = on_ray.work(one, {**installed(), "numpy": "1.0"}, "n1")
    assert f"numpy {installed()['numpy']} instead of 1.0" in refused.why
    assert not (tmp_path / "lib" / "frames").exists()
    assert on_ray.work(one, installed(), "n1").row.frames == 6


def test_software_differs_by_code_and_networks():
    assert {"vpd", "networks", "python", "torch"} <= installed().keys()
    assert differences(installed(), installed()) == ""
    assert differences({"a": "1"}, {"b": "2"}) == "a none instead of 1, b 2 instead of none"


def test_without_ray_a_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InputError, match=r"pip install 'video-pose-distillation\[ray\]'"):
        cluster.import_ray()


def test_an_unknown_engine_is_answered_with_the_known_ones(tmp_path):
    with pytest.raises(InputError, match="there is no engine 'spark'; there are here, workers, ray"):
        run(made_library(tmp_path, ["a"]), ["scan"], engine="spark")


@pytest.fixture
def ray_home(monkeypatch, tmp_path):
    """Ray's token in a folder of the test's own."""
    pytest.importorskip("ray")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


ON_RAY = """
import json, sys
from pathlib import Path
from vpd.library.layout import Layout
from vpd.pipeline.cluster import Cluster
from vpd.pipeline.run import run
report = run(Layout(Path(sys.argv[1])), ["crop"], 0, engine="ray", cluster=Cluster(sys.argv[2]))
print(json.dumps(report.to_json()))
"""


def on_a_ray(layout, address="local", **variables):
    return subprocess.run(
        [sys.executable, "-c", ON_RAY, str(layout.root), address],
        capture_output=True,
        text=True,
        env={**os.environ, **variables},
        check=False,
    )


@pytest.mark.slow
def test_a_ray_of_its_own_makes_the_same_bytes(ray_home, tmp_path):
    from tests.pipeline.test_workers import contents

    whole, on = (made_library(tmp_path / name, ["a", "b", "c"]) for name in ("whole", "on"))
    run(whole, ["crop"])
    for layout in (whole, on):
        layout.settings.write_text(BASE.replace("averages", "resnet18"))
    done = on_a_ray(on)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)  # and nothing of Ray's own words beside it
    assert report["made"] == {"scan": 3, "track": 3, "crop": 3}
    assert contents(on) == contents(whole)


def _deadly(task, software):
    if task.row.video == "a":
        os.kill(os.getpid(), signal.SIGKILL)
    return on_ray.work(task, software, "n1")


@pytest.mark.slow
def test_a_deadly_video_is_set_aside_and_the_others_are_done(ray_home, tmp_path):
    layout = made_library(tmp_path, ["a", "b", "c"])
    with cluster.connected(Cluster()):
        tasks = [task(layout, video) for video in "abc"]
        outcomes = {o.video: o for o in on_ray.perform_on_ray(tasks, lambda ms: None, 0, _deadly)}
    assert outcomes.pop("a").error.startswith("3 processes of the cluster died on it")
    assert {video: o.row.frames for video, o in outcomes.items()} == {"b": 6, "c": 6}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": "/nowhere"}, "takes whoever has its token"),
        ({"RAY_AUTH_MODE": "disabled"}, "no Ray cluster answers at 127.0.0.1:1"),
    ],
)
def test_a_cluster_that_refuses_is_told_in_a_sentence(ray_home, tmp_path, variables, said):
    layout = made_library(tmp_path, ["a"])
    done = on_a_ray(layout, "127.0.0.1:1", **variables)
    assert done.returncode == 1
    assert said in done.stderr.splitlines()[-1]
    assert "RAY_AUTH_TOKEN_PATH" in done.stderr.splitlines()[-1]


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals of other kinds")
def test_ctrl_c_ends_in_order_and_the_next_run_continues(ray_home, tmp_path):
    layout = made_library(tmp_path, ["a", "b", "c", "d"], frames=300)
    command = [sys.executable, "-m", "vpd", "run", "--engine", "ray", "-L", str(layout.root)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if line.startswith("track"):
            break
    process.send_signal(signal.SIGINT)
    err = process.stderr.read()
    assert process.wait() == 128 + signal.SIGINT
    assert "What is done is kept" in err
    assert not list(layout.root.rglob("*.part"))
    assert run(layout, ["crop"]).complete


@pytest.mark.slow
def test_a_cluster_that_loses_parts_makes_the_same_bytes(ray_home):
    """A random two of: a worker, a node, the program that started the run."""
    command = [sys.executable, str(ROOT / "benchmarks" / "cluster.py"), "kills", "--moments", "2"]
    done = subprocess.run([*command, "--seed", "1"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]


def test_engines_are_told_apart():
    assert [name for name, each in engine.ENGINES.items() if not each.here] == ["ray"]
