"""Opening checkpoints of other people's code, recognised by what is in them and never by their names.

A format is a module with `recognises(value)` and `read(value)`; `_formats` lists them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from inscape import storage
from inscape.errors import FormatError, InscapeError, UnsupportedError
from inscape.models.card import Card
from inscape.models.formats.found import Found
from inscape.models.generator import Generator

if TYPE_CHECKING:
    import torch

    from inscape.models.architectures.stylegan2 import StyleGAN2


def open_file(path: Path | str, device: torch.device) -> Generator:
    """Open a checkpoint; nothing that is in it is run.

    Args:
        path: The file.
        device: Where the weights go.

    Raises:
        FormatError: It cannot be read, is damaged, or is of no known format.
        UnsupportedError: Its network does something that this one does not.
    """
    path = Path(path)
    value = storage.read_pickle(path).value
    found = [each for each in _formats() if each.recognises(value)]
    if len(found) != 1:
        trouble = "is of several formats at once" if found else f"holds {_contents(value)}"
        raise FormatError(
            f"{path} {trouble}, so it cannot be told what network it is.",
            "Known are StyleGAN2 pickles of NVIDIA and checkpoints of rosinality's trainer.",
        )
    try:
        read: Found = found[0].read(value)
    except InscapeError as error:
        kind = UnsupportedError if isinstance(error, UnsupportedError) else FormatError
        raise kind(f"{path} cannot be opened: {error.detail}", error.hint) from error
    network = read.network.eval().requires_grad_(False).to(device)
    return Generator(network, _card(path.stem, network, read.source))


def _formats() -> tuple[ModuleType, ...]:
    from inscape.models.formats import nvidia, rosinality

    return nvidia, rosinality


def _card(name: str, network: StyleGAN2, source: str) -> Card:
    from inscape.models.layers import default_layer, stylegan2_layers

    config, layers = network.config, stylegan2_layers(network)
    latent = {"z_dim": config.z_dim, "w_dim": config.w_dim, "num_ws": config.num_ws}
    if config.c_dim:
        latent["c_dim"] = config.c_dim
    return Card(
        name=name,
        kind="generator",
        architecture="stylegan2",
        config=config.to_json(),
        layers=layers,
        default_layer=default_layer(layers),
        image_size=config.resolution,
        latent=latent,
        parameters=sum(weight.numel() for weight in network.parameters()),
        source=source,
        description=f"A StyleGAN2 of {config.resolution} pixels, opened from a file.",
    )


def _contents(value: Any) -> str:
    if not isinstance(value, Mapping):
        return f"a {type(value).__name__}"
    names = [repr(key) for key in list(value)[:4]]
    return f"the keys {', '.join(names)}{' ...' if len(value) > 4 else ''}" if names else "nothing"
