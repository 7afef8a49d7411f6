"""The files that a camera cut one recording into, as one video: one clock, one picture by any way."""

import shutil
import subprocess

import numpy as np
import pytest

from tests.video.made import B_FRAMES, Made, x264
from vpd.errors import InputError, VideoError
from vpd.library.artefact import Recipe
from vpd.library.frames import Recording, write_index
from vpd.library.videos import Videos
from vpd.pipeline.register import add_videos, make_library
from vpd.pipeline.run import run
from vpd.video import cut_clip, frame_at, read_frames, read_video_info, scan_video

LENGTHS = (37, 24, 30)


def chapters(folder, suffix=".mp4", **made):
    """Three chapters, the second of which begins at another picture than the first ended with."""
    folder.mkdir(exist_ok=True)
    paths = []
    for number, frames in enumerate(LENGTHS, start=1):
        how = Made(f"GX0{number}0012{suffix}", "libx264", frames=frames, options=B_FRAMES, **made)
        paths.append(how.write(folder))
    return paths


def joined(paths, folder):
    _, index = scan_video(Recording(paths[0], None, tuple(paths[1:])))
    write_index(folder / "index.parquet", index, Recipe("scan", 1))
    return Recording(paths[0], folder / "index.parquet", tuple(paths[1:]))


@pytest.mark.parametrize("suffix", [".mp4", ".ts", ".mkv"])
def test_every_picture_is_that_of_its_chapter_by_any_way(tmp_path, suffix):
    paths = chapters(tmp_path / "card", suffix)
    video = joined(paths, tmp_path)
    right = [frame.rgb for path in paths for frame in read_frames(path)]
    whole = list(read_frames(video))
    assert len(whole) == len(right) == sum(LENGTHS)
    assert all(np.array_equal(a.rgb, b) for a, b in zip(whole, right, strict=True))
    np.testing.assert_allclose([f.time_s for f in whole], np.arange(len(right)) / 25, atol=2e-3)
    for start in (0, 36, 37, 38, 55, 60, 61, 62, 90):
        part = list(read_frames(video, start, start + 3))
        assert [f.frame for f in part] == list(range(start, min(start + 3, len(right))))
        for frame in part:
            assert frame.time_s == whole[frame.frame].time_s
            assert np.array_equal(frame.rgb, right[frame.frame])
    assert np.array_equal(frame_at(video, 37.5 / 25), right[37])
    index = video.index
    assert index is not None
    assert index.files == (0, 37, 61)
    assert not index.jumps


def test_the_clock_is_that_of_ffmpegs_own_joining(tmp_path):
    """FFmpeg's concat demuxer, copying, makes one file; its times are those that we have."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    paths = chapters(tmp_path / "card")
    listed = tmp_path / "list.txt"
    listed.write_text("".join(f"file '{path}'\n" for path in paths))
    out = tmp_path / "one.mp4"
    command = ["ffmpeg", "-v", "error", "-f", "concat", "-safe", "0", "-i", listed, "-c", "copy", out]
    subprocess.run(command, check=True)
    ours, theirs = read_video_info(joined(paths, tmp_path)), read_video_info(out)
    np.testing.assert_allclose(ours.times_s, theirs.times_s, atol=1e-3)
    assert ours.warning == ""
    assert "3 chapters joined" in ours.about


def test_a_clip_reaches_over_the_end_of_a_chapter(tmp_path):
    video = joined(chapters(tmp_path / "card"), tmp_path)
    assert cut_clip(video, 1.0, 2.0, tmp_path / "clip.mp4") == 25


def test_a_chapter_of_another_size_is_fitted_and_a_damaged_one_named(tmp_path):
    paths = chapters(tmp_path / "card")
    other = Made("GX020012.mp4", "libx264", frames=24, options=x264(), size=(64, 96)).write(tmp_path / "card")
    content = bytearray(other.read_bytes())
    start = content.index(b"mdat") + 2000
    content[start : start + 3000] = bytes(3000)
    other.write_bytes(content)
    video = Recording(paths[0], None, tuple(paths[1:]))
    info = read_video_info(video)
    assert "64 x 96 fitted" in info.about
    assert "GX020012.mp4: " in info.warning
    paths[2].unlink()
    with pytest.raises(VideoError, match="GX030012"):
        list(read_frames(video))


def test_a_library_joins_them_on_request(tmp_path):
    card = tmp_path / "card"
    paths = chapters(card)
    apart = add_videos(make_library(tmp_path / "apart"), [card])
    assert apart.added == ["GX010012", "GX020012", "GX030012"]
    assert (apart.chapters, apart.joined) == ([paths], [])

    layout = make_library(tmp_path / "lib")
    result = add_videos(layout, [card], join=True)
    assert (result.added, result.joined, result.chapters) == (["GX010012"], [paths], [])
    assert run(layout, ["scan"]).complete
    videos = Videos.read(layout)
    assert videos["GX010012"].frames == sum(LENGTHS)
    assert videos.recording("GX010012").files == tuple(paths)
    for again in (add_videos(layout, [card]), add_videos(layout, [card], join=True)):
        assert (again.added, again.chapters, again.problems) == ([], [], [])
    with pytest.raises(InputError, match="there is no video 'GX020012"):
        videos.id_of("GX020012.MP4")

    moved = tmp_path / "moved"
    card.rename(moved)
    with pytest.raises(InputError, match="is gone"):
        videos.recording("GX010012")
    assert add_videos(layout, [moved], join=True).moved == [(moved / paths[0].name, "GX010012")]
    assert run(layout, ["scan"]).made == {}


def test_the_table_made_again_and_older_tables_keep_them(tmp_path):
    chapters(tmp_path / "card")
    layout = make_library(tmp_path / "lib")
    add_videos(layout, [tmp_path / "card"], join=True)
    run(layout, ["scan"])
    layout.videos_copy.unlink()
    layout.videos.write_bytes(b"damaged")
    run(layout, ["scan"])
    assert Videos.read(layout)["GX010012"].further == ["GX020012.mp4", "GX030012.mp4"]


def test_chapters_that_come_later_or_are_missing(tmp_path):
    card = tmp_path / "card"
    paths = chapters(card)
    layout = make_library(tmp_path / "lib")
    aside = tmp_path / "aside.mp4"
    paths[1].rename(aside)
    ((first, why),) = add_videos(layout, [card], join=True).problems
    assert first == paths[0]
    assert "no chapter 02" in why
    aside.rename(paths[1])
    ((_, why),) = add_videos(layout, [card], join=True).problems
    assert "GX010012, GX030012 is known already" in why

    layout = make_library(tmp_path / "other")
    add_videos(layout, paths[:1])
    run(layout, ["scan"])
    assert add_videos(layout, [card], join=True).joined == [paths]
    run(layout, ["scan"])
    assert Videos.read(layout)["GX010012"].frames == sum(LENGTHS)
