"""Find units for a concept without a segmenter, from examples, strokes or a predicate.

GAN Dissection's authors found the units that draw stock-photo watermarks in a generator of churches, though
no segmenter had a class for watermarks. What it takes is a set of pictures that show the concept: chosen by
eye, marked with regions, or told by a predicate over pixels. A unit is good when its activations rank those
pictures above the others; no label map is read here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, ClassVar, TypeAlias, Unpack

import numpy as np
import torch

from inscape.dissection.switches import LEAST_PICTURES, switches
from inscape.dissection.unit_set import UnitSet
from inscape.dissection.variants import BATCH, Looking, Series, Variants
from inscape.errors import ShapeError, ValueRangeError
from inscape.pictures import to_uint8
from inscape.regions import Region
from inscape.reports import Report, bars

if TYPE_CHECKING:
    from jaxtyping import Bool, Float
    from numpy.typing import NDArray
    from pandas import DataFrame

    from inscape.models import Generator

Predicate: TypeAlias = Callable[["NDArray[np.uint8]"], "NDArray[np.bool_]"]
"""From pictures, uint8 `[picture, height, width, 3]`, to whether each shows the concept."""

Shown: TypeAlias = Predicate | Mapping[int, Region] | Sequence[int]
"""A predicate; marked regions by seed; or seeds of example pictures."""

_SHUFFLES = 20


@dataclass(frozen=True)
class FoundUnit:
    """How well a unit separates pictures with the concept from others.

    Args:
        unit: Counted from 0.
        precision: Average precision of the ranking of pictures by the unit (area under precision and recall).
        auc: Chance that a picture with the concept ranks above one without.
        mean_on: Mean of the unit's statistic in pictures with the concept.
        mean_off: The same in the others.
    """

    unit: int
    precision: float
    auc: float
    mean_on: float
    mean_off: float


@dataclass(frozen=True, eq=False)
class UnitSearch(Report):
    """The result of a search.

    Attributes:
        model: Name of the model.
        layer: Name of the layer.
        units: Every unit of the layer, the best first.
        positives: How many pictures showed the concept.
        others: How many did not, or were not said to.
        chance: The best average precision among all units that 95 % of shuffled searches stay below.
        bimodal: The units that act as switches in these pictures: off in most, fully on in some (`switches`).
    """

    kind: ClassVar[str] = "find"

    model: str
    layer: str
    units: tuple[FoundUnit, ...]
    positives: int
    others: int
    chance: float
    bimodal: tuple[int, ...] = ()

    def best(self, top: int = 20) -> UnitSet:
        """The best units, with what they are in pictures that show the concept."""
        chosen = self.units[: max(1, top)]
        means = torch.tensor([found.mean_on for found in chosen])
        return UnitSet(self.model, self.layer, tuple(found.unit for found in chosen), None, means)

    def table(self) -> DataFrame:
        """A row per unit, the best first, with the columns of `FoundUnit` and whether it acts as a switch."""
        from pandas import DataFrame

        return DataFrame([{**asdict(each), "bimodal": each.unit in self.bimodal} for each in self.units])

    def heading(self) -> str:
        """Layer and model."""
        return f"Units of {self.layer} of {self.model} that separate the pictures"

    def facts(self) -> str:
        """The main figures in one line."""
        above = sum(each.precision > self.chance for each in self.units)
        return (
            f"{above} of {len(self.units)} units rank the {self.positives} pictures that show it above the "
            f"{self.others} others better than chance."
        )

    def figure(self) -> str:
        """The average precision of the best units, beside chance."""
        rows = [(f"unit {each.unit}", each.precision) for each in self.units[:20]]
        return bars((name, value, f"{value:.3f}") for name, value in [*rows, ("chance", self.chance)])


def search_units(
    model: Generator,
    shown: Shown,
    *,
    layer: str | None = None,
    **looking: Unpack[Looking],
) -> UnitSearch:
    """Find units for a concept of your own, without a segmenter.

    Example:
        >>> def night(pictures):
        ...     return pictures[:, :8].mean((1, 2, 3)) < 60
        >>> search_units(model, night).best(10)

    Args:
        model: The generator.
        shown: A predicate, asked about the pictures looked at; seeds of example pictures, each set against
            those pictures; or regions by seed, where only what fires inside the region counts, set against
            the same regions in those pictures.
        layer: Where to look; the default layer unless given.
        looking: See `Looking`; 1000 images unless it says.

    Raises:
        LayerError: There is no such layer.
        ShapeError: The predicate gave something else than one answer per picture.
        ValueRangeError: No picture shows the concept, or all do.
        RegionError: A region lies outside the picture.
    """
    series = Series.of(model, layer, 1000, looking)
    rows, flags = [], []
    regions = list(shown.values()) if isinstance(shown, Mapping) else []
    for number, batch in enumerate(series.batches("Searching for units")):
        region = regions[number % len(regions)] if regions else None
        rows.append(_statistic(batch, model, region))
        flags.append(_asked(shown, batch) if callable(shown) else np.zeros(len(batch.seeds), bool))
    if not callable(shown):
        rows.insert(0, _shown_statistics(series, shown))
        flags.insert(0, np.ones(len(rows[0]), bool))
    return rank_units(np.concatenate(rows), np.concatenate(flags), model=model.name, layer=series.layer.name)


def _statistic(batch: Variants, model: Generator, region: Region | None) -> NDArray[np.float64]:
    """The largest value of every unit, `[picture, unit]`; the mean under the region where there is one."""
    if region is None:
        return batch.peaks()
    maps = batch.maps.double()
    weights = region.mask(*maps.shape[2:], image_size=model.image_size).to(maps)
    return ((maps * weights).sum((2, 3)) / weights.sum().clamp_min(1e-9)).cpu().numpy()


def _shown_statistics(series: Series, shown: Mapping[int, Region] | Sequence[int]) -> NDArray[np.float64]:
    if not len(shown):
        raise ValueRangeError("Show at least one picture with the concept.")
    if isinstance(shown, Mapping):
        marked = [_statistic(series.variants([seed]), series.model, region) for seed, region in shown.items()]
        return np.concatenate(marked)
    seeds = list(shown)
    parts = [seeds[start : start + BATCH] for start in range(0, len(seeds), BATCH)]
    return np.concatenate([series.variants(part).peaks() for part in parts])


def _asked(predicate: Predicate, batch: Variants) -> NDArray[np.bool_]:
    answers = np.asarray(predicate(to_uint8(batch.draw())))
    if answers.shape != (len(batch.seeds),):
        raise ShapeError(
            f"A predicate must return one answer for each of {len(batch.seeds)} pictures, "
            f"got shape {list(answers.shape)}."
        )
    return answers.astype(bool)


def rank_units(
    values: Float[np.ndarray, "picture unit"],
    shows: Bool[np.ndarray, "picture"],
    *,
    model: str = "",
    layer: str = "",
) -> UnitSearch:
    """Rank units by how well their values tell the pictures that show a concept from the others.

    Raises:
        ValueRangeError: No picture shows the concept, or all do.
    """
    positives = int(shows.sum())
    if not 0 < positives < len(shows):
        raise ValueRangeError(
            "A search needs pictures with the concept and pictures without it, "
            f"got {positives} with it of {len(shows)}."
        )
    precision, auc = average_precision(values, shows), area_under_curve(values, shows)
    random = np.random.RandomState(0)
    shuffled = [average_precision(values, random.permutation(shows)).max() for _ in range(_SHUFFLES)]
    on, off = values[shows].mean(0), values[~shows].mean(0)
    order = np.lexsort((-auc, -precision))
    units = tuple(
        FoundUnit(int(u), float(precision[u]), float(auc[u]), float(on[u]), float(off[u])) for u in order
    )
    judged = switches(values) if len(values) >= LEAST_PICTURES else []
    return UnitSearch(
        model,
        layer,
        units,
        positives,
        len(shows) - positives,
        float(np.quantile(shuffled, 0.95)),
        tuple(each.unit for each in judged if each.is_switch),
    )


def average_precision(
    values: Float[np.ndarray, "picture unit"], shows: Bool[np.ndarray, "picture"]
) -> NDArray[np.float64]:
    """Average precision of every unit: mean of the precision down to each picture that shows the concept.

    Pictures of equal value are one step: all of them count before the precision is read.
    """
    order = np.argsort(-values, axis=0, kind="stable")
    ranked, hits = np.take_along_axis(values, order, 0), shows[order]
    numbers = np.arange(len(hits))[:, None]
    precision = hits.cumsum(0) / (numbers + 1)
    ends = np.concatenate([ranked[1:] != ranked[:-1], np.ones((1, ranked.shape[1]), bool)])
    end = np.minimum.accumulate(np.where(ends, numbers, len(hits))[::-1])[::-1]
    mean: NDArray[np.float64] = (np.take_along_axis(precision, end, 0) * hits).sum(0) / hits.sum(0)
    return mean


def area_under_curve(
    values: Float[np.ndarray, "picture unit"], shows: Bool[np.ndarray, "picture"]
) -> NDArray[np.float64]:
    """Chance that a picture with the concept ranks above one without; ties count half (Mann and Whitney)."""
    from scipy.stats import rankdata

    ranks = rankdata(values, axis=0)
    count = int(shows.sum())
    above: NDArray[np.float64] = ranks[shows].sum(0) - count * (count + 1) / 2
    return above / (count * (len(shows) - count))


def top_precision(
    values: Float[np.ndarray, "picture unit"],
    truth: Bool[np.ndarray, "picture"],
    units: Sequence[int],
    top: int = 10,
) -> dict[int, float]:
    """For each unit, the fraction of its `top` pictures that really show the concept; to judge a search by.

    Args:
        values: Statistic of every unit in pictures that the search has not seen.
        truth: Whether each shows the concept, by labels that the search has never read.
        units: The units to judge.
        top: Pictures per unit.
    """
    order = np.argsort(-values, axis=0, kind="stable")[:top]
    return {int(unit): float(truth[order[:, unit]].mean()) for unit in units}
