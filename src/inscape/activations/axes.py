"""View the output of any layer as maps, one for each unit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from inscape.errors import ShapeError, UnsupportedError
from inscape.models.card import MAPS, TOKENS, VECTORS, Axis

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

_MOST_EXTRA = 8
"""Tokens besides those of the picture's patches: of the class, of distillation, registers."""
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


def token_grid(tokens: int) -> tuple[int, int]:
    """How the tokens of a square picture lie: how many stand before its patches, and patches in a row.

    Example:
        >>> token_grid(197)
        (1, 14)

    Raises:
        UnsupportedError: No few tokens before a square of patches make that number.
    """
    side = math.isqrt(max(0, tokens))
    extra = tokens - side**2
    if side == 0 or extra > _MOST_EXTRA:
        raise UnsupportedError(
            f"{tokens} tokens are no square of patches with up to {_MOST_EXTRA} other tokens before them.",
            "Name a layer of maps [batch, unit, height, width], or of vectors.",
        )
    return extra, side


def as_grid(
    values: Float[Tensor, "batch ..."], axes: Sequence[Axis] | None = None
) -> Float[Tensor, "batch unit height width"]:
    """As `as_maps`, with the tokens of a picture's patches in their rows; others, as of the class, left out.

    Raises:
        ShapeError: The output has other dimensions.
        UnsupportedError: The tokens are no square of patches.
    """
    maps = as_maps(values, axes)
    known = _USUAL.get(values.ndim, MAPS) if axes is None else axes
    if "token" not in known:
        return maps
    extra, side = token_grid(maps.shape[2])
    return maps[:, :, extra:].reshape(*maps.shape[:2], side, side)
