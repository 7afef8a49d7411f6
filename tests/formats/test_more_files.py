"""Files of other versions and habits of the programs, beyond those of the reports: read right, or refused."""

import json

import pytest

from vpd.errors import LabelError
from vpd.formats.table import Media, guess_format, import_segments
from vpd.library.names import VideoNames

FILMS = {"match_1": "/films/match_1.mp4", "late": "/films/Late Show.MOV", "odd": "/films/odd. .mp4"}
NAMES = VideoNames(list(FILMS.items()))
MEDIA = {name: Media(name, path, 20.0, 319, 320, 240, 15.95) for name, path in FILMS.items()}
MEDIA["late"] = Media("late", FILMS["late"], 20.0, 319, 320, 240, 15.95, start_s=0.5)


def find(name):
    return MEDIA[NAMES.find_from_elsewhere(name)]


def read(folder, name, content, tiers=()):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    found = import_segments(guess_format(path), path, find, tiers)
    return [(s.video, round(s.start_s, 3), round(s.end_s, 3), s.label) for s in found.segments]


def instances(*inner, head='<?xml version="1.0" encoding="utf-8"?>', rows=""):
    items = "".join(f"<instance><ID>{i}</ID>{one}</instance>" for i, one in enumerate(inner, 1))
    return f"{head}<file><ALL_INSTANCES>{items}</ALL_INSTANCES>{rows}</file>"


SPAN = "<start>2</start><end>3.5</end>"
SERVE = ("match_1", 2.0, 3.5, "serve")
LOB = ("match_1", 2.0, 3.5, "lob")
ROWS = "<ROWS><row><code>serve</code><R>65535</R><G>0</G><B>0</B></row></ROWS>"
SORT = "<SORT_INFO><sort_type>sort order</sort_type></SORT_INFO>"


def eaf(
    tiers, slots, media='<MEDIA_DESCRIPTOR MEDIA_URL="file:///x/match_1.mp4" MIME_TYPE="video/mp4"/>', more=""
):
    times = "".join(f'<TIME_SLOT TIME_SLOT_ID="ts{i}" TIME_VALUE="{t}"/>' for i, t in enumerate(slots, 1))
    return (
        f'<ANNOTATION_DOCUMENT FORMAT="3.0" VERSION="3.0"><HEADER TIME_UNITS="milliseconds">{media}</HEADER>'
        f"<TIME_ORDER>{times}</TIME_ORDER>{tiers}{more}</ANNOTATION_DOCUMENT>"
    )


def aligned(number, value, first=1, last=2, more=""):
    return (
        f'<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a{number}" TIME_SLOT_REF1="ts{first}" '
        f'TIME_SLOT_REF2="ts{last}"{more}><ANNOTATION_VALUE>{value}</ANNOTATION_VALUE>'
        "</ALIGNABLE_ANNOTATION></ANNOTATION>"
    )


def hanging(number, value, on, previous=""):
    before = f' PREVIOUS_ANNOTATION="a{previous}"' if previous else ""
    return (
        f'<ANNOTATION><REF_ANNOTATION ANNOTATION_ID="a{number}" ANNOTATION_REF="a{on}"{before}>'
        f"<ANNOTATION_VALUE>{value}</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION>"
    )


def tier(name, inner, parent=""):
    on = f' PARENT_REF="{parent}"' if parent else ""
    return f'<TIER TIER_ID="{name}" LINGUISTIC_TYPE_REF="t"{on}>{inner}</TIER>'


STROKES = tier("strokes", aligned(1, "serve"))
SLOTS = (2000, 3500)


def track(*shapes, label="serve"):
    boxes = "".join(
        f'<box frame="{f}" outside="{o}" occluded="0" keyframe="1" xtl="1" ytl="1" xbr="9" ybr="9">'
        f'<attribute name="hand">left</attribute></box>'
        for f, o in shapes
    )
    return f'<track id="0" label="{label}" source="manual">{boxes}</track>'


def cvat(inner, meta="<task><id>1</id><name>match_1</name><source>match_1.mp4</source></task>"):
    return f"<annotations><version>1.1</version><meta>{meta}</meta>{inner}</annotations>"


def studio(result=None, data=None, **more):
    region = {
        "id": "x",
        "type": "timelinelabels",
        "from_name": "v",
        "to_name": "v",
        "origin": "manual",
        "value": {"ranges": [{"start": 41, "end": 70}], "timelinelabels": ["serve"]},
    }
    annotation = {
        "id": 1,
        "completed_by": {"id": 3, "email": "a@b.c"},
        "was_cancelled": False,
        "result": [region] if result is None else result,
    }
    task = {
        "id": 7,
        "data": data or {"video": "/data/upload/1/0a1b2c3d-match_1.mp4"},
        "annotations": [annotation],
    }
    return json.dumps([task | more])


