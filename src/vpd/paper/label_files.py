"""Find and read published label files: text, CSV and JSON, plain or gzipped. Pickles are refused."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vpd.errors import InputError, LabelError
from vpd.formats import json_file
from vpd.library.encodings import decode

PICKLES = (".pkl", ".pickle", ".pt", ".pth", ".joblib")
_SUBSET = re.compile(r"train_(\d+)_(\d+)\.ids\.txt(?:\.gz)?")
_LOCALISE = re.compile(r"train\.localize\.(\d+)\.txt(?:\.gz)?")


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
    """The text of a file, gzipped or not, its lines ended by ``\\n``. Raises LabelError, also where it holds
    nothing.
    """
    refuse_pickle(path)
    try:
        text = decode(json_file.unpacked(path)).text.removeprefix("\ufeff")
    except LabelError:
        raise
    except (InputError, ValueError) as error:
        raise LabelError(f"{path} cannot be read: {error}") from error
    if not text.strip():
        raise LabelError(f"{path} is empty. Get it again.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_json(path: Path) -> Any:
    """The content of a JSON file, gzipped or not. Raises LabelError."""
    refuse_pickle(path)
    return json_file.read_json(path)


def entry(row: Any, name: str, where: str) -> Any:
    """The entry ``name`` of a JSON object. Raises LabelError where there is none."""
    if not isinstance(row, Mapping):
        raise LabelError(f"{where}: {shown(row)} is no object with the entry {name!r}")
    if name not in row:
        raise LabelError(f"{where} has no entry {name!r}, but {', '.join(map(repr, row)) or 'none'}")
    return row[name]


def items(value: Any, where: str) -> list[Any]:
    """A list of JSON. Raises LabelError for another value."""
    if not isinstance(value, list):
        raise LabelError(f"{where}: {shown(value)} is no list")
    return value


def shown(value: Any) -> str:
    """A value as an error shows it, cut where it is long."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def lines(path: Path) -> list[tuple[int, str]]:
    """Line numbers and lines of a text file, without blank ones. Raises LabelError where there is none."""
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


def known_ids(path: Path, known: Container[str], what: str) -> tuple[str, ...]:
    """Read one id from each line. Raises LabelError for one that is not among the ``known`` and for one that
    is there twice; ``what`` they name.
    """
    found = ids(path)
    unknown = [i for i in found if i not in known]
    if unknown:
        raise LabelError(
            f"{path} names {what} that these labels do not have: {shown(unknown[0])}, and {len(unknown) - 1} "
            "more. It is damaged, or of another version of the labels."
        )
    if len(set(found)) < len(found):
        raise LabelError(f"{path} names {what} twice: {Counter(found).most_common(1)[0][0]}")
    return found


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

    def _chosen(self, paths: Iterable[Path]) -> list[Path]:
        """Those of the files that are of this data set, else all of them, sorted."""
        found = sorted(paths)
        return [path for path in found if self._ours(path)] or found

    def _only(self, paths: Sequence[Path]) -> Path:
        """The one file of a name. Raises InputError where there are several."""
        if len(paths) > 1:
            which = ", ".join(map(str, paths[:4]))
            raise InputError(f"{self.root} holds {paths[-1].name} several times: {which}. Name one folder.")
        return paths[0]

    def find(self, *names: str) -> Path | None:
        """The first file of these names that exists, gzipped or not; None where there is none.

        Raises InputError where one name fits several files.
        """
        for name in names:
            there = [p for n in (name, f"{name}.gz") for p in self.root.rglob(n) if p.is_file()]
            if found := self._chosen(there):
                return self._only(found)
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

    def _numbered(self, pattern: re.Pattern[str]) -> dict[tuple[int, ...], Path]:
        """The files whose name fits ``pattern``, by the numbers in it. Raises InputError as `find`."""
        found: dict[tuple[int, ...], list[Path]] = {}
        there = [p for p in self.root.rglob("train*.txt*") if pattern.fullmatch(p.name) and p.is_file()]
        for path in self._chosen(there):
            numbers = tuple(int(text) for text in re.findall(r"\d+", path.name))
            found.setdefault(numbers, []).append(path)
        for *of, last in found:
            if last and (*of, last - 1) not in found:
                before = found[*of, last][0].name.replace(f"{last}.", f"{last - 1}.", 1)
                raise InputError(
                    f"{self.root} has {found[*of, last][0].name} and no {before}. Get all lists."
                )
        return {numbers: self._only(found[numbers]) for numbers in sorted(found)}

    def subsets(self) -> dict[int, list[tuple[str, ...]]]:
        """The lists ``train_K_I.ids.txt`` by K, in the order of I."""
        found: dict[int, list[tuple[str, ...]]] = {}
        for (k, _), path in self._numbered(_SUBSET).items():
            found.setdefault(k, []).append(ids(path))
        return found

    def localisation(self, known: Container[str]) -> list[tuple[str, ...]]:
        """The lists ``train.localize.I.txt`` in the order of I. ``known`` are the names of clips.

        Raises LabelError for another name in them.
        """
        return [known_ids(path, known, "a clip") for path in self._numbered(_LOCALISE).values()]


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
