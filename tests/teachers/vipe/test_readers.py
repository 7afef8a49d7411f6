"""Readers of 3D motion against independent references, and what they refuse."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from tests.library.mutations import mutated
from tests.pipeline.damage import damaged
from tests.shared import shared_path
from vpd.errors import InputError
from vpd.pose.skeleton import COCO17
from vpd.teachers.vipe.readers import READERS, read_folder, read_motions
from vpd.teachers.vipe.readers.arrays import H36M_17, SMPL_22
from vpd.teachers.vipe.readers.bvh import read_bvh
from vpd.teachers.vipe.readers.deepmimic import SKELETON, WIDTH
from vpd.teachers.vipe.readers.table import Given

BVH = """HIERARCHY
ROOT Hips
{{
  OFFSET 0 0 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  JOINT Spine
  {{
    OFFSET 0 50 0
    CHANNELS 3 Zrotation Xrotation Yrotation
    JOINT Head
    {{ OFFSET 0 20 0 CHANNELS 3 Zrotation Xrotation Yrotation End Site {{ OFFSET 0 10 0 }} }}
    {arms}
  }}
  {legs}
}}
MOTION
Frames: 2
Frame Time: 0.0333333
{rows}
"""


def bvh(drop: str = "") -> str:
    def chain(names, offsets):
        text = ""
        for name, offset in zip(names, offsets, strict=True):
            text += f"JOINT {name} {{ OFFSET {offset} CHANNELS 3 Zrotation Xrotation Yrotation "
        return text + "End Site { OFFSET 0 0 0 } " + "} " * len(names)

    arms, legs = "", ""
    for side, sign in (("Left", 1), ("Right", -1)):
        arms += chain(
            [f"{side}Arm", f"{side}ForeArm", f"{side}Hand"], [f"{18 * sign} 0 0", "0 -28 0", "0 -25 0"]
        )
        legs += chain(
            [f"{side}UpLeg", f"{side}Leg", f"{side}Foot"], [f"{10 * sign} 0 0", "0 -42 0", "0 -41 0"]
        )
    width = 6 + 3 * 14
    rows = np.zeros((2, width))
    rows[:, 1] = 90
    rows[1, 3:6] = [10, 20, 30]
    rows[1, 6:9] = [5, -15, 40]
    text = BVH.format(arms=arms, legs=legs, rows="\n".join(" ".join(map(str, r)) for r in rows))
    return text.replace(drop, "Unknown") if drop else text


def test_bvh_positions_are_those_of_composed_rotations(tmp_path):
    path = tmp_path / "a.bvh"
    path.write_text(bvh())
    names, positions, fps = read_bvh(path)
    assert fps == pytest.approx(30, rel=1e-3)
    assert names[:3] == ["Hips", "Spine", "Head"]
    root = Rotation.from_euler("ZXY", [10, 20, 30], degrees=True)
    spine = root * Rotation.from_euler("ZXY", [5, -15, 40], degrees=True)
    hips = np.array([0, 90, 0])
    np.testing.assert_allclose(positions[1, 1], hips + root.apply([0, 50, 0]), atol=1e-9)
    head = hips + root.apply([0, 50, 0]) + spine.apply([0, 20, 0])
    np.testing.assert_allclose(positions[1, 2], head, atol=1e-9)


def test_position_channels_of_a_joint_replace_its_offset_along_their_axes(tmp_path):
    path = tmp_path / "a.bvh"
    path.write_text("""HIERARCHY
