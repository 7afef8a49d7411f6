"""Crops go through the file unchanged, batch by batch, and are read by row."""

from types import SimpleNamespace

import numpy as np
import pytest

from vpd.crops import CropFile, flow_in_pixels, make_crops, write_crops
from vpd.crops.encoding import MAX_FLOW, encode_flow, pack_flow, unpack_flow
from vpd.crops.make import BATCH
from vpd.errors import ArtefactError
from vpd.flow import make_flow
from vpd.library.artefact import Recipe, is_current
from vpd.settings import CropSettings
from vpd.types import Track

RECIPE = Recipe("crop", 1)


def texture(height=200, width=300):
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (height // 8, width // 8, 3), dtype=np.uint8)
    return np.kron(coarse, np.ones((8, 8, 1), np.uint8))


def moving_frames(n, step=(2, 0), missing=()):
    picture = texture()
    for i in range(n):
        if i not in missing:
            rgb = np.roll(picture, (i * step[1], i * step[0]), axis=(0, 1))
            yield SimpleNamespace(frame=i, time_s=i / 25, rgb=rgb)


def still_track(frames, athlete=0, x=80):
    n = len(frames)
    boxes = np.tile([x, 40, 60, 95], (n, 1))
    return Track(athlete, np.array(frames), np.array(frames) / 25, boxes, np.ones(n), np.full(n, "user"))


def cropped(path, frames, tracks, **settings):
    settings = CropSettings(**settings)
    write_crops(path, make_crops(frames, tracks, make_flow(settings.flow), settings), RECIPE)
    return CropFile(path)


def test_flow_codes():
    flow = np.random.default_rng(0).uniform(-30, 30, (8, 8, 2)).astype(np.float32)
    back = flow_in_pixels(encode_flow(flow))
    np.testing.assert_allclose(back, np.clip(flow, -MAX_FLOW, MAX_FLOW), atol=MAX_FLOW / 127 / 2 + 1e-5)
    assert (flow_in_pixels(encode_flow(np.zeros((2, 2, 2)))) == 0).all()
    codes = encode_flow(flow)
    packed = np.frombuffer(pack_flow(codes), np.uint8)
    np.testing.assert_array_equal(unpack_flow(packed, 8), codes)
    with pytest.raises(ArtefactError, match="damaged"):
        unpack_flow(packed[:-3], 8)


def test_rows_order_and_random_access(tmp_path):
    tracks = [still_track(range(10, 60), 1, 100), still_track(range(0, 80), 0)]
    file = cropped(tmp_path / "v.arrow", moving_frames(80), tracks)
    assert len(file) == 130 > BATCH
    assert is_current(file.path, RECIPE)
    order = np.lexsort((file.athletes, file.frames))
    np.testing.assert_array_equal(order, np.arange(130))
    np.testing.assert_allclose(file.times_s, file.frames / 25)
    assert not file.has_previous[0]
    assert file.has_previous.sum() == 128
    rows = np.random.default_rng(1).permutation(130)[:40]
    for all_at_once, one in ((file.rgb(rows), file.rgb), (file.flow(rows), file.flow)):
        np.testing.assert_array_equal(all_at_once, np.concatenate([one([row]) for row in rows]))
    assert file.rgb(rows).shape == (40, 128, 128, 3)


def test_colours_survive(tmp_path):
    file = cropped(tmp_path / "v.arrow", moving_frames(1), [still_track([0])], jpeg_quality=95)
    x, y, side = file.squares[0]
    assert side == 128
    expected = texture()[y : y + side, x : x + side].astype(int)
    error, swapped = (
        np.abs(rgb - expected).mean() for rgb in (file.rgb([0])[0], file.rgb([0])[0][..., ::-1])
    )
    assert error < 12 < swapped


@pytest.mark.parametrize("step", [(2, 0), (-1, 2)])
def test_flow_sees_the_motion_and_the_median_takes_it_away(tmp_path, step):
    tracks = [still_track(range(3))]
    file = cropped(tmp_path / "v.arrow", moving_frames(3, step), tracks)
    flow = flow_in_pixels(file.flow([0, 1, 2]))
    assert (flow[0] == 0).all()
    np.testing.assert_allclose(np.median(flow[1:], axis=(1, 2)), [step] * 2, atol=0.2)
    still = cropped(tmp_path / "w.arrow", moving_frames(3, step), tracks, subtract_median=True)
    np.testing.assert_allclose(np.median(flow_in_pixels(still.flow([1, 2])), axis=(1, 2)), 0, atol=0.1)


def test_no_flow_after_gaps(tmp_path):
    gap_in_track = [0, 1, 2, 5, 6]
    file = cropped(tmp_path / "v.arrow", moving_frames(8), [still_track(gap_in_track)])
    assert file.has_previous.tolist() == [False, True, True, False, True]
    file = cropped(tmp_path / "w.arrow", moving_frames(8, missing={3}), [still_track(range(6))])
    assert file.frames.tolist() == [0, 1, 2, 4, 5]
    assert file.has_previous.tolist() == [False, True, True, False, True]
    assert file.has_flow.tolist() == file.has_previous.tolist()


def test_one_frame_no_track_and_no_flow(tmp_path):
    one = cropped(tmp_path / "v.arrow", moving_frames(1), [still_track([0])])
    assert (len(one), one.size, one.has_previous.tolist()) == (1, 128, [False])
    none = cropped(tmp_path / "w.arrow", moving_frames(3), [])
    assert len(none) == 0
    assert none.rgb([]).shape[0] == 0
    without = cropped(tmp_path / "x.arrow", moving_frames(3), [still_track(range(3))], flow="none")
    assert without.has_previous.tolist() == [False, True, True]
    assert (flow_in_pixels(without.flow([0, 1, 2])) == 0).all()


def test_a_run_that_fails_leaves_nothing(tmp_path):
    def broken():
        yield from moving_frames(70)
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        cropped(tmp_path / "v.arrow", broken(), [still_track(range(70))])
    assert list(tmp_path.iterdir()) == []


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "v.arrow"
    with pytest.raises(ArtefactError, match="does not exist"):
        CropFile(path)
    path.write_bytes(b"not arrow")
    with pytest.raises(ArtefactError, match="damaged"):
        CropFile(path)
