"""Paint: make an edit from units and a region."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inscape.dissection.insertion import Value, insertion_values
from inscape.editing import UnitEdit

if TYPE_CHECKING:
    from inscape.dissection import UnitSet
    from inscape.regions import Region


def paint(
    units: UnitSet,
    region: Region,
    *,
    strength: float = 1.0,
    remove: bool = False,
    value: Value = "quantile",
) -> UnitEdit:
    """Draw with units inside a region, or switch them off there.

    Example:
        >>> doors = report.units("door", top=20)
        >>> edit = inscape.paint(doors, inscape.box(20, 30, 8, 12))
        >>> after = model.render(picture.latent, edits=[edit])

    Args:
        units: From a report: `report.units("door")`, or hand-picked with `report.unit_set([3, 5])`.
        region: Where to paint, for instance `inscape.box(x, y, width, height)` in pixels.
        strength: From 0 (nothing changes) to 1.
        remove: Switch the units off instead of drawing with them.
        value: Value of the units: "quantile", their 99 % quantile (as in GANPaint); "mean", their mean where
            the concept is; a number between 0 and 1, the quantile of that level.

    Raises:
        ValueRangeError: The strength is out of range, or the set does not hold that quantile.
    """
    values = None if remove else insertion_values(units, value)
    return UnitEdit(
        units.layer,
        units.units,
        values,
        region,
        strength,
        "remove" if remove else "draw",
        units.concept or "",
    )
