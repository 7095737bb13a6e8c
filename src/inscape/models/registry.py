"""Opening models by name, and the list of those that ship."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inscape import storage
from inscape.errors import FormatError, ModelNotFoundError, unknown_name
from inscape.models.card import Card
from inscape.models.devices import resolve_device
from inscape.models.filling import filled
from inscape.models.generator import Generator
from inscape.models.model import Model

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from inscape.models.formats import Written

ZOO = Path(__file__).parent / "zoo"


_ARCHITECTURES = {
    "stylegan2": ("inscape.models.architectures.stylegan2", "StyleGAN2", "StyleGAN2Config"),
    "stylegan3": ("inscape.models.architectures.stylegan3", "StyleGAN3", "StyleGAN3Config"),
    "progan": ("inscape.models.architectures.progan", "ProGAN", "ProGANConfig"),
    "dcgan": ("inscape.models.architectures.dcgan", "DCGAN", "DCGANConfig"),
    "unet": ("inscape.models.architectures.unet", "UNet", "UNetConfig"),
}
"""Module, network and configuration of each architecture, by the name that cards use."""


def names() -> list[str]:
    """The names of the shipped models."""
    return sorted(folder.parent.name for folder in ZOO.glob("*/card.json"))


def folder_of(name: str) -> Path:
    """The folder of a shipped model: card, weights, report.

    Raises:
        ModelNotFoundError: No shipped model has this name.
    """
    if name not in names():
        raise ModelNotFoundError(*unknown_name("model", name, names()))
    return ZOO / name


def card(name: str) -> Card:
    """The card of a shipped model, without reading its weights."""
    return Card.read(folder_of(name) / "card.json")


def open_model(source: str | Path, *, device: str | torch.device | None = "auto") -> Model:
    """Open a model.

    Args:
        source: A shipped name ("town"), a folder that holds `card.json` and `weights.safetensors`, or a
            checkpoint: a StyleGAN2 or StyleGAN3 of NVIDIA, a StyleGAN2 of rosinality's trainer or of the
            rewriting code, a ProGAN, a DCGAN, or safetensors with a card.
        device: "auto", "cpu", "cuda:0", "mps".

    Returns:
        A `Generator` where the card says so, a `Model` otherwise; in evaluation mode, float32.

    Raises:
        ModelNotFoundError: Neither a shipped name nor such a folder or file.
        FormatError: Card, weights or checkpoint are damaged, unknown, or do not fit each other.
    """
    folder = ZOO / str(source) if str(source) in names() else Path(source)
    if folder.is_file():
        from inscape.models.formats import open_file

        return open_file(folder, resolve_device(device))
    if not (folder / "card.json").is_file():
        raise ModelNotFoundError(*unknown_name("model", str(source), names()))
    read = Card.read(folder / "card.json")
    return load_model(read, folder / "weights.safetensors", resolve_device(device))


def write_model(
    model: Model, path: Path | str, *, format: str | None = None, template: Path | str | None = None
) -> Written:
    """Write a model as a checkpoint; see `inscape.models.formats.write_file`."""
    from inscape.models.formats import write_file

    return write_file(model, path, format=format, template=template)


def load_model(card: Card, weights: Path, device: torch.device) -> Model:
    """Build the network of a card and fill it from a safetensors file.

    Raises:
        FormatError: The architecture is unknown, or the weights do not fit.
    """
    tensors, _ = storage.load_tensors(weights)
    return model_of(card, tensors, weights, device)


def model_of(card: Card, tensors: Mapping[str, Tensor], where: Path, device: torch.device) -> Model:
    """Build the network of a card and fill it.

    Args:
        card: Names an architecture, and has its configuration.
        tensors: Under the names of the network's `state_dict`.
        where: The file that they are from, for the errors.
        device: Where the weights go.

    Raises:
        FormatError: The architecture is unknown, or the weights do not fit.
    """
    if card.architecture not in _ARCHITECTURES:
        raise FormatError(*unknown_name("architecture", card.architecture, _ARCHITECTURES))
    try:
        network = built(card.architecture, card.config, tensors)
    except FormatError as error:
        raise FormatError(f"{where} does not fit its card: {error.detail}", error.hint) from error
    return (Generator if card.kind == "generator" else Model)(network.to(device), card)


def built(architecture: str, config: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> nn.Module:
    """The network of an architecture, filled.

    Args:
        architecture: By the name that cards use.
        config: Its sizes.
        tensors: Under the names of its `state_dict`.

    Raises:
        FormatError: The weights do not fit.
    """
    place, network, sizes = _ARCHITECTURES[architecture]
    module = importlib.import_module(place)
    read = getattr(module, sizes).from_json(config)
    made: nn.Module = filled(lambda: getattr(module, network)(read), tensors)
    return made
