"""One reader for every table that a user writes: read as it stands, or refused with line and column."""

import csv
import io
import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vpd.errors import InputError, TableError
from vpd.library.cells import parse_number, parse_time, parse_whole
from vpd.library.csv_file import Columns, Table, read_table
from vpd.library.encodings import decode

COLUMNS = Columns(("video", "label"), ("athlete",), (("start_s", "start_frame"),), ("start_s",))


def read(tmp_path, content):
    path = tmp_path / "t.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_table(path, COLUMNS)


def cells(table):
    return [(r.text("video"), r.time("start_s"), r.text("label")) for r in table.records()]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_separators_encodings_and_line_ends(tmp_path, delimiter, encoding, newline):
    text = newline.join(
        [delimiter.join(row) for row in (["Video", "START_S", "Label"], ["a", "1:02.5", "ü 打"])]
    )
    assert cells(read(tmp_path, text.encode(encoding))) == [("a", 62.5, "ü 打")]


def test_a_first_line_may_name_the_separator(tmp_path):
    assert cells(read(tmp_path, "sep=;\nvideo;start_s;label\na;1,5;x, y\n")) == [("a", 1.5, "x, y")]


def test_decimal_commas_where_they_cannot_separate_cells(tmp_path):
    assert cells(read(tmp_path, "video;start_s;label\na;1,236;x\nb;0:02,5;y\n")) == [
        ("a", 1.236, "x"), ("b", 2.5, "y"),
    ]  # fmt: skip
    with pytest.raises(TableError, match=r"line 3, column start_s: '1\.5' has a point"):
        cells(read(tmp_path, "video;start_s;label\na;1,236;x\nb;1.5;y\n"))
    with pytest.raises(TableError, match="line 2, column start_s: '1,236' has a comma"):
        cells(read(tmp_path, 'video,start_s,label\na,"1,236",x\n'))


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (
            'video,start_s,label\na,1,"x\nb,2,y\n',
            "line 2: a quotation mark is opened in cell 3 and never closed",
        ),
        ('video,start_s,label\na,1,"x\nb,2,y"\n', "line 2: a quotation mark .* line 3 looks like a row"),
        ('video,start_s,label\na,1,"x" y\n', "line 2: a quotation mark"),
        ('video,start_s,label\na,1, "x"\n', "line 2, column label: there is a blank before"),
        ("video,start_s,label\na,1,x,y\n", "line 2, column 4: the row has 4 cells"),
        ("video,start_s,label,Label\na,1,x,y\n", "line 1, column label: there are two columns label"),
        ("video,label\n", "column start_s or start_frame is missing"),
        ("", "column video, label, start_s or start_frame is missing"),
        (f"video,start_s,label{'x' * 140000}\n", "longer than"),
        (b"video,start_s,label\na,1,\x00\n", "zero byte"),
        ('video,start_s,label\na,1,"x\ny"\n', "line 2, column label: .* line break"),
    ],
)
def test_what_cannot_be_decided_is_refused_with_its_place(tmp_path, content, what):
    with pytest.raises(TableError, match=what):
        [
            (r.needed("video"), r.number("start_s"), r.needed("label"))
            for r in read(tmp_path, content).records()
        ]


def test_line_breaks_in_a_users_own_column_are_kept(tmp_path):
    content = 'note,video,start_s,label\n"two\nlines",a,1,x\n"",b,2,y\n'
    table = read(tmp_path, content)
    assert [(r.line, r.text("video")) for r in table.records()] == [(2, "a"), (4, "b")]
    assert table.text() == content


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("Rückhand Lobé".encode("cp1252"), "Rückhand Lobé"),
        ("Rückhand".encode("utf-16-le"), "Rückhand"),
        ("čeština".encode("cp1250"), None),
        ("подача".encode("cp1251"), None),
        ("サーブ".encode("shift-jis"), None),
        ("à plat".encode("cp1252"), None),  # the byte is ŕ in the Central European code page
        ("Rückhand".encode("mac-roman"), None),
        ("Aufschläge".encode("mac-roman"), None),  # the byte is Š in all three code pages of Windows
        ("Lobhöhe".encode("mac-roman"), None),
        (b"abc\xff\xfe", None),
    ],
)
def test_encodings(content, text):
    if text is None:
        with pytest.raises(InputError, match=r"line 1: .*UTF-8"):
            decode(content)
    else:
        assert decode(content).text == text


