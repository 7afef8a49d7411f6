"""Video files made at test time: containers, codecs, orders of pictures and clocks as cameras and programs
write them, in a size that decodes at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame

SIZE = (96, 64)


def picture(i: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    """(H, W, 3) uint8: moving stripes, a block that says ``i`` in 8 bits, and a little noise."""
    width, height = size
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    rgb = np.stack([(x * 3 + 5 * i) % 256, (y * 4 + 3 * i) % 256, ((x + y) * 2 + 7 * i) % 256], -1)
    rgb = rgb // 2 + np.random.default_rng(i).integers(0, 24, rgb.shape)
    for bit in range(8):
        rgb[4:20, 4 + 10 * bit : 13 + 10 * bit] = 230 if i >> bit & 1 else 20
    return rgb.astype(np.uint8)


@dataclass(frozen=True)
class Made:
    """How one file is made; ``ticks`` are the pictures' times."""

    name: str
    codec: str
    frames: int = 60
    rate: Fraction = Fraction(25)
    pixels: str = "yuv420p"
    options: dict[str, str] = field(default_factory=dict)
    base: Fraction | None = None
    ticks: Callable[[int], int] | None = None
    size: tuple[int, int] = SIZE
    format: str | None = None

    def write(self, folder: Path) -> Path:
        """Write the file."""
        path = folder / self.name
        base = self.base or 1 / self.rate
        with av.open(str(path), "w", format=self.format) as file:
            stream = file.add_stream(self.codec, rate=self.rate, options=self.options)
            stream.width, stream.height, stream.pix_fmt = *self.size, self.pixels
            stream.codec_context.time_base = base
            for i in range(self.frames):
                frame = VideoFrame.from_ndarray(picture(i, self.size), format="rgb24")
                frame.pts, frame.time_base = self.ticks(i) if self.ticks else i, base
                file.mux(stream.encode(frame))
            file.mux(stream.encode(None))
        return path


def x264(more: str = "", **options: str) -> dict[str, str]:
    """Options of libx264: quick, a keyframe every 12 pictures."""
    return {"preset": "ultrafast", "g": "12", "x264-params": f"scenecut=0{more}", **options}


B_FRAMES = x264(":bframes=3:b-adapt=0", bf="3")
OPEN_GOP = x264(":bframes=3:b-adapt=0:open-gop=1:keyint=12", bf="3")
X265 = {"preset": "ultrafast", "x265-params": "log-level=none:keyint=12:bframes=3"}
MS = Fraction(1, 1000)


def _uneven(i: int) -> int:
    return 40 * i + (17 * i * i) % 31


