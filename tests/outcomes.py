"""What became of many tries: how many ended how, and what must not be. For fuzzers and their benchmarks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass
class Outcomes:
    """How many tries ended how, and a sentence for each that ended as none may."""

    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def add(self, other: Outcomes) -> None:
        """Add those of other tries."""
        self.counts += other.counts
        self.wrong += other.wrong


def report(unit: str, counts: Mapping[str, int], wrong: Sequence[str]) -> int:
    """Print a table of what was counted, and what went wrong. Returns the exit code of a benchmark."""
    print(f"| what | {unit} |\n|---|---|")
    for what, count in sorted(counts.items()):
        print(f"| {what} | {count} |")
    print(f"| wrong | {len(wrong)} |")
    print("\n".join(wrong))
    return 1 if wrong else 0
