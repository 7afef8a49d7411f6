"""Video pose distillation in one file: from crops and poses to a table of few-shot accuracy.

    python examples/vpd_in_one_file.py                       # the sample, a small encoder, minutes
    python examples/vpd_in_one_file.py LIBRARY --encoder resnet34 --images 20000000     # the paper's budget

The method of *Video Pose Distillation for Few-Shot, Fine-Grained Sports Action Recognition* (ICCV 2021),
with the teacher "normalised 2D joints" (2D-VPD), in plain PyTorch and NumPy. The package gives crops, poses
and labels. Left out are all augmentation but mirroring, the held-out epoch, and the BiGRU.
"""

import argparse
import csv
from itertools import combinations
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import torch
from numba import njit
from torch import nn
from torchvision.models import resnet34

import vpd
from vpd.crops import CropFile
from vpd.library.poses import read_poses

SAMPLE = Path(vpd.__file__).parent / "sample"
BODY = [0, *range(5, 17)]  # nose and the 12 joints of the body, of COCO's 17
MIRRORED = [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11]  # left and right exchanged, among these 13
TORSO, HIPS = [5, 6, 11, 12], [11, 12]  # shoulders and hips, in COCO's numbers
MIN_SCORE = 0.5  # a frame teaches where the mean score of its joints is at least this (section 3.3)
HIDDEN = 128  # width of the decoder (supplement)


def normalised_joints(keypoints):
    """Poses (T, 17, 3) in pixels to (T, 26): 13 joints about the mid-hip, the largest torso distance 0.5."""
    xy = keypoints[:, :, :2].astype(np.float64)
    sizes = [np.linalg.norm(xy[:, a] - xy[:, b], axis=1) for a, b in combinations(TORSO, 2)]
    largest = np.max(sizes, axis=0)
    largest[largest == 0] = 1
    centred = xy[:, BODY] - xy[:, HIPS].mean(axis=1, keepdims=True)
    return (centred / (2 * largest[:, None, None])).reshape(len(xy), 26).astype(np.float32)


def mirrored_joints(joints):
    """Joints (T, 26) of the mirrored picture."""
    return (joints.reshape(-1, 13, 2)[:, MIRRORED] * np.float32([-1, 1])).reshape(-1, 26)