def test_an_encoding_may_be_named():
    assert decode("à plat".encode("cp1252"), "cp1252").text == "à plat"
    with pytest.raises(InputError, match="no encoding 'x'"):
        decode(b"a", "x")


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=6)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.lists(TEXT, min_size=4, max_size=4), max_size=4),
    delimiter=st.sampled_from(",;\t|"),
    newline=st.sampled_from(["\n", "\r\n"]),
)
def test_what_is_read_is_what_another_reader_reads_and_is_written_back(tmp_path, rows, delimiter, newline):
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=newline)
    writer.writerow(["video", "start_s", "label", "own"])
    writer.writerows(rows)
    content = out.getvalue().encode()
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    try:
        table = read_table(path, COLUMNS)
    except TableError as refused:
        assert "looks like a row" in str(refused)  # noqa: PT017 - nearly all are read
        return
    assert table.text().encode() == content
    again = list(csv.reader(io.StringIO(content.decode(), newline=""), delimiter=delimiter))[1:]
    assert [row.cells for row in table.rows] == again


def test_changes_touch_their_rows_alone(tmp_path):
    content = 'sep=;\r\nVideo;start_s;label;"Own ""x"""\r\n"a";1,5;"x";=1+1\r\nb;2;y;\r\nc;3;z;"q"\r\n'
    table = read(tmp_path, content.encode("utf-16"))
    table.set(1, {"label": "new; label"})
    table.append({"video": "d", "start_s": table.number(4.25), "label": "w"}, {'Own "x"': "kept"})
    table.remove([2])
    table.write()
    assert table.path.read_bytes().decode("utf-16") == content.replace("b;2;y;", 'b;2;"new; label";').replace(
        'c;3;z;"q"\r\n', "d;4,25;w;kept\r\n"
    )
    table.add_column("athlete")
    assert table.text().splitlines()[1:3] == ['Video;start_s;label;"Own ""x""";athlete', "a;1,5;x;=1+1;"]


def test_a_letter_that_the_encoding_lacks_makes_it_utf_8(tmp_path):
    table = read(tmp_path, "video,start_s,label\na,1,Rückhand\n".encode("cp1252"))
    table.set(0, {"label": "打"})
    table.write()
    assert cells(read_table(table.path, COLUMNS)) == [("a", 1, "打")]


def test_a_last_line_without_an_end_gets_one(tmp_path):
    table = read(tmp_path, "video,start_s,label\na,1,x")
    table.append({"video": "b", "start_s": "2", "label": "y"})
    assert table.text() == "video,start_s,label\na,1,x\nb,2,y\n"
    empty = Table(tmp_path / "e.csv", COLUMNS, ["video", "start_s", "label"])
    assert empty.text() == "video,start_s,label\n"


@pytest.mark.parametrize(
    "text", ["²", "1_000", "٣", "1,234", "1.234.5", "nan", "inf", "0x1", "", "1e999", "½"]
)
def test_no_numbers(text):
    with pytest.raises(InputError):
        parse_number(text)


@pytest.mark.parametrize("text", ["-1", "1.0", "²", "9" * 17, "+1", ""])
def test_no_whole_numbers(text):
    with pytest.raises(InputError):
        parse_whole(text)


@given(st.text(max_size=8))
def test_numbers_are_those_of_python_in_plain_digits(text):
    try:
        value = parse_number(text)
    except InputError:
        return
    assert unicodedata.normalize("NFKC", text.strip()) == text.strip()
    assert value == float(text)


@pytest.mark.parametrize("text", ["1:2:3:4", "1:75", "-1:30", "1.5:30", "1::2", ":1", "1:"])
def test_no_times(text):
    with pytest.raises(InputError, match="not a time"):
        parse_time(text)
