"""View the output of any layer as maps, one for each unit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from inscape.errors import ShapeError
from inscape.models.card import MAPS, TOKENS, VECTORS, Axis

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

_USUAL: dict[int, tuple[Axis, ...]] = {2: VECTORS, 3: TOKENS, 4: MAPS}


def as_maps(
    values: Float[Tensor, "batch ..."], axes: Sequence[Axis] | None = None
) -> Float[Tensor, "batch unit height width"]:
    """A view of a layer's output with the axis of units first: tokens as one column, vectors as one cell.

    Example:
        >>> as_maps(torch.zeros(2, 5, 8), ("token", "unit")).shape
        torch.Size([2, 8, 5, 1])

    Args:
        values: The output of the layer.
        axes: Those of the layer; the usual ones of so many dimensions unless given.

    Raises:
        ShapeError: The output has other dimensions.
    """
    known = _USUAL.get(values.ndim, MAPS) if axes is None else axes
    if values.ndim != len(known) + 1:
        raise ShapeError(
            f"The output of a layer should be [batch, {', '.join(known)}], got {list(values.shape)}."
        )
    maps = values.movedim(known.index("unit") + 1, 1)
    return maps.reshape(*maps.shape, *(1,) * (4 - maps.ndim))
