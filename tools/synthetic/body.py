"""Bodies of many shapes from the model Anny, with what is needed to skin them and to know their keypoints."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

COCO = 17
INFLUENCES = 4
"""Bones that move one vertex; Anny knows up to nine, the rest weigh little."""
BOX_STRIDE = 2
"""One vertex in so many is projected to find the body's box."""
DRAWN = "notoes_collapse10pc"
"""Anny's mesh of 1,229 vertices is drawn: five times as fast as the full one, and alike at these sizes."""


@dataclass(frozen=True, eq=False)
class Body:
    """One athlete's body in its rest pose, z up, facing -y, left at +x, in metres. V vertices, B bones.

    Attributes
    ----------
    vertices, normals : (V, 3) float32.
    faces : (F, 3) int32.
    bone_indices, bone_weights : (V, 4), weights sum to one.
    heads : (B, 3) where each bone turns; parents : (B,), -1 for the root; names : (B,).
    keypoints : (17, B, 4): keypoint k is the sum of T[b] @ keypoints[k, b], T the bones' transforms.
    """

    vertices: np.ndarray
    normals: np.ndarray
    faces: np.ndarray
    bone_indices: np.ndarray
    bone_weights: np.ndarray
    heads: np.ndarray
    parents: np.ndarray
    names: tuple[str, ...]
    keypoints: np.ndarray

    @property
    def leg_m(self) -> float:
        """Height of the hips above the soles at rest."""
        return float(self.heads[self.names.index("upperleg01.L"), 2] - self.vertices[:, 2].min())

    def keypoints_at(self, transforms: np.ndarray) -> np.ndarray:
        """(T, 17, 3) from the bones' transforms (T, B, 3, 4)."""
        return np.einsum("tbij,kbj->tki", transforms, self.keypoints, optimize=True)

    def surface_at(self, transforms: np.ndarray) -> np.ndarray:
        """(T, V / 2, 3) some of the vertices, skinned."""
        rows = slice(None, None, BOX_STRIDE)
        rest = np.concatenate([self.vertices[rows], np.ones((len(self.vertices[rows]), 1))], axis=1)
        indices, weights = self.bone_indices[rows], self.bone_weights[rows]
        points = np.zeros((len(transforms), len(rest), 3))
        for influence in range(INFLUENCES):
            chosen = transforms[:, indices[:, influence]]
            points += weights[:, influence, None] * np.einsum("tvij,vj->tvi", chosen, rest, optimize=True)
        return points


class BodyModel:
    """Anny, loaded once; ``make`` draws a body."""

    def __init__(self) -> None:
        warnings.filterwarnings("ignore", module="anny")
        import warp

        warp.config.quiet = True
        import anny

        self._drawn = anny.Anny(topology=DRAWN)
        self._full = anny.Anny()
        self._regressor = anny.KeypointsRegressor.coco(self._full)

    def make(self, rng: np.random.Generator) -> Body:
        """An adult of random sex, age, build, height and proportions."""
        shape = {
            "gender": rng.uniform(0.0, 1.0),
            "age": rng.uniform(0.55, 0.85),
            "muscle": rng.uniform(0.35, 0.95),
            "weight": rng.uniform(0.2, 0.75),
            "height": rng.uniform(0.25, 0.8),
            "proportions": rng.uniform(0.3, 1.0),
        }
        vertices, heads, indices, weights = _rest(self._drawn, shape)
        faces = self._drawn.get_triangular_faces().cpu().numpy().astype(np.int32)
        return Body(
            vertices=vertices.astype(np.float32),
            normals=_normals(vertices, faces),
            faces=faces,
            bone_indices=indices.astype(np.int32),
            bone_weights=weights.astype(np.float32),
            heads=heads,
            parents=np.asarray(self._drawn.bone_parents),
            names=tuple(self._drawn.bone_labels),
            keypoints=self._keypoint_basis(shape),
        )

    def _keypoint_basis(self, shape: dict[str, float]) -> np.ndarray:
        """Keypoints are sums of vertices and vertices sums of bones, so keypoints are sums of bones."""
        vertices, _, indices, weights = _rest(self._full, shape)
        regression = self._regressor.regression_weights[:COCO].cpu().numpy()
        rest = np.concatenate([vertices, np.ones((len(vertices), 1))], axis=1)
        basis = np.zeros((COCO, len(self._full.bone_labels), 4))
        for k in range(COCO):
            used = np.flatnonzero(regression[k])
            for influence in range(INFLUENCES):
                share = regression[k, used] * weights[used, influence]
                np.add.at(basis[k], indices[used, influence], share[:, None] * rest[used])
        return basis


def _rest(model: Any, shape: dict[str, float]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Vertices (V, 3), bone heads (B, 3), and each vertex' strongest bones and their weights (V, 4)."""
    import torch

    with torch.no_grad():
        rest = model(None, phenotype_kwargs={name: torch.tensor([value]) for name, value in shape.items()})
    weights = model.vertex_bone_weights.cpu().numpy()
    indices = model.vertex_bone_indices.cpu().numpy()
    strongest = np.argsort(-weights, axis=1)[:, :INFLUENCES]
    weights = np.take_along_axis(weights, strongest, axis=1)
    weights = weights / weights.sum(axis=1, keepdims=True)
    indices = np.take_along_axis(indices, strongest, axis=1)
    return rest["rest_vertices"][0].cpu().numpy(), rest["rest_bone_heads"][0].cpu().numpy(), indices, weights


def _normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    normals = np.zeros_like(vertices)
    across = np.cross(b - a, c - a)
    for i in range(3):
        np.add.at(normals, faces[:, i], across)
    return (normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)).astype(np.float32)
