"""The index of uncut search: brought up to date by what changed, and asked where an exact search pays."""

from __future__ import annotations

import math
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vpd.errors import ArtefactError, InputError
from vpd.library.artefact import is_current, read_recipe
from vpd.library.features import content_of, map_features
from vpd.library.index_file import (
    IndexedStream,
    IndexPart,
    Stamps,
    axes_recipe,
    part_contents,
    part_recipe,
    part_stamps,
    read_axes,
    read_part,
    read_stamps,
    stamped_bytes,
    write_axes,
    write_part,
)
from vpd.library.layout import Layout
from vpd.library.lock import locked
from vpd.search.coarse import NONE, NUMBERS, SLOT_S, Basis, coarse_queries, coarse_stream, fit_basis
from vpd.search.coarse_parts import CoarsePart
from vpd.search.likely import choose_gpu, likely_slots, windows
from vpd.search.streams import Stream
from vpd.sequences.store import videos_with
from vpd.settings.search import SearchSettings
from vpd.settings.toml import load_settings
from vpd.strings import Sentence
from vpd.types import Array, FeatureSequence
from vpd.verbs.features import choose_features
from vpd.verbs.progress import Progress
from vpd.verbs.streams import read_streams

MOST_VIDEOS, MOST_BYTES = 2048, 4 << 30
"""Videos, and bytes of their features, that a part holds on average at most."""
SAMPLE, SAMPLE_FRAMES = 64, 2000
"""Videos that the axes are fitted to, and frames of each."""
GROWN = 4
"""The axes are fitted again at so many times as many videos, or when half of the sample has changed."""
FILE_FRAMES = 2000
"""Opening a file takes as long as comparing so many frames."""
ROW_BYTES = 24
"""Bytes of a row of a feature file besides its two orientations."""
SETTINGS = {"slot_s": SLOT_S, "numbers": float(NUMBERS)}


@dataclass(frozen=True, eq=False)
class SearchIndex:
    """The index of the features of one name.

    Attributes
    ----------
    parts : files, in order.
    unread : videos whose features could not be read and are not in the index, with the reason.
    """

    layout: Layout
    name: str
    basis: Basis
    parts: list[Path]
    unread: dict[str, str]

    def contents(self) -> dict[str, str]:
        """Of each video, the content key that its features were made of. Raises ArtefactError."""
        found: dict[str, str] = {}
        for path in self.parts:
            found |= part_contents(path)
        return found


def index_videos(
    layout: Layout, name: str, progress: Progress | None = None, stamps: Stamps | None = None
) -> SearchIndex:
    """The index of all features of one name, up to date. ``stamps`` are of the files, where they were read.

    Only parts whose videos changed are written, and of those only videos that changed are read; the rest is
    copied. Raises InputError and DiskFullError where the index cannot be written, CancelledError.
    """
    progress = progress or Progress()
    folder = layout.index(name)
    stamps = _stamps(layout, name) if stamps is None else stamps
    found = _current(layout, name, stamps)
    if found is not None:
        return found
    with locked(folder, math.inf):
        return _current(layout, name, stamps) or _updated(layout, name, stamps, progress)


def _stamps(layout: Layout, name: str) -> Stamps:
    return read_stamps(layout.features(name, "x").parent, sorted(videos_with(layout, name)))


def exact_work(layout: Layout, name: str, stamps: Stamps) -> int:
    """What an exact search takes, as a number of frames: those of athletes, by the sizes of their files, a
    hundredth too many at most; and `FILE_FRAMES` for each file.
    """
    for video in stamps:
        with suppress(ArtefactError):
            d = int(map_features(layout.features(name, video)).regular.shape[1])
            return stamped_bytes(stamps) // (8 * d + ROW_BYTES) + FILE_FRAMES * len(stamps)
    return 0


def index_large(layout: Layout, progress: Progress | None = None) -> None:
    """Bring the index of the features that a search takes up to date, where there are enough for one."""
    try:
        name = choose_features(layout).name
    except InputError:  # there are none yet
        return
    stamps = _stamps(layout, name)
    if exact_work(layout, name, stamps) > load_settings(layout.settings).search.exact_up_to:
        index_videos(layout, name, progress, stamps)


def part_number(video: str, parts: int) -> int:
    """Which of 2^n parts a video belongs to, whatever other videos there are."""
    return zlib.crc32(video.encode()) % parts


