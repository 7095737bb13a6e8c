"""From a name or a path to a model."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inscape.errors import ModelNotFoundError, UnsupportedError, unknown_name
from inscape.models.any_module import open_module
from inscape.models.building import load_model, model_of
from inscape.models.card import Card
from inscape.models.devices import resolve_device
from inscape.models.folders import open_folder
from inscape.models.formats.open_file import contents, found_in, open_file
from inscape.models.model import Model
from inscape.models.packaged import PACKAGED
from inscape.models.plugins import MODELS, plugin, plugin_names
from inscape.models.shipped import ZOO, names
from inscape.types import JsonMapping

if TYPE_CHECKING:
    import torch
    from torch import nn

    from inscape.progress import Progress

_FACTORY = re.compile(r"([A-Za-z_][\w.]*):([A-Za-z_]\w*)")


def open_model(
    source: str | Path | nn.Module,
    *,
    card: Card | JsonMapping | None = None,
    device: str | torch.device | None = "auto",
    progress: Progress | None = None,
) -> Model:
    """Open a model.

    Args:
        source: A shipped name ("town") or one that a plug-in brings; a folder that holds `card.json` and
            `weights.safetensors`, or `config.json` and weights; a checkpoint: a StyleGAN2 or StyleGAN3 of
            NVIDIA, a StyleGAN2 of rosinality's trainer or of the rewriting code, a ProGAN, a DCGAN, a
            classifier of timm or torchvision where one of them is installed, a language model as GGUF, or
            safetensors with a card; a `torch.nn.Module`; "hf:ORG/NAME" or "hf:FOLDER" (see `hub`);
            "timm:NAME"; or "package.module:factory", which is imported and called.
        card: For a module or the result of a factory: its card, or some of its fields (see `open_module`).
        device: "auto", "cpu", "cuda:0", "mps".
        progress: Receives the progress of the first opening of a large file.

    Returns:
        A `Generator` or a `LanguageModel` if the card says so, otherwise a `Model`. It is in evaluation mode
        and float32.

    Raises:
        ModelNotFoundError: The source is none of these.
        FormatError: Card, weights or checkpoint are damaged, unknown, or do not fit each other.
        UnsupportedError: The network has a feature that Inscape does not support, or cannot be run to build
            its card.
    """
    resolved, name = resolve_device(device), str(source)
    if not isinstance(source, str | Path):
        return open_module(source, card, resolved)
    if name in names():
        return _shipped(name, resolved)
    path = Path(source)
    if path.is_file():
        return open_file(path, resolved, progress=progress)
    if (path / "card.json").is_file():
        model = load_model(Card.read(path / "card.json"), path / "weights.safetensors", resolved)
        model.origin = path
        return model
    if path.is_dir():
        return open_folder(path, resolved, progress)
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


def _shipped(name: str, device: torch.device) -> Model:
    card = Card.read(ZOO / name / "card.json")
    if name in PACKAGED:
        packaged = PACKAGED[name]
        if packaged.renaming:
            return model_of(card, packaged.tensors(), Path(packaged.file), device)
        found = found_in(contents(packaged.needed()))[1]
        model = model_of(card, found.tensors, Path(packaged.file), device, found.tokenizer)
        model.origin = packaged.needed()
        return model
    return load_model(card, ZOO / name / "weights.safetensors", device)


def _made(name: str) -> nn.Module | Model | None:
    """What a plug-in's factory or a "package.module:factory" gives; None where there is neither."""
    import torch

    factory: Any = plugin(MODELS, name) if name in plugin_names(MODELS) else None
    if factory is None and (found := _FACTORY.fullmatch(name)):
        try:
            factory = getattr(importlib.import_module(found[1]), found[2])
        except (ImportError, AttributeError) as error:
            raise ModelNotFoundError(
                f"There is no {name!r}: {error}.", "Install the package, or correct the name."
            ) from error
    if factory is None:
        return None
    made = factory()
    if not isinstance(made, torch.nn.Module | Model):
        raise UnsupportedError(
            f"{name!r} must give a torch.nn.Module or a Model, got a {type(made).__name__}."
        )
    return made
