"""From tensors under NVIDIA's names to a StyleGAN2: sizes are read off the shapes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch

from inscape.errors import FormatError, UnsupportedError
from inscape.models.architectures.stylegan2 import StyleGAN2, StyleGAN2Config

if TYPE_CHECKING:
    from torch import Tensor

_LARGEST = 2048


def stylegan2(
    tensors: Mapping[str, Tensor], *, conv_clamp: float | None = None, lr_multiplier: float = 0.01
) -> StyleGAN2:
    """The network that tensors belong to, filled with them in float32.

    Args:
        tensors: Under the names of NVIDIA's `state_dict`, every one that the network has.
        conv_clamp: See `StyleGAN2Config`.
        lr_multiplier: Of the mapping network.

    Raises:
        FormatError: One is missing, is too many, has a shape that does not fit, or holds something that is
            not a finite number.
    """
    config = _config(tensors, conv_clamp, lr_multiplier)
    with torch.device("meta"):
        network = StyleGAN2(config)
    expected = network.state_dict()
    missing, extra = sorted(expected.keys() - tensors.keys()), sorted(tensors.keys() - expected.keys())
    if missing or extra:
        raise FormatError(f"it lacks {missing[0]!r}." if missing else f"{extra[0]!r} does not belong to it.")
    ready = {}
    for name, tensor in tensors.items():
        if tensor.shape != expected[name].shape or not tensor.is_floating_point():
            raise FormatError(
                f"{name!r} is {_described(tensor)}, where {_described(expected[name])} was expected."
            )
        ready[name] = tensor.to(torch.float32)
        if not bool(torch.isfinite(ready[name]).all()):
            raise FormatError(f"{name!r} holds numbers that are not finite.")
    network.load_state_dict(ready, assign=True)
    return network


def _described(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} {list(tensor.shape)}"


def _config(tensors: Mapping[str, Tensor], conv_clamp: float | None, lr_multiplier: float) -> StyleGAN2Config:
    channels, size = {}, 4
    while f"synthesis.b{size}.conv1.weight" in tensors and size <= _LARGEST:
        channels[size] = _shape(tensors, f"synthesis.b{size}.conv1.weight", 4)[0]
        size *= 2
    if len(channels) < 2:
        raise FormatError("it has no blocks of a StyleGAN2 of 8 pixels or more.")
    depth = 0
    while f"mapping.fc{depth}.weight" in tensors:
        depth += 1
    if depth == 0:
        raise UnsupportedError("it has no mapping network.")
    w_dim = _shape(tensors, f"mapping.fc{depth - 1}.weight", 2)[0]
    width = _shape(tensors, "mapping.fc0.weight", 2)[1]
    conditional = "mapping.embed.weight" in tensors
    return StyleGAN2Config(
        resolution=max(channels),
        z_dim=width - w_dim if conditional else width,
        w_dim=w_dim,
        mapping_layers=depth,
        channels=channels,
        c_dim=_shape(tensors, "mapping.embed.weight", 2)[1] if conditional else 0,
        conv_clamp=conv_clamp,
        lr_multiplier=lr_multiplier,
    )


def _shape(tensors: Mapping[str, Tensor], name: str, axes: int) -> torch.Size:
    shape = tensors[name].shape
    if len(shape) != axes or 0 in shape:
        raise FormatError(f"{name!r} has the shape {list(shape)}, where {axes} axes were expected.")
    return shape