RECTANGLE = {
    "id": "y",
    "type": "videorectangle",
    "value": {"framesCount": 319, "duration": 15.95, "sequence": [], "labels": ["player"]},
}
ACTION = {
    "id": "z",
    "type": "timelinelabels",
    "value": {"ranges": [{"start": 41, "end": 70}], "timelinelabels": ["serve"]},
}


def boris(events, file=None, **info):
    conf = {
        "0": {"code": "serve", "type": "State event"},
        "1": {"code": "hit", "type": "Point event with coding map"},
    }
    observation = {
        "file": file or {"1": ["/x/match_1.mp4"], "2": [], "3": []},
        "type": "MEDIA",
        "date": "2024-05-01T12:00:00",
        "time offset": 0.0,
        "events": events,
        "observation time interval": [0, 0],
        "media_info": {"length": {"/x/match_1.mp4": 15.95}, "fps": {"/x/match_1.mp4": 20}, **info},
    }
    return json.dumps(
        {"project_format_version": "7.0", "behaviors_conf": conf, "observations": {"o": observation}}
    )


def osl(item, **more):
    return json.dumps({"version": "2.0", "task": "action_spotting", "data": [item], **more})


VIDEO = [{"type": "video", "path": "match_1.mp4", "fps": 25}]
SPOT = {"head": "action", "label": "serve", "position_ms": "2000"}
POINT = ("match_1", 2.0, 2.05, "serve")

