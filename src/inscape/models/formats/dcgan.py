"""State dicts of DCGAN generators: PyTorch's example, and those that differ in depth, width or names.

Recognised by shape: transposed convolutions of 4x4, each taking the units that the one before gave, with
batch normalization in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

from inscape.errors import FormatError, UnsupportedError
from inscape.models.formats.format import Checkpoint, Format
from inscape.models.formats.found import Found

if TYPE_CHECKING:
    from torch import Tensor

_SOURCE = "A DCGAN in the layout of PyTorch's example."
_HOLDERS = ("state_dict", "model_state_dict", "netG", "generator", "G", "netG_state_dict")
_NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
_LARGEST = 6


def recognises(value: object) -> bool:
    """Whether this is such a state dict."""
    groups = _groups(_weights(value))
    kernels = [group["weight"] for group in groups.values() if _axes(group, "weight") == 4]
    chained = all(one.shape[1] == other.shape[0] for one, other in pairwise(kernels))
    normalized = sum("running_mean" in group for group in groups.values())
    square = all(tuple(kernel.shape[2:]) == (4, 4) for kernel in kernels)
    return len(kernels) > 1 and chained and square and normalized == len(kernels) - 1


def read(value: Checkpoint) -> Found:
    """Find the generator in it.

    Raises:
        FormatError: Something is missing or does not fit.
        UnsupportedError: Its pictures are not in colour, or larger than such networks draw.
    """
    import torch

    from inscape.models.architectures.dcgan import DCGANConfig

    groups = _groups(_weights(value))
    tensors: dict[str, Tensor] = {}
    kernels = [group for group in groups.values() if _axes(group, "weight") == 4]
    channels = tuple(kernel["weight"].shape[1] for kernel in kernels)
    if channels[-1] != 3:
        raise UnsupportedError(f"it draws pictures of {channels[-1]} channels; Inscape opens those of 3.")
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
    config = DCGANConfig(kernels[0]["weight"].shape[0], channels[:-1], biased if any(biased) else ())
    return Found("dcgan", config.to_json(), tensors, _SOURCE, absent=absent)


def _axes(group: Mapping[str, Tensor], kind: str) -> int:
    return group[kind].ndim if kind in group else 0


def _groups(weights: Checkpoint) -> dict[str, dict[str, Tensor]]:
    """Tensors by the module that they belong to, in the order of the file; none where it holds others."""
    import torch

    groups: dict[str, dict[str, Tensor]] = {}
    for name, tensor in weights.items():
        if not isinstance(name, str) or not isinstance(tensor, torch.Tensor):
            return {}
        module, _, kind = name.rpartition(".")
        groups.setdefault(module, {})[kind] = tensor
    return groups


def _weights(value: object) -> Checkpoint:
    if not isinstance(value, Mapping):
        return {}
    held = [value[name] for name in _HOLDERS if isinstance(value.get(name), Mapping)]
    return held[0] if held else value


FORMAT = Format("state dicts of DCGANs", recognises, read)
