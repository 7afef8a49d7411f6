"""Skeletons as graphs: COCO-17's edges, ST-GCN's partition and MS-G3D's disentangled k-adjacencies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vpd.types import Array


@dataclass(frozen=True)
class Graph:
    """Joints and the edges between them.

    Attributes
    ----------
    joints : number of joints V.
    edges : pairs (joint, its parent); the parent lies nearer to the centre.
    centre : the root joint.
    """

    joints: int
    edges: tuple[tuple[int, int], ...]
    centre: int

    @property
    def adjacency(self) -> Array:
        """(V, V) float64, symmetric: 1 for an edge, else 0."""
        matrix = np.zeros((self.joints, self.joints))
        for joint, parent in self.edges:
            matrix[joint, parent] = matrix[parent, joint] = 1
        return matrix

    @property
    def parents(self) -> Array:
        """(V,) int64: the parent of each joint, the centre's being itself."""
        parents = np.arange(self.joints)
        for joint, parent in self.edges:
            parents[joint] = parent
        return parents


COCO = Graph(
    17,
    (
        (15, 13), (13, 11), (16, 14), (14, 12), (11, 5), (12, 6), (9, 7), (7, 5), (10, 8), (8, 6),
        (5, 0), (6, 0), (1, 0), (3, 1), (2, 0), (4, 2),
    ),
    0,
)  # fmt: skip
"""COCO-17 with the nose as centre, connected to the shoulders, as in mmaction2."""

OPENPOSE = Graph(
    18,
    (
        (4, 3), (3, 2), (7, 6), (6, 5), (13, 12), (12, 11), (10, 9), (9, 8), (11, 5), (8, 2), (5, 1),
        (2, 1), (0, 1), (15, 0), (14, 0), (17, 15), (16, 14),
    ),
    1,
)  # fmt: skip
"""OpenPose-18, the skeleton of the weights released for Kinetics."""

NTU = Graph(
    25,
    tuple(
        (a - 1, b - 1)
        for a, b in (
            (1, 2), (2, 21), (3, 21), (4, 3), (5, 21), (6, 5), (7, 6), (8, 7), (9, 21), (10, 9), (11, 10),
            (12, 11), (13, 1), (14, 13), (15, 14), (16, 15), (17, 1), (18, 17), (19, 18), (20, 19), (22, 23),
            (23, 8), (24, 25), (25, 12),
        )
    ),
    20,
)  # fmt: skip
"""NTU RGB+D's 25 joints, for released weights."""


def spatial_partition(graph: Graph) -> Array:
    """(3, V, V) float32: ST-GCN's "spatial" subsets of A + I, column-normalised (its section 3.3).

    Subset 0 holds the joints themselves, 1 the neighbours at the same distance from the centre or nearer, 2
    those further away. As in the released code, distances are cut at one hop: joints further than one hop
    from the centre count as equally far. So most of a limb's edges are of subset 1 both ways.
    """
    joined = graph.adjacency + np.eye(graph.joints)
    normalised = joined / joined.sum(0)
    distance = np.where(joined[:, graph.centre] > 0, 1.0, np.inf)
    distance[graph.centre] = 0
    of, to = distance[:, None], distance[None, :]
    neighbours = np.where(np.eye(graph.joints, dtype=bool), 0, normalised)
    itself = normalised - neighbours
    near, far = np.where(of >= to, neighbours, 0), np.where(of < to, neighbours, 0)
    return np.stack([itself, near, far]).astype(np.float32)


def k_adjacency(adjacency: Array, k: int) -> Array:
    """(V, V): joints exactly ``k`` steps apart, and each joint itself (MS-G3D, equation 3).

    ``adjacency`` may hold self loops, as that of a window of frames does.
    """
    identity = np.eye(len(adjacency))
    if k == 0:
        return identity
    step = adjacency + identity

    def reached(steps: int) -> Array:
        pairs: Array = np.linalg.matrix_power(step, steps) > 0
        return pairs.astype(float)

    apart: Array = reached(k) - reached(k - 1) + identity
    return apart


def directed_partition(graph: Graph) -> Array:
    """(3, V, V) float32: joints themselves, edges inward and outward, each column-normalised (ST-GCN++)."""
    inward = np.zeros((graph.joints, graph.joints))
    for joint, parent in graph.edges:
        inward[parent, joint] = 1
    subsets = []
    for matrix in (np.eye(graph.joints), inward, inward.T):
        degrees = matrix.sum(0)
        subsets.append(matrix / np.where(degrees > 0, degrees, 1))
    return np.stack(subsets).astype(np.float32)


def scale_adjacencies(adjacency: Array, scales: int) -> Array:
    """(scales * V, V) float32: the k-adjacencies for k = 0..scales-1, each D^-1/2 A D^-1/2, stacked."""
    stacked = []
    for k in range(scales):
        matrix = k_adjacency(adjacency, k)
        root = matrix.sum(1) ** -0.5
        stacked.append(root[:, None] * matrix * root[None, :])
    scales_together: Array = np.concatenate(stacked).astype(np.float32)
    return scales_together


def window_adjacency(graph: Graph, window: int) -> Array:
    """(window * V, window * V): A + I between every two frames of a window (MS-G3D, section 3.3)."""
    tiled: Array = np.tile(graph.adjacency + np.eye(graph.joints), (window, window))
    return tiled
