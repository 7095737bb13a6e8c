"""Pictures that show what units do: those in which each is most active, and pictures without some units.

A search ranks units over pictures that it does not keep. What a person looks at is drawn here, of the few
units that came out best.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Unpack

from inscape.dissection._sprites import resized, strip, two_rows
from inscape.dissection._top import Thumbnails
from inscape.dissection.variants import Looking, Series, bare_units
from inscape.editing import UnitEdit
from inscape.pictures import to_uint8
from inscape.statistics import Quantiles, TopK

if TYPE_CHECKING:
    from inscape.models import Generator

_SHARE = 0.99
"""Of a unit's activations that stay below the region that is marked."""


@dataclass(frozen=True)
class UnitPictures:
    """The pictures in which a unit is most active.

    Attributes:
        unit: Counted from 0.
        seeds: Of the pictures, the strongest first.
        strip: The pictures as one WebP file: above with the unit's top 1 % marked, below plain.
    """

    unit: int
    seeds: tuple[int, ...]
    strip: bytes = field(repr=False)


def unit_pictures(
    model: Generator,
    units: Sequence[int],
    *,
    layer: str | None = None,
    count: int = 6,
    **looking: Unpack[Looking],
) -> list[UnitPictures]:
    """Find and draw the pictures in which each of some units is most active.

    Args:
        model: The generator.
        units: Of the layer.
        layer: The layer; the default one unless given.
        count: Pictures per unit.
        looking: See `Looking`; 1000 images unless it says.

    Raises:
        LayerError, UnitError: There is no such layer or unit.
        CancelledError: The person asked to stop.
    """
    series = Series.of(model, bare_units(model, layer, units).layer, 1000, looking)
    top, levels = TopK(len(units), count), Quantiles(len(units))
    for batch in series.batches("Looking for pictures"):
        maps = batch.maps[:, list(units)].float().cpu()
        top.add(maps, batch.seeds)
        levels.add(maps)
    thresholds, asked = levels.quantiles([_SHARE])[:, 0], Thumbnails(count)
    size, found = asked.size_for(model.image_size), []
    for unit, seeds, threshold in zip(units, top.ids.tolist(), thresholds.tolist(), strict=True):
        batch = series.variants(seeds)
        pictures, regions = list(to_uint8(batch.draw())), list(batch.maps[:, unit].cpu())
        drawn = strip(pictures, regions, threshold, size=size, quality=asked.quality)
        found.append(UnitPictures(unit, tuple(seeds), drawn))
    return found


def pictures_without(
    model: Generator, units: Sequence[int], seeds: Sequence[int], *, layer: str | None = None
) -> bytes:
    """Pictures as they are, above, and with units switched off, below, as one WebP file.

    Args:
        model: The generator.
        units: Of the layer.
        seeds: Of the pictures.
        layer: The layer; the default one unless given.

    Raises:
        LayerError, UnitError: There is no such layer or unit.
    """
    place = bare_units(model, layer, units).layer
    asked, batch = Thumbnails(len(seeds)), Series.of(model, place, len(seeds), {}).variants(seeds)
    size, off = asked.size_for(model.image_size), UnitEdit(place, tuple(units), mode="remove")
    rows = [to_uint8(images) for images in (batch.draw(), batch.edited(off))]
    above, below = ([resized(picture, size) for picture in row] for row in rows)
    return two_rows(above, below, quality=asked.quality)
