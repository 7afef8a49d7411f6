"""Find and read published label files: text, CSV and JSON, plain or gzipped. Pickles are refused."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vpd.errors import InputError, LabelError
from vpd.formats.json_file import unpacked

PICKLES = (".pkl", ".pickle", ".pt", ".pth", ".joblib")
_SUBSET = re.compile(r"train_(\d+)_(\d+)\.ids\.txt(\.gz)?")
_LOCALISE = re.compile(r"train\.localize\.(\d+)\.txt(\.gz)?")


def refuse_pickle(path: Path) -> None:
    """Raise InputError for a file that is a pickle by its name or its first bytes."""
    head = b""
    if path.is_file():
        with path.open("rb") as file:
            head = file.read(2)
    if path.suffix.lower() in PICKLES or (head[:1] == b"\x80" and head[1:2] in b"\x02\x03\x04\x05"):
        raise InputError(
            f"{path} is a pickle: opening one can run any program that its maker put into it, so vpd opens "
            "none. Write its content as JSON or CSV where you trust it, or have vpd make it again from the "
            "videos."
        )


def read_text(path: Path) -> str:
    """The text of a file, gzipped or not. Raises LabelError."""
    refuse_pickle(path)
    try:
        return unpacked(path).decode("utf-8-sig")
    except (UnicodeDecodeError, ValueError) as error:
        raise LabelError(f"{path} cannot be read: {error}") from error


def read_json(path: Path) -> Any:
    """The content of a JSON file, gzipped or not. Raises LabelError."""
    try:
        return json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise LabelError(f"{path} is not JSON: {error}") from error


def lines(path: Path) -> list[tuple[int, str]]:
    """Line numbers and lines of a text file, without blank ones."""
    return [(n, line.strip()) for n, line in enumerate(read_text(path).splitlines(), 1) if line.strip()]


def pairs(path: Path) -> list[tuple[int, str, str]]:
    """Read lines ``ID LABEL``: number, id, label. Raises LabelError for other lines and for repeated ids."""
    out: list[tuple[int, str, str]] = []
    seen: dict[str, int] = {}
    for number, line in lines(path):
        parts = line.split()
        if len(parts) != 2:
            raise LabelError(f"{path}, line {number}: {line!r} is not an id and a label")
        if parts[0] in seen:
            raise LabelError(f"{path}, line {number}: {parts[0]} is already on line {seen[parts[0]]}")
        seen[parts[0]] = number
        out.append((number, parts[0], parts[1]))
    return out


def ids(path: Path) -> tuple[str, ...]:
    """Read one id from each line."""
    return tuple(line for _, line in lines(path))


@dataclass(frozen=True)
class LabelFolder:
    """The folder of label files that a user names, with everything below it.

    ``own`` are the names of sub-folders of this data set where several data sets lie side by side.
    """

    root: Path
    own: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.root.is_dir():
            raise InputError(f"{self.root} is not a folder. Name the folder that holds the label files.")

    def _ours(self, path: Path) -> bool:
        inside = path.relative_to(self.root).parts[:-1]
        return not inside or bool(set(inside) & set(self.own)) or not self.own

    def find(self, *names: str) -> Path | None:
        """The first file of these names that exists, gzipped or not; None where there is none.

        Raises InputError where one name fits several files.
        """
        for name in names:
            found = sorted(p for n in (name, f"{name}.gz") for p in self.root.rglob(n) if p.is_file())
            ours = [p for p in found if self._ours(p)] or found
            if len(ours) > 1:
                which = ", ".join(str(p) for p in ours[:4])
                raise InputError(f"{self.root} holds {name} several times: {which}. Name one folder.")
            if ours:
                return ours[0]
        return None

    def need(self, *names: str, why: str = "") -> Path:
        """As `find`, but raise InputError where there is none. The error mentions a pickle in its place."""
        found = self.find(*names)
        if found is not None:
            return found
        for name in names:
            stem = name.rsplit(".", 1)[0]
            for pickle in sorted(self.root.rglob(f"{stem}*")):
                if pickle.suffix.lower() in PICKLES:
                    refuse_pickle(pickle)
        because = f" ({why})" if why else ""
        raise InputError(f"{self.root} has no file {' or '.join(names)}{because}.")

    def _numbered(self, pattern: re.Pattern[str]) -> Iterable[tuple[re.Match[str], Path]]:
        for path in sorted(self.root.rglob("train*.txt*")):
            match = pattern.fullmatch(path.name)
            if match and self._ours(path):
                yield match, path

    def subsets(self) -> dict[int, list[tuple[str, ...]]]:
        """The lists ``train_K_I.ids.txt`` by K, in the order of I."""
        found: dict[int, dict[int, tuple[str, ...]]] = {}
        for match, path in self._numbered(_SUBSET):
            found.setdefault(int(match[1]), {})[int(match[2])] = ids(path)
        return {k: [found[k][i] for i in sorted(found[k])] for k in sorted(found)}

    def localisation(self) -> list[tuple[str, ...]]:
        """The lists ``train.localize.I.txt`` in the order of I."""
        found = {int(match[1]): ids(path) for match, path in self._numbered(_LOCALISE)}
        return [found[i] for i in sorted(found)]


MOST_AMISS = 0.05
"""Largest share of a list's examples with an unexpected class, because labels were corrected later. The
published lists of tennis contain 57 of 63 forehand volleys at k = 64.
"""


def check_subsets(
    subsets: Mapping[int, Sequence[Sequence[str]]],
    training: Mapping[str, str],
    others: Iterable[str],
    hint: str,
) -> None:
    """Raise LabelError where few-shot lists do not belong to these labels.

    Lists must name training actions only. Of every class they contain k or, where it has fewer, all. Up to
    ``MOST_AMISS`` of the examples may differ from that.

    Parameters
    ----------
    training : label by id of the training part. others : ids of the other parts. hint : what is likely wrong.
    """
    counts, forbidden = Counter(training.values()), set(others)
    amiss, expected = 0, 0
    for k, lists in subsets.items():
        for number, chosen in enumerate(lists):
            where = f"the subset train_{k}_{number}"
            unknown = [i for i in chosen if i not in training]
            if unknown:
                part = "the validation or test part" if unknown[0] in forbidden else "no part of these labels"
                raise LabelError(
                    f"{where} names {len(unknown)} actions of {part}, such as {unknown[0]}. {hint}"
                )
            if len(set(chosen)) != len(chosen):
                raise LabelError(f"{where} names an action twice")
            held = Counter(training[i] for i in chosen)
            amiss += sum(abs(held[label] - min(k, count)) for label, count in counts.items())
            expected += sum(min(k, count) for count in counts.values())
    if amiss > MOST_AMISS * expected:
        raise LabelError(
            f"the few-shot subsets do not hold k examples a class: {amiss} of {expected} differ. {hint}"
        )
