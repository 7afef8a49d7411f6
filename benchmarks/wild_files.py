"""Wild files of all kinds: what is right by ffprobe and ffmpeg, and what vpd makes of each.

    python benchmarks/wild_files.py [--markdown]

Needs the programs ffmpeg and ffprobe. Exit code 1 where something differs.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.video.wild import WILD, make
from tests.video.wild_check import compare


def main() -> None:
    markdown = "--markdown" in sys.argv
    failed = 0
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        for wild in WILD:
            try:
                path = make(wild, scratch)
            except subprocess.CalledProcessError as error:
                print(f"{wild.name}: not made: {error.stderr.decode(errors='replace').strip()[:200]}")
                continue
            right, ours, wrong = compare(wild, path, scratch)
            failed += bool(wrong)
            shown = wild.name if len(wild.name) < 60 else f"{wild.name[:8]}... ({len(wild.name)} letters)"
            line = [shown, right, ours, wrong or "as it should be"]
            print("| " + " | ".join(line) + " |" if markdown else "; ".join(line), flush=True)
            path.unlink()
    print(f"{len(WILD)} files, {failed} differ")
    raise SystemExit(bool(failed))


if __name__ == "__main__":
    main()
