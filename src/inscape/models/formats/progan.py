"""State dicts of the ProGAN generators of the dissection papers, under both kinds of names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from inscape.errors import FormatError
from inscape.models.formats._sizes import colours_of, shape_of
from inscape.models.formats.format import Checkpoint, Format
from inscape.models.formats.found import Found

if TYPE_CHECKING:
    from torch import Tensor

_SOURCE = "A ProGAN of the dissection papers' code."


def recognises(value: object) -> bool:
    """Whether this is such a state dict."""
    known = ("layer1.wscale.b", "features.0.wscale.b")
    return isinstance(value, Mapping) and any(name in value for name in known)


def read(value: Checkpoint) -> Found:
    """Find the generator in it.

    Raises:
        FormatError: Something is missing or does not fit.
    """
    import torch

    from inscape.models.architectures.progan import ProGANConfig

    tensors: dict[str, Tensor] = {}
    output: dict[str, Tensor] = {}
    for name, tensor in value.items():
        if isinstance(name, str) and re.fullmatch(r"(.+\.)?wscale\.scale", name):
            continue  # the older code kept this constant as a tensor
        plain = re.sub(r"^features\.(\d{1,2})\.", lambda found: f"layer{int(found[1]) + 1}.", str(name))
        last = re.fullmatch(r"output(?:_\d+x\d+)?\.(conv\.weight|wscale\.b)", plain)
        if not isinstance(tensor, torch.Tensor) or not (
            last or re.fullmatch(r"layer\d{1,2}\.(conv\.weight|wscale\.b)", plain)
        ):
            raise FormatError(f"it has {name!r}, which does not belong to a ProGAN.")
        if last:
            output[last[1]] = tensor
        else:
            tensors[f"synthesis.{plain}"] = tensor
    channels: list[int] = []
    while f"synthesis.layer{2 * len(channels) + 1}.conv.weight" in tensors:
        channels.append(shape_of(tensors, f"synthesis.layer{2 * len(channels) + 1}.conv.weight", 4)[0])
    if not 1 <= len(channels) <= 9:
        raise FormatError("it has no layers of a ProGAN of 4 to 1024 pixels.")
    colours = colours_of(shape_of(output, "conv.weight", 4)[0])
    config = ProGANConfig(shape_of(tensors, "synthesis.layer1.conv.weight", 4)[1], tuple(channels), colours)
    size = config.resolution
    tensors |= {f"synthesis.output_{size}x{size}.{kind}": tensor for kind, tensor in output.items()}
    return Found("progan", config.to_json(), tensors, _SOURCE)


FORMAT = Format("state dicts of ProGANs", recognises, read)
