"""Values at some places of sorted rows, of which only what lies above the last place is looked at again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from inscape.types import Array


def in_order(values: Float[np.ndarray, "row value"], places: Sequence[int]) -> Float[np.ndarray, "place row"]:
    """What stands at some places when each row is sorted.

    Args:
        values: They are put in another order.
        places: From 0, in any order.
    """
    found: Array = np.empty((len(places), len(values)), dtype=values.dtype)
    for row, own in enumerate(values):
        start, above = 0, own
        for number in sorted(range(len(places)), key=places.__getitem__):
            above.partition(places[number] - start)
            above, start = above[places[number] - start :], places[number]
            found[number, row] = above[0]
    return found
