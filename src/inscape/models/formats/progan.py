"""State dicts of the ProGAN generators of the dissection papers, under both kinds of names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from inscape.errors import FormatError
from inscape.models.formats._sizes import shape_of
from inscape.models.formats.format import Checkpoint, Format
from inscape.models.formats.found import Found

if TYPE_CHECKING:
    from torch import Tensor

_SOURCE = "A ProGAN of the dissection papers' code."


def recognises(value: object) -> bool:
    """Whether this is such a state dict."""
    weights = _weights(value)
    return "layer1.wscale.b" in weights or "features.0.wscale.b" in weights


def read(value: Checkpoint) -> Found:
    """Find the generator in it.

    Raises:
        FormatError: Something is missing or does not fit.
    """
    import torch

    from inscape.models.architectures.progan import ProGANConfig

    tensors: dict[str, Tensor] = {}
    output: dict[str, Tensor] = {}
    for name, tensor in _weights(value).items():
        if re.fullmatch(r"(.+\.)?wscale\.scale", name):
            continue  # the older code kept this constant as a tensor
        plain = re.sub(r"^features\.(\d{1,2})\.", lambda found: f"layer{int(found[1]) + 1}.", name)
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
    config = ProGANConfig(shape_of(tensors, "synthesis.layer1.conv.weight", 4)[1], tuple(channels))
    size = config.resolution
    tensors |= {f"synthesis.output_{size}x{size}.{kind}": tensor for kind, tensor in output.items()}
    return Found("progan", config.to_json(), tensors, _SOURCE)


def _weights(value: object) -> Checkpoint:
    inner = value.get("state_dict", value) if isinstance(value, Mapping) else {}
    usable = isinstance(inner, Mapping) and all(isinstance(name, str) for name in inner)
    return inner if usable else {}


FORMAT = Format("state dicts of ProGANs", recognises, read)
