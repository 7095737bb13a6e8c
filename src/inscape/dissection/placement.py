"""Where an object can be put: the same units, switched on at one place after another.

After the door experiment of GAN Dissection (Bau et al., PNAS 2020, figure 5): units are inserted in every
cell of a coarse grid, one cell at a time, and what comes of it is listed by what stood in that cell. A
generator that has learnt where doors belong refuses to draw one in the sky, however strongly its door units
are driven.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, Unpack

import numpy as np
import torch

from inscape import storage
from inscape.dissection.insertion import Value, insertion_values
from inscape.dissection.variants import Looking, Series, Variants
from inscape.errors import ConceptError, FormatError, ValueRangeError
from inscape.regions import box
from inscape.reports import Report, read_report_json

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

    model: str
    layer: str
    units: tuple[int, ...]
    concept: str
    images: int
    seed: int
    grid: int
    by_label: dict[str, dict[str, Any]]
    map: NDArray[np.float64] = field(repr=False)

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

    def to_json(self) -> dict[str, Any]:
        """The content of `report.json`."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {
            "schema_version": 1,
            "kind": "placement",
            **plain,
            "units": list(self.units),
            "map": self.map.tolist(),
        }

    def write(self, folder: Path) -> None:
        """Write `report.json` into a folder."""
        storage.write_json(folder / "report.json", self.to_json())

    @classmethod
    def load(cls, folder: Path | str) -> Self:
        """Read a report that was saved.

        Raises:
            FormatError: The folder holds no whole report of a placement.
        """
        document = read_report_json(folder)
        if document.pop("kind", None) != "placement" or document.pop("schema_version", None) != 1:
            raise FormatError(f"{Path(folder) / 'report.json'} is no report of a placement.")
        try:
            document["units"] = tuple(document["units"])
            document["map"] = np.asarray(document["map"], np.float64)
            return cls(**document)
        except (KeyError, TypeError, ValueError) as error:
            raise FormatError(f"The report of a placement in {folder} is damaged: {error}.") from error


