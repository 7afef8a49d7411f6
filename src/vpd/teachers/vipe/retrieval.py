"""Cross-view retrieval as in Pr-VIPE: does the nearest pose of another camera have the same 3D pose?"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from vpd.teachers.vipe.body import L_HIP, L_SHOULDER, R_HIP, R_SHOULDER

HIT_MPJPE = 0.1
"""A retrieved pose is a hit when its mean joint error is at most this, in trunk lengths (Pr-VIPE, kappa)."""
KS = (1, 10, 20)


def procrustes_mpjpe(a: Tensor, b: Tensor) -> Tensor:
    """(N,) mean joint distance of (N, J, 3) poses after the best similarity of b (rotation without
    reflection), in trunk lengths (mid-hip to neck) of a.
    """
    trunk = (a[:, [L_SHOULDER, R_SHOULDER]].mean(1) - a[:, [L_HIP, R_HIP]].mean(1)).norm(dim=1)
    a, b = a - a.mean(1, keepdim=True), b - b.mean(1, keepdim=True)
    u, s, vt = torch.linalg.svd(b.transpose(1, 2) @ a)
    sign = torch.ones_like(s)
    sign[:, 2] = torch.sign(torch.linalg.det(u) * torch.linalg.det(vt))
    rotation = (u * sign[:, None]) @ vt
    scale = (s * sign).sum(1) / (b**2).sum((1, 2)).clamp_min(1e-12)
    aligned = scale[:, None, None] * (b @ rotation)
    error: Tensor = (aligned - a).norm(dim=2).mean(1) / trunk
    return error


def hit_at_k(query: Tensor, index: Tensor, poses: Tensor, ks: Sequence[int] = KS) -> list[float]:
    """Share of the queries with a hit among the k nearest poses of the index.

    ``query`` and ``index`` (N, d) are embeddings of the same N poses (N, 13, 3), each seen by two cameras of
    its own.
    """
    nearest = torch.cdist(query, index).topk(max(ks), largest=False).indices
    n, k = nearest.shape
    errors = procrustes_mpjpe(poses.repeat_interleave(k, 0), poses[nearest.flatten()]).view(n, k)
    hits = errors <= HIT_MPJPE
    return [float(hits[:, :k].any(1).float().mean()) for k in ks]
