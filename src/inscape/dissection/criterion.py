"""When a unit matches a concept: the one criterion of every count, list and brush."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jaxtyping import Bool
from torch import Tensor

if TYPE_CHECKING:
    from inscape.dissection.unit_values import UnitValues

LEAST_INFORMATION = 0.01
"""The least information quality ratio of a detector in GAN Dissection; here beyond that of the place."""

_ERRORS = 2.0


def matching(values: UnitValues, miniou: float) -> Bool[Tensor, "concept unit"]:
    """Which units match which concepts.

    A network with random weights has units that look like concepts, because the sky is above and the grass
    below, and because its latent sets the colours of the picture as well as its units. So a unit matches a
    concept only where it agrees with the labels of its own pictures better than with those of other
    pictures, which keep the place:

    - `iou_best` is above `miniou`, and above its chance level by more than two standard errors of that level;
    - the unit says more of the concept than the place alone says, by an information quality ratio of 0.01.
      The first condition alone does not do: with enough pictures any dependence is significant.

    What a report of earlier versions does not hold counts as 0.

    Args:
        values: Of a dissection.
        miniou: The least IoU.
    """
    level = values.chance if values.chance_error is None else values.chance + _ERRORS * values.chance_error
    found = values.iou_best > level.clamp_min(miniou)
    if values.information is None:
        return found
    place = values.information_of_place
    return found & (values.information - (0.0 if place is None else place) > LEAST_INFORMATION)
