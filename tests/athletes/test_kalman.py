"""The written-out filter, against the textbook's matrices."""

import numpy as np

from vpd.athletes.kalman import POSITION_NOISE, VELOCITY_NOISE, BoxFilter


def test_equals_the_filter_in_matrices() -> None:
    rng = np.random.default_rng(0)
    ours = BoxFilter()
    box = np.array([100.0, 50.0, 40.0, 90.0])
    ours.add(box)
    scale = np.array([40.0, 90, 40, 90])
    mean = np.r_[120.0, 95, 40, 90, np.zeros(4)]
    covariance = np.diag(np.r_[2 * POSITION_NOISE * scale, 10 * VELOCITY_NOISE * scale] ** 2)
    observe = np.eye(4, 8)
    for steps in (1, 3, 0.5, 5):
        scale = np.tile(mean[2:4], 2)
        move = np.eye(8)
        move[:4, 4:] = steps * np.eye(4)
        mean = move @ mean
        noise = np.diag(np.r_[POSITION_NOISE * scale, VELOCITY_NOISE * scale] ** 2) * steps
        covariance = move @ covariance @ move.T + noise
        ours.predict(steps)
        seen = box + rng.normal(0, 3, 4)
        z = np.r_[seen[:2] + seen[2:] / 2, seen[2:]]
        doubt = np.diag((POSITION_NOISE * np.tile(mean[2:4], 2)) ** 2)
        gain = covariance @ observe.T @ np.linalg.inv(observe @ covariance @ observe.T + doubt)
        mean = mean + gain @ (z - observe @ mean)
        covariance = covariance - gain @ observe @ covariance
        ours.update(np.array([0]), seen[None])
        np.testing.assert_allclose(ours.position[0], mean[:4])
        np.testing.assert_allclose(ours.velocity[0], mean[4:], atol=1e-12)


def test_learns_a_steady_motion() -> None:
    motion = BoxFilter()
    motion.add(np.array([0.0, 0, 20, 40]))
    for t in range(1, 40):
        motion.predict(1)
        motion.update(np.array([0]), np.array([[3.0 * t, -1.0 * t, 20, 40]]))
    motion.predict(10)
    np.testing.assert_allclose(motion.boxes[0], [3 * 49, -49, 20, 40], atol=0.5)


def test_only_the_rows_kept_stay() -> None:
    motion = BoxFilter()
    motion.add(np.array([[0.0, 0, 5, 5], [10, 10, 6, 6], [20, 20, 7, 7]]))
    motion.keep(np.array([2]))
    np.testing.assert_allclose(motion.boxes, [[20, 20, 7, 7]])
