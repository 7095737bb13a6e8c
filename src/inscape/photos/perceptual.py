"""A perceptual distance in the features of the shipped segmenter.

Made as LPIPS is (Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", CVPR
2018), of another network: the activations of every level on the way down, scaled to unit length at each
place, and their squared differences. It is called what it is, the segmenter's distance: its numbers cannot be
compared with those of LPIPS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from inscape.segmenters.scene import SceneSegmenter

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

SEGMENTER = "town-segmenter"
_EPSILON = 1e-6


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
            self._target = _directions(segmenter, target)

    def __call__(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, " batch"]:
        """The distance of each picture: 0 for the same picture, at most 4 for each level."""
        levels = zip(_directions(self._segmenter, images), self._target, strict=True)
        gaps = [(one - other).square().sum(1).mean((1, 2)) for one, other in levels]
        return torch.stack(gaps).mean(0)


def segmenter_distance(
    one: Float[Tensor, "batch 3 height width"],
    other: Float[Tensor, "1 3 height width"],
    segmenter: SceneSegmenter,
) -> Float[Tensor, " batch"]:
    """How far pictures are from another, in a segmenter's features (see `SegmenterDistance`)."""
    return SegmenterDistance(segmenter, other)(one)


def _directions(segmenter: SceneSegmenter, images: Tensor) -> list[Tensor]:
    """The activations of every level, of unit length at each place."""
    return [
        level * (level.square().sum(1, keepdim=True) + _EPSILON).rsqrt()
        for level in segmenter.levels(images.clamp(-1, 1))
    ]
