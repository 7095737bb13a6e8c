"""Sizes of a StyleGAN2, read off the shapes of its tensors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from inscape.errors import FormatError, UnsupportedError
from inscape.types import JsonObject

if TYPE_CHECKING:
    import torch
    from torch import Tensor

_LARGEST = 2048


def mapping_sizes(tensors: Mapping[str, Tensor]) -> dict[str, int]:
    """Sizes of the mapping network in a state dict under NVIDIA's names.

    Raises:
        FormatError: A weight has a shape that no such network has.
        UnsupportedError: There is none.
    """
    depth = 0
    while f"mapping.fc{depth}.weight" in tensors:
        depth += 1
    if depth == 0:
        raise UnsupportedError("it has no mapping network.")
    w_dim = shape_of(tensors, f"mapping.fc{depth - 1}.weight", 2)[0]
    width = shape_of(tensors, "mapping.fc0.weight", 2)[1]
    conditional = "mapping.embed.weight" in tensors
    return {
        "z_dim": width - w_dim if conditional else width,
        "w_dim": w_dim,
        "mapping_layers": depth,
        "c_dim": shape_of(tensors, "mapping.embed.weight", 2)[1] if conditional else 0,
    }


def stylegan2_config(
    tensors: Mapping[str, Tensor], *, conv_clamp: float | None = None, lr_multiplier: float = 0.01
) -> JsonObject:
    """The configuration of the StyleGAN2 that tensors belong to.

    Args:
        tensors: Under the names of NVIDIA's `state_dict`.
        conv_clamp: See `StyleGAN2Config`.
        lr_multiplier: Of the mapping network.

    Raises:
        FormatError: A weight has a shape that no such network has.
        UnsupportedError: There is no mapping network.
    """
    from inscape.models.architectures.stylegan2_config import StyleGAN2Config

    channels, size = {}, 4
    while f"synthesis.b{size}.conv1.weight" in tensors and size <= _LARGEST:
        channels[size] = shape_of(tensors, f"synthesis.b{size}.conv1.weight", 4)[0]
        size *= 2
    if len(channels) < 2:
        raise FormatError("it has no blocks of a StyleGAN2 of 8 pixels or more.")
    config = StyleGAN2Config(
        resolution=max(channels),
        channels=channels,
        conv_clamp=conv_clamp,
        lr_multiplier=lr_multiplier,
        colours=colours_of(shape_of(tensors, f"synthesis.b{max(channels)}.torgb.weight", 4)[0]),
    )
    return {**config.to_json(), **mapping_sizes(tensors)}


def colours_of(channels: int) -> int:
    """Channels of pictures, checked.

    Raises:
        UnsupportedError: They are not grey, RGB, or RGB with alpha.
    """
    if channels not in (1, 3, 4):
        raise UnsupportedError(f"it draws pictures of {channels} channels; Inscape opens those of 1, 3 or 4.")
    return channels


def shape_of(tensors: Mapping[str, Tensor], name: str, axes: int) -> torch.Size:
    """The shape of a tensor that must have so many axes and no empty one.

    Raises:
        FormatError: It has others.
    """
    if name not in tensors:
        raise FormatError(f"it lacks {name!r}.")
    shape = tensors[name].shape
    if len(shape) != axes or 0 in shape:
        raise FormatError(f"it has {name!r} of the shape {list(shape)}, where {axes} axes were expected.")
    return shape
