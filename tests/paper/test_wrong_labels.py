"""Label files that are damaged, of another version or incomplete are refused with file and place."""

import json

import pytest

from tests.paper import made
from tests.paper.test_more_datasets import activitynet
from vpd.errors import InputError
from vpd.paper.datasets.table import read_dataset


@pytest.mark.parametrize(
    ("key", "name", "content", "why"),
    [
        ("fs", "all.txt", "\n", "all.txt is empty"),
        ("fs", "val.ids.txt", "", "val.ids.txt is empty"),
        ("fs", "val.ids.txt", "nobody:1:2\n", "val.ids.txt names a jump that these labels do not have"),
        ("fs", "train.localize.0.txt", "nobody\n", "names a clip that these labels do not have: 'nobody'"),
        ("fs", "train_1_3.ids.txt", "x\n", r"has train_1_3\.ids\.txt and no train_1_2\.ids\.txt"),
        (
            "fs",
            "all.txt",
            f"{made.FS_NAMES[0]}:90:101 axel\n{made.FS_NAMES[0]}:70:90 axel\n",
            "after the 100 f",
        ),
        ("tennis", "val.ids.txt", "a:front:1\n", "names a stroke that these labels do not have"),
        ("tennis", "points.txt", "a_match\n", "points.txt, line 1: 'a_match' is no point"),
        ("diving48", "Diving48_V2_test.json", "[]", "holds no dive"),
        ("diving48", "Diving48_vocab.json", '[["Back"], ["Back"]]', "1 different classes in 2"),
        ("fx", "finegym_annotation_info_v1.1.json", '{"abcdefghijk": 3}', "abcdefghijk is 3"),
        ("fx", "finegym_annotation_info_v1.1.json", '{"data": {}}', "knows none of the 5 actions"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path, key, name, content, why):
    {"fs": made.fs, "tennis": made.tennis, "diving48": made.diving, "fx": made.fx}[key](tmp_path)
    made.write(tmp_path / name, content)
    with pytest.raises(InputError, match=why):
        read_dataset(key, tmp_path)


def test_lists_are_found_where_the_labels_are(tmp_path):
    made.fs(tmp_path / "skating")
    assert [len(one) for one in read_dataset("fs", tmp_path).subsets[1]] == [2, 2]
    made.write(tmp_path / "copy" / "train_1_0.ids.txt", "x\n")
    with pytest.raises(InputError, match=r"train_1_0\.ids\.txt several times"):
        read_dataset("fs", tmp_path)


def test_text_of_other_programs_is_read_alike(tmp_path):
    made.fs(tmp_path)
    plain = read_dataset("fs", tmp_path).actions
    for path in tmp_path.iterdir():
        path.write_bytes(path.read_text().replace("\n", "\r\n").encode("utf-16"))
    assert read_dataset("fs", tmp_path).actions == plain


def test_absent_lists_are_noted(tmp_path):
    made.tennis(tmp_path)
    assert "no few-shot lists" in read_dataset("tennis", tmp_path).notes[-1]


def test_routines_without_times_are_noted(tmp_path):
    path = made.fx(tmp_path) / "finegym_annotation_info_v1.1.json"
    assert read_dataset("gym99", tmp_path).notes == (
        "1 action left out, without a time in finegym_annotation_info_v1.1.json",
    )
    path.write_text(path.read_text().replace('"timestamps": [[10, 14]]', '"timestamps": null'))
    assert (
        f"cut by the whole seconds of the name, such as {made.FX_ROUTINES[0]}"
        in (read_dataset("gym99", tmp_path).notes[-1])
    )


def test_segments_of_unknown_parts_are_counted(tmp_path):
    path = activitynet(tmp_path, "thumos14.json", ["Validation", "Test", "val"])
    found = read_dataset("thumos14", tmp_path)
    assert found.notes == ("1 segment of the part 'val' left out: only validation, training, test are known",)
    path.write_text(path.read_text().replace("Validation", "train"))
    with pytest.raises(InputError, match="have no train action"):
        read_dataset("thumos14", tmp_path)
    content = json.loads(path.read_text())
    del content["database"]["id0"]["annotations"]
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match="video id0 has no entry 'annotations', but 'subset', 'duration'"):
        read_dataset("thumos14", tmp_path)
