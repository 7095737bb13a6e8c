"""Opening models by name, and the list of those that ship."""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inscape import storage
from inscape.errors import FormatError, ModelNotFoundError, UnsupportedError, unknown_name
from inscape.models.card import Card
from inscape.models.devices import resolve_device
from inscape.models.filling import filled
from inscape.models.generator import Generator
from inscape.models.model import Model
from inscape.models.packaged import PACKAGED
from inscape.models.plugins import MODELS, plugin, plugin_names

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from inscape.models.formats import Written

ZOO = Path(__file__).parent / "zoo"
_FACTORY = re.compile(r"([A-Za-z_][\w.]*):([A-Za-z_]\w*)")


_ARCHITECTURES = {
    "stylegan2": ("inscape.models.architectures.stylegan2", "StyleGAN2", "StyleGAN2Config"),
    "stylegan3": ("inscape.models.architectures.stylegan3", "StyleGAN3", "StyleGAN3Config"),
    "progan": ("inscape.models.architectures.progan", "ProGAN", "ProGANConfig"),
    "dcgan": ("inscape.models.architectures.dcgan", "DCGAN", "DCGANConfig"),
    "picture_encoder": (
        "inscape.models.architectures.picture_encoder",
        "PictureEncoder",
        "PictureEncoderConfig",
    ),
    "unet": ("inscape.models.architectures.unet", "UNet", "UNetConfig"),
    "efficientnet_lite": (
        "inscape.models.architectures.efficientnet_lite",
        "EfficientNetLite",
        "EfficientNetLiteConfig",
    ),
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


def open_model(
    source: str | Path | nn.Module,
    *,
    card: Card | Mapping[str, Any] | None = None,
    device: str | torch.device | None = "auto",
) -> Model:
    """Open a model.

    Args:
        source: A shipped name ("town") or one that a plug-in brings; a folder that holds `card.json` and
            `weights.safetensors`; a checkpoint: a StyleGAN2 or StyleGAN3 of NVIDIA, a StyleGAN2 of
            rosinality's trainer or of the rewriting code, a ProGAN, a DCGAN, or safetensors with a card; a
            `torch.nn.Module`; "hf:ORG/NAME" or "hf:FOLDER" (see `hub`); "timm:NAME"; or
            "package.module:factory", which is imported and called.
        card: For a module or what a factory gives: what is known of it (see `open_module`).
        device: "auto", "cpu", "cuda:0", "mps".

    Returns:
        A `Generator` where the card says so, a `Model` otherwise; in evaluation mode, float32.

    Raises:
        ModelNotFoundError: None of these.
        FormatError: Card, weights or checkpoint are damaged, unknown, or do not fit each other.
        UnsupportedError: The network does something that ours does not, or cannot be run to build its card.
    """
    resolved, name = resolve_device(device), str(source)
    if not isinstance(source, str | Path):
        from inscape.models.any_module import open_module

        return open_module(source, card, resolved)
    if name in names():
        return _shipped(name, resolved)
    path = Path(source)
    if path.is_file():
        from inscape.models.formats import open_file

        return open_file(path, resolved)
    if (path / "card.json").is_file():
        return load_model(_card_in(path), path / "weights.safetensors", resolved)
    if name.startswith(("hf:", "timm:")):
        from inscape.models import hub

        prefix, _, rest = name.partition(":")
        return (hub.open_hub if prefix == "hf" else hub.open_timm)(rest, resolved)
    made = _made(name)
    if isinstance(made, Model):
        return made
    if made is None:
        raise ModelNotFoundError(*unknown_name("model", name, [*names(), *plugin_names(MODELS)]))
    known = card if isinstance(card, Card) else {"name": name.rpartition(":")[2], **(card or {})}
    return open_model(made, card=known, device=resolved)


def weights_of(name: str) -> Path | None:
    """The file of a shipped model's weights; None where a package carries it that is not installed.

    Raises:
        ModelNotFoundError: No shipped model has this name.
    """
    folder = folder_of(name)
    return PACKAGED[name].path if name in PACKAGED else folder / "weights.safetensors"


def _shipped(name: str, device: torch.device) -> Model:
    card = _card_in(ZOO / name)
    if name in PACKAGED:
        packaged = PACKAGED[name]
        return model_of(card, packaged.tensors(), Path(packaged.file), device)
    return load_model(card, ZOO / name / "weights.safetensors", device)


def _card_in(folder: Path) -> Card:
    return Card.read(folder / "card.json")


def _made(name: str) -> nn.Module | Model | None:
    """What a plug-in's factory or a "package.module:factory" gives; None where there is neither."""
    import torch

    factory: Any = plugin(MODELS, name) if name in plugin_names(MODELS) else None
    if factory is None and (found := _FACTORY.fullmatch(name)):
        try:
            factory = getattr(importlib.import_module(found[1]), found[2])
        except (ImportError, AttributeError) as error:
            raise ModelNotFoundError(
                f"There is no {name!r}: {error}.", "Is the package installed, and the name spelt so?"
            ) from error
    if factory is None:
        return None
    made = factory()
    if not isinstance(made, torch.nn.Module | Model):
        raise UnsupportedError(
            f"{name!r} gives a {type(made).__name__}, where a torch.nn.Module or a Model was expected."
        )
    return made


def architectures() -> list[str]:
    """Names of the architectures that a card can name, and that weights alone can therefore be opened as."""
    return sorted(_ARCHITECTURES)


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