VOCABULARY = (
    '<CONTROLLED_VOCABULARY CV_ID="v"><CV_ENTRY_ML CVE_ID="e1"><CVE_VALUE LANG_REF="und">serve</CVE_VALUE>'
    "</CV_ENTRY_ML></CONTROLLED_VOCABULARY>"
)
READ = {
    "elan, an entry of a vocabulary": (
        "a.eaf",
        eaf(tier("x", aligned(1, "", more=' CVE_REF="e1"')), SLOTS, more=VOCABULARY),
        [SERVE],
    ),
    "csv, line ends of old Macs": ("a.csv", "video;start_s;end_s;label\rmatch_1;2;3,5;serve\r", [SERVE]),
    "csv, UTF-16 without a mark": (
        "a.csv",
        "video,start_s,end_s,label\nmatch_1,2,3.5,serve\n".encode("utf-16-le"),
        [SERVE],
    ),
    "sportscode, several codes at once": (
        "match_1.xml",
        instances(SPAN + "<code>serve</code><code>lob</code>"),
        [SERVE, LOB],
    ),
    "sportscode, two instances of one time": (
        "match_1.xml",
        instances(SPAN + "<code>serve</code>", SPAN + "<code>lob</code>"),
        [SERVE, LOB],
    ),
    "hudl, notes, rows and sorting": (
        "match_1.xml",
        instances(
            SPAN + "<code>serve</code><free_text>good</free_text><label><text>A. Player</text></label>",
            rows=ROWS,
        ).replace("<ALL_", SORT + "<ALL_", 1),
        [SERVE],
    ),
    "nacsport, UTF-16 with a mark": (
        "match_1.xml",
        instances(SPAN + "<code>serve</code>", head='<?xml version="1.0" encoding="utf-16"?>').encode(
            "utf-16"
        ),
        [SERVE],
    ),
    "sportscode, decimal comma": (
        "match_1.xml",
        instances("<start>2,0</start><end>3,5</end><code>serve</code>"),
        [SERVE],
    ),
    "sportscode, UTF-8 with a mark": (
        "match_1.xml",
        ("\ufeff" + instances(SPAN + "<code>serve</code>")).encode(),
        [SERVE],
    ),
    "sportscode, upper case and path": ("MATCH_1.XML", instances(SPAN + "<code> serve </code>"), [SERVE]),
    "elan, controlled words and languages": (
        "a.eaf",
        eaf(
            tier("strokes", aligned(1, "serve", more=' CVE_REF="c1"')),
            SLOTS,
            more='<LANGUAGE LANG_ID="eng"/>',
        ),
        [SERVE],
    ),
    "elan, words subdivided by symbols": (
        "a.eaf",
        eaf(STROKES + tier("parts", hanging(3, "end", 1, 2) + hanging(2, "begin", 1), "strokes"), SLOTS),
        [SERVE],
    ),
    "elan, association with another tier": (
        "a.eaf",
        eaf(STROKES + tier("hand", hanging(2, "left", 1), "strokes"), SLOTS),
        [SERVE],
    ),
    "elan, media named relatively": (
        "a.eaf",
        eaf(
            STROKES,
            SLOTS,
            '<MEDIA_DESCRIPTOR MEDIA_URL="file:///gone/x.wav" '
            'MIME_TYPE="audio/x-wav"/><MEDIA_DESCRIPTOR MEDIA_URL="" MIME_TYPE="video/mp4" '
            'RELATIVE_MEDIA_URL="./match_1.mp4"/>',
        ),
        [SERVE],
    ),
    "elan, Windows path in capitals": (
        "a.eaf",
        eaf(
            STROKES, SLOTS, '<MEDIA_DESCRIPTOR MIME_TYPE="video/*" MEDIA_URL="file:///C:/Films/MATCH_1.MP4"/>'
        ),
        [SERVE],
    ),
    "elan, a video that starts late": (
        "a.eaf",
        eaf(
            STROKES,
            SLOTS,
            '<MEDIA_DESCRIPTOR MIME_TYPE="video/quicktime" MEDIA_URL="file:///x/Late%20Show.MOV"/>',
        ),
        [("late", 2.5, 4.0, "serve")],
    ),
    "elan, an origin before the video": (
        "a.eaf",
        eaf(
            STROKES,
            (4000, 5500),
            '<MEDIA_DESCRIPTOR MIME_TYPE="video/mp4" MEDIA_URL="file:///x/match_1.mp4" TIME_ORIGIN="-2000"/>',
        ),
        [SERVE],
    ),
    "cvat, out of the picture between": (
        "a.xml",
        cvat(track((40, 0), (50, 1), (60, 0), (70, 1))),
        [("match_1", 2.0, 2.5, "serve"), ("match_1", 3.0, 3.5, "serve")],
    ),
    "cvat, outside again and again": (
        "a.xml",
        cvat(track((0, 1), (40, 0), (69, 0), (70, 1), (80, 1))),
        [SERVE],
    ),
    "cvat, a job of a later part": (
        "a.xml",
        cvat(
            track((40, 0), (70, 1)),
            "<job><id>3</id><mode>interpolation</mode>"
            "<start_frame>40</start_frame><stop_frame>90</stop_frame></job>"
            "<source>match_1.mp4</source>",
        ),
        [SERVE],
    ),
    "label studio, rectangles beside actions": ("a.json", studio([RECTANGLE, ACTION]), [SERVE]),
    "label studio, no meta": ("a.json", studio(meta=None, predictions=None, drafts=[]), [SERVE]),
    "label studio, further data": (
        "a.json",
        studio(data={"video": "s3://b/c/match_1.mp4", "title": "Final. Set 2", "fps": "20"}),
        [SERVE],
    ),
    "label studio, one task as it is": ("a.json", json.dumps(json.loads(studio())[0]), [SERVE]),
    "boris 8, frame numbers and images": (
        "a.boris",
        boris(
            [
                [2.0, "", "serve", "", "", 40],
                [3.5, "", "serve", "", "", 70],
                [2.0, "", "hit", "left", "", "NA"],
            ]
        ),
        [SERVE, ("match_1", 2.0, 2.05, "hit")],
    ),
    "boris 9, players moved by nothing": (
        "a.boris",
        boris([[2.0, "", "serve", "", ""], [3.5, "", "serve", "", ""]], offset={"1": 0.0, "2": 1.5}),
        [SERVE],
    ),
    "opensportslab, position as text": (
        "a.json",
        osl({"id": "g", "inputs": VIDEO, "events": [SPOT]}),
        [POINT],
    ),
    "opensportslab, several inputs": (
        "a.json",
        osl({"id": "g", "inputs": [{"type": "captions", "path": "x.json"}, *VIDEO], "events": [SPOT]}),
        [POINT],
    ),
    "soccernet, what a spotter found": (
        "a.json",
        json.dumps(
            {
                "UrlLocal": "match_1",
                "predictions": [
                    {
                        "gameTime": "1 - 00:02",
                        "label": "serve",
                        "position": "2000",
                        "half": "1",
                        "confidence": "0.9",
                    }
                ],
            }
        ),
        [POINT],
    ),
    "soccernet, first version": (
        "a.json",
        json.dumps(
            {
                "UrlLocal": "match_1",
                "UrlYoutube": "",
                "annotations": [{"gameTime": "1 - 00:02", "label": "serve"}],
            }
        ),
        [POINT],
    ),
    "csv, mark, semicolons, decimal commas": (
        "a.csv",
        "\ufeffvideo;start_s;end_s;label\nmatch_1.mp4;2,0;3,5;serve\n",
        [SERVE],
    ),
    "csv, tabs and quotes": (
        "a.tsv",
        'Filename\tStart\tEnd\tEvent\n"match_1.mp4"\t00:02\t00:03.5\t"serve"\n',
        [SERVE],
    ),
    "csv, columns of Hudl": (
        "match_1.csv",
        'Row,"Start time","End time","Code"\n1,2.0,3.5,serve\n',
        [SERVE],
    ),
    "soccernet, actions with the ball": (
        "Labels-ball.json",
        json.dumps(
            {
                "UrlLocal": "films/match_1",
                "annotations": [
                    {"gameTime": "1 - 00:02", "label": "PASS", "position": "2000", "team": "left"}
                ],
            }
        ),
        [("match_1", 2.0, 2.05, "PASS")],
    ),
    "thumos, what a detector found, in UTF-16": (
        "a.json",
        json.dumps({"results": {"match_1": [{"label": "serve", "score": 0.4, "segment": [2, 3.5]}]}}).encode(
            "utf-16"
        ),
        [SERVE],
    ),
    "csv, dot and blank at the end": (
        "a.csv",
        "video,start_s,end_s,label\nodd. .mp4,2,3.5,serve\n",
        [("odd", 2.0, 3.5, "serve")],
    ),
    "csv, old Mac line ends": ("a.csv", "video,start_s,end_s,label\rmatch_1,2,3.5,serve\r", [SERVE]),
    "csv, empty rows and columns": (
        "a.csv",
        "video,start_s,end_s,label,,\nmatch_1,2,3.5,serve,,\n,,,,,\n",
        [SERVE],
    ),
    "csv, quotes and commas in labels": (
        "a.csv",
        'video,start_s,end_s,label\nmatch_1,2,3.5,"serve, ""wide"""\n',
        [("match_1", 2.0, 3.5, 'serve, "wide"')],
    ),
}


