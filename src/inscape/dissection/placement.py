"""Where an object can be drawn: units switched on in one cell of a grid at a time.

After the door experiment of GAN Dissection (Bau et al., PNAS 2020, figure 5): units are inserted in every
cell of a coarse grid, one cell at a time, and what comes of it is listed by what stood in that cell. A
generator that has learnt where doors belong refuses to draw one in the sky, however strongly its door units
are driven.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Unpack

import numpy as np
import torch

from inscape.dissection.insertion import Value, insertion_values
from inscape.dissection.variants import BATCH, Looking, Series, Variants, no_comparison
from inscape.errors import ConceptError, ValueRangeError
from inscape.regions import box
from inscape.reports import Report, percent
from inscape.reports.arrays import Numbers
from inscape.types import JsonObject

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pandas import DataFrame
    from torch import Tensor

    from inscape.dissection.unit_set import UnitSet
    from inscape.models import Generator
    from inscape.segmenters import Segmenter

_LEVEL = 0.99


@dataclass(frozen=True, eq=False)
class PlacementReport(Report):
    """Where units can draw their object.

    A gain is the fraction of a cell that the concept takes over: its fraction of the cell with the units on
    minus its share before.

    Attributes:
        model: Name of the model.
        layer: Name of the layer.
        units: The units.
        concept: The concept that they draw.
        images: Number of pictures.
        seed: Seed of the first.
        grid: Cells along each side of the picture.
        by_label: For every label that covers most of some cell, `{places, gain, control, interval}`: cells,
            mean gain, and mean and 95 % interval of the mean gains of random sets of as many units outside
            the set (None where those are too few).
        map: Mean gain by cell, `[row, column]`.
    """

    kind: ClassVar[str] = "placement"

    model: str
    layer: str
    units: tuple[int, ...]
    concept: str
    images: int
    seed: int
    grid: int
    by_label: dict[str, JsonObject]
    map: Numbers = field(repr=False)

    def gain(self, label: str) -> float:
        """The mean gain where a label stood; 0 where it never did.

        Args:
            label: A concept, or "none".
        """
        return float(self.by_label[label]["gain"]) if label in self.by_label else 0.0

    def table(self) -> DataFrame:
        """A row per label, the most willing first."""
        from pandas import DataFrame

        ranked = sorted(self.by_label.items(), key=lambda item: -float(item[1]["gain"]))
        return DataFrame([{"label": label, **row} for label, row in ranked])

    def heading(self) -> str:
        """Concept and units."""
        return f"Where {len(self.units)} units of {self.layer} draw {self.concept!r}"

    def facts(self) -> str:
        """One line of figures: where it comes most and least."""
        ranked = sorted(self.by_label, key=self.gain, reverse=True)
        came = ", ".join(f"{label} {percent(self.gain(label))}" for label in ranked)
        compared = any(row["control"] is not None for row in self.by_label.values())
        said = "" if compared else f" · {no_comparison(len(self.units))}"
        return (
            f"fraction of a cell gained on {came} · {self.model}, {self.images} pictures, "
            f"seeds from {self.seed}{said}"
        )

    def figure(self) -> str:
        """The map: each cell as dark as the concept's mean gain there."""
        rows = "".join(
            f"<tr>{''.join(_cell(float(gain)) for gain in row)}</tr>" for row in np.asarray(self.map)
        )
        return f'<table aria-label="Gain by place in the picture">{rows}</table>'


def _cell(gain: float) -> str:
    shade = f"color-mix(in srgb, var(--plane-0) {100 * min(1.0, max(0.0, gain)):.0f}%, transparent)"
    return f'<td title="{percent(gain)}" style="width:2rem;height:2rem;background:{shade}"></td>'


