"""The losses of VIPE*: hinge loss of pairs of views, distances equal to those of the 3D poses, nearest
neighbours.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from vpd.teachers.vipe.body import L_HIP, L_SHOULDER, R_HIP, R_SHOULDER

MARGIN = 1.0
"""Margin: negatives are pushed apart up to this distance (paper)."""
PROCRUSTES_SCALE = 1.6
"""Factor that brings distances of joints after Procrustes alignment, in trunk lengths, to the scale of the
targets.
"""


def hinge_embedding_loss(a: Tensor, b: Tensor, negative: Tensor, has_negative: Tensor) -> Tensor:
    """Mean over (B, d) pairs of the distance, and of max(0, 1 - distance) to the negatives; 0 for a pair that
    has none, as in the reference."""
    positive = (a - b).norm(dim=1)
    apart = (MARGIN - (a - negative).norm(dim=1)).clamp_min(0)
    loss: Tensor = (positive + apart * has_negative).mean()
    return loss


def distances(a: Tensor, b: Tensor) -> Tensor:
    """(B, B) L2 distances between the rows of (B, d) and (B, d). The gradient is finite everywhere."""
    squared = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T
    return (squared.clamp_min(0) + 1e-6).sqrt()


def metric_loss(apart: Tensor, near: Tensor) -> Tensor:
    """Mean squared difference between (B, B) distances of embeddings across views and those of their 3D
    targets.

    All B x B pairs of the batch are used. So one batch holds many graded negatives instead of one for each
    pose.
    """
    loss: Tensor = ((apart - near) ** 2).mean()
    return loss


def neighbour_loss(apart: Tensor, near: Tensor, temperature: float) -> Tensor:
    """Cross-entropy of the nearest pose in the other view: softmax of ``-apart / temperature`` by rows and by
    columns, against the softmax of the distances ``near`` of the 3D targets, both (B, B).

    Pairs that are far apart dominate `metric_loss`. This loss depends on the few near pairs, which decide
    nearest neighbours.
    """
    wanted, found = torch.softmax(-near / temperature, 1), -apart / temperature
    by_row = functional.cross_entropy(found, wanted)
    return (by_row + functional.cross_entropy(found.T, wanted)) / 2


def procrustes_distances(joints: Tensor) -> Tensor:
    """(B, B) distances of poses (B, J, 3) to each other after the best rotation and scale, in trunk lengths.

    The root of the sum of the joints' squared distances, scaled by ``PROCRUSTES_SCALE``. With poses centred
    and of unit size, the best similarity leaves 1 - (s1 + s2 +- s3)^2 of that sum, where s are the singular
    values of X^T Y and the sign is that of its determinant: a mirror image is another pose (Kabsch 1978;
    Umeyama 1991). They come from the eigenvalues of a symmetric 3 x 3 matrix in closed form, so that all
    pairs of a batch are a few operations.
    """
    centred = joints - joints.mean(1, keepdim=True)
    trunk: Tensor = joints[:, [L_SHOULDER, R_SHOULDER]].mean(1) - joints[:, [L_HIP, R_HIP]].mean(1)
    size = centred.flatten(1).norm(dim=1)
    axes = (centred / size[:, None, None]).permute(2, 0, 1)
    m = [[axes[i] @ axes[j].T for j in range(3)] for i in range(3)]

    def product(i: int, j: int) -> Tensor:
        found: Tensor = m[0][i] * m[0][j] + m[1][i] * m[1][j] + m[2][i] * m[2][j]
        return found

    middle = (product(0, 0) + product(1, 1) + product(2, 2)) / 3
    a, b, c = (product(i, i) - middle for i in range(3))
    ab, ac, bc = product(0, 1), product(0, 2), product(1, 2)
    spread = ((a**2 + b**2 + c**2 + 2 * (ab**2 + ac**2 + bc**2)) / 6).clamp_min(1e-14).sqrt()
    turned = a * (b * c - bc**2) - ab * (ab * c - bc * ac) + ac * (ab * bc - b * ac)
    angle = torch.acos((turned / (2 * spread**3)).clamp(-1, 1)) / 3
    first = middle + 2 * spread * torch.cos(angle)
    third = middle + 2 * spread * torch.cos(angle + 2 * math.pi / 3)
    values = [e.clamp_min(0).sqrt() for e in (first, 3 * middle - first - third, third)]
    chirality = torch.sign(
        m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1])
        - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
        + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])
    )
    alike = (values[0] + values[1] + chirality * values[2]).clamp(0, 1)
    in_trunks = size / trunk.norm(dim=1)
    left = (1 - alike**2).clamp_min(1e-8).sqrt() * (in_trunks[:, None] * in_trunks[None]).sqrt()
    scaled: Tensor = PROCRUSTES_SCALE * left
    return scaled


def joined_distances(targets: Tensor, aligned: Tensor, share: float) -> Tensor:
    """(B, B) distances of 3D targets. ``share`` is the share of the ``aligned`` poses in the squared
    distance.
    """
    joined: Tensor = ((1 - share) * targets**2 + share * aligned**2).sqrt()
    return joined