def placement(
    model: Generator,
    units: UnitSet,
    concept: str | None = None,
    *,
    grid: int = 8,
    value: Value = "quantile",
    **looking: Unpack[Looking],
) -> PlacementReport:
    """Switch units on in every cell of a grid, one cell at a time, and see where their object comes.

    The control are random sets of as many units, each driven to its own 99 % level; every set is tried in a
    share of the cells of every batch, so that all of them together cost as much as the set itself.

    Args:
        model: The generator.
        units: The set, with values.
        concept: What to look for; the one that the set was chosen for unless given.
        grid: Cells along each side of the picture.
        value: What the units become, as for painting.
        looking: See `Looking`; 100 images unless it says.

    Raises:
        ConceptError: The segmenter knows no such concept, or none was named.
        ValueRangeError: The units have no such values, or grid or controls are out of range.
        UnsupportedError: No segmenter fits the generator.
        CancelledError: The person asked to stop.
    """
    series = Series.of(model, units.layer, 100, looking)
    concept, values, reader = _ready(series, units, concept, value)
    if not 1 <= grid <= model.image_size or series.controls < 1:
        raise ValueRangeError(
            f"A grid has 1 to {model.image_size} cells a side, and there is at least one control; "
            f"got {grid} and {series.controls}."
        )
    plane, number = reader.vocabulary.plane_of(concept), reader.vocabulary.index(concept)
    sets = series.random_sets(units.units)
    random = np.random.RandomState(series.seed % 2**32)
    gains, stood = [], []
    tried: list[list[NDArray[np.float64]]] = [[] for _ in sets]
    levels: Tensor | None = None
    for batch in series.batches("Trying every place"):
        levels = batch.levels(_LEVEL) if levels is None else levels
        before = _in_cells(reader.segment(batch.draw())[:, plane], len(reader.vocabulary), grid)
        run = _Cells(batch, reader, before[..., number], (plane, number), series.layer.size)
        stood.append(before.argmax(-1))
        gains.append(run.gains(units.units, values))
        for row, picked in zip(tried, sets, strict=True):
            cells = random.choice(grid * grid, max(1, grid * grid // series.controls), replace=False)
            row.append(run.gains(picked, levels[list(picked)], cells))
    gain, label = np.concatenate(gains), np.concatenate(stood)
    names = ("none", *reader.vocabulary.names)
    return PlacementReport(
        model=model.name,
        layer=units.layer,
        units=tuple(units.units),
        concept=concept,
        images=len(gain),
        seed=series.seed,
        grid=grid,
        by_label=_by_label(gain, label, [np.concatenate(row) for row in tried], names),
        map=gain.mean(0),
    )


def _ready(
    series: Series, units: UnitSet, concept: str | None, value: Value
) -> tuple[str, Tensor, Segmenter]:
    concept = concept or units.concept
    if concept is None:
        raise ConceptError("Hand-picked units stand for nothing yet: name the concept to look for.")
    values = torch.from_numpy(insertion_values(units, value))
    series.reader.vocabulary.index(concept)
    return concept, values, series.reader


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


@dataclass(frozen=True)
class RoughPlace:
    """A box that a person might draw, and what it is put on.

    Args:
        on: The concept that it is put on, or "none".
        size: Width and height of the box in pixels.
        least: How much of the box that covers.
        support: Concepts that belong to the thing the box stands on; `on` is always among them.
    """

    on: str
    size: tuple[int, int]
    least: float = 0.8
    support: Sequence[str] = ()


@dataclass(frozen=True)
class RoughBox:
    """What came of a rough box in one picture.

    Args:
        seed: The picture.
        rectangle: `(x, y, width, height)` in pixels.
        before: Share of the box that the concept covered.
        after: Share that it covers with the units on in the box.
        height: Height in pixels of the object that then stands in the box; 0 where there is none.
        support: Height in pixels of what the box was put on: the connected thing below most of it.
    """

    seed: int
    rectangle: tuple[int, int, int, int]
    before: float
    after: float
    height: int
    support: int


def rough_boxes(
    model: Generator,
    units: UnitSet,
    where: RoughPlace,
    *,
    value: Value = "quantile",
    **looking: Unpack[Looking],
) -> list[RoughBox]:
    """Draw the units' concept into a box that a person might draw, somewhere on something.

    In each picture the box stands at random among all places that are as asked for and have nothing of the
    concept; pictures without such a place are left out.

    Args:
        model: The generator.
        units: The set; its concept is what should come.
        where: The box, and what it is put on.
        value: What the units become, as for painting.
        looking: See `Looking`; as many pictures with such a place are looked for, 500 unless it says, among
            ten times as many.

    Raises:
        ConceptError: The segmenter knows no such concept.
        ValueRangeError: The units have no such values.
    """
    series = Series.of(model, units.layer, 500, looking)
    images = series.images
    concept, values, reader = _ready(series, units, None, value)
    plane, number = reader.vocabulary.plane_of(concept), reader.vocabulary.index(concept)
    held = [_number(reader, name) for name in (where.on, *where.support)]
    random = np.random.RandomState(series.seed % 2**32)
    grid, found = series.layer.size, []
    for batch in replace(series, images=10 * images).batches("Looking for places"):
        before = reader.segment(batch.draw())[:, plane].cpu().numpy()
        boxes = [_free_place(labels, held[0], number, where, random) for labels in before]
        weights = torch.stack(
            [
                torch.zeros(grid, grid)
                if place is None
                else box(*place).mask(grid, grid, image_size=model.image_size)
                for place in boxes
            ]
        )
        after = reader.segment(batch.painted(units.units, values, weights))[:, plane].cpu().numpy()
        for index, place in enumerate(boxes):
            if place is not None:
                labels = (before[index] == number, after[index] == number, np.isin(before[index], held))
                found.append(_outcome(batch.seeds[index], place, labels))
        if len(found) >= images:
            break
    return found[:images]


def _number(reader: Segmenter, name: str) -> int:
    return 0 if name == "none" else reader.vocabulary.index(name)


def _free_place(
    labels: NDArray[np.uint8], on: int, concept: int, where: RoughPlace, random: np.random.RandomState
) -> tuple[int, int, int, int] | None:
    """A random box that stands where it should and has nothing of the concept in it."""
    width, height = where.size
    fits = _window_mean(labels == on, width, height) >= where.least
    free = _window_mean(labels == concept, width, height) == 0
    places = np.argwhere(fits & free)
    if not len(places):
        return None
    y, x = places[random.randint(len(places))]
    return int(x), int(y), width, height


def _window_mean(mask: NDArray[np.bool_], width: int, height: int) -> NDArray[np.float64]:
    """Mean of a mask over the window that has its top left corner at each pixel where it fits."""
    total = np.pad(mask.astype(np.int64).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    lower = total[height:, width:] - total[height:, :-width]
    upper = total[:-height, width:] - total[:-height, :-width]
    means: NDArray[np.float64] = (lower - upper) / (width * height)
    return means


def _outcome(seed: int, place: tuple[int, int, int, int], labels: tuple[NDArray[np.bool_], ...]) -> RoughBox:
    x, y, width, height = place
    window = slice(y, y + height), slice(x, x + width)
    before, after, support = labels
    return RoughBox(
        seed,
        place,
        float(before[window].mean()),
        float(after[window].mean()),
        component_height(after, window),
        component_height(support, window),
    )


def component_height(mask: NDArray[np.bool_], window: tuple[slice, slice]) -> int:
    """Height in pixels of the connected part of a mask that covers most of a window; 0 for none."""
    from scipy import ndimage

    parts, _ = ndimage.label(mask)
    inside = np.bincount(parts[window].ravel())
    inside[0] = 0
    if not inside.any():
        return 0
    rows = np.flatnonzero((parts == inside.argmax()).any(1))
    return int(rows[-1] - rows[0] + 1)


def rank_correlation(
    first: Sequence[float], second: Sequence[float], *, shuffles: int = 1000
) -> tuple[float, float]:
    """Spearman's rank correlation, and the 97.5 % level of it when one side is shuffled."""
    from scipy import stats

    left, right = stats.rankdata(first), stats.rankdata(second)
    if len(left) < 3 or left.std() == 0 or right.std() == 0:
        return 0.0, 1.0
    random = np.random.RandomState(0)
    shuffled = [float(np.corrcoef(left, random.permutation(right))[0, 1]) for _ in range(shuffles)]
    return float(np.corrcoef(left, right)[0, 1]), float(np.quantile(shuffled, 0.975))


def pairs(boxes: Sequence[RoughBox]) -> Iterator[tuple[int, int]]:
    """Height of the object and of what it stands on, for every box in which an object came."""
    return ((found.height, found.support) for found in boxes if found.height)
