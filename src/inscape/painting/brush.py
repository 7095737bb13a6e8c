"""Brushes: units and the way they paint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from inscape.dissection.insertion import Value, insertion_values
from inscape.errors import ConceptError, ValueRangeError
from inscape.painting.paint import paint

if TYPE_CHECKING:
    from inscape.dissection import DissectionReport, Rank, UnitSet
    from inscape.editing import UnitEdit
    from inscape.regions import Region

DEFAULT_UNITS = 20


def concept_units(
    report: DissectionReport, concept: str, top: int = DEFAULT_UNITS, *, rank: Rank | None = None
) -> UnitSet:
    """The first units of a concept, to paint with; in the order of `report.order`.

    A brush needs a unit that matches the concept. The unit may match another concept better: for trees, for
    instance, poplars.

    Raises:
        ConceptError: The report knows no such concept, no unit of the layer matches it, or the report does
            not hold what units are to be ordered by.
    """
    order, matched = report.order(concept, rank), report.matches
    if concept not in matched:
        raise ConceptError(
            f"No unit of {report.layer!r} of {report.model!r} matches {concept!r}, so no unit can paint it.",
            f"Concepts with units: {', '.join(matched) or 'none'}. Units can also be picked by number.",
        )
    return report.units(concept, top, rank=order.rank)


@dataclass(frozen=True)
class Brush:
    """Units that paint together.

    Args:
        name: The display name: the concept, or a name for hand-picked units.
        units: Best first.
        strength: From 0 to 1.
        value: Value of the units: "mean", "quantile" or a level, as in `paint`.
    """

    name: str
    units: UnitSet
    strength: float = 1.0
    value: Value = "quantile"

    def __post_init__(self) -> None:
        """Check the strength and that the value is one the units have."""
        if not 0 <= self.strength <= 1:
            raise ValueRangeError(f"The strength of a brush lies between 0 and 1, got {self.strength}.")
        insertion_values(self.units, self.value)

    @classmethod
    def from_report(cls, report: DissectionReport, concept: str, *, top: int = DEFAULT_UNITS) -> Brush:
        """The brush of a concept: the units that match it best.

        Raises:
            ConceptError: The report knows no such concept, or no unit counts for it.
        """
        return cls(concept, concept_units(report, concept, top))

    @classmethod
    def of_units(cls, report: DissectionReport, units: Sequence[int], *, name: str = "") -> Brush:
        """A brush of hand-picked units.

        Raises:
            UnitError: The layer has no such unit.
        """
        return cls(name or "units " + ", ".join(map(str, units[:6])), report.unit_set(list(units)))

    def with_units(self, count: int) -> Brush:
        """The same brush with its best `count` units only."""
        return replace(self, units=self.units.first(count))

    def draw(self, region: Region) -> UnitEdit:
        """The edit that draws with this brush."""
        return paint(self.units, region, strength=self.strength, value=self.value)

    def remove(self, region: Region) -> UnitEdit:
        """The edit that switches this brush's units off."""
        return paint(self.units, region, strength=self.strength, remove=True)
