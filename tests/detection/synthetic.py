"""Synthetic athletes for detection: noise with a swing of known times here and there, exact truth."""

import numpy as np

from vpd.types import FeatureSequence, Segment

D = 8


def video(
    name,
    rng,
    fps=25.0,
    duration_s=40.0,
    length_s=1.0,
    every_s=4.0,
    labels=("a",),
    noise=0.3,
    athlete=0,
    start_s=0.0,
    gaps=(),
    once=False,
    turned=0.5,
    symmetric=False,
):
    """A sequence and its segments: in a segment of class k two features trace a loop in their own direction.

    Classes are drawn at random, or with ``once`` shown in turn, each a single time. Mirroring negates the
    even features, or with ``symmetric`` none; segments are performed mirrored with probability ``turned``.
    """
    flip = np.where((np.arange(D) % 2 == 1) | symmetric, 1, -1)
    times = start_s + np.arange(int(duration_s * fps)) / fps
    values = np.cumsum(rng.normal(0, 0.05, (len(times), D)), axis=0)
    values -= values.mean(axis=0)
    values += rng.normal(0, noise, values.shape)
    segments = []
    at = start_s + rng.uniform(0.3, 0.7) * every_s
    while at + 1.3 * length_s < times[-1] and not (once and len(segments) == len(labels)):
        long = length_s * rng.uniform(0.85, 1.15)
        k = len(segments) if once else int(rng.integers(len(labels)))
        inside = (times >= at) & (times < at + long)
        phase = (times[inside] - at) / long * 2 * np.pi
        side = -1 if rng.random() < turned else 1
        values[inside, 2 * k % D] += 2 * side * np.sin(phase)
        values[inside, (2 * k + 1) % D] += 2 * (1 - np.cos(phase))
        segments.append(Segment(name, at, at + long, athlete, labels[k]))
        at += long + rng.uniform(0.5, 1.5) * every_s
    valid = np.ones(len(times), bool)
    for first, last in gaps:
        valid[(times >= first) & (times < last)] = False
    pair = np.stack([values, values * flip + rng.normal(0, 0.05, values.shape)], axis=1)
    sequence = FeatureSequence(name, athlete, np.arange(len(times)), times, pair, valid, np.ones(len(times)))
    return sequence, segments


def videos(n, seed, **options):
    rng = np.random.default_rng(seed)
    made = [video(f"v{i}", rng, **options) for i in range(n)]
    return [s for s, _ in made], [e for _, segments in made for e in segments]
