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
from inscape.models.formats.found import Found
from inscape.models.generator import Generator
from inscape.models.stylegan2_card import stylegan2_card

if TYPE_CHECKING:
    import torch


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
    known = {"name": path.stem, "source": read.source}
    size = network.config.resolution
    return Generator(
        network,
        stylegan2_card(network, **known, description=f"A StyleGAN2 of {size} pixels, opened from a file."),
    )


def _formats() -> tuple[ModuleType, ...]:
    from inscape.models.formats import nvidia, rosinality

    return nvidia, rosinality


def _contents(value: Any) -> str:
    if not isinstance(value, Mapping):
        return f"a {type(value).__name__}"
    names = [repr(key) for key in list(value)[:4]]
    return f"the keys {', '.join(names)}{' ...' if len(value) > 4 else ''}" if names else "nothing"
