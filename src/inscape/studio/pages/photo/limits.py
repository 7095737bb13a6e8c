"""Strokes on a photo that limit what the others influence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from inscape.regions import Region
from inscape.studio.painter import Mark

if TYPE_CHECKING:
    from numpy.typing import NDArray


def kept_region(marks: Iterable[Mark], size: int) -> Region | None:
    """Where the photo stays as it is; `None` where nothing was said."""
    masks = [_mask(mark.region, size) for mark in marks if mark.mode == "keep"]
    return Region(values=np.maximum.reduce(masks)) if masks else None


def dropped_islands(islands: NDArray[np.int32], marks: Sequence[Mark]) -> dict[int, list[str]]:
    """The islands that were dropped, by number, with the strokes that drop them.

    An island is dropped where most of it lies under the region that it had when it was dropped. It is back
    when somebody paints into it afterwards, or when it has grown to more than twice that.
    """
    size = len(islands)
    found: dict[int, list[str]] = {}
    for place, mark in enumerate(marks):
        if mark.mode != "drop":
            continue
        under = islands[_mask(mark.region, size) >= 0.5]
        later = [_mask(each.region, size) >= 0.5 for each in marks[place + 1 :] if each.edit is not None]
        for number in map(int, np.unique(under[under > 0])):
            island = islands == number
            mostly = 2 * np.count_nonzero(under == number) >= np.count_nonzero(island)
            if mostly and not any((island & painted).any() for painted in later):
                found.setdefault(number, []).append(mark.name)
    return found


def _mask(region: Region, size: int) -> NDArray[np.float32]:
    return np.asarray(region.mask(size, size, image_size=size), np.float32)