@pytest.mark.parametrize("case", READ)
def test_read(case, tmp_path):
    name, content, expected = READ[case]
    assert sorted(read(tmp_path, name, content)) == sorted(expected)


KINOVEA = (
    "<KinoveaVideoAnalysis><OriginalFilename>match_1.mp4</OriginalFilename><AverageTimeStampsPerFrame>512"
    "</AverageTimeStampsPerFrame><Keyframes/><Chronos><Chrono id='x' name='serve'/></Chronos>"
    "</KinoveaVideoAnalysis>"
)
SECONDS = "video,start_s,end_s,label\n"
NAMED = ' CVE_REF="e1"'
REFUSED = {
    "kinovea, chronometers alone": ("a.kva", KINOVEA, "no titled key image"),
    "elan, an entry of another file's vocabulary": (
        "a.eaf",
        eaf(tier("x", aligned(1, "", more=NAMED)), SLOTS),
        "vocabulary that is not in the file",
    ),
    "csv, milliseconds that may be thousands": (
        "a.csv",
        "video;start_ms;end_ms;label\nmatch_1;2.000;3.500;serve\n",
        "'2.000' is 2000 or 2",
    ),
    "csv, a spreadsheet by another name": ("a.csv", b"PK\x03\x04" + bytes(range(256)), "it is a spreadsheet"),
    "csv, an old spreadsheet": ("a.csv", b"\xd0\xcf\x11\xe0" + bytes(600), "it is a spreadsheet"),
    "csv, two words for the label": (
        "a.csv",
        "video,start_s,end_s,label,Class\nmatch_1,2,3.5,serve,stroke\n",
        "two columns label: 'label' and 'Class'",
    ),
    "csv, decimal commas between commas": (
        "a.csv",
        f'{SECONDS}match_1,"2,0","3,5",serve\n',
        "'2,0' has a comma",
    ),
    "csv, time code of frames": ("a.csv", f"{SECONDS}match_1,00:00:02:00,00:00:03:10,serve\n", "not a time"),
    "csv, frames dropped": ("a.csv", f"{SECONDS}match_1,00:00:02;00,00:00:03;10,serve\n", "not a time"),
    "csv, the time of day": ("a.csv", f"{SECONDS}match_1,12:00:02 AM,12:00:03 AM,serve\n", "not a time"),
    "premiere, markers": (
        "match_1.csv",
        "Marker Name\tDescription\tIn\tOut\tDuration\nserve\t\t00:00:02:00\t00:00:03:10\t\n".encode("utf-16"),
        "'Marker Name",
    ),
    "nacsport, a table": (
        "match_1.csv",
        "Category;Start;End\nserve;00:00:02;00:00:03,5\n",
        "'Category;Start;End'",
    ),
    "audacity": ("match_1.txt", "2.0\t3.5\tserve\n", "the column label"),
    "subtitles": ("match_1.srt", "1\n00:00:02,000 --> 00:00:03,500\nserve\n", "holds subtitles"),
    "cuts": (
        "match_1.edl",
        "001  AX V C 00:00:02:00 00:00:03:10 00:00:00:00 00:00:01:10\n",
        "editing program",
    ),
    "final cut": ("match_1.xml", '<fcpxml version="1.9"></fcpxml>', "begins with <fcpxml>"),
    "praat": ("match_1.TextGrid", 'File type = "ooTextFile"', "ELAN imports it"),
    "label studio, boxes alone": (
        "a.json",
        studio([{"type": "videorectangle", "value": {"sequence": [], "labels": ["serve"]}}]),
        "none on the time line",
    ),
    "via 2, pictures": (
        "a.json",
        '{"_via_settings": {}, "_via_img_metadata": {}}',
        "no format that is known",
    ),
    "boris, player 1 moved": (
        "a.boris",
        boris([[2.0, "", "hit", "", ""]], offset={"1": 1.5}),
        "moved by 1.5 s",
    ),
    "opensportslab, labels of whole videos": (
        "a.json",
        osl({"id": "g", "inputs": VIDEO, "labels": {"action": {"label": "serve"}}}),
        "whole video",
    ),
    "soccernet 3, boxes of pictures": (
        "a.json",
        json.dumps({"GameMetadata": {}, "actions": {}, "replays": {}}),
        "no format that is known",
    ),
    "elan, two tiers of equal rank": (
        "a.eaf",
        eaf(STROKES + tier("moods", aligned(2, "sad")), SLOTS),
        "several tiers",
    ),
    "elan, slots that are not there": (
        "a.eaf",
        eaf(tier("x", aligned(1, "serve", 1, 9)), SLOTS),
        "no time slot",
    ),
    "label studio, whole video": (
        "a.json",
        studio([{"type": "choices", "value": {"choices": ["serve"]}}]),
        "choices",
    ),
    "sportscode, no code": ("match_1.xml", instances(SPAN), "label"),
    "cvat, never in the picture": ("a.xml", cvat(track((3, 1))), "never"),
    "csv, thousands": ("a.csv", "video;start_s;end_s;label\nmatch_1;1.002,5;1.003,5;serve\n", "line 2"),
    "csv, a position of no unit": (
        "match_1.csv",
        "Name,Position,Duration\nserve,2000,1500\n",
        "column label, start_s",
    ),
    "label studio, a list of other things": (
        "a.json",
        json.dumps([{"video": "match_1.mp4", "start": 2, "end": 3.5, "label": "serve"}]),
        "no labels on a time line",
    ),
    "via 3, table of segments": (
        "a.csv",
        "# Exported using VGG Image Annotator\n# CSV_HEADER = metadata_id,file_list,temporal_coordinates\n"
        '"1_x","[""match_1.mp4""]","[2,3.5]"\n',
        "the first line is '# Exported using VGG",
    ),
    "csv, time code with frames": (
        "a.csv",
        "video,start_s,end_s,label\nmatch_1,00:00:02:10,00:00:03:10,serve\n",
        "line 2, column start_s: '00:00:02:10' is not a time",
    ),
    "csv, column names in German": (
        "a.csv",
        "Video;Beginn;Ende;Aktion\nmatch_1;2,0;3,5;serve\n",
        "the first line is 'Video;Beginn",
    ),
    "elan, time in frames": (
        "a.eaf",
        eaf(tier("x", aligned(1, "serve")), [40, 70]).replace('"milliseconds"', '"NTSC-frames"'),
        "counts time in NTSC-frames",
    ),
    "boris, time budget": (
        "a.tsv",
        "Observation id\tSubject\tBehavior\tTotal number of occurences\nobs\tNo focal\tserve\t2\n",
        "Export aggregated or tabular events",
    ),
    "an archive": ("a.zip", b"PK\x03\x04", "Unpack it"),
    "a spreadsheet": ("a.xlsx", b"PK\x03\x04", "Save it as CSV"),
    "elan, a template": ("a.etf", eaf("", [2000]), r"Import the \.eaf file"),
    "html that is called xml": ("a.xml", "<html><body/></html>", "begins with <html>"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case, tmp_path):
    name, content, said = REFUSED[case]
    with pytest.raises(LabelError, match=said):
        read(tmp_path, name, content)
