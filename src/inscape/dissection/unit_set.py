"""A set of units of one layer, with the values that a brush inserts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from jaxtyping import Float
from torch import Tensor

from inscape.errors import UnitError, ValueRangeError


def check_units(units: Sequence[int], layer: str, count: int) -> None:
    """Refuse units that a layer does not have.

    Raises:
        UnitError: None was given, one is not in the layer, or one is named twice.
    """
    outside = [unit for unit in units if not 0 <= unit < count]
    if outside or not units or len(set(units)) != len(units):
        came = f"got {outside[:5]}" if outside else "got a unit twice" if units else "got none"
        raise UnitError(f"Layer {layer!r} has units 0 to {count - 1}. Name each unit once; {came}.")


@dataclass(frozen=True, eq=False)
class UnitSet:
    """A set of units of one layer, with their usual values.

    Attributes:
        model: Name of the model that was dissected.
        layer: Name of the layer.
        units: Channel indices, counted from 0, best first.
        concept: The concept that they were chosen for. `None` for hand-picked units.
        conditional_mean: The mean feature of each unit where the concept is, weighted with the fraction of
            the cell that the concept covers (GAN Dissection's insertion value). Hand-picked units each have
            that of their own best concept.
        quantile: The value that a fraction of the unit's activations stay below, by that fraction.
    """

    model: str
    layer: str
    units: tuple[int, ...]
    concept: str | None
    conditional_mean: Float[Tensor, "unit"]
    quantile: Mapping[float, Float[Tensor, "unit"]] = field(default_factory=dict)

    def __len__(self) -> int:
        """The number of units."""
        return len(self.units)

    def __repr__(self) -> str:
        """Layer, concept and the first units."""
        shown = ", ".join(map(str, self.units[:6])) + (", …" if len(self.units) > 6 else "")
        return f"<{len(self.units)} units of {self.layer} for {self.concept or 'hand-picked'}: {shown}>"

    def first(self, count: int) -> UnitSet:
        """The best `count` units of the set.

        Raises:
            ValueRangeError: `count` is less than 1.
        """
        if count < 1:
            raise ValueRangeError(f"A set needs at least one unit, got {count}.")
        return UnitSet(
            self.model,
            self.layer,
            self.units[:count],
            self.concept,
            self.conditional_mean[:count],
            {level: values[:count] for level, values in self.quantile.items()},
        )
