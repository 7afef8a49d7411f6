"""Libraries whose paths hold what shells, addresses, formats and tables take for something else."""

import shutil

import pytest

import vpd

PLACES = (
    "a b",
    "new\nline",
    "100%d",
    "#1?x=y",
    "\U0001f3be \u6253",
    "-L",
    "quo'te\"s",
    "[x]{{y}}",
    "a" * 250,
)
DEEP = "/".join(["d" * 200] * 17)


@pytest.mark.parametrize("place", [*PLACES, DEEP], ids=lambda place: ascii(place)[:20])
def test_verbs_answer_there(layout, tmp_path, place):
    root = tmp_path / place
    try:
        # Without the split that other tests of this library have saved: it knows no label that is added here.
        shutil.copytree(layout.root, root / "lib", ignore=shutil.ignore_patterns("results"))
    except OSError as error:
        pytest.skip(f"this system has no such folder: {error}")
    library = vpd.Library(root / "lib")
    assert len(library.status().videos) == 6
    assert library.search("a1@0.4-1.2").hits
    library.add_label("new1@0.2-1#0", "a")
    assert len(library.labels()) == 5
    assert library.check_labels().passed
    assert library.check(deep=True).whole
