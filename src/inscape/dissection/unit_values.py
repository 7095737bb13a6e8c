"""What units usually are, and how they agree with concepts."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True, eq=False)
class UnitValues:
    """What units usually are, for brushes; over the raw activations of all pictures.

    Attributes:
        levels: Fractions of the quantiles, ascending.
        quantiles: The value that this fraction of a unit's activations stay below.
        mean: Over everything.
        conditional_mean: By concept in the vocabulary's order: mean of the activation weighted with the
            fraction of the cell that the concept covers; the overall mean where it never occurs.
        iou: Intersection over union at the top 1 % for every concept.
        iou_best: The same at the level of highest information quality ratio.
        chance: 99th percentile of `iou_best` on shuffled label maps.
        information: How much "hot" says about "labelled" at that level, the information quality ratio in
            [0, 1], in the pictures that `iou_best` is measured on. `None` in reports of before it was kept.
        chance_error: Standard error of `chance`. `None` in reports of before it was kept.
        information_of_place: `information` with the label maps of other pictures: what the usual place of a
            concept alone makes the unit say of it. `None` in reports of before it was kept.
    """

    levels: tuple[float, ...]
    quantiles: Float[Tensor, "level unit"]
    mean: Float[Tensor, "unit"]
    conditional_mean: Float[Tensor, "concept unit"]
    iou: Float[Tensor, "concept unit"]
    iou_best: Float[Tensor, "concept unit"]
    chance: Float[Tensor, "concept unit"]
    information: Float[Tensor, "concept unit"] | None = None
    chance_error: Float[Tensor, "concept unit"] | None = None
    information_of_place: Float[Tensor, "concept unit"] | None = None
