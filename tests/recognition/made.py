"""Made sequences: each class a motion of its own, performed at varied speed, on either side."""

import numpy as np

from vpd.types import FeatureSequence


def sequence(values, flip=None, video="v", valid=None, rate=30.0):
    """A sequence of regular values (T, d) whose mirror negates the channels of ``flip``."""
    values = np.asarray(values, np.float32)
    mirrored = values * (1 if flip is None else flip)
    n = len(values)
    return FeatureSequence(
        video,
        0,
        np.arange(n),
        np.arange(n) / rate,
        np.stack([values, mirrored], axis=1),
        np.ones(n, bool) if valid is None else valid,
        np.ones(n),
    )


def actions(count, classes=3, d=6, seed=0, noise=0.3, shortest=12, longest=30):
    """``count`` sequences and their labels, class after class; the classes are the same for every seed."""
    shapes = np.random.default_rng(7).normal(size=(classes, 3, d))
    flip = np.where(np.arange(d) % 2, 1, -1)
    rng = np.random.default_rng(seed)
    X, y = [], []
    for i in range(count):
        c = i % classes
        t = np.linspace(0, 1, rng.integers(shortest, longest + 1)) ** rng.uniform(0.7, 1.4)
        waves = sum(np.sin(2 * np.pi * (k + 1) * t)[:, None] * shapes[c, k] for k in range(3))
        values = waves + noise * rng.normal(size=(len(t), d))
        X.append(sequence(values * (flip if rng.random() < 0.5 else 1), flip, f"v{i}"))
        y.append(f"class {c}")
    return X, np.array(y)


def handed(count, seed=0):
    """Sequences of three motions, each by the left and by the right hand: six classes."""
    flip = np.where(np.arange(6) % 2, 1, -1)
    plain, motion = actions(24, noise=0.1)
    X, y = [], []
    rng = np.random.default_rng(seed)
    shapes = {m: plain[i].values[:, 0] for i, m in reversed(list(enumerate(motion)))}
    for i in range(count):
        name, left = f"class {i % 3}", bool(i // 3 % 2)
        values = shapes[name] + 0.1 * rng.normal(size=shapes[name].shape)
        X.append(sequence(values * (flip if left else 1), flip, f"h{i}"))
        y.append(f"{name} {'left' if left else 'right'}")
    return X, np.array(y)
