"""Rendered pictures that were kept, for machines where rendering fails.

python tools/pose/kept_pictures.py --baked BAKED
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
import torch

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tools.pose.degrade import GAMMA, to_screen
from tools.pose.pictures import Batch, Mix, Studio
from tools.pose.places import read_pictures

QUALITY = 72


class KeptPictures:
    """Draws batches from ``kept.npz``; they have no other people, and pay no heed to the mix."""

    def __init__(self, path: Path, device: torch.device) -> None:
        pictures = read_pictures(path)
        self.pictures = torch.from_numpy(np.ascontiguousarray(pictures.transpose(0, 3, 1, 2))).to(device)
        with np.load(path) as kept:
            self.columns = {
                name: torch.from_numpy(kept[name]).to(device)
                for name in ("joints", "seen", "inverted", "blur")
            }

    def batch(self, count: int, mix: Mix) -> Batch:
        """``count`` pictures by chance."""
        device = self.pictures.device
        rows = torch.randint(len(self.pictures), (count,), device=device)
        of = {name: values[rows] for name, values in self.columns.items()}
        none = torch.zeros(0, dtype=torch.long, device=device)
        return Batch(
            (self.pictures[rows].float() / 255) ** GAMMA,
            of["joints"], of["seen"], of["joints"][:0], none, of["seen"][:0], of["inverted"], of["blur"],
        )  # fmt: skip


def keep(folder: Path, count: int, part: int = 12) -> None:
    """Render ``count`` pictures, without others' joints, to ``folder``/kept.npz."""
    studio = Studio(folder, torch.device("cpu"))
    coded, columns = [], {name: [] for name in ("joints", "seen", "inverted", "blur")}  # type: ignore[var-annotated]
    for _ in range(0, count, part):
        batch = studio.batch(part, Mix())
        alone = torch.ones(part, dtype=torch.bool)
        alone[batch.others_in] = False
        for picture in to_screen(batch.light[alone]):
            rgb = (picture.permute(1, 2, 0).numpy() * 255).astype(np.uint8)
            coded.append(cv2.imencode(".jpg", rgb[..., ::-1].copy(), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1])
        for name, column in columns.items():
            column.append(getattr(batch, name)[alone].numpy())
    np.savez(
        folder / "kept.npz",
        bytes=np.concatenate(coded),
        lengths=np.array([len(c) for c in coded]),
        **{name: np.concatenate(column) for name, column in columns.items()},
    )


def main() -> None:
    """Parse the options and render."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--baked", type=Path, required=True)
    parser.add_argument("--pictures", type=int, default=600)
    given = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(5)
    keep(given.baked, given.pictures)


if __name__ == "__main__":
    main()
