"""An object drawn into boxes that a person might draw, somewhere on something.

Beside `placement`, which tries every cell of a grid: here each picture has one box at random, and the height
of what comes is compared with the height of what the box stands on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Unpack

import numpy as np
import torch

from inscape.dissection.insertion import Value
from inscape.dissection.placement import ready
from inscape.dissection.variants import Looking, Series
from inscape.regions import box

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inscape.dissection.unit_set import UnitSet
    from inscape.models import Generator
    from inscape.segmenters import Segmenter


@dataclass(frozen=True)
class RoughPlace:
    """A box that a person might draw, and what it is put on.

    Args:
        on: The concept that it is put on, or "none".
        size: Width and height of the box in pixels.
        least: How much of the box that covers.
        support: Concepts that belong to the thing the box stands on; `on` is always among them.
    """

    on: str
    size: tuple[int, int]
    least: float = 0.8
    support: Sequence[str] = ()


@dataclass(frozen=True)
class RoughBox:
    """What came of a rough box in one picture.

    Args:
        seed: The picture.
        rectangle: `(x, y, width, height)` in pixels.
        before: Fraction of the box that the concept covered.
        after: Share that it covers with the units on in the box.
        height: Height in pixels of the object that then stands in the box; 0 where there is none.
        support: Height in pixels of what the box was put on: the connected thing below most of it.
    """

    seed: int
    rectangle: tuple[int, int, int, int]
    before: float
    after: float
    height: int
    support: int


def rough_boxes(
    model: Generator,
    units: UnitSet,
    where: RoughPlace,
    *,
    value: Value = "quantile",
    **looking: Unpack[Looking],
) -> list[RoughBox]:
    """Draw the units' concept into a box that a person might draw, somewhere on something.

    In each picture the box stands at random among all places that are as asked for and have nothing of the
    concept; pictures without such a place are left out.

    Args:
        model: The generator.
        units: The set; its concept is what should come.
        where: The box, and what it is put on.
        value: What the units become, as for painting.
        looking: See `Looking`; as many pictures with such a place are looked for, 500 unless it says, among
            ten times as many.

    Raises:
        ConceptError: The segmenter knows no such concept.
        ValueRangeError: The units have no such values.
    """
    series = Series.of(model, units.layer, 500, looking)
    images = series.images
    (concept, values), reader = ready(series, units, value), series.reader
    plane, number = reader.vocabulary.plane_of(concept), reader.vocabulary.index(concept)
    held = [_number(reader, name) for name in (where.on, *where.support)]
    random = np.random.RandomState(series.seed % 2**32)
    grid, found = series.layer.size, []
    for batch in replace(series, images=10 * images).batches("Searching for regions"):
        before = reader.segment(batch.draw())[:, plane].cpu().numpy()
        boxes = [_free_place(labels, held[0], number, where, random) for labels in before]
        weights = torch.stack(
            [
                torch.zeros(grid, grid)
                if place is None
                else box(*place).mask(grid, grid, image_size=model.image_size)
                for place in boxes
            ]
        )
        after = reader.segment(batch.painted(units.units, values, weights))[:, plane].cpu().numpy()
        for index, place in enumerate(boxes):
            if place is not None:
                labels = (before[index] == number, after[index] == number, np.isin(before[index], held))
                found.append(_outcome(batch.seeds[index], place, labels))
        if len(found) >= images:
            break
    return found[:images]


def _number(reader: Segmenter, name: str) -> int:
    return 0 if name == "none" else reader.vocabulary.index(name)


def _free_place(
    labels: NDArray[np.uint8], on: int, concept: int, where: RoughPlace, random: np.random.RandomState
) -> tuple[int, int, int, int] | None:
    """A random box that stands where it should and has nothing of the concept in it."""
    width, height = where.size
    fits = _window_mean(labels == on, width, height) >= where.least
    free = _window_mean(labels == concept, width, height) == 0
    places = np.argwhere(fits & free)
    if not len(places):
        return None
    y, x = places[random.randint(len(places))]
    return int(x), int(y), width, height


def _window_mean(mask: NDArray[np.bool_], width: int, height: int) -> NDArray[np.float64]:
    """Mean of a mask over the window that has its top left corner at each pixel where it fits."""
    total = np.pad(mask.astype(np.int64).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    lower = total[height:, width:] - total[height:, :-width]
    upper = total[:-height, width:] - total[:-height, :-width]
    means: NDArray[np.float64] = (lower - upper) / (width * height)
    return means


def _outcome(seed: int, place: tuple[int, int, int, int], labels: tuple[NDArray[np.bool_], ...]) -> RoughBox:
    x, y, width, height = place
    window = slice(y, y + height), slice(x, x + width)
    before, after, support = labels
    return RoughBox(
        seed,
        place,
        float(before[window].mean()),
        float(after[window].mean()),
        component_height(after, window),
        component_height(support, window),
    )


def component_height(mask: NDArray[np.bool_], window: tuple[slice, slice]) -> int:
    """Height in pixels of the connected part of a mask that covers most of a window; 0 for none."""
    from scipy import ndimage

    parts, _ = ndimage.label(mask)
    inside = np.bincount(parts[window].ravel())
    inside[0] = 0
    if not inside.any():
        return 0
    rows = np.flatnonzero((parts == inside.argmax()).any(1))
    return int(rows[-1] - rows[0] + 1)


def rank_correlation(
    first: Sequence[float], second: Sequence[float], *, shuffles: int = 1000
) -> tuple[float, float]:
    """Spearman's rank correlation, and the 97.5 % level of it when one side is shuffled."""
    from scipy import stats

    left, right = stats.rankdata(first), stats.rankdata(second)
    if len(left) < 3 or left.std() == 0 or right.std() == 0:
        return 0.0, 1.0
    random = np.random.RandomState(0)
    shuffled = [float(np.corrcoef(left, random.permutation(right))[0, 1]) for _ in range(shuffles)]
    return float(np.corrcoef(left, right)[0, 1]), float(np.quantile(shuffled, 0.975))


def pairs(boxes: Sequence[RoughBox]) -> Iterator[tuple[int, int]]:
    """Height of the object and of what it stands on, for every box in which an object came."""
    return ((found.height, found.support) for found in boxes if found.height)
