"""What rounding the weights of the embedding to float16 costs: a file against the state that it was made of.

    python benchmarks/vipe_float16.py runs/mine ../shared/data/mocap ../shared/data/penn_action

The state keeps the best weights in float32; the file of the same run holds them in float16.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from vipe_penn import Penn
from vipe_retrieval import Retrieval
from vpd.teachers.vipe import Vipe
from vpd.teachers.vipe.loop import STATE
from vpd.teachers.vipe.network import Encoder
from vpd.teachers.vipe.readers import read_folder

BEST = "best.encoder."


def main() -> None:
    """Print differences and both sets of figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("motion", type=Path)
    parser.add_argument("penn", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    rounded = Vipe.load(args.run / "vipe.safetensors")
    card = rounded.card
    encoder = Encoder(card.d, card.width, card.blocks, 0.0)
    state = load_file(args.run / STATE)
    encoder.load_state_dict({k.removeprefix(BEST): v for k, v in state.items() if k.startswith(BEST)})
    whole = Vipe(card, encoder.eval(), rounded.decoder)
    penn, retrieval = Penn(args.penn, "all"), Retrieval(read_folder(args.motion), 1500)
    a, b = (model.embed(penn.xy, penn.seen) for model in (whole, rounded))
    apart, spread = np.linalg.norm(a - b, axis=1), np.linalg.norm(a - a.mean(axis=0), axis=1).mean()
    print(f"distance of an embedding from itself: mean {apart.mean():.5f}, largest {apart.max():.5f};")
    print(f"of embeddings from their mean: {spread:.3f}")
    models = {"float32": whole, "float16": rounded}
    hits = retrieval.hits("estimator-like", models)
    for name, model in models.items():
        figures = [*np.mean(hits[name], axis=0), *penn.accuracies(model.embed, ("official", "left", "right"))]
        columns = ("Hit@1", "Hit@10", "Hit@20", "official", "left", "right")
        print(name, "  ".join(f"{c} {v:.4f}" for c, v in zip(columns, figures, strict=True)))


if __name__ == "__main__":
    main()
