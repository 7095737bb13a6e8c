"""The pictures in which each unit is most active, and the strips that show them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int

from inscape.dissection._kept import KeptArray
from inscape.dissection._pass import Kept
from inscape.dissection._sprites import Sprites, strip
from inscape.dissection.findings import TopPictures
from inscape.errors import ValueRangeError
from inscape.progress import Progress

_WIDEST_STRIP = 16_383
"""Pixels that a WebP file can be wide."""


def top_places(
    activations: KeptArray, count: int
) -> tuple[Int[np.ndarray, "unit rank"], Float[np.ndarray, "unit rank"]]:
    """The pictures with the highest peak of each unit, best first, and the peaks; ties by the lower place."""
    peaks = np.concatenate(
        [
            activations.rows(first, min(64, len(activations) - first)).max(axis=(2, 3))
            for first in range(0, len(activations), 64)
        ]
    )
    order = np.argsort(-peaks, axis=0, kind="stable")[: min(count, len(peaks))].T
    return np.ascontiguousarray(order), np.take_along_axis(peaks.T, order, axis=1)


@dataclass(frozen=True)
class Thumbnails:
    """How the top pictures of a unit are kept.

    Attributes:
        count: Pictures per unit.
        size: Height and width of each in pixels; that of the pictures unless given, from 128 to 256.
        quality: Of the WebP, 0 to 100.
    """

    count: int = 8
    size: int | None = None
    quality: int = 82

    def __post_init__(self) -> None:
        """Check the count."""
        if self.count < 1:
            raise ValueRangeError(f"At least one top picture is kept per unit, got {self.count}.")

    def size_for(self, pictures: int) -> int:
        """The size that suits pictures of so many pixels where none was asked for."""
        return self.size or max(1, min(256, max(128, pictures), _WIDEST_STRIP // self.count))


def top_pictures(
    kept: Kept, layer: str, thresholds: Float[np.ndarray, "unit"], asked: Thumbnails, progress: Progress
) -> TopPictures:
    """Find the top pictures of every unit of a layer and draw their strips.

    Args:
        kept: The pass.
        layer: Name of the layer.
        thresholds: Of every unit; the region shown lies above.
        asked: How many pictures there are of each, and how large.
        progress: Advances by units.
    """
    activations, size = kept.layer(layer), asked.size_for(kept.pictures.shape[1])
    places, peaks = top_places(activations, asked.count)
    strips: list[bytes] = []
    with progress.task(f"Drawing units of {layer}", total=len(places), unit="units") as task:
        for unit, row in enumerate(places):
            pictures = [kept.pictures.rows(int(place), 1)[0] for place in row]
            maps = [torch.from_numpy(activations.unit_of(int(place), unit)) for place in row]
            strips.append(strip(pictures, maps, float(thresholds[unit]), size=size, quality=asked.quality))
            task.advance()
    numbers = torch.tensor(kept.plan.numbers)[torch.from_numpy(places)]
    sprites = Sprites(len(strips), places.shape[1], size, strips.__getitem__)
    return TopPictures(numbers, torch.from_numpy(peaks), sprites)
