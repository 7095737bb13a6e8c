"""What a set of units causes: the object leaves the pictures when they are off, and comes when they are on.

The average causal effect of GAN Dissection (Bau et al., ICLR 2019, equation 5) is the mean area of a concept
with the units on everywhere minus its mean area with them off, here as a fraction of the area in unchanged
pictures. Beside every number stands the same number for random sets of as many units, and all of them are
measured on pictures that the dissection has not used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from inscape.dissection.effect_report import EffectReport
from inscape.dissection.insertion import insertion_values
from inscape.dissection.unit_set import UnitSet
from inscape.dissection.variants import Looking, Series, Variants, bare_units
from inscape.editing import UnitEdit
from inscape.errors import ConceptError, ValueRangeError
from inscape.models import Generator
from inscape.pictures import to_uint8
from inscape.segmenters.areas import class_areas

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from inscape.segmenters import Segmenter

CURVE_POINTS = 20
STRIP_ROWS = 4
_LEVEL = 0.99


@dataclass
class _Tally:
    """What is gathered over the batches, by variant name."""

    areas: dict[str, list[NDArray[np.float64]]] = field(default_factory=dict)
    left: NDArray[np.int64] = field(default_factory=lambda: np.zeros(256, np.int64))
    moved: dict[str, int] = field(default_factory=dict)
    other: int = 0

    def area(self, name: str) -> NDArray[np.float64]:
        """`[picture, concept]`."""
        return np.concatenate(self.areas[name])


def effect(
    model: Generator,
    units: UnitSet | Sequence[int],
    concept: str | None = None,
    *,
    layer: str | None = None,
    insert: bool = False,
    **looking: Unpack[Looking],
) -> EffectReport:
    """Measure what switching units off everywhere does to a concept.

    Example:
        >>> trees = inscape.dissect(model).units("tree", top=20)
        >>> effect(model, trees, images=500).relative_change
        -0.83

    Args:
        model: The generator; a conditional one draws all classes, or those of `model.with_classes(...)`.
        units: From a report, or channel numbers of `layer`; the curve switches them off in this order.
        concept: What to measure; the one that the set was chosen for unless given.
        layer: Where plain channel numbers are; the default layer unless given.
        insert: Also switch the units on everywhere, to their conditional means.
        looking: See `Looking`; 200 images unless it says.

    Raises:
        LayerError, UnitError: The model has no such layer or unit.
        ConceptError: The segmenter knows no such concept, or none was named.
        ValueRangeError: Too few pictures or controls, or the units have no values to be switched on with.
        UnsupportedError: No segmenter fits the generator.
        CancelledError: The person asked to stop.
    """
    chosen = units if isinstance(units, UnitSet) else bare_units(model, layer, list(units))
    concept = concept or chosen.concept
    if concept is None:
        raise ConceptError("Hand-picked units stand for nothing yet: name the concept to measure.")
    series = Series.of(model, chosen.layer, 200, looking)
    if series.controls < 2:
        raise ValueRangeError(f"An effect is read beside at least 2 random sets, got {series.controls}.")
    reader = series.reader
    reader.vocabulary.index(concept)
    bare_units(model, chosen.layer, chosen.units)
    steps = _steps(len(chosen.units))
    off = {f"off {count}": _off(chosen.layer, chosen.units[:count]) for count in steps[1:]}
    sets = series.random_sets(chosen.units)
    off |= {f"random {number}": _off(chosen.layer, picked) for number, picked in enumerate(sets)}
    on = _Insertion(chosen, sets) if insert else None
    tally, strip = _Tally(), _Strip(steps)
    for batch in series.batches("Switching units off"):
        edits = off | (on.edits(batch) if on else {})
        _add(tally, strip, batch, edits, reader, concept)
    return _report(tally, strip, chosen, concept, series)


def _steps(count: int) -> list[int]:
    """How many units are off at each point of the curve."""
    points = min(count, CURVE_POINTS)
    return sorted({round(point * count / points) for point in range(points + 1)})


def _off(layer: str, units: Sequence[int]) -> UnitEdit:
    return UnitEdit(layer, tuple(units), mode="remove")


class _Insertion:
    """The set switched on, and random sets switched on to their own 99 % level."""

    def __init__(self, chosen: UnitSet, sets: Sequence[Sequence[int]]) -> None:
        values = insertion_values(chosen)
        self._chosen, self._sets, self._values = chosen, sets, values
        self._levels: NDArray[np.float32] | None = None

    def edits(self, batch: Variants) -> dict[str, UnitEdit]:
        """The variants of a batch; levels are those of the first."""
        layer = self._chosen.layer
        if self._levels is None:
            self._levels = batch.levels(_LEVEL).cpu().numpy()
        edits = {"on": UnitEdit(layer, self._chosen.units, self._values)}
        for number, picked in enumerate(self._sets):
            edits[f"random on {number}"] = UnitEdit(layer, tuple(picked), self._levels[list(picked)])
        return edits


class _Strip:
    """A few pictures of the first batch, those with most of the concept, at every point of the curve."""

    def __init__(self, steps: Sequence[int]) -> None:
        self._names = ["", *(f"off {count}" for count in steps[1:])]
        self.steps = steps
        self.seeds: tuple[int, ...] = ()
        self._rows: list[int] = []
        self._pictures: dict[str, NDArray[np.uint8]] = {}

    def choose(self, batch: Variants, areas: NDArray[np.float64]) -> None:
        """Take the pictures of the first batch in which the concept is largest."""
        if not self._rows:
            self._rows = np.argsort(-areas, kind="stable")[:STRIP_ROWS].tolist()
            self.seeds = tuple(batch.seeds[row] for row in self._rows)

    def add(self, name: str, images: Tensor) -> None:
        """Keep those pictures of a variant, the first time."""
        if name in self._names and name not in self._pictures:
            self._pictures[name] = to_uint8(images[self._rows])

    @property
    def pictures(self) -> NDArray[np.uint8]:
        """`[picture, step, height, width, 3]`."""
        return np.stack([self._pictures[name] for name in self._names], 1)


def _add(
    tally: _Tally,
    strip: _Strip,
    batch: Variants,
    edits: dict[str, UnitEdit],
    reader: Segmenter,
    concept: str,
) -> None:
    vocabulary = reader.vocabulary
    plane, number = vocabulary.plane_of(concept), vocabulary.index(concept)
    plain = batch.draw()
    before = reader.segment(plain)
    areas = class_areas(before, vocabulary).numpy()
    tally.areas.setdefault("", []).append(areas)
    strip.choose(batch, areas[:, number - 1])
    strip.add("", plain)
    inside = before[:, plane] == number
    tally.other += int((~inside).sum())
    last = f"off {strip.steps[-1]}"
    for name, edit in edits.items():
        images = batch.edited(edit)
        after = reader.segment(images)
        tally.areas.setdefault(name, []).append(class_areas(after, vocabulary).numpy())
        strip.add(name, images)
        moved = (after[:, plane] != before[:, plane]) & ~inside
        tally.moved[name] = tally.moved.get(name, 0) + int(moved.sum())
        if name == last:
            left = after[:, plane][inside & (after[:, plane] != number)]
            tally.left += np.bincount(left.cpu().numpy(), minlength=256)


def relative_change(before: float, after: float) -> float | None:
    """`after / before - 1`; `None` where there was nothing before."""
    return float(after / before - 1) if before > 0 else None


def control_of(changes: Sequence[float | None]) -> dict[str, Any]:
    """Mean and 95 % interval of what random sets do: `{sets, relative_change, interval, each}`."""
    known = [change for change in changes if change is not None]
    if not known:
        return {"sets": len(changes), "relative_change": None, "interval": None, "each": []}
    low, high = np.quantile(known, [0.025, 0.975])
    return {
        "sets": len(changes),
        "relative_change": float(np.mean(known)),
        "interval": [float(low), float(high)],
        "each": [float(change) for change in known],
    }


def bootstrap_interval(
    before: NDArray[np.float64], after: NDArray[np.float64], draws: int = 1000
) -> tuple[float, float] | None:
    """95 % interval of `sum(after) / sum(before) - 1` when the pictures are drawn again with replacement."""
    if before.sum() <= 0:
        return None
    picks = np.random.RandomState(0).randint(0, len(before), (draws, len(before)))
    base = before[picks].sum(1)
    changes = after[picks].sum(1)[base > 0] / base[base > 0] - 1
    low, high = np.quantile(changes, [0.025, 0.975])
    return float(low), float(high)


def _report(
    tally: _Tally,
    strip: _Strip,
    chosen: UnitSet,
    concept: str,
    series: Series,
) -> EffectReport:
    vocabulary, last, controls = series.reader.vocabulary, f"off {strip.steps[-1]}", series.controls
    column = vocabulary.index(concept) - 1
    means = {variant: tally.area(variant).mean(0) for variant in tally.areas}
    before, after = means[""], means[last]
    random = [means[f"random {number}"] for number in range(controls)]
    change = relative_change(before[column], after[column])
    curve = [
        (count, relative_change(before[column], means[f"off {count}" if count else ""][column]))
        for count in strip.steps
    ]
    return EffectReport(
        model=series.model.name,
        layer=chosen.layer,
        units=tuple(chosen.units),
        concept=concept,
        images=len(tally.area("")),
        seed=series.numbers.start,
        area_before=float(before[column]),
        area_after=float(after[column]),
        relative_change=change,
        interval=bootstrap_interval(tally.area("")[:, column], tally.area(last)[:, column]),
        control=control_of([relative_change(before[column], area[column]) for area in random]),
        curve=curve,
        appears=_appears(tally.left, vocabulary.names),
        elsewhere=_elsewhere(tally, last, controls),
        concepts={
            label: _row(before[index], after[index], [area[index] for area in random])
            for index, label in enumerate(vocabulary.names)
        },
        insertion=_insertion(means, column, last, controls) if "on" in means else None,
        strip=strip.pictures,
        strip_seeds=strip.seeds,
        classes=series.model.classes,
    )


def _row(before: float, after: float, random: Sequence[float]) -> dict[str, float | None]:
    control = control_of([relative_change(before, area) for area in random])
    return {
        "before": float(before),
        "after": float(after),
        "relative_change": relative_change(before, after),
        "control": control["relative_change"],
    }


def _appears(left: NDArray[np.int64], names: Sequence[str]) -> dict[str, float]:
    labels, gone = ("none", *names), max(int(left.sum()), 1)
    order = np.argsort(-left, kind="stable")
    return {labels[value]: int(left[value]) / gone for value in order[:12] if left[value]}


def _elsewhere(tally: _Tally, last: str, controls: int) -> dict[str, float | None]:
    if not tally.other:
        return {"units": None, "control": None}
    random = np.mean([tally.moved[f"random {number}"] for number in range(controls)])
    return {"units": tally.moved[last] / tally.other, "control": float(random) / tally.other}


def _insertion(
    means: dict[str, NDArray[np.float64]], column: int, last: str, controls: int
) -> dict[str, Any]:
    areas = {name: float(mean[column]) for name, mean in means.items()}
    before = areas[""]

    def causal(switched_on: str, switched_off: str) -> float | None:
        return (areas[switched_on] - areas[switched_off]) / before if before > 0 else None

    control = control_of([causal(f"random on {number}", f"random {number}") for number in range(controls)])
    control["effect"] = control.pop("relative_change")
    return {
        "area": areas["on"],
        "relative_change": relative_change(before, areas["on"]),
        "effect": causal("on", last),
        "control": control,
    }
