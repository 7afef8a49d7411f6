"""Make the notebook of an example whose cells are parted by lines `# %%` and `# %% [markdown]`.

python tools/notebook.py            # writes examples/from_video_to_reel.ipynb
"""

from __future__ import annotations

import json
import re
from pathlib import Path

SCRIPT = Path(__file__).parents[1] / "examples" / "from_video_to_reel.py"


def notebook(script: str) -> str:
    """The notebook as JSON: a cell for each part, without outputs. The docstring is left out."""
    cells = []
    for number, part in enumerate(re.split(r"^# %%", script, flags=re.MULTILINE)[1:]):
        head, _, body = part.partition("\n")
        markdown = "[markdown]" in head
        text = body.strip("\n")
        if markdown:
            text = re.sub(r"^# ?", "", text, flags=re.MULTILINE)
        cell = {"id": f"cell-{number}", "metadata": {}, "source": text.splitlines(keepends=True)}
        cells.append(
            {"cell_type": "markdown", **cell}
            if markdown
            else {"cell_type": "code", **cell, "execution_count": None, "outputs": []}
        )
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    content = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    text = notebook(SCRIPT.read_text(encoding="utf-8"))
    SCRIPT.with_suffix(".ipynb").write_text(text, encoding="utf-8")