def _grouped(stamps: Stamps) -> list[dict[str, str]]:
    """The videos of each part. Their number is a power of two, which grows with the library."""
    share = max(len(stamps) / MOST_VIDEOS, stamped_bytes(stamps) / MOST_BYTES, 1)
    parts: list[dict[str, str]] = [{} for _ in range(1 << math.ceil(math.log2(share)))]
    for video, stamp in stamps.items():
        parts[part_number(video, len(parts))][video] = stamp
    return parts


def _part_file(folder: Path, number: int, of: int) -> Path:
    return folder / f"{number:05}-of-{of:05}.arrow"


def _axes_file(folder: Path) -> Path:
    return folder / "axes.arrow"


def _axes_hold(folder: Path, stamps: Stamps) -> str:
    """The checksum of the axes; "" where they must be fitted."""
    try:
        record = read_recipe(_axes_file(folder))
        sample, videos = record["inputs"], int(record["notes"]["videos"])
    except (ArtefactError, KeyError, TypeError, ValueError):
        return ""
    same = sum(stamps.get(video) == stamp for video, stamp in sample.items())
    recipe = axes_recipe(SETTINGS, sample, videos)
    holds = is_current(_axes_file(folder), recipe) and 2 * same >= len(sample) > 0
    return str(record["checksum"]) if holds and len(stamps) < GROWN * videos else ""


def _current(layout: Layout, name: str, stamps: Stamps) -> SearchIndex | None:
    """The index, where all of it is up to date."""
    folder = layout.index(name)
    checksum = _axes_hold(folder, stamps)
    if not checksum:
        return None
    groups, parts = _grouped(stamps), []
    for number, group in enumerate(groups):
        if group:
            parts.append(_part_file(folder, number, len(groups)))
            if not is_current(parts[-1], part_recipe(SETTINGS, group, checksum)):
                return None
    try:
        return SearchIndex(layout, name, Basis(*read_axes(_axes_file(folder))), parts, {})
    except ArtefactError:
        return None


def _updated(layout: Layout, name: str, stamps: Stamps, progress: Progress) -> SearchIndex:
    folder = layout.index(name)
    unread: dict[str, str] = {}
    checksum = _axes_hold(folder, stamps)
    try:
        basis = Basis(*read_axes(_axes_file(folder))) if checksum else None
    except ArtefactError:
        basis = None
    if basis is None:
        basis, checksum = _fit(layout, name, stamps)
    kept = _kept_parts(folder, checksum)
    groups, parts = _grouped(stamps), []
    for number, group in enumerate(groups):
        progress(number / len(groups), Sentence("doing_index", {"number": number + 1, "count": len(groups)}))
        path = _part_file(folder, number, len(groups))
        if group:
            unread |= _write_part(layout, name, path, group, basis, checksum, kept)
            parts.append(path)
    for old in set(folder.glob("*-of-*.arrow")) - set(parts):
        old.unlink(missing_ok=True)
    return SearchIndex(layout, name, basis, parts, unread)


