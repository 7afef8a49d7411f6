"""Files as wild as they come, made by the program ffmpeg, with what is right by ffprobe and ffmpeg."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

PICTURES = "testsrc2=s={size}:r={rate}:d={length}"
REFUSED = "refused"


@dataclass(frozen=True)
class Wild:
    """How one file is made.

    Attributes
    ----------
    options : of ffmpeg for its output. ``size``, ``rate``, ``length``: of the pictures, pixels, 1/s, s.
    change : what is done to the bytes afterwards. ``inputs``: further inputs of ffmpeg.
    right : `REFUSED`; or None where ffprobe is right.
    fields : pictures that a frame of the file gives.
    doubt : a word of the warning that it must get.
    alike : whether its pictures look as ffmpeg's without further options.
    span_s : from the first picture to the last as it was made, where ffprobe does not tell.
    """

    name: str
    options: str = "-c:v libx264 -preset ultrafast"
    size: str = "160x120"
    rate: str = "25"
    length: str = "2"
    inputs: str = ""
    change: Callable[[bytes], bytes] | None = None
    right: str | None = None
    fields: int = 1
    doubt: str = ""
    alike: bool = True
    span_s: float | None = None


X264 = "-c:v libx264 -preset ultrafast"
X265 = "-c:v libx265 -preset ultrafast -x265-params log-level=none"
SOUND, LONG_SOUND = "-f lavfi -i sine=d=2", "-f lavfi -i sine=d=5"
JPEG = "-c:v mjpeg -pix_fmt yuvj420p"


def _cut(share: float) -> Callable[[bytes], bytes]:
    return lambda content: content[: int(len(content) * share)]


def _hurt(content: bytes) -> bytes:
    out = bytearray(content)
    for place in range(len(out) // 3, len(out) // 3 + 2000, 7):
        out[place] ^= 0x5A
    return bytes(out)


def _without_rate(content: bytes) -> bytes:
    """An AVI file whose header says 0 for the rate of its video, and for the length of a frame."""
    out, head = bytearray(content), content.index(b"strh") + 8
    out[head + 20 : head + 28] = bytes(8)
    length = content.index(b"avih") + 8
    out[length : length + 4] = bytes(4)
    return bytes(out)


def _with_parity(content: bytes) -> bytes:
    """A transport stream with 16 bytes of error correction after each packet, as from a satellite."""
    return b"".join(content[at : at + 188] + bytes(16) for at in range(0, len(content), 188))


WILD: tuple[Wild, ...] = (
    Wild("plain.mp4"),
    Wild("b_frames_open.mp4", f"{X264} -bf 3 -x264-params open-gop=1:keyint=12"),
    Wild("no_edit_list.mp4", f"{X264} -bf 2 -use_editlist 0"),
    Wild("prores.mov", "-c:v prores_ks"),
    Wild("dnxhd.mov", "-c:v dnxhd -b:v 36M -pix_fmt yuv422p", "1920x1080", length="0.3"),
    Wild("vp8.webm", "-c:v libvpx -deadline realtime -cpu-used 8"),
    Wild("vp9_alpha.webm", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -pix_fmt yuva420p", alike=False),
    Wild("av1.mkv", "-c:v libaom-av1 -cpu-used 8 -usage realtime", length="0.5"),
    Wild("hevc_10bit.mp4", f"{X265} -pix_fmt yuv420p10le"),
    Wild("hevc_422_12bit.mkv", f"{X265} -pix_fmt yuv422p12le"),
    Wild("h264_444.mp4", f"{X264} -pix_fmt yuv444p"),
    Wild("h264_lossless_rgb.mkv", "-c:v libx264rgb -preset ultrafast -qp 0"),
    Wild("grey16.mkv", "-c:v ffv1 -pix_fmt gray16le"),
    Wild("grey.avi", "-c:v ffvhuff -pix_fmt gray"),
    Wild("jpeg.avi", JPEG),
    Wild("mpeg1.mpg", "-c:v mpeg1video -f mpeg"),
    Wild("mpeg2.ts", "-c:v mpeg2video -bf 2"),
    Wild("mpeg2.vob", "-c:v mpeg2video -bf 2 -f vob"),
    Wild("camera.dv", "-c:v dvvideo -pix_fmt yuv420p -f dv", "720x576", fields=2, alike=False),
    Wild("tv.mxf", "-c:v mpeg2video"),
    Wild("old.wmv", "-c:v wmv2"),
    Wild("old.flv", "-c:v flv1"),
    Wild("free.ogv", "-c:v libtheora"),
    Wild("divx.avi", "-c:v msmpeg4"),
    Wild("xvid.avi", "-c:v mpeg4 -bf 2", span_s=1.96),
    Wild("uncompressed.avi", "-c:v rawvideo -pix_fmt bgr24", length="0.4"),
    Wild("animation_alpha.mov", "-c:v qtrle -pix_fmt argb", length="0.4"),
    Wild("png.mov", "-c:v png -pix_fmt rgba", length="0.4"),
    Wild("cinepak.avi", "-c:v cinepak", length="0.3"),
    Wild("phone.3gp", "-c:v h263", "176x144"),
    Wild("container.nut", "-c:v mpeg4"),
    Wild("bare.h264", f"{X264} -f h264", rate="50", span_s=1.98),
    Wild("bare.hevc", f"{X265} -f hevc", rate="30", span_s=59 / 30),
    Wild("bare.ivf", "-c:v libvpx -deadline realtime -cpu-used 8 -f ivf"),
    Wild("bare.y4m", "-pix_fmt yuv420p -f yuv4mpegpipe", length="0.4"),
    Wild("bare_without_rate.mjpeg", f"{JPEG} -f mjpeg", right=REFUSED),
    Wild("wide_pixels.mp4", f"{X264} -vf setsar=16/11", alike=False),
    Wild("odd_size.mp4", f"{X264} -pix_fmt yuv444p", "161x121"),
    Wild("one_pixel.mkv", "-c:v ffv1 -pix_fmt bgr0 -vf scale=1:1"),
    Wild("huge.avi", JPEG, "7680x4320", "5", "0.4"),
    Wild("tall.mkv", f"{X264} -pix_fmt yuv444p -colorspace bt709", "18x2000", length="0.4"),
    Wild("one_frame.mp4", f"{X264} -frames:v 1"),
    Wild("once_a_second.mp4", rate="1", length="6"),
    Wild("slow_motion.mp4", rate="240", length="0.5"),
    Wild("film.mp4", rate="24000/1001"),
    Wild("variable.mkv", f"{X264} -vf setpts=(N+mod(N*N\\,7)/8)/25/TB -vsync vfr"),
    Wild("negative_start.mkv", f"{X264} -output_ts_offset -1 -avoid_negative_ts disabled",
         doubt="carry no time", span_s=1.96),
    Wild("late_start.ts", f"{X264} -output_ts_offset 5000"),
    Wild("fragments.mp4", f"{X264} -movflags empty_moov+frag_keyframe"),
    Wild("turned.mp4", f"{X264} -metadata:s:v rotate=90"),
    Wild("bottom_first.ts", "-c:v mpeg2video -flags +ildct+ilme -top 0", "720x576", fields=2, alike=False),
    Wild("hlg.mp4", f"{X265}:colorprim=bt2020:transfer=arib-std-b67:colormatrix=bt2020nc "
         "-pix_fmt yuv420p10le", alike=False),
    Wild("with_sound_and_timecode.mov", f"{X264} -map 0 -map 1 -c:a aac -timecode 01:00:00:00 -shortest",
         inputs=SOUND),
    Wild("many_streams.mkv", f"-map 0 -map 0 -map 0 -map 1 {X264} -c:a aac -s:v:0 32x24 -s:v:2 64x48 "
         "-disposition:v:0 0 -disposition:v:1 default -disposition:v:2 0", inputs=SOUND),
    Wild("sound_alone.mp4", "-map 1 -c:a aac", inputs=SOUND, right=REFUSED),
    Wild("sound_with_cover.mp3", "-map 1 -map 0 -c:a libmp3lame -c:v mjpeg -pix_fmt yuvj420p -frames:v 1 "
         "-disposition:v attached_pic", inputs=SOUND, right=REFUSED),
    Wild("joined.ts", f"{X264}", change=lambda content: content * 2, doubt="jumps", alike=False),
    Wild("cut_short.mkv", f"{X264} -g 10", change=_cut(0.6), doubt="cut short", alike=False),
    Wild("cut_short.mp4", change=_cut(0.6), right=REFUSED),
    Wild("damaged.ts", f"{X264} -g 10", change=_hurt, doubt="damaged", alike=False),
    Wild("begins_with_zeros.ts", f"{X264} -g 10", change=lambda content: bytes(4096) + content[4096:],
         alike=False),
    Wild("mp4_called.avi", f"{X264} -f mp4"),
    Wild("mkv_called.mp4", f"{X264} -f matroska"),
    Wild("no_suffix", f"{X264} -f mp4"),
    Wild("picture.mp4", "-frames:v 1 -c:v png -f image2pipe", right=REFUSED),
    Wild("moving_picture.mp4", "-c:v gif -f gif", right=REFUSED),
    Wild("text.mov", change=lambda content: b"not a film, but a letter\n" * 500, right=REFUSED),
    Wild("list.mp4", change=lambda content: b"#EXTM3U\n#EXTINF:1,\nplain.mp4\n", right=REFUSED),
    Wild("empty.mp4", change=lambda content: b"", right=REFUSED),
    Wild("zeros.mkv", change=lambda content: bytes(100_000), right=REFUSED),
    Wild("sound_first.mp4", f"-map 0 -map 1 {X264} -bf 2 -c:a aac -vf setpts=PTS+1/TB", inputs=SOUND),
    Wild("cover_first.mp4", "-map 1 -map 0 -c:v:0 png -disposition:v:0 attached_pic -c:v:1 libx264 "
         "-preset ultrafast -pix_fmt:v:1 yuv420p", inputs="-f lavfi -i color=red:s=64x64:r=25:d=0.04",
         alike=False),
    Wild("without_rate.avi", JPEG, change=_without_rate),
    Wild("live.webm", "-c:v libvpx -deadline realtime -cpu-used 8 -live 1"),
    Wild("clock_runs_over.ts", f"{X264} -bf 2 -output_ts_offset 95442.5", span_s=1.96),
    Wild("wide_pixels.mkv", f"{X264} -vf setsar=12/11", alike=False),
    Wild("UPPER.MP4", f"{X264} -f mp4"),
    Wild("ends_with_a_dot.mp4.", f"{X264} -f mp4"),
    Wild("hevc_for_apple.mov", f"{X265} -tag:v hvc1 -pix_fmt yuv420p"),
    Wild("full_range.mp4", f"{X264} -pix_fmt yuvj420p"),
    Wild("fragments_of_0.2_s.mp4", f"{X264} -bf 2 -movflags cmaf+empty_moov+default_base_moof "
         "-frag_duration 200000"),
    Wild("negative_offsets.mp4", f"{X264} -bf 3 -movflags negative_cts_offsets"),
    Wild("phone_variable.mp4", f"{X264} -bf 2 -vf setpts=(N+mod(N*N\\,7)/8)/25/TB -vsync vfr "
         "-video_track_timescale 90000"),
    Wild("waits_8_s.mp4", f"{X264} -vf setpts=PTS+gt(N\\,9)*8/TB -vsync vfr"),
    Wild("two_angles.vob", "-map 0 -map 0 -c:v mpeg2video -s:v:0 80x64 -f vob"),
    Wild("dropped.avi", f"{JPEG} -vf select=mod(n\\,5) -vsync vfr"),
    Wild("half.ts", f"{X264} -bf 2 -g 10", change=lambda content: content[len(content) // 376 * 188 :],
         alike=False),
    Wild("interlaced_prores.mov", "-c:v prores_ks -vf setfield=tff -flags +ildct+ilme", fields=2,
         alike=False),
    Wild("vp9_10bit.webm", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -pix_fmt yuv420p10le",
         length="0.5"),
    Wild("empty_edit.mp4", f"-map 0 -map 1 {X264} -bf 2 -c:a aac -vf setpts=PTS+3/TB", inputs=LONG_SOUND),
    Wild("late_video.mkv", f"-map 0 -map 1 {X264} -bf 2 -c:a aac -vf setpts=PTS+3/TB", inputs=LONG_SOUND),
    Wild("late_video.ts", f"-map 0 -map 1 {X264} -bf 2 -c:a aac -vf setpts=PTS+3/TB", inputs=LONG_SOUND),
    Wild("late_video.flv", f"-map 0 -map 1 {X264} -bf 2 -c:a aac -vf setpts=PTS+3/TB", inputs=LONG_SOUND),
    Wild("late_video.vob", "-map 0 -map 1 -c:v mpeg2video -bf 2 -c:a mp2 -vf setpts=PTS+3/TB -f vob",
         inputs=LONG_SOUND),
    Wild("drop_frame.mov", f"{X264} -timecode 00:00:59;20", rate="30000/1001"),
    Wild("drop_frame.mxf", "-c:v mpeg2video -timecode 00:00:59;20", rate="30000/1001"),
    Wild("two_programs.ts", f"-map 0 -map 0 {X264} -s:v:1 320x240 -program title=a:st=0 "
         "-program title=b:st=1"),
    Wild("clock_runs_over.vob", "-c:v mpeg2video -bf 2 -f vob -output_ts_offset 95442.5", span_s=1.96),
    Wild("camera.m2ts", f"{X264} -bf 2 -mpegts_m2ts_mode 1 -f mpegts"),
    Wild("packets_of_204.ts", f"{X264} -bf 2", change=_with_parity),
    Wild("wide.dv", "-c:v dvvideo -pix_fmt yuv420p -aspect 16:9 -f dv", "720x576", fields=2, alike=False),
    Wild("ntsc.dv", "-c:v dvvideo -pix_fmt yuv411p -f dv", "720x480", "30000/1001", fields=2, alike=False),
    Wild("vp8_alpha.webm", "-c:v libvpx -deadline realtime -cpu-used 8 -pix_fmt yuva420p -auto-alt-ref 0",
         alike=False),
    Wild("film_grain.mkv", "-c:v libsvtav1 -preset 12 -svtav1-params film-grain=30 -g 12", length="0.8"),
    Wild("interlaced.mxf", "-c:v mpeg2video -pix_fmt yuv422p -flags +ildct+ilme -top 1 -bf 2", "720x576",
         fields=2, alike=False),
    Wild("interlaced_avc.ts", f"{X264} -x264opts interlaced=1:tff=1 -flags +ildct+ilme -bf 2", "720x576",
         fields=2, alike=False),
    Wild("bare.m2v", "-c:v mpeg2video -bf 2 -f mpeg2video", span_s=1.96),
    Wild("bare.m1v", "-c:v mpeg1video -bf 2 -f mpeg1video", span_s=1.96),
    Wild("television.wtv", "-c:v mpeg2video -bf 2"),
    Wild("real.rm", "-c:v rv20"),
    Wild("very_slow_motion.mp4", f"{X264} -bf 2", rate="960", length="0.2"),
    Wild("avc.vob", f"{X264} -bf 2 -f vob"),
    Wild("ten_bits.y4m", "-pix_fmt yuv444p10le -strict -1 -f yuv4mpegpipe", length="0.4"),
    Wild("open.ts", f"{X265}:open-gop=1:keyint=12:bframes=3"),
    Wild("hidden_pictures.webm", "-c:v libvpx-vp9 -cpu-used 5 -lag-in-frames 10 -auto-alt-ref 1 -g 12"),
    Wild("junk_at_the_end.mp4", f"{X264} -movflags faststart",
         change=lambda content: content + b"junk" * 5000),
    Wild("twice.mkv", f"{X264} -bf 2", change=lambda content: content * 2, doubt="jumps", alike=False),
    Wild("twice.avi", "-c:v mpeg4", change=lambda content: content * 2, alike=False),
    Wild("chained.ogv", "-c:v libtheora", change=lambda content: content * 2, doubt="jumps", alike=False),
    Wild("twice.flv", X264, change=lambda content: content * 2, doubt="no picture of this stream"),
    Wild("moving.webp", "-c:v libwebp -f webp", length="0.4", right=REFUSED),
    Wild("moving.apng", "-c:v apng -f apng", length="0.4", right=REFUSED),
    Wild("moving.avif", "-c:v libaom-av1 -cpu-used 8 -usage realtime -f avif", length="0.2", right=REFUSED),
    Wild("fragments_cut_short.mp4", f"{X264} -g 5 -movflags empty_moov+frag_keyframe", change=_cut(0.6),
         doubt="cut short", alike=False),
    Wild("without_index.avi", "-c:v mpeg4 -g 5", change=_cut(0.6), doubt="cut short", alike=False),
    Wild("encrypted.mp4", f"{X264} -encryption_scheme cenc-aes-ctr -encryption_key {'76' * 16} "
         f"-encryption_kid {'a7' * 16}", right=REFUSED),
    Wild("no_matrix.mkv", f"{X264} -x264-params colormatrix=ycgco", right=REFUSED),
    Wild("time_lapse.mp4", rate="1/10", length="60"),
    Wild("fine_clock.mp4", f"{X264} -bf 2 -video_track_timescale 16000000"),
    Wild("coarse_clock.mp4", f"{X264} -bf 2 -video_track_timescale 25"),
    Wild("sports.mp4", f"{X264} -bf 2", rate="120000/1001", length="0.5"),
    Wild("turned_variable.mov", f"{X264} -bf 2 -vf setpts=(N+mod(N*N\\,7)/8)/25/TB -vsync vfr "
         "-metadata:s:v rotate=270"),
    Wild("v210.mov", "-c:v v210", length="0.4"),
    Wild("cineform.mov", "-c:v cfhd", length="0.4"),
    Wild("jpeg2000.mov", "-c:v jpeg2000 -pix_fmt rgb24", length="0.3"),
    Wild("cinema.mxf", "-c:v jpeg2000 -pix_fmt xyz12le", "2048x1080", "24", "0.1", alike=False),
    Wild("huffyuv.avi", "-c:v huffyuv", length="0.4"),
    Wild("utvideo.avi", "-c:v utvideo", length="0.4"),
    Wild("dnxhr.mov", "-c:v dnxhd -profile:v dnxhr_lb -pix_fmt yuv422p", "256x144", length="0.4"),
    Wild("prores_alpha.mov", "-c:v prores_ks -profile:v 4444 -pix_fmt yuva444p10le", length="0.4"),
    Wild("dirac.mkv", "-c:v vc2 -pix_fmt yuv422p", length="0.4"),
    Wild("screen.avi", "-c:v zmbv -pix_fmt bgr0", length="0.8"),
    Wild("screen.flv", "-c:v flashsv -pix_fmt bgr24", length="0.8"),
    Wild("sorenson.mov", "-c:v svq1 -pix_fmt yuv410p", length="0.8"),
    Wild("turned_jpeg.avi", "-c:v mjpeg -pix_fmt yuvj440p", length="0.8"),
    Wild("rgb_of_10_bits.mkv", "-c:v ffv1 -pix_fmt gbrp10le", length="0.4"),
    Wild("yuv410.mkv", "-c:v ffv1 -pix_fmt yuv410p", length="0.4"),
    Wild("png_of_48_bits.mov", "-c:v png -pix_fmt rgb48be", length="0.4"),
    Wild("palette.avi", "-c:v rawvideo -pix_fmt pal8", length="0.4", alike=False),
    Wild("black_and_white.nut", "-c:v rawvideo -pix_fmt monow", length="0.4", alike=False),
    Wild("atom.mxf", "-c:v dnxhd -b:v 36M -pix_fmt yuv422p -f mxf_opatom", "1920x1080", length="0.2"),
    Wild("smooth.ismv", X264),
    Wild("ntsc.vob", "-target ntsc-dvd -f dvd", "720x480", "30000/1001", alike=False),
    Wild("film.vob", "-target film-dvd -f dvd", "720x480", "24000/1001", alike=False),
    Wild("svcd.mpg", "-target pal-svcd -f svcd", "480x576", alike=False),
    Wild("vcd.mpg", "-target pal-vcd -f vcd", "352x288", alike=False, span_s=1.96),
    Wild("phone.3g2", X264),
    Wild("flash.f4v", X264),
    Wild("variable.wmv", "-c:v wmv2 -vf setpts=(N+mod(N*N\\,7)/8)/25/TB -vsync vfr"),
    Wild("camera_422.mp4", f"{X265} -pix_fmt yuv422p10le -tag:v hvc1", length="0.8"),
    Wild("hinted.mp4", f"{X264} -movflags +faststart+rtphint"),
    Wild("delayed.ts", f"{X264} -bf 2 -muxdelay 5 -muxpreload 5"),
    Wild("discontinuous.ts", f"{X264} -bf 2 -mpegts_flags initial_discontinuity+resend_headers"),
    Wild("short_clusters.mkv", f"{X264} -bf 2 -g 10 -cluster_time_limit 100 -reserve_index_space 5000"),
    Wild("gif.mkv", "-c:v gif -pix_fmt rgb8", length="0.4", alike=False),
    Wild("sound_by_its_name.weba", "-c:v libvpx -deadline realtime -cpu-used 8 -f webm"),
    Wild("open_fragments.mp4", f"{X264} -bf 3 -x264-params open-gop=1:keyint=12 "
         "-movflags empty_moov+frag_keyframe+default_base_moof"),
    Wild("sound_goes_on.mp4", f"-map 0 -map 1 {X264} -c:a aac", inputs="-f lavfi -i sine=d=60"),
    Wild("sound_begins_before.mp4", f"-map 0 -map 1 {X264} -bf 2 -c:a aac",
         inputs=f"-itsoffset -0.5 {SOUND}"),
    Wild("- %d 'odd' \"name\" #1 \U0001f3be.mp4"),
    Wild("x" * 240 + ".mp4"),
)  # fmt: skip


def make(wild: Wild, folder: Path) -> Path:
    """Write the file."""
    path = folder / wild.name
    pictures = PICTURES.format(size=wild.size, rate=wild.rate, length=wild.length)
    command = ["ffmpeg", "-y", "-v", "error", "-f", "lavfi", "-i", pictures, *wild.inputs.split()]
    options = wild.options
    if "libx264 " in f"{options} " and "-pix_fmt" not in options:
        options += " -pix_fmt yuv420p"
    made = folder / "made_just_now"
    kind = [] if " -f " in f" {options} " else ["-f", _kind(path)]
    subprocess.run([*command, *options.split(), *kind, str(made)], check=True, capture_output=True)
    content = made.read_bytes()
    made.unlink()
    path.write_bytes(wild.change(content) if wild.change else content)
    return path


def _kind(path: Path) -> str:
    names = {".mkv": "matroska", ".ts": "mpegts", ".wmv": "asf", ".ogv": "ogg"}
    return names.get(path.suffix, path.suffix.removeprefix(".") or "mp4")


@dataclass(frozen=True)
class Right:
    """What ffprobe says of a file: pictures, size as shown, seconds from the first picture to the last."""

    frames: int
    width: int
    height: int
    span_s: float


def probe(path: Path) -> Right:
    """By ffprobe, of the stream that is marked as default, else the largest."""
    streams = _json("-show_streams", path)
    of = [s for s in streams["streams"] if s.get("width") and not s["disposition"]["attached_pic"]]
    best = max(of, key=lambda s: (s["disposition"]["default"], s["width"] * s["height"]))
    frames = _json(
        "-select_streams", str(best["index"]), "-show_entries", "frame=best_effort_timestamp_time", path
    )["frames"]
    times = [float(f["best_effort_timestamp_time"]) for f in frames if "best_effort_timestamp_time" in f]
    across, down = (int(v) for v in (best.get("sample_aspect_ratio") or "1:1").split(":"))
    width, height = round(best["width"] * (across / down if across and down else 1)), best["height"]
    turned = any(abs(int(d.get("rotation", 0))) in (90, 270) for d in best.get("side_data_list", ()))
    size = (height, width) if turned else (width, height)
    return Right(len(frames), *size, max(times) - min(times) if times else 0.0)


def _json(*options: str | Path) -> dict:
    command = ["ffprobe", "-v", "error", "-of", "json", *map(str, options[:-1]), f"file:{options[-1]}"]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def picture(path: Path, frame: int, size: tuple[int, int]) -> np.ndarray:
    """(H, W, 3): a frame as ffmpeg shows it, of the size (width, height)."""
    shown = f"select=eq(n\\,{frame}),scale={size[0]}:{size[1]}:flags=bilinear"
    command = ["ffmpeg", "-v", "error", "-i", f"file:{path}", "-vf", shown, "-frames:v", "1", "-vsync", "0"]
    raw = subprocess.run(
        [*command, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"], check=True, capture_output=True
    ).stdout
    return np.frombuffer(raw, np.uint8).reshape(size[1], size[0], 3)
