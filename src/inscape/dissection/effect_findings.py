"""What an effect measured."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class EffectFindings:
    """What a set of units causes.

    Areas are means over all pictures, as fractions of the picture. Relative changes are -1 where nothing is
    left and `None` where there was nothing to begin with.

    Attributes:
        model: Name of the model.
        layer: Name of the layer.
        units: The set, in the order in which the curve switches them off.
        concept: What was measured.
        images: Pictures looked at.
        seed: Seed of the first; the others follow.
        area_before: Area of the concept in unchanged pictures.
        area_after: Area with all units of the set off.
        relative_change: `area_after / area_before - 1`.
        interval: 95 % interval of that over the choice of pictures (bootstrap).
        control: The same for random sets: `{sets, relative_change, interval, each}`; the interval holds 95 %
            of the sets.
        curve: `[units off, relative change]` from 0 units to all.
        appears: What stands where the concept was, as fractions of the pixels that it left.
        elsewhere: Fraction of all other pixels whose label changed: `{units, control}`.
        concepts: For every concept of the vocabulary `{before, after, relative_change, control}`.
        insertion: Where asked for, the set switched on everywhere:
            `{area, relative_change, effect, control}`, where `effect` is the average causal effect,
            (area on - area off) / area before.
        strip: Pictures with 0 units off, then more, uint8 `[picture, step, height, width, 3]`.
        strip_seeds: Seeds of the strip's pictures.
        classes: Those of a conditional generator that were drawn; all where there are none.
    """

    model: str
    layer: str
    units: tuple[int, ...]
    concept: str
    images: int
    seed: int
    area_before: float
    area_after: float
    relative_change: float | None
    interval: tuple[float, float] | None
    control: dict[str, Any]
    curve: list[tuple[int, float | None]]
    appears: dict[str, float]
    elsewhere: dict[str, float | None]
    concepts: dict[str, dict[str, float | None]]
    insertion: dict[str, Any] | None
    strip: NDArray[np.uint8] = field(repr=False)
    strip_seeds: tuple[int, ...] = ()
    classes: tuple[int, ...] = ()
