"""Where an object can be put: the same units, switched on at one place after another.

After the door experiment of GAN Dissection (Bau et al., PNAS 2020, figure 5): units are inserted in every
cell of a coarse grid, one cell at a time, and what comes of it is listed by what stood in that cell. A
generator that has learnt where doors belong refuses to draw one in the sky, however strongly its door units
are driven.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch

from inscape.dissection.insertion import Value, insertion_values
from inscape.dissection.variants import FRESH_SEED, Variants, batches, fitting_segmenter, random_sets
from inscape.errors import ConceptError, ValueRangeError
from inscape.progress import SilentProgress
from inscape.regions import box
from inscape.reports import Report, percent
from inscape.reports.arrays import Numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pandas import DataFrame
    from torch import Tensor

    from inscape.dissection.unit_set import UnitSet
    from inscape.models import Generator
    from inscape.progress import Progress
    from inscape.segmenters import Segmenter

_LEVEL = 0.99


@dataclass(frozen=True, eq=False)
class PlacementReport(Report):
    """Where units can put their object.

    A gain is the fraction of a cell that the concept takes over: its share of the cell with the units on
    minus its share before.

    Attributes:
        model: Name of the model.
        layer: Name of the layer.
        units: The units.
        concept: What they put.
        images: Pictures looked at.
        seed: Seed of the first.
        grid: Cells along each side of the picture.
        by_label: For every label that covers most of some cell, `{places, gain, control, interval}`: cells,
            mean gain, and mean and 95 % interval of the mean gains of random sets of as many units.
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
    by_label: dict[str, dict[str, Any]]
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
        return f"Where {len(self.units)} units of {self.layer} put {self.concept!r}"

    def facts(self) -> str:
        """One line of figures."""
        return f"{self.model}, {self.images} pictures from seed {self.seed} on, {self.grid} cells a side"

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
    concept: str | None = None,
    *,
    images: int = 100,
    grid: int = 8,
    value: Value = "quantile",
    seed: int = FRESH_SEED,
    controls: int = 20,
    segmenter: Segmenter | str | None = None,
    progress: Progress | None = None,
) -> PlacementReport:
    """Switch units on in every cell of a grid, one cell at a time, and see where their object comes.

    The control are random sets of as many units, each driven to its own 99 % level; every set is tried in a
    share of the cells of every batch, so that all of them together cost as much as the set itself.

    Args:
        model: The generator.
        units: The set, with values.
        concept: What to look for; the one that the set was chosen for unless given.
        images: Pictures, of the seeds from `seed` on.
        grid: Cells along each side of the picture.
        value: What the units become, as for painting.
        seed: Seed of the first picture.
        controls: How many random sets.
        segmenter: Labels the pictures; the one on the model's card unless given.
        progress: Told about pictures as they are done.

    Raises:
        ConceptError: The segmenter knows no such concept, or none was named.
        ValueRangeError: The units have no such values, or grid or controls are out of range.
        UnsupportedError: No segmenter fits the generator.
        CancelledError: The person asked to stop.
    """
    concept, values, reader = ready(model, units, concept, value, segmenter)
    if not 1 <= grid <= model.image_size or controls < 1:
        raise ValueRangeError(
            f"A grid has 1 to {model.image_size} cells a side, and there is at least one control; "
            f"got {grid} and {controls}."
        )
    plane, number = reader.vocabulary.plane_of(concept), reader.vocabulary.index(concept)
    sets = random_sets(model.layer(units.layer).units, units.units, controls, seed)
    random = np.random.RandomState(seed % 2**32)
    gains, stood = [], []
    tried: list[list[NDArray[np.float64]]] = [[] for _ in sets]
    with (progress or SilentProgress()).task("Trying every place", images, "pictures") as task:
        levels: Tensor | None = None
        for batch in batches(model, units.layer, seed=seed, images=images):
            levels = batch.levels(_LEVEL) if levels is None else levels
            before = _in_cells(reader.segment(batch.draw())[:, plane], len(reader.vocabulary), grid)
            run = _Cells(batch, reader, before[..., number], (plane, number), model.layer(units.layer).size)
            stood.append(before.argmax(-1))
            gains.append(run.gains(units.units, values))
            for row, picked in zip(tried, sets, strict=True):
                cells = random.choice(grid * grid, max(1, grid * grid // controls), replace=False)
                row.append(run.gains(picked, levels[list(picked)], cells))
            task.advance(len(batch.seeds))
    gain, label = np.concatenate(gains), np.concatenate(stood)
    names = ("none", *reader.vocabulary.names)
    return PlacementReport(
        model=model.name,
        layer=units.layer,
        units=tuple(units.units),
        concept=concept,
        images=len(gain),
        seed=seed,
        grid=grid,
        by_label=_by_label(gain, label, [np.concatenate(row) for row in tried], names),
        map=gain.mean(0),
    )


def ready(
    model: Generator, units: UnitSet, concept: str | None, value: Value, segmenter: Segmenter | str | None
) -> tuple[str, Tensor, Segmenter]:
    """The concept that units are to put, what they become, and what looks for it.

    Raises:
        ConceptError: The segmenter knows no such concept, or none was named.
        ValueRangeError: The units have no such values.
    """
    concept = concept or units.concept
    if concept is None:
        raise ConceptError("Hand-picked units stand for nothing yet: name the concept to look for.")
    values = torch.from_numpy(insertion_values(units, value))
    reader = fitting_segmenter(model, segmenter)
    reader.vocabulary.index(concept)
    return concept, values, reader


def _in_cells(labels: Tensor, count: int, grid: int) -> NDArray[np.float64]:
    """Share of each label in each cell, `[batch, row, column, label]`."""
    from torch.nn.functional import adaptive_avg_pool2d, one_hot

    planes = one_hot(labels.long(), count).permute(0, 3, 1, 2).double()
    shares: NDArray[np.float64] = adaptive_avg_pool2d(planes, grid).permute(0, 2, 3, 1).cpu().numpy()
    return shares


class _Cells:
    """Inserts into the cells of one batch of pictures."""

    def __init__(
        self,
        batch: Variants,
        reader: Segmenter,
        before: NDArray[np.float64],
        place: tuple[int, int],
        size: int,
    ) -> None:
        self._batch, self._reader, self._before, self._size = batch, reader, before, size
        self._plane, self._number = place

    def gains(
        self, units: Sequence[int], values: Tensor, cells: Sequence[int] | NDArray[Any] | None = None
    ) -> NDArray[np.float64]:
        """`[picture, row, column]`: the gain in each cell that was tried, not a number elsewhere."""
        grid = self._before.shape[1]
        found = np.full(self._before.shape, np.nan)
        for cell in range(grid * grid) if cells is None else cells:
            row, column = divmod(int(cell), grid)
            weights = box(column, row, 1, 1).mask(self._size, self._size, image_size=grid)
            images = self._batch.painted(units, values, weights.expand(len(self._before), -1, -1))
            hit = (self._reader.segment(images)[:, self._plane] == self._number)[:, None].double()
            after = torch.nn.functional.adaptive_avg_pool2d(hit, grid)[:, 0, row, column].cpu().numpy()
            found[:, row, column] = after - self._before[:, row, column]
        return found


def _by_label(
    gain: NDArray[np.float64],
    label: NDArray[np.int64],
    tried: list[NDArray[np.float64]],
    names: Sequence[str],
) -> dict[str, dict[str, Any]]:
    found = {}
    for value in np.unique(label):
        here = label == value
        random = [float(np.nanmean(row[here])) for row in tried if np.isfinite(row[here]).any()]
        found[names[value]] = {
            "places": int(here.sum()),
            "gain": float(gain[here].mean()),
            "control": float(np.mean(random)) if random else None,
            "interval": np.quantile(random, [0.025, 0.975]).tolist() if random else None,
        }
    return found
