"""Semantic segmentation networks of the Hugging Face hub as segmenters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from inscape.errors import UnsupportedError
from inscape.models import open_model
from inscape.models.hub import Pictures
from inscape.segmenters.segmenter import check_images

if TYPE_CHECKING:
    from jaxtyping import Float, UInt8
    from torch import Tensor

    from inscape.concepts import Vocabulary
    from inscape.models.model import Model

_AT_ONCE = 8


def opened(name: str, device: str | torch.device | None = None) -> HubSegmenter:
    """A semantic segmentation network by its name on the hub; the errors are those of `open_model`."""
    return HubSegmenter(open_model(f"hf:{name}", device=device))


class HubSegmenter:
    """One plane, "object", with the labels of the network.

    Pictures are resized to the size that the network was trained at, and its logits back to theirs.

    Args:
        model: A semantic segmentation network, from `inscape.open("hf:...")`.

    Raises:
        UnsupportedError: It is something else.
    """

    def __init__(self, model: Model) -> None:
        if not model.card.concepts or model.card.image_size is None or not isinstance(model.module, Pictures):
            raise UnsupportedError(
                f"{model.name!r} is a {model.card.architecture}, which labels no pixels.",
                "Name a network for semantic segmentation.",
            )
        self.name = str(model.card.config["source"])
        self.vocabulary: Vocabulary = model.card.vocabulary
        self.image_size: int = model.card.image_size
        self._module: Pictures = model.module

    @torch.inference_mode()
    def segment(self, images: Float[Tensor, "b 3 h w"]) -> UInt8[Tensor, "b plane h w"]:
        """The most likely label of every pixel, at the pictures' own resolution; none has "none".

        Raises:
            ShapeError: They are not pictures.
        """
        check_images(images)
        labels = [
            functional.interpolate(self._module(part), images.shape[2:], mode="bilinear").argmax(1) + 1
            for part in self._parts(images)
        ]
        return torch.cat(labels)[:, None].to(images.device, torch.uint8)

    def probability(self, images: Float[Tensor, "b 3 h w"], concept: str) -> Float[Tensor, "b h w"]:
        """How likely a concept is at every pixel, 0 to 1; gradients flow to the pictures.

        Raises:
            ShapeError: They are not pictures.
            ConceptError: There is no such concept.
        """
        check_images(images)
        number = self.vocabulary.index(concept) - 1
        likely = [self._module(part).softmax(1)[:, number, None] for part in self._parts(images)]
        whole = functional.interpolate(torch.cat(likely), images.shape[2:], mode="bilinear")
        return whole[:, 0].to(images.device)

    @torch.inference_mode()
    def features(self, images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b dims"]:
        """Mean of every unit of all hidden states.

        Raises:
            ShapeError: They are not pictures.
        """
        check_images(images)
        rows = []
        for part in self._parts(images):
            out = self._module.network(self._module.normalized(part), output_hidden_states=True)
            rows.append(torch.cat([_mean(state) for state in out.hidden_states], dim=1).float())
        return torch.cat(rows).to(images.device)

    def _parts(self, images: Tensor) -> list[Tensor]:
        device = next(self._module.parameters()).device
        size = (self.image_size, self.image_size)
        return [
            functional.interpolate(part.to(device), size, mode="bilinear", antialias=True)
            for part in images.float().split(_AT_ONCE)
        ]


def _mean(state: Tensor) -> Tensor:
    """Over places: maps `[batch, unit, height, width]`, or tokens `[batch, token, unit]`."""
    return state.mean(dim=(2, 3)) if state.ndim == 4 else state.mean(dim=1)
