"""The influence of an edit: the pixels that it changes in a photo.

The adapted generator draws the picture with and without the edit. Where the two differ visibly the edit has
its influence; islands of it can be taken out, and regions held back, before the edit goes into the photo.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from inscape.errors import RegionError, ShapeError, ValueRangeError
from inscape.pictures import to_tensor

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inscape.regions import Region

STRONG = 5.0
"""ΔE from which a change counts by itself."""
WEAK = 2.0
"""ΔE from which a change counts where it is painted, or hangs together with a strong one."""
FEATHER = 2 / 64
"""Width of the soft border, as a fraction of the picture."""
_EIGHT = np.ones((3, 3), bool)


@dataclass(frozen=True)
class Island:
    """A connected part of an influence.

    Args:
        number: From 1; the island with the largest change is first.
        area: Fraction of the picture.
        change: ΔE summed over its pixels, as a mean over the whole picture.
        box: `(x, y, width, height)` in pixels of the picture.
    """

    number: int
    area: float
    change: float
    box: tuple[int, int, int, int]


@dataclass(frozen=True, eq=False)
class Influence:
    """Where an edit changes a picture, at the generator's resolution.

    Weights are 1 on the islands and a little around them, fall smoothly to 0 over the feather, and are
    exactly 0 beyond. Towards what is held back they fall inside the islands.

    Args:
        weights: float32 `[height, width]` in [0, 1]; where it is 0 the photo's own pixels stay.
        islands: int32 `[height, width]`; 0 none, 1 the island with the largest change, and so on.
        differences: float32 `[height, width]`; ΔE between the pictures with and without the edit.
        held: float32 `[height, width]` in [0, 1]; where it is 1 the photo's own pixels stay whatever changes.
        feather: Width of the soft border, in pixels.
    """

    weights: NDArray[np.float32]
    islands: NDArray[np.int32]
    differences: NDArray[np.float32]
    held: NDArray[np.float32]
    feather: float

    @property
    def area(self) -> float:
        """Fraction of the picture that is not left as it is."""
        return float((self.weights > 0).mean())

    @property
    def parts(self) -> list[Island]:
        """The islands, the one with the largest change first."""
        boxes = ndimage.find_objects(self.islands)
        sums = np.bincount(self.islands.ravel(), self.differences.ravel().astype(np.float64), len(boxes) + 1)
        counts = np.bincount(self.islands.ravel(), minlength=len(boxes) + 1)
        return [
            Island(
                number,
                float(counts[number] / self.islands.size),
                float(sums[number] / self.islands.size),
                (
                    box[1].start,
                    box[0].start,
                    box[1].stop - box[1].start,
                    box[0].stop - box[0].start,
                ),
            )
            for number, box in enumerate(boxes, start=1)
            if box is not None
        ]

    def without(self, numbers: Iterable[int]) -> Influence:
        """The same without some islands: there the photo's own pixels stay.

        Args:
            numbers: Of the islands; those of the others stay as they are.

        Raises:
            RegionError: There is no island of that number.
        """
        chosen = sorted(set(numbers))
        known = [part.number for part in self.parts]
        if strange := [number for number in chosen if number not in known]:
            raise RegionError(
                f"There is no island {strange[0]}.", f"There are {known or 'none'}; see Influence.parts."
            )
        return self._holding(np.isin(self.islands, chosen).astype(np.float32))

    def limited(self, kept: Region) -> Influence:
        """The same outside a region: where `kept` is 1 the photo's own pixels stay.

        Raises:
            RegionError: The region lies outside the picture.
        """
        height, width = self.weights.shape
        return self._holding(kept.mask(height, width, image_size=(height, width)).numpy())

    def _holding(self, more: NDArray[np.float32]) -> Influence:
        held = np.maximum(self.held, more)
        islands = np.where(held < 1, self.islands, 0).astype(np.int32)
        weights = _feathered(islands > 0, held, self.feather)
        return replace(self, weights=weights, islands=islands, held=held)


def influence_of(
    before: NDArray[np.uint8],
    after: NDArray[np.uint8],
    *,
    painted: NDArray[np.float32] | None = None,
    strong: float = STRONG,
    weak: float = WEAK,
    feather: float | None = None,
) -> Influence:
    """Compute the influence of an edit from the pictures with and without it.

    A pixel counts when its colour moved by at least `weak`, and it hangs together with pixels that moved by
    at least `strong`, or that are painted. Holes of what counts are filled where it is painted. Islands
    nearer to one another than the feather are one.

    Args:
        before: Drawn without the edit, uint8 `[height, width, 3]`.
        after: Drawn with it.
        painted: How much is painted where, in [0, 1], `[height, width]`; nothing is known unless given.
        strong: ΔE*ab.
        weak: ΔE*ab.
        feather: Width of the soft border in pixels; 2 for a picture of 64 pixels, in proportion for others.

    Raises:
        ShapeError: The pictures, or what is painted, are of different sizes.
        ValueRangeError: The feather is not above 0.
    """
    from inscape.colour import colour_difference, to_lab

    _check(before, after, painted)
    if feather is not None and not feather > 0:
        raise ValueRangeError(f"The width of a feather must be above 0 pixels, got {feather:g}.")
    lab = to_lab(to_tensor(np.stack([before, after])))
    differences: NDArray[np.float32] = colour_difference(lab[:1], lab[1:])[0].numpy()
    drawn = np.zeros(before.shape[:2], bool) if painted is None else painted > 0
    core = _connected(differences >= weak, (differences >= strong) | drawn)
    core |= ndimage.binary_fill_holes(core) & drawn
    width = FEATHER * max(before.shape[:2]) if feather is None else feather
    held = np.zeros(core.shape, np.float32)
    return Influence(
        _feathered(core, held, width), _numbered(core, differences, width), differences, held, width
    )


def _check(before: NDArray[np.uint8], after: NDArray[np.uint8], painted: NDArray[np.float32] | None) -> None:
    if before.shape != after.shape or before.ndim != 3 or before.shape[2] != 3:
        raise ShapeError(
            "An influence compares two pictures of the same size, uint8 [height, width, 3], got "
            f"{list(before.shape)} and {list(after.shape)}."
        )
    if painted is not None and painted.shape != before.shape[:2]:
        raise ShapeError(
            f"The painted region of a picture must have its shape {list(before.shape[:2])}, got "
            f"{list(painted.shape)}."
        )


def _connected(weak: NDArray[np.bool_], strong: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The connected parts of `weak` in which something is strong."""
    labels, _ = ndimage.label(weak, _EIGHT)
    found = np.unique(labels[strong & weak])
    return np.isin(labels, found[found > 0])