def _fit(layout: Layout, name: str, stamps: Stamps) -> tuple[Basis, str]:
    """Axes fitted to the features of some videos, written; and their checksum."""
    rows, sample, d = [], {}, None
    for video in sorted(stamps, key=lambda video: (zlib.crc32(video.encode()), video)):
        with suppress(ArtefactError):
            for stream in read_streams(layout, name, video, d):
                d = stream.values.shape[1]
                valid = np.flatnonzero(stream.valid)
                rows.append(stream.values[valid[:: max(1, len(valid) // SAMPLE_FRAMES)]])
            sample[video] = stamps[video]
        if len(sample) == SAMPLE and sum(map(len, rows)) > SAMPLE:
            break
    if not sum(map(len, rows)):
        raise ArtefactError(f"no features {name} can be read, so that no index can be made of them")
    basis = fit_basis(np.concatenate(rows).astype(np.float64))
    path = _axes_file(layout.index(name))
    write_axes(path, basis.mean, basis.axes, axes_recipe(SETTINGS, sample, len(stamps)))
    return basis, str(read_recipe(path)["checksum"])


_Kept = dict[str, tuple[str, Path]]
"""Of each video in parts of the same axes, its stamp and its part."""


def _kept_parts(folder: Path, checksum: str) -> _Kept:
    kept: _Kept = {}
    for path in folder.glob("*-of-*.arrow"):
        with suppress(ArtefactError):
            stamps = part_stamps(path)
            if read_recipe(path)["key"] == part_recipe(SETTINGS, stamps, checksum).key:
                kept |= {video: (stamp, path) for video, stamp in stamps.items()}
    return kept


def _write_part(
    layout: Layout, name: str, path: Path, group: Stamps, basis: Basis, checksum: str, kept: _Kept
) -> dict[str, str]:
    """Write the part of these videos unless it is up to date; the videos that could not be read, and why."""
    if is_current(path, part_recipe(SETTINGS, group, checksum)):
        return {}
    opened: dict[Path, dict[str, list[IndexedStream]]] = {}
    streams: list[IndexedStream] = []
    unread: dict[str, str] = {}
    for video, stamp in group.items():
        old_stamp, old = kept.get(video, ("", path))
        if old_stamp == stamp:
            if old not in opened:
                opened[old] = _by_video(old)
            if video in opened[old]:
                streams += opened[old][video]
                continue
        try:
            streams += _indexed(layout, name, video, basis)
        except ArtefactError as error:
            unread[video] = str(error)
    stamps = {video: stamp for video, stamp in group.items() if video not in unread}
    recipe = part_recipe(SETTINGS, stamps, checksum)
    if not is_current(path, recipe):
        write_part(path, streams, stamps, len(basis.axes), NONE, recipe)
    return unread


def _by_video(path: Path) -> dict[str, list[IndexedStream]]:
    found: dict[str, list[IndexedStream]] = defaultdict(list)
    with suppress(ArtefactError):
        part = read_part(path)
        for i, video in enumerate(part.video.to_pylist()):
            found[video].append(part.stream(i))
    return found


def _indexed(layout: Layout, name: str, video: str, basis: Basis) -> list[IndexedStream]:
    """The streams of a video; one without slots where it has none, so that it is known to have been read."""
    found, row = [], 0
    content = content_of(layout.features(name, video))
    for stream in read_streams(layout, name, video, basis.axes.shape[1]):
        numbers = coarse_stream(stream, basis)
        found.append(IndexedStream(video, stream.number, stream.athlete, row, len(stream), numbers, content))
        row += len(stream)
    nothing = np.empty((0, len(basis.axes)), np.int8)
    return found or [IndexedStream(video, 0, 0, 0, 0, nothing, content)]


def likely_windows(
    index: SearchIndex,
    queries: list[FeatureSequence],
    settings: SearchSettings,
    count: int,
    left_out: Collection[str] = (),
    only: Collection[str] | None = None,
) -> list[Stream]:
    """The parts of streams in which the ``count`` likeliest spans end, with the time before, by video.

    Parameters
    ----------
    left_out, only : videos that are not searched; those that alone are, None for all.

    Raises ArtefactError where a part of the index is damaged.
    """
    coarse = coarse_queries(queries, index.basis, settings)

    def asked(part: IndexPart) -> Array:
        if not left_out and only is None:
            return np.ones(len(part.number), bool)
        videos = part.video.to_pylist()
        return np.array([v not in left_out and (only is None or v in only) for v in videos], bool)

    def parts() -> Iterator[CoarsePart]:
        for path in index.parts:
            part = read_part(path)
            yield CoarsePart(path.name, part.numbers, part.edges, asked(part))

    found: dict[str, list[int]] = defaultdict(list)
    total = sum(path.stat().st_size for path in index.parts) // NUMBERS
    device = choose_gpu(settings.device, coarse, total)
    for likely in likely_slots(coarse, parts(), count, device):
        found[likely.part].append(likely.slot)
    chosen: list[Stream] = []
    for path in index.parts:
        if path.name in found:
            part, slots = read_part(path), np.array(sorted(found[path.name]))
            of = np.searchsorted(part.edges, slots, side="right") - 1
            for i in np.unique(of):
                stream = part.stream(int(i))
                with suppress(ArtefactError):  # it is named when its video is asked for all of its rows
                    chosen += windows(
                        _mapped(index, stream), slots[of == i] - int(part.edges[i]), coarse.reach_s
                    )
    return sorted(chosen, key=lambda stream: (stream.video, stream.number, stream.times_s[0]))


def _mapped(index: SearchIndex, stream: IndexedStream) -> Stream:
    """The frames of a stream, mapped and not compared with their file's checksum."""
    mapped = map_features(index.layout.features(index.name, stream.video))
    rows = slice(stream.row, stream.row + stream.frames)
    arrays = (mapped.times_s[rows], mapped.regular[rows], mapped.valid(rows))
    return Stream(stream.video, stream.athlete, *arrays, stream.number)
