"""From a folder of videos to a reel, on the sample. `tools/notebook.py` makes the notebook of this file."""

# %% [markdown]
# # From videos to a reel
#
# The sample that comes with the package: five short videos of synthetic athletes. All steps run on this
# computer; on two cores they take some minutes.

# %%
from pathlib import Path
from tempfile import mkdtemp

import matplotlib.pyplot as plt

import vpd
from vpd.crops import CropFile
from vpd.report.detection_folder import DetectionFolder

sample = Path(vpd.__file__).parent / "sample"
folder = Path(mkdtemp())

# %% [markdown]
# ## 1. Make a library and let it work
#
# People are found and followed, poses are estimated, and a student is trained. Its training is short here.

# %%
library = vpd.Library.new(folder / "library", sorted((sample / "videos").glob("*_a.mp4")))
library.layout.settings.write_text("[distill]\nimages = 4000\nepoch_images = 2000\n")
report = library.run(jobs=1)
print(report.made, "set aside:", report.set_aside)

# %% [markdown]
# ## 2. Who is followed?
#
# The crops of the first video, one a second.

# %%
crops = CropFile(library.layout.crops("scene1_a"))
shown = crops.rgb(range(0, len(crops), 20)[:8])
figure, axes = plt.subplots(1, len(shown), figsize=(12, 2))
for axis, crop in zip(axes, shown, strict=True):
    axis.imshow(crop)
    axis.axis("off")

# %% [markdown]
# ## 3. Search by example, without any label
#
# The query is a cartwheel of the first video.

# %%
found = library.search("scene1_a@1.24-3.41", uncut=True, top=5)
for hit in found.hits:
    span = f"{hit.segment.start_s:.2f} to {hit.segment.end_s:.2f} s"
    print(hit.segment.video, span, f"distance {hit.distance:.2f}")

# %% [markdown]
# ## 4. Label
#
# The labels of three videos. In your own library you make them in `vpd serve`, or import them.

# %%
rows = (sample / "labels.csv").read_text().splitlines()
known = ("scene1_a", "scene2_a", "scene3_a")
library.layout.labels.write_text("\n".join([rows[0], *(r for r in rows if r.split(",")[0] in known)]) + "\n")
print(len(library.labels()), "labels, checked:", library.check_labels().passed)

# %% [markdown]
# ## 5. Detect
#
# In the two videos without labels.

# %%
result = library.detect(method="search")
for detection in result.detections[:8]:
    span = f"{detection.start_s:6.2f} to {detection.end_s:6.2f} s"
    print(detection.video, span, detection.label, f"{detection.score:.2f}")

# %% [markdown]
# ## 6. Compare two executions

# %%
first, second = (s for s in library.labels() if s.label == "kick" and s.video in known[:2])
for difference in library.compare(first, second).differences:
    print(f"{difference.start_s:.2f} s: {difference.sentence}")

# %% [markdown]
# ## 7. The reel

# %%
results = DetectionFolder(folder / "results")
results.answer(result)
reel = results.add_reel(result, library.videos)
print(reel, reel.stat().st_size, "bytes")