def _numbered(core: NDArray[np.bool_], differences: NDArray[np.float32], feather: float) -> NDArray[np.int32]:
    """Islands numbered by their change, the largest first."""
    near = _distance(core) < feather / 2
    labels, count = ndimage.label(near | core, _EIGHT)
    labels = np.where(core, labels, 0)
    change = ndimage.sum_labels(differences, labels, np.arange(1, count + 1))
    numbers = np.zeros(count + 1, np.int32)
    numbers[1 + np.argsort(-np.asarray(change), kind="stable")] = np.arange(1, count + 1)
    return numbers[labels]


def _feathered(core: NDArray[np.bool_], held: NDArray[np.float32], feather: float) -> NDArray[np.float32]:
    """1 on the core and half a feather around it, 0 from one and a half feathers on, 0 where it is held."""
    outside = _smooth(1.5 - _distance(core) / feather)
    inside = _smooth(_distance(held >= 1) / feather)
    return (outside * inside * (1 - held)).astype(np.float32)


def _distance(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """How far every pixel is from the nearest of a mask, in pixels; infinitely far from none."""
    if not mask.any():
        return np.full(mask.shape, np.inf)
    return np.asarray(ndimage.distance_transform_edt(~mask), np.float64)


def _smooth(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """From 0 at 0 to 1 at 1, flat at both ends and beyond."""
    inside = np.clip(share, 0, 1)
    return inside * inside * (3 - 2 * inside)
