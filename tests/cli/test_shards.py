"""`vpd status --shards N`: how far each share of a job array has come."""

from tests.pipeline.made import made_library
from vpd.pipeline.run import run
from vpd.pipeline.shard import Shard

NAMES = ["a", "b", "c", "d", "e"]


def test_status_counts_by_shard(tmp_path, vpd):
    layout = made_library(tmp_path, NAMES)
    first, second = (Shard(number, 2).of(NAMES) for number in (1, 2))
    assert first
    assert second
    (tmp_path / "videos" / f"{first[0]}.mp4").write_bytes(b"no video")
    run(layout, ["crop", "teach"], shard=Shard(1, 2))
    code, out, _ = vpd("status", "--shards", "2", "-L", str(layout.root))
    rows = [line.replace("│", " ").split() for line in out.splitlines() if "/2" in line]
    assert code == 0
    # shard, videos, prepared, embedded, set aside
    assert rows == [
        ["1/2", str(len(first)), str(len(first) - 1), "0", "1"],
        ["2/2", str(len(second)), "0", "0", "0"],
    ]


def test_what_is_no_shard_is_refused(tmp_path, vpd):
    layout = made_library(tmp_path, ["a"])
    code, _, err = vpd("run", "--shard", "5/2", "-L", str(layout.root))
    assert code == 1
    assert "'5/2' is no shard: write i/n" in err
