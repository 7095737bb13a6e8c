"""Values of units that are switched on, for insertions and brushes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import torch

from inscape.errors import ValueRangeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inscape.dissection.unit_set import UnitSet

Value: TypeAlias = Literal["mean", "quantile"] | float
"""The value of units that are switched on; see `insertion_values`."""

QUANTILE = 0.99
"""The level that "quantile" stands for, as GANPaint has it."""


def insertion_values(units: UnitSet, value: Value = "quantile") -> NDArray[np.float32]:
    """The value of each unit of a set when it is switched on.

    Args:
        units: The set.
        value: "mean", their mean where the concept is (GAN Dissection's insertion value); "quantile", their
            99 % quantile; a number between 0 and 1, the quantile of that level.

    Raises:
        ValueRangeError: The set holds no values at all, or not that quantile.
    """
    if not bool(torch.isfinite(units.conditional_mean).all()):
        raise ValueRangeError(
            "Units without a dissection have no values to switch them on with.",
            "Take them from a report: report.unit_set([3, 5]).",
        )
    if value == "mean":
        return np.asarray(units.conditional_mean.cpu(), np.float32)
    if isinstance(value, str) and value != "quantile":
        raise ValueRangeError(f"The value is 'mean', 'quantile' or a level between 0 and 1, got {value!r}.")
    level = QUANTILE if value == "quantile" else float(value)
    for known, values in units.quantile.items():
        if abs(known - level) < 1e-9:
            return np.asarray(values.cpu(), np.float32)
    levels = ", ".join(f"{known:g}" for known in sorted(units.quantile)) or "none"
    raise ValueRangeError(f"These units have no quantile at level {level:g}; known: {levels}.")
