"""A perceptual distance in the features of the shipped segmenter.

Made as LPIPS is (Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", CVPR
2018), of another network: the activations of every level on the way down, scaled to unit length at each
place, and their squared differences. It is called what it is, the segmenter's distance: its numbers cannot be
compared with those of LPIPS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from inscape.segmenters import segmenter_names
from inscape.segmenters.scene import SceneSegmenter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jaxtyping import Float
    from torch import Tensor

    from inscape.models import Card

_EPSILON = 1e-6


def features_of(card: Card) -> str:
    """Name of the segmenter in whose features a generator's pictures are compared with photos.

    The one on its card where that ships, and otherwise the first one that ships: features of colours, edges
    and textures, whatever its labels are.
    """
    shipped = segmenter_names()
    return card.segmenter if card.segmenter in shipped else shipped[0]


class SegmenterDistance:
    """How far pictures are from one picture, in a segmenter's features.

    Gradients flow to the pictures.

    Args:
        segmenter: A scene segmenter; pictures of other sizes are resized to its own.
        target: The picture to compare with, `[1, 3, height, width]`, RGB in [-1, 1].
    """

    def __init__(self, segmenter: SceneSegmenter, target: Float[Tensor, "1 3 height width"]) -> None:
        self._segmenter = segmenter
        with torch.no_grad():
            self._target = segmenter.levels(target.clamp(-1, 1))

    def __call__(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, " batch"]:
        """The distance of each picture: 0 for the same picture, at most 4 for each level."""
        return level_distance(self._segmenter.levels(images.clamp(-1, 1)), self._target)


def segmenter_distance(
    one: Float[Tensor, "batch 3 height width"],
    other: Float[Tensor, "1 3 height width"],
    segmenter: SceneSegmenter,
) -> Float[Tensor, " batch"]:
    """How far pictures are from another, in a segmenter's features (see `SegmenterDistance`)."""
    return SegmenterDistance(segmenter, other)(one)


def level_distance(
    levels: Sequence[Float[Tensor, "batch unit _ _"]], others: Sequence[Float[Tensor, "batch unit _ _"]]
) -> Float[Tensor, " batch"]:
    """Squared difference of activations of unit length, mean over places and then over levels."""
    gaps = [
        (_direction(one) - _direction(other)).square().sum(1).mean((1, 2))
        for one, other in zip(levels, others, strict=True)
    ]
    return torch.stack(gaps).mean(0)


def _direction(level: Tensor) -> Tensor:
    level = level.float()
    return level * (level.square().sum(1, keepdim=True) + _EPSILON).rsqrt()
