"""Exact labels: a segmenter that never errs, for pictures of a world that it drew itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from inscape import storage
from inscape.errors import ValueRangeError, WorldError
from inscape.pictures import to_tensor, to_uint8
from inscape.scenes import world
from inscape.segmenters.areas import class_areas
from inscape.segmenters.segmenter import check_images

if TYPE_CHECKING:
    from jaxtyping import Float, UInt8
    from numpy.typing import NDArray
    from torch import Tensor

    from inscape.scenes.scene import World


def opened(name: str, device: object = None) -> ExactSegmenter:
    """The exact labels of a world, wherever they are wanted.

    Raises:
        WorldError: There is no such world, or none was named.
    """
    if not name:
        raise WorldError("Exact labels need the name of a world, got none.", "Write 'exact:town'.")
    return ExactSegmenter(world(name))


class ExactSegmenter:
    """Draws scenes of a world, and knows the labels of every picture that it drew.

    Args:
        world: What draws the scenes.
        size: Height and width in pixels.
        rules: Whether the scenes keep the world's rules.

    Example:
        >>> exact = ExactSegmenter(world("town"), size=64)
        >>> labels = exact.segment(exact.images(range(32)))
    """

    def __init__(self, world: World, size: int = 64, *, rules: bool = True) -> None:
        self.name = f"exact:{world.name}"
        self.vocabulary = world.vocabulary
        self._world, self._size, self._rules = world, size, rules
        self._known: dict[str, NDArray[np.uint8]] = {}

    def images(self, seeds: Sequence[int]) -> Float[Tensor, "b 3 h w"]:
        """The pictures of these scenes, RGB in [-1, 1]; their labels are remembered."""
        pictures, labels = self._world.batch(seeds, self._size, rules=self._rules)
        for picture, label in zip(pictures, labels, strict=True):
            self._known[storage.content_key(picture.tobytes())] = label
        return to_tensor(pictures)

    def labels(self, seeds: Sequence[int]) -> UInt8[Tensor, "b plane h w"]:
        """The label maps of these scenes."""
        return torch.from_numpy(self._world.batch(seeds, self._size, rules=self._rules)[1])

    def segment(self, images: Float[Tensor, "b 3 h w"]) -> UInt8[Tensor, "b plane h w"]:
        """The labels that pictures of `images()` were drawn with.

        Args:
            images: RGB in [-1, 1], in any order.

        Raises:
            ShapeError: They are not pictures.
            ValueRangeError: One of them was not drawn by this segmenter.
        """
        check_images(images)
        keys = [storage.content_key(picture.tobytes()) for picture in to_uint8(images)]
        strange = [number for number, key in enumerate(keys) if key not in self._known]
        if strange:
            raise ValueRangeError(
                f"Exact labels are known only for pictures that this segmenter drew; picture {strange[0]} "
                "of the batch is another.",
                "Draw it with images(seeds), or open a trained segmenter.",
            )
        planes = len(self.vocabulary.planes)
        found = [self._known[key] for key in keys]
        labels = np.stack(found) if found else np.zeros((0, planes, *images.shape[2:]), np.uint8)
        return torch.from_numpy(labels).to(images.device)

    def features(self, images: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b dims"]:
        """The fraction of the picture that every concept covers, float32.

        Args:
            images: RGB in [-1, 1], drawn by this segmenter.

        Raises:
            ShapeError: They are not pictures.
            ValueRangeError: One of them was not drawn by this segmenter.
        """
        return class_areas(self.segment(images), self.vocabulary).float().to(images.device)
