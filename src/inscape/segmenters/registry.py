"""Opening segmenters by name."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, cast

from inscape import models
from inscape.errors import ModelNotFoundError, NotFoundError, unknown_name
from inscape.models.plugins import SEGMENTERS, plugin, plugin_names
from inscape.segmenters.segmenter import Segmenter

if TYPE_CHECKING:
    import torch

OWN = {"exact": "inscape.segmenters.exact", "hf": "inscape.segmenters.hub"}
"""Kinds of segmenters that are named KIND or KIND:REST, and the file whose `opened` opens each."""


def segmenter_names() -> list[str]:
    """The names of the shipped segmenters that were trained."""
    return [name for name in models.names() if models.card(name).architecture == "unet"]


def check_shipped(name: str | None) -> None:
    """Refuse a name that none of the shipped segmenters has; None stands for a model's own.

    Raises:
        NotFoundError: There is none of that name.
    """
    if name is not None and name not in segmenter_names():
        raise NotFoundError(*unknown_name("segmenter", name, segmenter_names()))


def open_segmenter(name: str | Path, device: str | torch.device | None = None) -> Segmenter:
    """Open a segmenter.

    Args:
        name: A shipped name ("town-segmenter"), a folder with `card.json` and `weights.safetensors`, or
            "exact:town" for the exact labels of pictures that the segmenter draws itself, or "hf:ORG/NAME"
            for a semantic segmentation network of the Hugging Face hub; or KIND or KIND:REST with a kind that
            an entry point of the group `inscape.segmenters` brings.
        device: Where it runs; a GPU where there is one unless given.

    Raises:
        ModelNotFoundError: No segmenter has this name; the message suggests near names.
        WorldError: "exact:" is followed by no world.
        FormatError: Card or weights are damaged, or it is not a segmenter.
        DeviceError: This machine does not have the device.
    """
    kind, _, rest = str(name).partition(":")
    if kind in OWN:
        return cast(Segmenter, importlib.import_module(OWN[kind]).opened(rest, device))
    known = segmenter_names()
    if str(name) in known or (Path(name) / "card.json").is_file():
        from inscape.segmenters.scene import SceneSegmenter

        return SceneSegmenter(models.open_model(name, device=device))
    if kind in plugin_names(SEGMENTERS) and (opened := plugin(SEGMENTERS, kind)):
        return cast(Segmenter, opened(rest, device))
    raise ModelNotFoundError(*unknown_name("segmenter", str(name), [*known, *plugin_names(SEGMENTERS)]))
