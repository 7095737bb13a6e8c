"""Build networks from cards: the architectures by name.

Inscape's own are the files of `OWN` under `architectures`, imported when a network is built and not before;
those of other packages are entry points of the group `inscape.architectures` (see `plugins`).
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from inscape import storage
from inscape.errors import FormatError, UnsupportedError, unknown_name
from inscape.models.architectures.architecture import Architecture
from inscape.models.card import Card
from inscape.models.filling import filled
from inscape.models.generator import Generator
from inscape.models.language import LanguageModel, tokenizer_from
from inscape.models.model import Model
from inscape.models.plugins import ARCHITECTURES, plugin, plugin_names
from inscape.types import JsonMapping

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer
    from torch import Tensor, nn

TOKENIZER = "tokenizer.json"
OWN = (
    "dcgan",
    "decoder",
    "efficientnet_lite",
    "picture_encoder",
    "progan",
    "residual_classifier",
    "stylegan2",
    "stylegan3",
    "unet",
    "vision_transformer",
)
"""Files under `architectures` that have an `ARCHITECTURE`."""


def architectures() -> list[str]:
    """Names of the architectures that a card can name, and that weights alone can therefore be opened as."""
    return sorted({*OWN, *plugin_names(ARCHITECTURES)})


def architecture(name: str) -> Architecture:
    """The architecture of that name.

    Raises:
        FormatError: There is none, or the plug-in that brings it cannot be loaded.
        UnsupportedError: The plug-in gives something else.
    """
    if name in OWN:
        found: object = importlib.import_module(f"inscape.models.architectures.{name}").ARCHITECTURE
    else:
        found = plugin(ARCHITECTURES, name)
    if found is None:
        raise FormatError(*unknown_name("architecture", name, architectures()))
    if not isinstance(found, Architecture):
        raise UnsupportedError(
            f"The plug-in {name!r} must give an Architecture, got a {type(found).__name__}."
        )
    return found


def load_model(card: Card, weights: Path, device: torch.device) -> Model:
    """Build the network of a card and fill it from a safetensors file.

    A language model reads text with the `tokenizer.json` beside it, where there is one.

    Raises:
        FormatError: The architecture is unknown, the weights do not fit, or the tokenizer is damaged.
    """
    tensors, _ = storage.load_tensors(weights)
    beside = weights.with_name(TOKENIZER)
    speaks = card.kind == "language" and beside.is_file()
    tokenizer = tokenizer_from(storage.read_text(beside)) if speaks else None
    return model_of(card, tensors, weights, device, tokenizer)


def model_of(
    card: Card,
    tensors: Mapping[str, Tensor],
    where: Path,
    device: torch.device,
    tokenizer: Tokenizer | None = None,
) -> Model:
    """Build the network of a card and fill it.

    Args:
        card: Names an architecture, and has its configuration.
        tensors: Under the names of the network's `state_dict`.
        where: The file that they are from, for the errors.
        device: Where the weights go.
        tokenizer: Of a language model.

    Raises:
        FormatError: The architecture is unknown, or the weights do not fit.
    """
    architecture(card.architecture)
    try:
        network = built(card.architecture, card.config, tensors)
    except FormatError as error:
        raise FormatError(f"{where} does not fit its card: {error.detail}", error.hint) from error
    if card.kind == "language":
        return LanguageModel(network.to(device), card, tokenizer)
    return (Generator if card.kind == "generator" else Model)(network.to(device), card)


def built(name: str, config: JsonMapping, tensors: Mapping[str, Tensor]) -> nn.Module:
    """The network of an architecture, filled.

    Args:
        name: Of the architecture, as cards have it.
        config: Its sizes.
        tensors: Under the names of its `state_dict`.

    Raises:
        FormatError: There is no such architecture, or the weights do not fit.
    """
    known = architecture(name)
    read = known.config.from_json(config)
    return filled(lambda: known.network(read), tensors)
