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
    conditional = "mapping.embed.weight" in tensors
    embedded, classes = shape_of(tensors, "mapping.embed.weight", 2) if conditional else (0, 0)
    z_dim = shape_of(tensors, "mapping.fc0.weight", 2)[1] - embedded
    if z_dim < 1:
        raise UnsupportedError(f"it has z_dim={z_dim}; Inscape has generators with a latent.")
    w_dim = shape_of(tensors, f"mapping.fc{depth - 1}.weight", 2)[0]
    return {"z_dim": z_dim, "w_dim": w_dim, "mapping_layers": depth, "c_dim": classes}


def stylegan2_config(tensors: Mapping[str, Tensor], **options: object) -> JsonObject:
    """The configuration of the StyleGAN2 that tensors belong to.

    Args:
        tensors: Under the names of NVIDIA's `state_dict`.
        options: What shapes do not say: `conv_clamp`, `lr_multiplier`, activations (see `StyleGAN2Config`).

    Raises:
        FormatError: A weight has a shape that no such network has.
        UnsupportedError: There is no mapping network, or an option has a value that Inscape does not have.
    """
    from inscape.models.architectures.stylegan2_config import StyleGAN2Config

    channels, size = {}, 4
    while f"synthesis.b{size}.conv1.weight" in tensors and size <= _LARGEST:
        channels[size] = shape_of(tensors, f"synthesis.b{size}.conv1.weight", 4)[0]
        size *= 2
    if len(channels) < 2:
        raise FormatError("it has no blocks of a StyleGAN2 of 8 pixels or more.")
    kernel = shape_of(tensors, "synthesis.b4.conv1.weight", 4)[2]
    taps = shape_of(tensors, "synthesis.b8.conv0.resample_filter", 2)[0]
    if kernel != 3 or taps != 4:
        option = f"a resample_filter of {taps} taps" if kernel == 3 else f"kernel_size={kernel}"
        raise UnsupportedError(f"it has {option}; Inscape has convolutions of 3x3 and filters of 4 taps.")
    colours = colours_of(shape_of(tensors, f"synthesis.b{max(channels)}.torgb.weight", 4)[0])
    sizes = mapping_sizes(tensors)
    known = StyleGAN2Config(max(channels), channels=channels, colours=colours).to_json()
    inner, w_dim = shape_of(tensors, "mapping.fc0.weight", 2)[0], sizes["w_dim"]
    embedded = shape_of(tensors, "mapping.embed.weight", 2)[0] if sizes["c_dim"] else w_dim
    features = {"layer_features": inner, "embed_features": embedded}
    return {**known, **sizes, **{name: each for name, each in features.items() if each != w_dim}, **options}


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
