"""Opening segmenters by name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from inscape import models
from inscape.errors import ModelNotFoundError, WorldError, unknown_name
from inscape.segmenters.segmenter import Segmenter

if TYPE_CHECKING:
    import torch

EXACT = "exact:"


def segmenter_names() -> list[str]:
    """The names of the shipped segmenters that were trained."""
    return [name for name in models.names() if models.card(name).architecture == "unet"]


def open_segmenter(name: str | Path, device: str | torch.device | None = None) -> Segmenter:
    """Open a segmenter.

    Args:
        name: A shipped name ("town-segmenter"), a folder with `card.json` and `weights.safetensors`, or
            "exact:town" for the exact labels of pictures that the segmenter draws itself, or "hf:ORG/NAME"
            for a semantic segmentation network of the Hugging Face hub.
        device: Where it runs; a GPU where there is one unless given.

    Raises:
        ModelNotFoundError: No segmenter has this name; near names are given.
        WorldError: "exact:" is followed by no world.
        FormatError: Card or weights are damaged, or it is no segmenter.
        DeviceError: This machine does not have the device.
    """
    if str(name).startswith(EXACT):
        return _exact(str(name).removeprefix(EXACT))
    if str(name).startswith("hf:"):
        from inscape.segmenters.hub import HubSegmenter

        return HubSegmenter(models.open_model(name, device=device))
    known = segmenter_names()
    if str(name) not in known and not (Path(name) / "card.json").is_file():
        raise ModelNotFoundError(*unknown_name("segmenter", str(name), known))
    from inscape.segmenters.scene import SceneSegmenter

    return SceneSegmenter(models.open_model(name, device=device))


def _exact(name: str) -> Segmenter:
    from inscape.scenes import world
    from inscape.segmenters.exact import ExactSegmenter

    if not name:
        raise WorldError("Exact labels are those of a world, and none was named.", "Say 'exact:town'.")
    return ExactSegmenter(world(name))
