"""Opening models by name, and the list of those that ship."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inscape import storage
from inscape.errors import FormatError, ModelNotFoundError, unknown_name
from inscape.models.card import Card
from inscape.models.devices import resolve_device
from inscape.models.generator import Generator
from inscape.models.model import Model

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

ZOO = Path(__file__).parent / "zoo"


def _stylegan2(config: dict[str, Any]) -> nn.Module:
    from inscape.models.architectures.stylegan2 import StyleGAN2, StyleGAN2Config

    return StyleGAN2(StyleGAN2Config.from_json(config))


def _unet(config: dict[str, Any]) -> nn.Module:
    from inscape.models.architectures.unet import UNet, UNetConfig

    return UNet(UNetConfig.from_json(config))


ARCHITECTURES: dict[str, Callable[[dict[str, Any]], nn.Module]] = {"stylegan2": _stylegan2, "unet": _unet}
"""Builders by the name that cards use; each takes the card's config."""


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
            checkpoint of somebody else's code: a StyleGAN2 of NVIDIA (`.pkl`) or rosinality (`.pt`).
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


def load_model(card: Card, weights: Path, device: torch.device) -> Model:
    """Build the network of a card and fill it from a safetensors file.

    Raises:
        FormatError: The architecture is unknown, or the weights do not fit.
    """
    if card.architecture not in ARCHITECTURES:
        raise FormatError(*unknown_name("architecture", card.architecture, ARCHITECTURES))
    tensors, _ = storage.load_tensors(weights)
    module = ARCHITECTURES[card.architecture](card.config)
    _fill(module, tensors, weights)
    module.eval().requires_grad_(False).to(device)
    return (Generator if card.kind == "generator" else Model)(module, card)


def _fill(module: nn.Module, tensors: dict[str, Tensor], weights: Path) -> None:
    import torch

    expected = module.state_dict()
    missing, extra = sorted(expected.keys() - tensors.keys()), sorted(tensors.keys() - expected.keys())
    if missing or extra:
        wrong = f"lacks {missing[0]!r}" if missing else f"has {extra[0]!r}, which the network does not"
        raise FormatError(f"{weights} does not fit its card: it {wrong}.")
    for name, tensor in tensors.items():
        if tensor.shape != expected[name].shape:
            raise FormatError(
                f"{weights} does not fit its card: {name!r} has the shape {list(tensor.shape)}, "
                f"the network {list(expected[name].shape)}."
            )
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise FormatError(f"{weights} is damaged: {name!r} holds numbers that are not finite.")
    module.load_state_dict({name: tensor.to(expected[name].dtype) for name, tensor in tensors.items()})
