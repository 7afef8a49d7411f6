"""How often "the same in the following shots" means whom the ranking of people chose, in another clip.

    python benchmarks/same_athlete.py LIBRARY splits.csv [--pairs 100]

Pairs of clips of one scene in which several people were found. The athlete of the first, in the middle of the
clip, is looked for among the people of the second, as `vpd.verbs.same_athlete` does. The ranking is no truth:
the two players of a scene may have changed places.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

from vpd.athletes.appearance import appearance
from vpd.library.artefact import read_notes
from vpd.library.layout import Layout
from vpd.library.tracks import read_tracks
from vpd.library.videos import Videos
from vpd.recognition.split import read_split
from vpd.types import Array
from vpd.verbs.same_athlete import clearly_alike
from vpd.video import read_frames


def people_of(layout: Layout, videos: Videos, video: str) -> list[Array]:
    """The appearances of the people in the middle of a clip, the athlete first."""
    (track, *_) = read_tracks(layout.tracks(video))
    middle = len(track.frames) // 2
    frame = int(track.frames[middle])
    picture = next(iter(read_frames(videos.recording(video), frame, frame + 1))).rgb
    others = [
        p["box"] for p in read_notes(layout.tracks(video))["shots"][0]["people"] if p["athlete"] is None
    ]
    return [appearance(picture, tuple(box)) for box in (track.boxes[middle], *others)]


def main() -> None:
    """Print the shares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("library", type=Path)
    parser.add_argument("splits", type=Path)
    parser.add_argument("--pairs", type=int, default=100)
    given = parser.parse_args()
    layout = Layout(given.library)
    videos = Videos.read(layout)
    scenes: dict[str, list[str]] = defaultdict(list)
    for name, place in read_split(given.splits).items():
        if (video := videos.id_of(name)) and layout.tracks(video).is_file():
            scenes[place.scene].append(video)
    pairs = [pair for clips in scenes.values() for pair in pairwise(clips)][: given.pairs]
    proposed = right = several = 0
    for a, b in pairs:
        own, others = people_of(layout, videos, a)[0], people_of(layout, videos, b)
        several += len(others) > 1
        if len(others) > 1 and (best := clearly_alike(own, others)):
            proposed += 1
            right += best[0] == 0
    print(f"{several} pairs of clips with several people; {proposed} proposals, {right} of them as ranked")


if __name__ == "__main__":
    main()