class Corpus:
    """Inputs and targets of all crops of some videos, in memory: 100 kB a crop.

    inputs (N, 5, 128, 128) uint8: colours, and flow from the frame before in codes 1..255 for -20..20 pixels.
    targets (N, 2, 52): for the crop as it is and mirrored, the pose p[t] and its change p[t] - p[t-1].
    teaches (N,): whether the pose is confident and there is one in the frame before.
    """

    def __init__(self, library, videos):
        inputs, targets, teaches, self.where = [], [], [], {}
        for video in videos:
            crops = CropFile(library.layout.crops(video))
            rows = np.arange(len(crops))
            colours, flow = crops.rgb(rows), crops.flow(rows)  # (N, S, S, 3), (N, S, S, 2)
            inputs.append(np.concatenate([colours, flow], axis=3).transpose(0, 3, 1, 2))
            targets.append(np.zeros((len(rows), 2, 52), np.float32))
            teaches.append(np.zeros(len(rows), bool))
            start = sum(map(len, inputs[:-1]))
            for row in rows.tolist():
                self.where[video, int(crops.athletes[row]), round(float(crops.times_s[row]), 6)] = start + row
            for poses in read_poses(library.layout.poses(video)):
                self._teach(crops, poses, targets[-1], teaches[-1])
        self.inputs = torch.from_numpy(np.concatenate(inputs))
        self.targets = torch.from_numpy(np.concatenate(targets))
        self.teaches = np.concatenate(teaches)

    @staticmethod
    def _teach(crops, poses, targets, teaches):
        """Fill in pose and motion (section 3.2) where the frame and the one before have confident poses."""
        joints = normalised_joints(poses.keypoints)
        good = poses.keypoints[:, BODY, 2].mean(axis=1) >= MIN_SCORE
        row_of = {int(f): i for i, f in enumerate(poses.frames)}
        for row in np.flatnonzero(crops.athletes == poses.athlete).tolist():
            now, before = row_of.get(int(crops.frames[row])), row_of.get(int(crops.frames[row]) - 1)
            if now is not None and before is not None and good[now] and good[before]:
                both = np.stack([joints[[now, before]], mirrored_joints(joints[[now, before]])])  # (2, 2, 26)
                targets[row] = np.concatenate([both[:, 0], both[:, 0] - both[:, 1]], axis=1)
                teaches[row] = True

    def scale(self):
        """Mean and deviation of the colours; flow is centred, and its range becomes [-0.5, 0.5]."""
        some = self.inputs[:: max(1, len(self.inputs) // 500), :3].float()
        mean, std = some.mean((0, 2, 3)), some.std((0, 2, 3))
        return torch.cat([mean, torch.tensor([128.0, 128.0])]), torch.cat([std, torch.tensor([254.0, 254.0])])


class Student(nn.Module):
    """A crop with its flow (N, 5, 128, 128) to a feature (N, d); a decoder gives pose and motion."""

    def __init__(self, d, encoder, mean, std):
        super().__init__()
        self.register_buffer("mean", mean.view(1, 5, 1, 1))
        self.register_buffer("std", std.view(1, 5, 1, 1))
        self.encoder = paper_encoder(d) if encoder == "resnet34" else small_encoder(d)
        self.decoder = nn.Sequential(
            nn.Linear(d, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 52)
        )

    def forward(self, crops, mirror):
        """Features of crops in bytes; where ``mirror`` (N,), of the flipped crop with negated flow x."""
        x = (crops.float() - self.mean) / self.std
        flipped = x.flip(-1) * torch.tensor([1, 1, 1, -1, 1]).view(1, 5, 1, 1)
        return self.encoder(torch.where(mirror.view(-1, 1, 1, 1), flipped, x))


def paper_encoder(d):
    """ResNet-34 with five input channels and d outputs, from random weights."""
    network = resnet34(weights=None, num_classes=d)
    network.conv1 = nn.Conv2d(5, 64, 7, 2, 3, bias=False)
    return network


def small_encoder(d):
    """Four convolutions, for a laptop without patience."""
    layers, channels = [], 5
    for wider in (16, 32, 64, 96):
        layers += [nn.Conv2d(channels, wider, 3, 2, 1, bias=False), nn.BatchNorm2d(wider), nn.ReLU()]
        channels = wider
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(4 * channels, d))


def distill(corpus, encoder, images, batch, d, rng):
    """Train a student: squared error of pose and motion, summed over components (equation 1), AdamW 5e-4."""
    student = Student(d, encoder, *corpus.scale())
    optimiser = torch.optim.AdamW(student.parameters(), lr=5e-4)
    rows = np.flatnonzero(corpus.teaches)
    student.train()
    for step in range(max(1, images // batch)):
        chosen = torch.from_numpy(rng.choice(rows, batch))
        mirror = torch.from_numpy(rng.random(batch) < 0.5)
        wanted = corpus.targets[chosen, mirror.long()]
        loss = (student.decoder(student(corpus.inputs[chosen], mirror)) - wanted).square().sum(1).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if step % 50 == 0:
            print(f"step {step}: loss {loss.item():.3f}")
    return student.eval()


@torch.no_grad()
def embed(student, corpus, rows):
    """Features (T, 2, d) of crops, as they are and mirrored. The decoder is not used."""
    crops = corpus.inputs[torch.from_numpy(rows)]
    sides = [student(crops, torch.full((len(rows),), side)) for side in (False, True)]
    return torch.stack(sides, 1).numpy().astype(np.float64)


@njit
def warping_distance(x, y):
    """Dynamic time warping of (N, d) and (M, d): symmetricP2, over N + M; inf where there is no path."""
    n, m = len(x), len(y)
    near = np.empty((n, m))
    for i in range(n):
        for j in range(m):
            square = 0.0
            for c in range(x.shape[1]):
                square += (x[i, c] - y[j, c]) ** 2
            near[i, j] = np.sqrt(square)
    cost = np.full((n, m), np.inf)
    cost[0, 0] = near[0, 0]
    for i in range(1, n):
        for j in range(1, m):
            best = cost[i - 1, j - 1] + 2 * near[i, j]
            if i > 1 and j > 2:
                slow = cost[i - 2, j - 3] + 2 * near[i - 1, j - 2] + 2 * near[i, j - 1] + near[i, j]
                best = min(best, slow)
            if i > 2 and j > 1:
                fast = cost[i - 3, j - 2] + 2 * near[i - 2, j - 1] + 2 * near[i - 1, j] + near[i, j]
                best = min(best, fast)
            cost[i, j] = best
    return cost[-1, -1] / (n + m)


def distance(a, b):
    """The least distance of two sequences (T, 2, d) over their orientations."""
    return min(warping_distance(a[:, i].copy(), b[:, j].copy()) for i in (0, 1) for j in (0, 1))


def few_shot(distances, train, test, ks, subsets, rng):
    """Accuracy of the nearest neighbour with k examples a class: {k: accuracies}, one for each subset.

    distances (N, M) of the test actions to the training actions; train (M,) and test (N,): their labels.
    """
    found = {}
    for k in ks:
        found[k] = []
        for _ in range(subsets):
            chosen = [rng.permutation(np.flatnonzero(train == c))[:k] for c in np.unique(train)]
            examples = np.concatenate(chosen)
            nearest = examples[distances[:, examples].argmin(axis=1)]
            found[k].append(float((train[nearest] == test).mean()))
    return found


def sample_library():
    """The sample with its crops, poses and labels; minutes, as people must be found and posed."""
    library = vpd.Library.new(mkdtemp(), SAMPLE / "videos")
    for name in ("labels.csv", "splits.csv"):
        (library.layout.root / name).write_bytes((SAMPLE / name).read_bytes())
    library.run(["pose", "crop"])
    return library


def main(library, encoder="small", images=20_000, batch=100, d=26, ks=(1, 2, 4), subsets=5, seed=0):
    """Distill, embed the labelled actions, and print and return the few-shot table."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    parts = {r["video"]: r["split"] for r in csv.DictReader((library.layout.root / "splits.csv").open())}
    videos = list(library.videos.rows)
    corpus = Corpus(library, videos)  # without labels, so test videos may teach too ("entire corpus")
    print(f"{len(corpus.inputs)} crops, {corpus.teaches.sum()} of them teach")
    student = distill(corpus, encoder, images, batch, d, rng)

    sequences, labels = {"train": [], "test": []}, {"train": [], "test": []}
    for segment in library.labels():
        times = [k for k in corpus.where if k[0] == segment.video and k[1] == (segment.athlete or 0)]
        rows = [corpus.where[k] for k in times if segment.start_s <= k[2] < segment.end_s]
        if rows:
            sequences[parts[segment.video]].append(embed(student, corpus, np.array(rows)))
            labels[parts[segment.video]].append(segment.label)
    distances = np.array([[distance(a, b) for b in sequences["train"]] for a in sequences["test"]])
    train, test = np.array(labels["train"]), np.array(labels["test"])
    table = few_shot(distances, train, test, ks, subsets, rng)
    print(f"chance {1 / len(np.unique(train)):.3f}")
    for k, accuracies in table.items():
        print(f"k = {k}: {np.mean(accuracies):.3f} ± {np.std(accuracies):.3f}")
    return table


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Video pose distillation in one file.")
    parser.add_argument("library", nargs="?", help="a library with crops, poses, labels.csv and splits.csv")
    parser.add_argument("--encoder", choices=["small", "resnet34"], default="small")
    parser.add_argument("--images", type=int, default=20_000, help="crops seen in training")
    options = parser.parse_args()
    chosen = vpd.Library(options.library) if options.library else sample_library()
    main(chosen, options.encoder, options.images)
