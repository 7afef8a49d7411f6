"""Files of weights of others: tensors are read, and nothing in them is run."""

import os
import pickle

import numpy as np
import pytest
import torch

from vpd.errors import InputError
from vpd.models.weight_files import read_weight_file
from vpd.student.network.backbones import read_weights


class Evil:
    """What runs a command where it is unpickled."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize("kind", ["pickle", "of torch", "of numpy", "garbage", "empty"])
def test_what_is_more_than_tensors_is_refused_and_not_run(tmp_path, kind):
    path, mark = tmp_path / "weights.pth", tmp_path / "was_run"
    content = {"pickle": pickle.dumps(Evil(mark)), "garbage": b"no weights" * 99, "empty": b""}
    if kind in content:
        path.write_bytes(content[kind])
    else:
        torch.save({"a": Evil(mark) if kind == "of torch" else np.float64(1)}, path)
    with pytest.raises(InputError, match=r"weights\.pth") as raised:
        read_weight_file(path)
    assert not mark.exists()
    assert "weights_only" not in str(raised.value)  # PyTorch's advice is to run it


def test_a_file_that_is_cut_anywhere_is_refused(tmp_path):
    path = tmp_path / "weights.pth"
    torch.save({"a": torch.arange(6.0)}, path, _use_new_zipfile_serialization=False)
    raw = path.read_bytes()
    for size in range(0, len(raw), 3):
        path.write_bytes(raw[:size])
        with pytest.raises(InputError, match=r"weights\.pth"):
            read_weight_file(path)


def test_weights_without_names_are_no_backbone(tmp_path):
    torch.save([1, 2], tmp_path / "a.pth")
    with pytest.raises(InputError, match=r"a\.pth are not a table of tensors"):
        read_weights(tmp_path / "a.pth")


def test_tensors_are_read(tmp_path):
    torch.save({"a": torch.ones(3)}, tmp_path / "a.pth")
    assert read_weights(tmp_path / "a.pth")["a"].tolist() == [1, 1, 1]
