"""A computer that slept lost its lease while it made an artefact, which another then has in hand."""

from dataclasses import replace

from tests.pipeline.made import made_library
from vpd.library import lease
from vpd.library.lock import lock_file
from vpd.pipeline import table
from vpd.pipeline.run import run
from vpd.pipeline.status import status


def test_a_video_whose_lease_was_taken_over_is_not_set_aside(tmp_path, monkeypatch):
    monkeypatch.setenv(lease.KIND, "lease")
    layout = made_library(tmp_path, ["a"])
    make, slept = table.STEPS["crop"].make, []

    def sleeps(work, wanted):
        make(work, wanted)
        if not slept:
            slept.append(lock_file(wanted[0].path).with_suffix(".lease"))
            slept[0].write_text('{"token": "another", "beat": 1, "host": "elsewhere", "process": 1}')
            monkeypatch.setattr(lease, "TAKEOVER_S", 0.2)  # the other dies, and is succeeded

    monkeypatch.setitem(table.STEPS, "crop", replace(table.STEPS["crop"], make=sleeps))
    report = run(layout, ["crop"])
    assert slept
    assert report.complete
    assert status(layout).steps["crop"].current == 1
