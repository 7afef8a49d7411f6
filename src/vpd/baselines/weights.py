"""Read pretrained and released weights, map their keys to a network's, and report mismatches."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from vpd.baselines.networks.segments import spread_to_flow
from vpd.counting import counted
from vpd.errors import InputError
from vpd.files import entries
from vpd.models.weight_files import read_weight_file, torchvision_weights

HUB = "hub:"
"""Prefix of weights on the Hugging Face hub: hub:OWNER/NAME/FILE."""
TORCHVISION = "torchvision"
"""The name that selects torchvision's pretrained weights of the network or its backbone."""
WRAPPERS = ("state_dict", "model_state_dict", "model_state", "model")
"""Keys under which releases store their tensors."""


def read_weights(source: str | Path, torchvision_name: str = "") -> dict[str, Tensor]:
    """Read the tensors of ``source``: a .safetensors or .pth file, hub:OWNER/NAME/FILE, or torchvision.

    Code in files is never run. Raises InputError where they cannot be loaded.
    """
    source = str(source)
    if source == TORCHVISION:
        return _torchvision(torchvision_name)
    path = _fetched(source) if source.startswith(HUB) else Path(source)
    state = read_weight_file(path, source)
    while isinstance(state, Mapping) and (inner := _wrapped(state)) is not None:
        state = inner
    if not isinstance(state, Mapping) or not all(
        isinstance(key, str) and isinstance(t, Tensor) for key, t in state.items()
    ):
        raise InputError(f"the weights {source} are not a table of tensors by name")
    if not state:
        raise InputError(f"the weights {source} hold no tensor")
    return dict(state)


def _wrapped(state: Mapping[str, Any]) -> Mapping[str, Any] | None:
    return next((state[name] for name in WRAPPERS if isinstance(state.get(name), Mapping)), None)


def weights_stamp(source: str | Path) -> str:
    """Sizes and times of change of a file of weights, or of the files of a folder, for what is kept of a
    training; "" for other sources.
    """
    path = Path(source)
    if not source or not path.exists():
        return ""
    found = [file.stat() for file in ([path] if path.is_file() else entries(path))]
    return " ".join(f"{one.st_size} {one.st_mtime_ns}" for one in found)


def _fetched(source: str) -> Path:
    try:
        from huggingface_hub import hf_hub_download
        from huggingface_hub.errors import HfHubHTTPError
    except ImportError as error:
        raise InputError("weights of the hub need `pip install huggingface_hub`") from error
    owner, _, rest = source.removeprefix(HUB).partition("/")
    name, _, file = rest.partition("/")
    if not file:
        raise InputError(f"{source!r} does not name a file: write hub:OWNER/NAME/FILE")
    try:
        return Path(hf_hub_download(f"{owner}/{name}", file))
    except (OSError, HfHubHTTPError, ValueError) as error:
        raise InputError(f"{source} could not be fetched ({error}). Give a file instead.") from error


def _torchvision(name: str) -> dict[str, Tensor]:
    if not name:
        raise InputError("torchvision has no weights of this network; name a file or hub:OWNER/NAME/FILE")
    return torchvision_weights(name, "Give a file instead.")


PUBLIC_NAMES: tuple[tuple[str, str], ...] = (
    (r"^module\.", ""),
    (r"^last_linear\.", "fc."),
    (r"^consensus\.classifier\.", "consensus."),
)
"""Key patterns of the releases and their replacement: DataParallel's prefix,
pretrainedmodels' last layer."""


def public_key(key: str) -> str:
    """Convert a released weight's key to our name."""
    for pattern, ours in PUBLIC_NAMES:
        key = re.sub(pattern, ours, key)
    return key


LAST_LAYERS = re.compile(
    r"(^|\.)(fc|fc_action|top_cls_fc|fcn|new_fc|head|classifier|cls_head|consensus|AuxLogits)\.|(^|\.)A$"
)
"""Tensors that a network may lack: classifiers of other classes, and graphs, which are no weights."""


def load_weights(network: nn.Module, state: Mapping[str, Tensor], heads: tuple[str, ...]) -> list[str]:
    """Fill ``network`` from ``state`` by key. Returns our keys that were not filled.

    ``state`` is of the whole network, or of its picture network alone (keys without ``base_model.``). Tensors
    with one more leading axis are squeezed (Caffe's norms). A first convolution over three colours is spread
    to flow. Only keys that begin with one of ``heads``, gates (they start at zero) and counters may be
    missing, and only classifiers may be left. Raises InputError for any other missing key, size or tensor,
    and for tensors that are no finite numbers.
    """
    given = {public_key(key): tensor for key, tensor in state.items()}
    own = network.state_dict()
    prefixes = ("", "base_model.", "network.", "_features.")
    prefix = max(prefixes, key=lambda p: len({p + key for key in given} & set(own)))
    given = {prefix + key: tensor for key, tensor in given.items()}
    taken: dict[str, Tensor] = {}
    missing: list[str] = []
    left = {key: None for key in given if not LAST_LAYERS.search(key)}
    for key, tensor in own.items():
        name = key if key in given else key.replace(".conv1.net.", ".conv1.")
        source = given.get(name)
        left.pop(name, None)
        if source is not None and source.ndim == tensor.ndim + 1 and source.shape[0] == 1:
            source = source[0]
        if source is not None and source.ndim == 4 and tensor.ndim == 4 and _colours_to_flow(source, tensor):
            source = spread_to_flow(source, tensor.shape[1])
        if source is not None and source.shape == tensor.shape:
            taken[key] = _as(source, tensor, key)
        elif key.startswith(heads) or "gsm" in key or key.endswith("num_batches_tracked"):
            missing.append(key)
        else:
            found = "is missing" if source is None else f"has shape {tuple(source.shape)}"
            raise InputError(
                f"the weights do not fit the network: {key} {found}, expected {tuple(tensor.shape)}"
            )
    if left:
        raise InputError(
            f"the weights hold {counted(len(left), 'tensor')} that the network does not have, such as "
            f"{next(iter(left))}: they are of another system. Save a file without them to use the rest."
        )
    network.load_state_dict({**own, **taken})
    return missing


def _as(source: Tensor, wanted: Tensor, key: str) -> Tensor:
    """The tensor with the type of ``wanted``. Raises InputError for other than finite numbers."""
    if source.is_floating_point() != wanted.is_floating_point():
        raise InputError(
            f"the weights do not fit the network: {key} is of {source.dtype}, not {wanted.dtype}"
        )
    found = source.to(wanted.dtype)
    if not bool(found.isfinite().all()):
        raise InputError(f"the weights are damaged: {key} holds values that are no finite numbers")
    return found


def _colours_to_flow(source: Tensor, wanted: Tensor) -> bool:
    same = source.shape[0] == wanted.shape[0] and source.shape[2:] == wanted.shape[2:]
    return same and source.shape[1] == 3 and wanted.shape[1] > 3