FILES: Sequence[Made] = (
    Made("plain.mp4", "libx264", options=x264()),
    Made("b_frames.mp4", "libx264", options=B_FRAMES),
    Made("b_frames.mov", "libx264", options=B_FRAMES),
    Made("b_frames.mkv", "libx264", options=B_FRAMES),
    Made("b_frames.ts", "libx264", options=B_FRAMES),
    Made("b_frames.avi", "libx264", options=B_FRAMES),
    Made("b_frames.flv", "libx264", options=B_FRAMES),
    Made("open_gop.mp4", "libx264", options=OPEN_GOP),
    Made("open_gop.ts", "libx264", options=OPEN_GOP),
    Made("open_gop.mkv", "libx264", options=OPEN_GOP),
    Made("long_gop.mp4", "libx264", options={**B_FRAMES, "g": "1000"}),
    Made("intra_refresh.ts", "libx264", options=x264(":intra-refresh=1:keyint=12")),
    Made("intra_only.mp4", "libx264", options=x264(g="1")),
    Made("bare.h264", "libx264", options=B_FRAMES, format="h264"),
    Made("bare.hevc", "libx265", options=X265, format="hevc"),
    Made("hevc.mp4", "libx265", options=X265),
    Made("hevc.ts", "libx265", options=X265),
    Made("hevc_10bit.mkv", "libx265", options=X265, pixels="yuv420p10le"),
    Made("vp9.webm", "libvpx-vp9", options={"g": "12", "deadline": "realtime", "cpu-used": "8"}),
    Made("vp8.webm", "libvpx", options={"g": "12", "deadline": "realtime", "auto-alt-ref": "1"}),
    Made("av1.mp4", "libsvtav1", options={"g": "12", "preset": "12"}),
    Made("av1.mkv", "libsvtav1", options={"g": "12", "preset": "12"}),
    Made("mjpeg.avi", "mjpeg", pixels="yuvj420p"),
    Made("mjpeg.mov", "mjpeg", pixels="yuvj422p"),
    Made("prores.mov", "prores_ks", pixels="yuv422p10le"),
    Made("prores_alpha.mov", "prores_ks", pixels="yuva444p10le", options={"profile": "4444"}),
    Made("mpeg2.ps.mpg", "mpeg2video", options={"g": "12", "bf": "2"}, format="vob"),
    Made("mpeg2.ts", "mpeg2video", options={"g": "12", "bf": "2"}),
    Made("mpeg4.avi", "mpeg4", options={"g": "12", "bf": "2"}),
    Made("ffv1.mkv", "ffv1", pixels="yuv444p"),
    Made("grey.mkv", "ffv1", pixels="gray"),
    Made("deep.mkv", "ffv1", pixels="yuv444p16le"),
    Made("huffyuv.avi", "ffvhuff", pixels="yuv422p"),
    Made("rgb.mkv", "libx264rgb", pixels="rgb24", options=x264()),
    Made("uneven.mp4", "libx264", options=B_FRAMES, base=MS, ticks=_uneven),
    Made("uneven.mkv", "libx264", options=B_FRAMES, base=MS, ticks=_uneven),
    Made("ms_1000fps.mkv", "libx264", options=B_FRAMES, rate=Fraction(1000), base=MS),
    Made("late_start.mp4", "libx264", options=B_FRAMES, ticks=lambda i: i + 100),
    Made("late_start.ts", "libx264", options=B_FRAMES, ticks=lambda i: i + 1000),
    Made("negative_start.mkv", "libx264", options=B_FRAMES, ticks=lambda i: i - 10),
    Made("slow.mp4", "libx264", options=B_FRAMES, rate=Fraction(1, 2), frames=30),
    Made("one.mp4", "libx264", options=x264(), frames=1),
    Made("two.ts", "libx264", options=x264(), frames=2),
    Made("interlaced.mp4", "libx264", options=x264(":tff=1", flags="+ildct+ilme")),
    Made("interlaced.ts", "mpeg2video", options={"g": "12", "bf": "2", "flags": "+ildct+ilme", "top": "0"}),
    Made("fragmented.mp4", "libx264", options={**B_FRAMES}, format="ismv"),
    Made("odd.mp4", "libx264", options=x264(), size=(97, 63), pixels="yuv444p"),
    Made("theora.ogv", "libtheora"),
    Made("wmv.asf", "wmv2", options={"g": "12"}),
    Made("mpeg2.mxf", "mpeg2video", options={"g": "12", "bf": "2"}),
)  # fmt: skip


def make_all(folder: Path) -> list[Path]:
    """All files that the encoders here can make, and those made of them by joining and cutting bytes."""
    made = []
    for how in FILES:
        try:
            made.append(how.write(folder))
        except (av.FFmpegError, ValueError):
            # An encoder that this build of FFmpeg lacks, or that does not write so.
            (folder / how.name).unlink(missing_ok=True)
    return [*made, *_of_bytes(folder, {path.name: path for path in made})]


def _of_bytes(folder: Path, made: dict[str, Path]) -> list[Path]:
    content = {name: path.read_bytes() for name, path in made.items()}
    small = Made("small.ts", "libx264", options=B_FRAMES, size=(64, 96)).write(folder).read_bytes()
    (folder / "small.ts").unlink()
    files = {
        "joined.ts": content["b_frames.ts"] * 3,
        "joined_sizes.ts": content["b_frames.ts"] + small + content["open_gop.ts"],
        "joined_ahead_and_back.ts": content["b_frames.ts"]
        + content["late_start.ts"]
        + content["open_gop.ts"],
        "joined.mpg": content.get("mpeg2.ps.mpg", b"") * 2,
        "from_the_middle.ts": content["b_frames.ts"][188 * (len(content["b_frames.ts"]) // 376) :],
        "cut_short.mkv": content["b_frames.mkv"][: 2 * len(content["b_frames.mkv"]) // 3],
        "cut_short.ts": content["b_frames.ts"][: 2 * len(content["b_frames.ts"]) // 3],
        "damaged.ts": _damaged(content["b_frames.ts"]),
        "damaged.mkv": _damaged(content["b_frames.mkv"]),
        "damaged.mp4": _damaged(content["b_frames.mp4"]),
        "damaged.avi": _damaged(content["mpeg4.avi"]),
    }
    paths = []
    for name, data in files.items():
        if data:
            (folder / name).write_bytes(data)
            paths.append(folder / name)
    return paths


def _damaged(content: bytes) -> bytes:
    """The content with some bytes of its middle third overwritten."""
    data, third = bytearray(content), len(content) // 3
    chance = np.random.default_rng(len(content))
    for at in chance.integers(third, 2 * third, 6):
        data[at : at + 8] = chance.bytes(8)
    return bytes(data)
