"""State dicts of DCGAN generators: PyTorch's example, and those that differ in depth, width or names.

Recognised by shape: transposed convolutions of 4x4, each taking the units that the one before gave, with
batch normalization in between.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

from inscape.errors import FormatError, UnsupportedError
from inscape.models.formats._sizes import colours_of
from inscape.models.formats.format import Checkpoint, Format
from inscape.models.formats.found import Found

if TYPE_CHECKING:
    from torch import Tensor

_SOURCE = "A DCGAN in the layout of PyTorch's example."
_NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
_LARGEST = 6


def recognises(value: object) -> bool:
    """Whether this is such a state dict."""
    groups = _groups(value)
    kernels = _kernels(groups)
    normalized = sum("running_mean" in group for group in groups.values())
    square = all(tuple(kernel.shape[2:]) == (4, 4) for kernel in kernels)
    return len(kernels) > 1 and _chained(kernels) and square and normalized == len(kernels) - 1


def read(value: Checkpoint) -> Found:
    """Find the generator in it.

    Raises:
        FormatError: Something is missing or does not fit.
        UnsupportedError: It draws classes, or pictures of other channels or larger than such networks do.
    """
    import torch

    from inscape.models.architectures.dcgan import DCGANConfig

    groups = _groups(value)
    tensors: dict[str, Tensor] = {}
    kernels = [group for group in groups.values() if _axes(group, "weight") == 4]
    channels = tuple(kernel["weight"].shape[1] for kernel in kernels)
    colours = colours_of(channels[-1])
    for name, group in groups.items():
        if _axes(group, "weight") == 2:
            raise UnsupportedError(
                f"it has '{name}.weight' of the shape {list(group['weight'].shape)} beside its "
                "convolutions, as a conditional DCGAN has for its classes; Inscape opens DCGANs without."
            )
    if len(channels) - 1 > _LARGEST:
        raise UnsupportedError(f"it draws pictures of {2 << len(channels)} pixels; 256 are the most.")
    count = -1
    for name, group in groups.items():
        if _axes(group, "weight") == 4:
            count += 1
            place = "output" if count == len(kernels) - 1 else f"layer{count + 1}.conv"
            allowed: tuple[str, ...] = ("weight", "bias")
        else:
            place, allowed = f"layer{count + 1}.norm", _NORM
        for kind, tensor in group.items():
            if kind not in allowed or f"synthesis.{place}.{kind}" in tensors or count < 0:
                raise FormatError(f"it has '{name}.{kind}', which does not belong to a DCGAN.")
            tensors[f"synthesis.{place}.{kind}"] = tensor
    counts = {f"synthesis.layer{index}.norm.num_batches_tracked" for index in range(1, len(kernels))}
    absent = frozenset(counts - tensors.keys())
    tensors |= {name: torch.tensor(0) for name in absent}
    biased = tuple("bias" in kernel for kernel in kernels)
    config = DCGANConfig(kernels[0]["weight"].shape[0], channels[:-1], biased if any(biased) else (), colours)
    return Found("dcgan", config.to_json(), tensors, _SOURCE, absent=absent)


def _axes(group: Mapping[str, Tensor], kind: str) -> int:
    return group[kind].ndim if kind in group else 0


def _groups(weights: object) -> dict[str, dict[str, Tensor]]:
    """Tensors by the module that they belong to, in the order of the file; none where it holds others."""
    import torch

    groups: dict[str, dict[str, Tensor]] = {}
    if not isinstance(weights, Mapping):
        return groups
    for name, tensor in weights.items():
        if not isinstance(name, str) or not isinstance(tensor, torch.Tensor):
            return {}
        module, _, kind = name.rpartition(".")
        groups.setdefault(module, {})[kind] = tensor
    if not _chained(_kernels(groups)):  # safetensors sorts by name: 'main.10' before 'main.3'
        groups = dict(sorted(groups.items(), key=lambda each: _natural(each[0])))
    return groups


def _kernels(groups: Mapping[str, Mapping[str, Tensor]]) -> list[Tensor]:
    return [group["weight"] for group in groups.values() if _axes(group, "weight") == 4]


def _chained(kernels: list[Tensor]) -> bool:
    """Whether each convolution takes the units that the one before gives."""
    return all(one.shape[1] == other.shape[0] for one, other in pairwise(kernels))


def _natural(name: str) -> list[tuple[int, str]]:
    """A key that sorts numbers in names by their value."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d{1,9})", name)]


FORMAT = Format("state dicts of DCGANs", recognises, read)
