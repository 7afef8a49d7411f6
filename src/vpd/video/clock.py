"""Convert the time stamps of packets and pictures to one increasing clock in seconds.

A container's clock may restart, jump, stand still or be missing (joined and cut recordings, broadcasts,
cameras). It is divided into segments. Each is shifted to follow the one before. Pictures without a time are
spaced evenly between those with one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterable, Iterator
from fractions import Fraction
from math import inf
from statistics import median
from typing import TypeVar

MPEG_PERIOD = 1 << 33
"""Ticks after which the clock of MPEG streams wraps around (ISO 13818-1, 2.4.3.7)."""

JUMP_S, LONG_JUMP_S = 10.0, 3600.0
"""Steps ahead by more than this, in seconds, begin a new segment: in formats whose clock may jump, and in
others. These are FFmpeg's own limits (dts_delta_threshold, and ffplay's max_frame_duration).
"""

RESTART_STEPS = 3
"""A keyframe that lies more frame lengths than this before the last shown picture begins a new segment."""
RESTART_S = 1.0
"""So does any picture whose time is this many seconds before that of the picture decoded just before."""

RECENT = 31
"""Number of steps whose median is the present length of a frame."""

RUN = 8
"""Largest number of pictures that wait for the next known time."""

Payload = TypeVar("Payload")


class Step:
    """The present length of a frame: the median of the last steps, or at first a guess."""

    def __init__(self, guess_s: float) -> None:
        self._guess_s = guess_s
        self._recent: deque[float] = deque(maxlen=RECENT)

    def add(self, step_s: float) -> None:
        """Add a step between two neighbours."""
        self._recent.append(step_s)

    @property
    def known(self) -> bool:
        return bool(self._recent)

    @property
    def seconds(self) -> float:
        return median(self._recent) if self._recent else self._guess_s


class Segments:
    """Divide the packets of a stream, in the order of the file, where its clock restarts or jumps."""

    def __init__(self, tick_s: Fraction, wraps: bool, may_jump: bool, guess_s: float, first: int = 0) -> None:
        self.period = MPEG_PERIOD if wraps else 0
        self._per_tick, self._ticks = tick_s.as_integer_ratio()
        self._about_s = float(tick_s)
        self.jump_s = JUMP_S if may_jump else LONG_JUMP_S
        self.number = first
        self._step = Step(guess_s)
        self._turns = 0
        self._latest: int | None = None
        self._decoded: int | None = None

    def add(self, pts: int | None, dts: int | None, key: bool) -> tuple[int, float | None]:
        """The packet's segment, and its time in seconds on the container's clock; None where it has no
        pts.
        """
        shown, decoded = self._unrolled(pts), self._unrolled(dts if dts is not None else pts)
        stamp = shown if shown is not None else decoded
        if stamp is None or decoded is None:
            return self.number, None
        if self._begins(stamp, decoded, key):
            self.number += 1
            self._latest = None
        elif self._decoded is not None and decoded > self._decoded:
            self._step.add((decoded - self._decoded) * self._about_s)
        self._latest = stamp if self._latest is None else max(stamp, self._latest)
        self._decoded = decoded
        # Integers divide to the nearest float, as fractions do, in a fraction of the time.
        return self.number, None if shown is None else shown * self._per_tick / self._ticks

    def _unrolled(self, ticks: int | None) -> int | None:
        """The stamp without wrap-around of the clock."""
        if ticks is None or not self.period:
            return ticks
        ticks += self._turns * self.period
        if self._decoded is None:
            return ticks
        if ticks < self._decoded - self.period // 2:
            self._turns += 1
            return ticks + self.period
        return ticks - self.period if ticks > self._decoded + self.period // 2 else ticks

    def _begins(self, stamp: int, decoded: int, key: bool) -> bool:
        if self._latest is None or self._decoded is None:
            return False
        back_s = (self._latest - stamp) * self._about_s
        ahead_s = (decoded - self._decoded) * self._about_s
        if ahead_s > self.jump_s or ahead_s < -RESTART_S:
            return True
        return key and ahead_s < 0 and back_s > RESTART_STEPS * self._step.seconds


class Clock:
    """Assign seconds to the pictures of a file, in order of presentation.

    Attributes
    ----------
    jumps : for each further segment, the second at which it begins, and by how much (s) the container's clock
        jumps there.
    repeated : how many pictures had the time of another.

    ``expected`` are segments that begin where a file of several begins: no jump that anybody need know of.
    """

    def __init__(self, origin_s: float, guess_s: float, expected: Container[int] = ()) -> None:
        self.jumps: list[tuple[float, float]] = []
        self._expected = expected
        self.repeated = 0
        self._step = Step(guess_s)
        self._shift_s: float | None = -origin_s
        self._old_shift_s = -origin_s
        self._segment: int | None = None
        self._next_s = 0.0
        self._last_s = -inf

    def timed(
        self, units: Iterable[tuple[int, float | None, float | None, Payload]]
    ) -> Iterator[tuple[float, Payload]]:
        """Strictly increasing times (s) of pictures given with segment, seconds or None, length in seconds or
        None, and payload.
        """
        run: list[tuple[float | None, Payload]] = []
        base_s, dated = 0.0, True
        for segment, seconds, length_s, payload in units:
            if segment != self._segment and self._segment is not None:
                yield from self._spread(run, base_s, None)
                run = []
                self._old_shift_s = self._shift_s if self._shift_s is not None else self._old_shift_s
                self._shift_s = None
            self._segment = segment
            time_s = self._shifted(seconds, base_s, run)
            if run and (time_s is None or time_s <= base_s) and len(run) < RUN:
                self.repeated += time_s is not None
                run.append((length_s, payload))
                continue
            if time_s is not None and self._last_s == -inf and not dated:
                base_s = max(0.0, time_s - sum(self._lengths(run)))  # the first pictures have no time
            yield from self._spread(run, base_s, time_s)
            dated = time_s is not None
            base_s = self._next_s if time_s is None or time_s <= self._last_s else time_s
            run = [(length_s, payload)]
        yield from self._spread(run, base_s, None)

    def _shifted(
        self, seconds: float | None, base_s: float, waiting: list[tuple[float | None, Payload]]
    ) -> float | None:
        """Times on the video's clock. The first of a segment follow the pictures ``waiting`` since
        ``base_s``.
        """
        if seconds is None:
            return None
        if self._shift_s is None:
            due_s = base_s + sum(self._lengths(waiting)) if waiting else self._next_s
            self._shift_s = due_s - seconds
            if self._segment not in self._expected:
                self.jumps.append((due_s, seconds + self._old_shift_s - due_s))
        # Rounded so that sums of the same stamps are the same bits.
        return round(seconds + self._shift_s, 9)

    def _lengths(self, run: list[tuple[float | None, Payload]]) -> list[float]:
        """For how long (s) each picture of a run is shown: by the bitstream, else as its neighbours."""
        return [self._step.seconds if length_s is None else length_s for length_s, _ in run]

    def _spread(
        self, run: list[tuple[float | None, Payload]], base_s: float, next_s: float | None
    ) -> Iterator[tuple[float, Payload]]:
        """The pictures of a run, spaced up to the next time in proportion to their lengths; by these alone
        where there is none.
        """
        if not run:
            return
        lengths_s, scale = self._lengths(run), 1.0
        if next_s is not None and next_s > base_s:
            fitting = (next_s - base_s) / sum(lengths_s)
            # Before a gap, pictures without times belong to the picture before and not to the gap.
            known = self._step.known or None not in [length_s for length_s, _ in run]
            if not (len(run) > 1 and known and fitting > 1.5):
                scale = fitting
            self._step.add((next_s - base_s) / len(run))
        time_s = base_s
        for length_s, (_, payload) in zip(lengths_s, run, strict=True):
            self._last_s = round(time_s, 9)
            yield self._last_s, payload
            time_s += scale * length_s
        self._next_s = round(time_s, 9)
