"""Read ELAN annotation documents: tiers of annotations that refer to time slots, or to other annotations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from vpd.errors import LabelError
from vpd.formats.elan import ATHLETE, NO_ATHLETE
from vpd.formats.media import Media
from vpd.formats.reading import Ask, Imported, found_media, label_text, number, segment, whole
from vpd.formats.xml_file import read_xml

ALL_TIERS = "all"
_TIER = re.compile(rf"({ATHLETE}(?P<athlete>\d+)|{NO_ATHLETE})( \(\d+\))?", re.ASCII)


@dataclass(frozen=True)
class _Annotation:
    """One annotation of a tier: its name, its value and its span in milliseconds."""

    name: str
    value: str
    start: float
    end: float


def read_elan(path: Path, ask: Ask) -> Imported:
    """Read the annotations of the wanted tiers. The value is the label; an empty one gets the tier's name.

    By default these are the tiers that vpd wrote, or the only tier with times of its own. Where there are
    several, remarks and actions cannot be distinguished: LabelError names the tiers. Annotations without a
    time are spaced evenly between those around them. Those that refer to another annotation have its time, or
    their share of it. Tiers called "athlete N" give the athlete. ELAN's time origin is added, so that times
    begin with the video.
    """
    root = read_xml(path, "ANNOTATION_DOCUMENT")
    header = root.find("HEADER")
    units = "milliseconds" if header is None else header.get("TIME_UNITS", "milliseconds")
    if units != "milliseconds":
        raise LabelError(f"{path} counts time in {units}; only milliseconds are read.")
    tiers = _tiers(root, path)
    chosen, notes = _chosen(root, tiers, ask, path)
    if not any(tiers.values()):
        return Imported([])
    media, origin_ms = _media(root, path, ask)
    segments = []
    for name in chosen:
        found = _TIER.fullmatch(name)
        athlete = int(found["athlete"]) if found and found["athlete"] else None
        for one in tiers[name]:
            where = f"{path}, tier {name!r}, annotation {one.name}"
            label = label_text(one.value.strip() or name, where)
            start_s, end_s = (media.from_player((t + origin_ms) / 1000) for t in (one.start, one.end))
            segments.append(segment(media, start_s, end_s, athlete, label, where))
    return Imported(segments, tuple(notes))


def _media(root: Element, path: Path, ask: Ask) -> tuple[Media, float]:
    """The video, and its offset against ELAN's time in milliseconds."""
    descriptors = list(root.iter("MEDIA_DESCRIPTOR"))
    videos = [d for d in descriptors if not (d.get("MIME_TYPE") or "").startswith("audio")] or descriptors
    names = []
    for descriptor in videos:
        urls = [descriptor.get(key) or "" for key in ("MEDIA_URL", "RELATIVE_MEDIA_URL")]
        own = [_path(unquote(url)) for url in urls if url]
        own += [_path(url) for url in urls if url and url != unquote(url)]
        try:
            media = found_media(ask, own, f"{path}")
        except LabelError:
            names += own
            continue
        origin = descriptor.get("TIME_ORIGIN")
        return media, number(origin, f"{path}, TIME_ORIGIN") if origin else 0.0
    return found_media(ask, names or [path.stem], f"{path}"), 0.0


def _path(url: str) -> str:
    text = re.sub(r"^file:/*(?=[A-Za-z]:)|^file://", "", url)
    return text.removeprefix("./")


def _tiers(root: Element, path: Path) -> dict[str, list[_Annotation]]:
    """Annotations by tier. Parents come before the tiers that refer to them."""
    slots = {}
    for slot in root.iter("TIME_SLOT"):
        value = slot.get("TIME_VALUE")
        slots[slot.get("TIME_SLOT_ID")] = (
            None if value is None else float(whole(value, f"{path}, TIME_VALUE"))
        )
    _fill_from_vocabularies(root, path)
    elements = {}
    for tier in root.iter("TIER"):
        name = tier.get("TIER_ID") or ""
        if name in elements:
            raise LabelError(f"{path} has two tiers called {name!r}.")
        elements[name] = tier
    done: dict[str, list[_Annotation]] = {}
    spans: dict[str, tuple[float, float]] = {}
    waiting = dict(elements)
    while waiting:
        ready = [n for n, t in waiting.items() if t.get("PARENT_REF") in (None, "", *done)]
        if not ready:
            raise LabelError(f"{path}: the tiers {', '.join(waiting)} hang on tiers that are not there.")
        for name in ready:
            done[name] = _annotations(waiting.pop(name), slots, spans, f"{path}, tier {name!r}")
    return {name: done[name] for name in elements}


def _fill_from_vocabularies(root: Element, path: Path) -> None:
    """Give annotations that only name an entry of a controlled vocabulary the entry's text as their value.

    Raises LabelError where the entry is not in the file, as with a vocabulary of its own (.ecv).
    """
    entries = {
        entry.get("CVE_ID"): (entry.findtext("CVE_VALUE") or "").strip() for entry in root.iter("CV_ENTRY_ML")
    }
    for annotation in root.iter("ALIGNABLE_ANNOTATION"):
        reference, value = annotation.get("CVE_REF"), annotation.find("ANNOTATION_VALUE")
        if reference is None or value is None or (value.text or "").strip():
            continue
        if not entries.get(reference):
            raise LabelError(
                f"{path}, annotation {annotation.get('ANNOTATION_ID')}: its value is {reference!r} of a "
                "vocabulary that is not in the file. Open it in ELAN with its vocabulary, and save it."
            )
        value.text = entries[reference]


