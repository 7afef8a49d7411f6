"""Joints of AMASS body parameters by a made-up body model, against forward kinematics in 4 x 4 matrices."""

import numpy as np
import pytest
from scipy.linalg import expm

from vpd.errors import InputError
from vpd.pose.skeleton import COCO17
from vpd.teachers.vipe.readers import read_motions
from vpd.teachers.vipe.readers.arrays import SMPL_22
from vpd.teachers.vipe.readers.table import Given

PARENTS = (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21)
REST = np.array(
    [[0, 0, 0], [.1, -.1, 0], [-.1, -.1, 0], [0, .1, 0], [.1, -.5, 0], [-.1, -.5, 0], [0, .25, 0],
     [.1, -.9, 0], [-.1, -.9, 0], [0, .35, 0], [.1, -.95, .1], [-.1, -.95, .1], [0, .5, 0], [.08, .45, 0],
     [-.08, .45, 0], [0, .6, 0], [.2, .45, 0], [-.2, .45, 0], [.45, .45, 0], [-.45, .45, 0], [.7, .45, 0],
     [-.7, .45, 0], [.8, .45, 0], [-.8, .45, 0]]
)  # fmt: skip
"""Metres, y up, of a body with outstretched arms and two joints of the hands."""


def body_model(seed: int) -> dict[str, np.ndarray]:
    """Three vertices around each joint, whose weighted mean it is, and 10 directions of shape."""
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.ones(3), len(REST))
    around = rng.normal(0, 0.05, (len(REST), 3, 3))
    around -= (weights[..., None] * around).sum(1, keepdims=True)
    return {
        "J_regressor": np.stack([np.kron(row, w) for row, w in zip(np.eye(len(REST)), weights, strict=True)]),
        "v_template": (REST[:, None] + around).reshape(-1, 3),
        "shapedirs": rng.normal(0, 0.01, (3 * len(REST), 3, 10)),
        "kintree_table": np.array([[2**32 - 1, *PARENTS[1:]], range(len(REST))], dtype=np.uint32),
    }


def by_matrices(model, poses, betas, trans):
    """The joints of one frame: a product of 4 x 4 matrices along the way from the root to each."""
    shaped = model["v_template"] + (model["shapedirs"] * betas).sum(-1)
    rest = model["J_regressor"] @ shaped
    whole = []
    for joint, parent in enumerate(PARENTS):
        x, y, z = poses[3 * joint : 3 * joint + 3]
        own = np.eye(4)
        own[:3, :3] = expm(np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]]))
        own[:3, 3] = rest[joint] - (rest[parent] if joint else -trans)
        whole.append(whole[parent] @ own if joint else own)
    return np.stack([matrix[:3, 3] for matrix in whole])


def parameters(frames: int = 4) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    poses = rng.normal(0, 0.2, (frames, 3 * len(REST)))
    poses[:, :3] = [np.pi / 2, 0, 0]  # AMASS: the root turns the body upright in z.
    return {
        "poses": poses,
        "trans": rng.normal(size=(frames, 3)),
        "betas": rng.normal(size=10),
        "gender": np.array("female"),
        "mocap_framerate": np.array(120.0),
    }


def test_joints_of_parameters_are_those_of_a_chain_of_matrices(tmp_path):
    model, given = body_model(0), parameters()
    (tmp_path / "models" / "female").mkdir(parents=True)
    np.savez(tmp_path / "models" / "female" / "model.npz", **model, other=np.array([{}], dtype=object))
    np.savez(tmp_path / "walk_poses.npz", **given)
    (found,) = read_motions(tmp_path / "walk_poses.npz", Given(body_model=tmp_path / "models"))
    want = np.stack(
        [
            by_matrices(model, p, given["betas"], t)
            for p, t in zip(given["poses"], given["trans"], strict=True)
        ]
    )
    assert found.fps == 120
    for name in COCO17[5:]:
        joint = found.joints[:, COCO17.index(name)]
        np.testing.assert_allclose(joint, want[:, SMPL_22.index(name)], atol=1e-5, err_msg=name)
    upright = found.joints[:, COCO17.index("nose"), 2] - found.joints[:, COCO17.index("left_ankle"), 2]
    assert (upright > 1).all()


def test_what_is_no_body_model_is_refused(tmp_path):
    np.savez(tmp_path / "a.npz", **parameters())
    (tmp_path / "m.pkl").write_bytes(b"")
    np.savez(tmp_path / "less.npz", v_template=REST)
    model = body_model(0)
    np.savez(tmp_path / "odd.npz", **{**model, "J_regressor": model["J_regressor"][:, 1:]})
    np.savez(tmp_path / "tree.npz", **{**model, "kintree_table": np.flip(model["kintree_table"], 1)})
    (tmp_path / "empty").mkdir()
    for name, says in (
        ("m.pkl", "may run code"),
        ("less.npz", "not a body model"),
        ("odd.npz", "do not fit"),
        ("tree.npz", "before its parent"),
        ("empty", "neither female/model.npz"),
    ):
        with pytest.raises(InputError, match=says):
            read_motions(tmp_path / "a.npz", Given(body_model=tmp_path / name))
