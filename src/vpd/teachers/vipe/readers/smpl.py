"""Compute joints of AMASS files with body parameters only, by forward kinematics of the user's body model.

SMPL-H, SMPL-X and SMPL are handled alike. Joints of the rest pose are regressed from the shaped template,
then rotated along the tree (Loper et al. 2015, section 3; blend shapes of the pose move no joint).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from vpd.errors import InputError
from vpd.library.npz_file import read_npz
from vpd.types import Array

BODY_JOINTS = 22
"""Number of joints of the body. They come before those of hands and face in each of these models."""
KEYS = ("J_regressor", "v_template", "shapedirs", "kintree_table")


@dataclass(frozen=True)
class BodyModel:
    """The parts of a body model that joints need.

    Attributes
    ----------
    rest : (22, 3) joints of the mean shape, metres.
    shape : (22, 3, S) how they move with each shape coefficient.
    parents : for each joint that of the joint it hangs on; the first is the root.
    """

    rest: Array
    shape: Array
    parents: tuple[int, ...]

    def joints(self, poses: Array, betas: Array, trans: Array) -> Array:
        """(T, 22, 3) joints in metres from (T, 66 or more) axis-angle poses, (S,) shape and (T, 3)
        positions.
        """
        used = min(len(betas), self.shape.shape[2])
        rest = self.rest + self.shape[:, :, :used] @ betas[:used]
        turns = Rotation.from_rotvec(poses[:, : 3 * BODY_JOINTS].reshape(-1, 3)).as_matrix()
        local = turns.reshape(len(poses), BODY_JOINTS, 3, 3)
        whole = [local[:, 0]]
        places = [rest[0] + trans]
        for joint in range(1, BODY_JOINTS):
            parent = self.parents[joint]
            places.append(places[parent] + whole[parent] @ (rest[joint] - rest[parent]))
            whole.append(whole[parent] @ local[:, joint])
        return np.stack(places, axis=1)


def load_body_model(path: Path) -> BodyModel:
    """The body model in an `.npz` (AMASS: `smplh/neutral/model.npz`). Raises InputError where it is none."""
    if path.suffix.lower() != ".npz":
        raise InputError(
            f"{path}: a body model is read from .npz. A .pkl may run code when it is opened, so it is not: "
            "take the .npz of the same model, or save its " + ", ".join(KEYS) + " with numpy.savez."
        )
    try:
        # Other arrays of the file are not looked at: some of them are pickled.
        regressor, template, directions, tree = read_npz(path, KEYS).values()
    except (InputError, KeyError) as error:
        raise InputError(f"{path} is not a body model with {', '.join(KEYS)}: {error}") from error
    vertices = template.shape[0]
    if (
        template.shape != (vertices, 3)
        or directions.shape[:2] != (vertices, 3)
        or regressor.shape != (tree.shape[-1], vertices)
        or len(regressor) < BODY_JOINTS
    ):
        raise InputError(
            f"{path}: the arrays do not fit one another: J_regressor {regressor.shape}, v_template "
            f"{template.shape}, shapedirs {directions.shape}, kintree_table {tree.shape}."
        )
    # The root's parent is written as -1 or as its unsigned form.
    parents = (-1, *(int(parent) for parent in tree[0, 1:BODY_JOINTS]))
    if any(not 0 <= parent < joint for joint, parent in enumerate(parents) if joint):
        raise InputError(f"{path}: kintree_table names a joint before its parent")
    body = regressor[:BODY_JOINTS].astype(np.float64)
    return BodyModel(body @ template, np.einsum("jv,vcs->jcs", body, directions), parents)


def body_model_for(path: Path, gender: str) -> BodyModel:
    """The model in ``path``; in a folder, that of the ``gender`` (`<gender>/model.npz`), else the neutral
    one.
    """
    if not path.is_dir():
        return load_body_model(path)
    for name in (gender, "neutral"):
        for file in (path / name / "model.npz", path / f"{name}.npz"):
            if file.is_file():
                return load_body_model(file)
    raise InputError(f"{path} holds neither {gender}/model.npz nor neutral/model.npz")
