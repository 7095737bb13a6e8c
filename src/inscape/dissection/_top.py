"""The pictures in which each unit is most active, and the strips that show them."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float, Int

from inscape.dissection._kept import KeptArray
from inscape.dissection._pass import Kept
from inscape.dissection._sprites import Sprites, strip
from inscape.dissection.findings import TopPictures
from inscape.progress import Progress


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


def top_pictures(
    kept: Kept,
    layer: str,
    thresholds: Float[np.ndarray, "unit"],
    *,
    count: int,
    size: int,
    quality: int,
    progress: Progress,
) -> TopPictures:
    """Find the top pictures of every unit of a layer and draw their strips.

    Args:
        kept: The pass.
        layer: Name of the layer.
        thresholds: Of every unit; the region shown lies above.
        count: Pictures per unit.
        size: Height and width of each in the strip.
        quality: Of the WebP, 0 to 100.
        progress: Advances by units.
    """
    activations = kept.layer(layer)
    places, peaks = top_places(activations, count)
    strips: list[bytes] = []
    with progress.task(f"Drawing units of {layer}", total=len(places), unit="units") as task:
        for unit, row in enumerate(places):
            pictures = [kept.pictures.rows(int(place), 1)[0] for place in row]
            maps = [torch.from_numpy(activations.unit_of(int(place), unit)) for place in row]
            strips.append(strip(pictures, maps, float(thresholds[unit]), size=size, quality=quality))
            task.advance()
    seeds = torch.tensor(kept.plan.seeds)[torch.from_numpy(places)]
    sprites = Sprites(len(strips), places.shape[1], size, strips.__getitem__)
    return TopPictures(seeds, torch.from_numpy(peaks), sprites)