def _value(annotation: Element) -> str:
    return annotation.findtext("ANNOTATION_VALUE") or ""


def _annotations(
    tier: Element, slots: Mapping[str | None, float | None], spans: dict[str, tuple[float, float]], where: str
) -> list[_Annotation]:
    aligned = [
        (a, a.get("TIME_SLOT_REF1"), a.get("TIME_SLOT_REF2")) for a in tier.iter("ALIGNABLE_ANNOTATION")
    ]
    for annotation, *slot_names in aligned:
        if not all(slot in slots for slot in slot_names):
            raise LabelError(f"{where}, annotation {annotation.get('ANNOTATION_ID')}: it has no time slot.")
    times = _interpolated([(start, end) for _, start, end in aligned], slots, where)
    found = [
        _Annotation(a.get("ANNOTATION_ID") or "", _value(a), times[start], times[end])
        for a, start, end in aligned
    ]
    found += _hanging(tier, spans, where)
    for one in found:
        spans[one.name] = (one.start, one.end)
    return found


def _interpolated(
    pairs: list[tuple[str | None, str | None]], slots: Mapping[str | None, float | None], where: str
) -> dict[str | None, float]:
    """Times of all slots of a tier. Slots without a time are spaced evenly between their neighbours in the
    chain.
    """
    times = {slot: time for pair in pairs for slot in pair if (time := slots[slot]) is not None}
    following = dict(pairs)
    for start in [slot for slot, _ in pairs if slots[slot] is not None]:
        chain = [start]
        while (after := following.get(chain[-1])) is not None and len(chain) <= len(pairs) + 1:
            chain.append(after)
            if slots[after] is not None:
                break
        inner = chain[1:-1]
        if inner and slots[chain[-1]] is not None:
            first, last = times[start], times[chain[-1]]
            for number, slot in enumerate(inner, 1):
                times[slot] = first + (last - first) * number / (len(inner) + 1)
    missing = [slot for pair in pairs for slot in pair if slot not in times]
    if missing:
        raise LabelError(f"{where}: the time slot {missing[0]} has no time, and none around it has.")
    return times


def _hanging(tier: Element, spans: Mapping[str, tuple[float, float]], where: str) -> list[_Annotation]:
    """Annotations that refer to others: a single one has the whole span, several in a row have equal
    shares.
    """
    groups: dict[str, list[Element]] = {}
    for annotation in tier.iter("REF_ANNOTATION"):
        parent = annotation.get("ANNOTATION_REF") or ""
        if parent not in spans:
            raise LabelError(
                f"{where}, annotation {annotation.get('ANNOTATION_ID')}: it hangs on {parent!r}, which is "
                "not there."
            )
        groups.setdefault(parent, []).append(annotation)
    found = []
    for parent, members in groups.items():
        (start, end), count = spans[parent], len(members)
        for place, annotation in enumerate(_in_order(members)):
            share = (start + (end - start) * place / count, start + (end - start) * (place + 1) / count)
            found.append(_Annotation(annotation.get("ANNOTATION_ID") or "", _value(annotation), *share))
    return found


def _in_order(members: list[Element]) -> list[Element]:
    after = {m.get("PREVIOUS_ANNOTATION"): m for m in members}
    if len(after) < len(members):
        return members
    ordered: list[Element] = []
    last = after.get(None)
    while last is not None and len(ordered) < len(members):
        ordered.append(last)
        last = after.get(last.get("ANNOTATION_ID"))
    return ordered if len(ordered) == len(members) else members


def _chosen(
    root: Element, tiers: Mapping[str, list[_Annotation]], ask: Ask, path: Path
) -> tuple[list[str], list[str]]:
    """The tiers to read, and a note on the others."""
    unknown = [name for name in ask.tiers if name not in tiers and name != ALL_TIERS]
    if unknown:
        raise LabelError(f"{path} has no tier {unknown[0]!r}; it has {_listed(tiers)}.")
    filled = [name for name, found in tiers.items() if found]
    if ALL_TIERS in ask.tiers:
        return filled, []
    chosen = [name for name in filled if name in ask.tiers]
    if not ask.tiers:
        parents = {t.get("TIER_ID") for t in root.iter("TIER") if not t.get("PARENT_REF")}
        chosen = [name for name in filled if _TIER.fullmatch(name)] or [n for n in filled if n in parents]
        if len(chosen) > 1 and not all(_TIER.fullmatch(name) for name in chosen):
            raise LabelError(
                f"{path} has several tiers, and which of them hold actions is not known: {_listed(tiers)}. "
                "Choose with --tier NAME, which may be repeated, or --tier all."
            )
    left = [name for name in filled if name not in chosen]
    return chosen, [f"The tiers {', '.join(left)} were left out."] if left else []


def _listed(tiers: Mapping[str, list[_Annotation]]) -> str:
    return ", ".join(
        f"{name!r} ({len(found)} annotations{f', such as {found[0].value!r}' if found else ''})"
        for name, found in tiers.items()
    )
