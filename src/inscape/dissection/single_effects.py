"""What each unit of a layer causes alone: the area of every concept with that unit off."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from inscape.dissection._kept import filled
from inscape.dissection.variants import BATCH, Series
from inscape.editing import UnitEdit
from inscape.parallel import pieces_of
from inscape.progress import SilentProgress
from inscape.segmenters.areas import class_areas

if TYPE_CHECKING:
    from inscape.dissection._kept import KeptArrays
    from inscape.dissection.variants import Variants
    from inscape.segmenters import Segmenter

_UNITS_AT_ONCE = 8
_AREAS = "areas"


@dataclass(frozen=True)
class _OfUnits:
    """Areas `[unit, picture, concept]` with each of some units off; one after the last changes nothing."""

    series: Series
    reader: Segmenter
    side_by_side: bool = False

    def __call__(self, units: range) -> Float[np.ndarray, "unit picture concept"]:
        numbers = self.series.numbers
        batches = [numbers[start : start + BATCH] for start in range(0, len(numbers), BATCH)]
        return np.concatenate([self._areas(self.series.variants(some), units) for some in batches], axis=1)

    def _areas(self, batch: Variants, units: range) -> Float[np.ndarray, "unit picture concept"]:
        rows = []
        for unit in units:
            off = unit < batch.layer.units
            edits = [UnitEdit(batch.layer.name, (unit,), mode="remove")] if off else []
            labels = self.reader.segment(batch.edited(*edits))
            rows.append(class_areas(labels, self.reader.vocabulary).numpy())
        return np.stack(rows)


def single_effects(series: Series, kept: KeptArrays) -> Float[np.ndarray, "concept unit"]:
    """The relative change of every concept's area when one unit alone is off everywhere.

    Units that were measured before a run was stopped are read from its folder.

    Args:
        series: The pictures, and who works and is told.
        kept: Holds the areas, by unit; one longer than the layer has units.

    Returns:
        -1 where nothing is left; NaN for concepts that these pictures do not show.

    Raises:
        CancelledError: The person cancelled; what is done is kept.
    """
    reader, count = series.reader, series.layer.units
    work = _OfUnits(replace(series, segmenter=None, progress=None, executor=None), reader)
    pieces = pieces_of(range(count + 1), _UNITS_AT_ONCE)
    progress = series.progress or SilentProgress()
    with progress.task("Switching single units off", count + 1, "steps") as task:
        areas = filled(kept, _AREAS, pieces, work, series.executor, task).mean(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        change = np.where(areas[-1] > 0, areas[:-1] / areas[-1] - 1, np.nan)
    return np.ascontiguousarray(change.T)