ROOT Hips { OFFSET 1 2 3 CHANNELS 3 Xposition Yposition Zposition
JOINT Spine { OFFSET 3 50 4 CHANNELS 1 Yposition End Site { OFFSET 0 10 0 } } }
MOTION
Frames: 1
Frame Time: 0.04
10 20 30 60
""")
    _, positions, _ = read_bvh(path)
    np.testing.assert_allclose(positions[0, :2], [[10, 20, 30], [13, 80, 34]])


def test_bvh_becomes_metres_with_z_up_and_left_left(tmp_path):
    path = tmp_path / "a.bvh"
    path.write_text(bvh())
    joints = read_motions(path)[0].joints
    at = {name: joints[0, i] for i, name in enumerate(COCO17)}
    assert at["left_shoulder"][2] - at["left_ankle"][2] == pytest.approx(1.33, abs=0.01)
    forward = np.cross(at["left_shoulder"] - at["right_shoulder"], [0, 0, 1])
    assert (at["nose"] - at["left_ear"]) @ forward > 0


def test_an_unknown_skeleton_is_refused_with_what_it_lacks(tmp_path):
    path = tmp_path / "a.bvh"
    path.write_text(bvh("LeftForeArm").replace("RightFoot", "Tail"))
    with pytest.raises(InputError, match="lacks left_elbow, right_ankle"):
        read_motions(path)


@pytest.mark.parametrize("suffix", sorted(READERS))
def test_every_reader_refuses_rubbish_with_a_sentence(tmp_path, suffix):
    path = tmp_path / f"rubbish{suffix}"
    path.write_bytes(b"\x00 not motion \xff")
    with pytest.raises(InputError):
        read_motions(path)


def person() -> np.ndarray:
    joints = np.zeros((3, 17, 3), np.float32)
    for name, place in {
        "nose": (0.1, 0, 1.6), "left_shoulder": (0, 0.18, 1.4), "left_elbow": (0, 0.2, 1.1),
        "left_wrist": (0.1, 0.2, 0.85), "left_hip": (0, 0.1, 0.9), "left_knee": (0.02, 0.1, 0.5),
        "left_ankle": (0, 0.1, 0.1),
    }.items():  # fmt: skip
        joints[:, COCO17.index(name)] = place
        if name != "nose":
            other = COCO17.index(name.replace("left", "right"))
            joints[:, other] = np.array(place) * [1, -1, 1]
    return joints


@pytest.mark.parametrize("up", ["x", "y", "z"])
@pytest.mark.parametrize("unit", [1.0, 0.01, 0.001, 0.0254])
def test_units_and_up_axis_are_told_from_the_body(tmp_path, unit, up):
    want = person()
    order = {"x": [2, 0, 1], "y": [1, 2, 0], "z": [0, 1, 2]}[up]
    np.savez(tmp_path / "a.npz", joints=want[..., order] / unit, names=np.array(COCO17))
    got = read_motions(tmp_path / "a.npz")[0].joints
    body = [0, *range(5, 17)]
    np.testing.assert_allclose(got[:, body], want[:, body], atol=1e-4)


def test_a_size_that_is_nobodys_is_refused_unless_said(tmp_path):
    np.savez(tmp_path / "a.npz", joints=person() / 7, names=np.array(COCO17))
    with pytest.raises(InputError, match="nobody's size"):
        read_motions(tmp_path / "a.npz")
    assert read_motions(tmp_path / "a.npz", Given(metres=7.0))[0].joints.shape == (3, 17, 3)


def test_amass_joints_and_human36m_find_their_joints(tmp_path):
    want = person()
    by_name = {name: want[:, i] for i, name in enumerate(COCO17)} | {"head": want[:, 0] - [0.1, 0, 0]}
    for file, key, names in (("walk.npz", "jtr", SMPL_22), ("h36m_s1.npz", "S1", H36M_17)):
        array = np.stack([by_name.get(n, np.zeros((3, 3)) + 0.5) for n in names], axis=1).astype(np.float32)
        np.savez(tmp_path / file, **{key: array}, trans=np.zeros((3, 3)), mocap_framerate=np.array(120.0))
        got = read_motions(tmp_path / file)[0]
        np.testing.assert_allclose(got.joints[:, 5:], want[:, 5:], atol=1e-4)
        assert got.fps == 120


def test_amass_parameters_without_joints_say_what_is_needed(tmp_path):
    np.savez(tmp_path / "a.npz", poses=np.zeros((3, 156)), trans=np.zeros((3, 3)))
    with pytest.raises(InputError, match="SMPL-H body model"):
        read_motions(tmp_path / "a.npz")


def test_pickled_arrays_are_refused(tmp_path):
    np.savez(tmp_path / "a.npz", joints=np.array([{"a": 1}], dtype=object))
    with pytest.raises(InputError, match="without pickling"):
        read_motions(tmp_path / "a.npz")


def test_trc_keeps_units_and_leaves_out_frames_with_missing_markers(tmp_path):
    want = person() * 1000
    names = [n for n in COCO17 if "eye" not in n and "ear" not in n]
    rows = [
        "PathFileType\t4\t(X/Y/Z)\ta.trc", "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits",
        f"60\t60\t3\t{len(names)}\tmm", "Frame#\tTime\t" + "\t\t\t".join(names), "\t\tX1\tY1\tZ1", "",
    ]  # fmt: skip
    for t in range(3):
        numbers = [want[t, COCO17.index(n)] for n in names]
        cells = [f"{v:.3f}" for xyz in numbers for v in xyz]
        if t == 1:
            cells[:3] = ["", "", ""]
        rows.append("\t".join([str(t + 1), f"{t / 60:.3f}", *cells]))
    (tmp_path / "a.trc").write_text("\n".join(rows))
    got = read_motions(tmp_path / "a.trc")[0]
    assert got.fps == 60
    assert len(got.joints) == 2
    np.testing.assert_allclose(got.joints[0, 5:], person()[0, 5:], atol=1e-5)


def test_deepmimic_text_agrees_with_the_shared_forward_kinematics():
    """The shared arrays are of the same files by other code, and turned about the vertical."""
    data = pytest.importorskip("pybullet_data")
    path = shared_path("data/mocap/deepmimic.npz")
    for name in ("backflip", "kick"):
        got = read_motions(Path(data.getDataPath()) / f"data/motions/humanoid3d_{name}.txt")[0].joints[0, 5:]
        want = np.load(path)[f"deepmimic_{name}"][0, 5:]
        turned = np.stack([got[:, 1], -got[:, 0], got[:, 2]], axis=1)
        np.testing.assert_allclose(turned - turned[6], want - want[6], atol=0.02)


def test_a_folder_is_read_whole(tmp_path):
    (tmp_path / "sub").mkdir()
    for file in ("a.bvh", "sub/b.bvh"):
        (tmp_path / file).write_text(bvh())
    assert [m.name for m in read_folder(tmp_path)] == ["a", "b"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no motion"):
        read_folder(tmp_path / "empty")


ASF_LIMBS = {
    "lhipjoint": ("root", "1 0 0", 2),
    "lfemur": ("lhipjoint", "0 -1 0", 8),
    "ltibia": ("lfemur", "0 -1 0", 8),
    "lfoot": ("ltibia", "0 0 1", 2),
    "lowerback": ("root", "0 1 0", 9),
    "lclavicle": ("lowerback", "1 0 0", 3),
    "lhumerus": ("lclavicle", "1 0 0", 5),
    "lradius": ("lhumerus", "1 0 0", 3),
    "lwrist": ("lradius", "1 0 0", 2),
    "lhand": ("lwrist", "1 0 0", 1),
    "head": ("lowerback", "0 1 0", 3),
}
"""Bones of a made subject: parent, direction at rest, length."""


def asf_and_amc(folder: Path) -> Path:
    """A subject with the arms out; then turned by a right angle, with the left elbow bent by one."""
    bones = dict(ASF_LIMBS)
    for name, (parent, direction, length) in ASF_LIMBS.items():
        if name.startswith("l") and name != "lowerback":
            other = "r" + parent[1:] if parent.startswith("l") and parent != "lowerback" else parent
            bones["r" + name[1:]] = (other, direction.replace("1 0 0", "-1 0 0"), length)
    text = ":version 1.10\n:units\n  length 0.45\n:bonedata\n"
    for name, (_, direction, length) in bones.items():
        turns = "  dof ry\n  limits (-180 180)\n" if name == "lradius" else ""
        # The frame in which a bone turns lies askew; without turns it changes nothing.
        axis = "0 0 0" if turns else "30 -20 10"
        text += f"  begin\n  name {name}\n  direction {direction}\n  length {length}\n"
        text += f"  axis {axis} XYZ\n{turns}  end\n"
    text += ":hierarchy\n  begin\n"
    text += "".join(f"  {parent} {name}\n" for name, (parent, _, _) in bones.items()) + "  end\n"
    (folder / "07.asf").write_text(text, encoding="utf-8")
    frames = "1\nroot 0 16 0 0 0 0\nlradius 0\n2\nroot 4 16 0 0 90 0\nlradius 90\n"
    path = folder / "07_03.amc"
    path.write_text("#!OML:ASF F:\n:FULLY-SPECIFIED\n:DEGREES\n" + frames, encoding="utf-8")
    return path


def test_amc_is_read_with_its_skeleton(tmp_path: Path) -> None:
    motion = read_motions(asf_and_amc(tmp_path))[0]
    unit = 0.0254 / 0.45
    place = dict(zip(COCO17, (motion.joints / unit).transpose(1, 0, 2), strict=True))
    assert motion.fps == 120
    # z is up: the file's y. The forearm has two bones, the second of which is called wrist.
    for name, (left, up) in {
        "left_hip": (2, 16), "left_knee": (2, 8), "left_ankle": (2, 0),
        "left_shoulder": (3, 25), "left_elbow": (8, 25), "left_wrist": (13, 25), "right_wrist": (-13, 25),
    }.items():  # fmt: skip
        assert np.linalg.norm(place[name][0, :2]) == pytest.approx(abs(left), abs=1e-4)
        assert place[name][0, 2] == pytest.approx(up, abs=1e-4)
    # Bent, the wrist lies five in front of the elbow or behind it, and the subject has moved by four.
    assert np.linalg.norm(place["left_wrist"][1] - place["left_elbow"][1]) == pytest.approx(5, abs=1e-4)
    upper = place["left_elbow"][1] - place["left_shoulder"][1]
    assert upper @ (place["left_wrist"][1] - place["left_elbow"][1]) == pytest.approx(0, abs=1e-3)
    middle = (place["left_hip"] + place["right_hip"]) / 2
    assert np.linalg.norm(middle[1] - middle[0]) == pytest.approx(4, abs=1e-4)


def test_amc_without_its_skeleton_or_with_another_is_refused(tmp_path: Path) -> None:
    path = asf_and_amc(tmp_path)
    path.write_text("1\nroot 0 16 0 0 0 0\n", encoding="utf-8")
    with pytest.raises(InputError, match="fits its skeleton"):
        read_motions(path)
    (tmp_path / "07.asf").unlink()
    with pytest.raises(InputError, match=r"\.asf"):
        read_motions(path)


def deepmimic() -> str:
    rows, column = np.zeros((3, WIDTH)), 4
    rows[:, 0], rows[:, 2] = 0.03, 0.9
    for _, _, _, size in SKELETON:
        rows[:, column] = size == 4
        column += size
    return json.dumps({"Loop": "none", "Frames": rows.tolist()})


def _npz(path: Path) -> bytes:
    np.savez(path / "base.npz", joints=person(), names=np.array(COCO17), fps=30.0)
    return (path / "base.npz").read_bytes()


@pytest.mark.parametrize("suffix", [".bvh", ".txt", ".npz"])
def test_mutated_files_are_read_or_refused(tmp_path, suffix):
    base = {".bvh": bvh().encode(), ".txt": deepmimic().encode(), ".npz": _npz(tmp_path)}[suffix]
    path, read = tmp_path / f"mutated{suffix}", 0
    for number in range(200):
        rng = np.random.default_rng([1, number])
        path.write_bytes(damaged(base, rng) if suffix == ".npz" or number % 2 else mutated(base, rng))
        try:
            motions = read_motions(path)
        except InputError:
            continue
        read += 1
        assert all(np.isfinite(motion.joints).all() for motion in motions)
    assert 0 < read < 200


@pytest.mark.parametrize("channels", ["-2", "-3", "4 Xposition", "3 Xposition Y Zposition", "1 Wrotation"])
def test_channels_that_are_none_are_refused_and_end(tmp_path, channels):
    path = tmp_path / "a.bvh"
    path.write_text(bvh().replace("CHANNELS 3 Zrotation Xrotation Yrotation", f"CHANNELS {channels}", 1))
    with pytest.raises(InputError, match="not a BVH file that can be read"):
        read_motions(path)


def test_a_rotation_of_zeros_is_refused(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text(deepmimic().replace("1.0", "0.0"))
    with pytest.raises(InputError, match="rotation of a frame is of zeros"):
        read_motions(path)