def placement(
    model: Generator,
    units: UnitSet,
    *,
    grid: int = 8,
    value: Value = "quantile",
    **looking: Unpack[Looking],
) -> PlacementReport:
    """Switch units on in every cell of a grid, one cell at a time, and measure where their object appears.

    The control are random sets of as many units, each driven to its own 99 % level; every set is tried in a
    fraction of the cells of every batch, so that all of them together cost as much as the set itself.

    Args:
        model: The generator.
        units: The set, with values; its concept is what is looked for.
        grid: Cells along each side of the picture.
        value: What the units become, as for painting.
        looking: See `Looking`; 100 images unless it says.

    Raises:
        ConceptError: The segmenter knows no such concept, or the units stand for none.
        ValueRangeError: The units have no such values, or grid or controls are out of range.
        UnsupportedError: No segmenter fits the generator.
        CancelledError: The person cancelled.
    """
    series = Series.of(model, units.layer, 100, looking)
    concept, values = ready(series, units, value)
    if not 1 <= grid <= model.image_size or series.controls < 1:
        raise ValueRangeError(
            f"A map needs 1 to {model.image_size} cells along each side and at least 1 random set; "
            f"got {grid} and {series.controls}."
        )
    sets, numbers = series.random_sets(units.units), series.numbers
    random = np.random.RandomState(series.seed % 2**32)
    some = max(1, grid * grid // series.controls)
    cells = {
        first: [random.choice(grid * grid, some, replace=False) for _ in sets] for first in numbers[::BATCH]
    }
    levels = series.variants(numbers[:BATCH]).levels(_LEVEL)
    tried = [(units.units, values), *((picked, levels[list(picked)]) for picked in sets)]
    done = series.over(_Cells(series.reader, concept, grid, tried, cells), "Trying every cell")
    stood, found = zip(*done, strict=True)
    gains = np.concatenate(found, axis=1)
    return PlacementReport(
        model=model.name,
        layer=units.layer,
        units=tuple(units.units),
        concept=concept,
        images=len(numbers),
        seed=series.seed,
        grid=grid,
        by_label=_by_label(gains, np.concatenate(stood), ("none", *series.reader.vocabulary.names)),
        map=gains[0].mean(0),
    )


def ready(series: Series, units: UnitSet, value: Value) -> tuple[str, Tensor]:
    """The concept that units are to put, and what they become.

    Raises:
        ConceptError: The segmenter knows no such concept, or the units stand for none.
        ValueRangeError: The units have no such values.
    """
    if units.concept is None:
        raise ConceptError("Units picked by number belong to no concept. Name the concept to look for.")
    values = torch.from_numpy(insertion_values(units, value))
    series.reader.vocabulary.index(units.concept)
    return units.concept, values


def _in_cells(labels: Tensor, count: int, grid: int) -> NDArray[np.float64]:
    """Share of each label in each cell, `[batch, row, column, label]`."""
    from torch.nn.functional import adaptive_avg_pool2d, one_hot

    planes = one_hot(labels.long(), count).permute(0, 3, 1, 2).double()
    return adaptive_avg_pool2d(planes, grid).permute(0, 2, 3, 1).cpu().numpy()


@dataclass(frozen=True)
class _Cells:
    """Inserts sets of units into cells of pictures.

    Args:
        reader: Labels the pictures.
        concept: That is looked for.
        grid: Cells along each side.
        sets: Units and what they become; the first is tried in every cell.
        cells: The cells that each other set is tried in, by the number of the first picture of a batch.
    """

    reader: Segmenter
    concept: str
    grid: int
    sets: Sequence[tuple[Sequence[int], Tensor]]
    cells: Mapping[int, Sequence[NDArray[np.int64]]]

    def __call__(self, batch: Variants) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """What stood in each cell `[picture, row, column]`, and gains `[set, picture, row, column]`.

        A gain is not a number in a cell that was not tried.
        """
        vocabulary = self.reader.vocabulary
        plane = vocabulary.plane_of(self.concept)
        before = _in_cells(self.reader.segment(batch.draw())[:, plane], len(vocabulary), self.grid)
        covered = before[..., vocabulary.index(self.concept)]
        found = np.full((len(self.sets), *covered.shape), np.nan)
        tried = [range(self.grid**2), *self.cells[batch.seeds[0]]]
        for (units, values), cells, gains in zip(self.sets, tried, found, strict=True):
            for row, column in (divmod(int(cell), self.grid) for cell in cells):
                share = self._share(batch, units, values, (row, column))
                gains[:, row, column] = share - covered[:, row, column]
        return before.argmax(-1), found

    def _share(
        self, batch: Variants, units: Sequence[int], values: Tensor, cell: tuple[int, int]
    ) -> NDArray[np.float64]:
        """How much of a cell the concept covers with units on in it, by picture."""
        vocabulary, (row, column) = self.reader.vocabulary, cell
        size = batch.layer.size
        weights = box(column, row, 1, 1).mask(size, size, image_size=self.grid)
        images = batch.painted(units, values, weights.expand(len(batch.seeds), -1, -1))
        labels = self.reader.segment(images)[:, vocabulary.plane_of(self.concept)]
        hit = (labels == vocabulary.index(self.concept))[:, None].double()
        pooled = torch.nn.functional.adaptive_avg_pool2d(hit, self.grid)[:, 0, row, column]
        return np.asarray(pooled.cpu().numpy())


def _by_label(
    gains: NDArray[np.float64], label: NDArray[np.int64], names: Sequence[str]
) -> dict[str, JsonObject]:
    found = {}
    for value in np.unique(label):
        here = label == value
        random = [float(np.nanmean(row[here])) for row in gains[1:] if np.isfinite(row[here]).any()]
        found[names[value]] = {
            "places": int(here.sum()),
            "gain": float(gains[0][here].mean()),
            "control": float(np.mean(random)) if random else None,
            "interval": np.quantile(random, [0.025, 0.975]).tolist() if random else None,
        }
    return found
