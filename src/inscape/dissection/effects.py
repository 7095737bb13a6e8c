"""The effect of a set of units: how much of a concept disappears when they are off, and appears when they are
on.

The average causal effect of GAN Dissection (Bau et al., ICLR 2019, equation 5) is the mean area of a concept
with the units on everywhere minus its mean area with them off, here as a fraction of the area in unchanged
pictures. Beside every number stands the same number for random sets of as many units, drawn from the units
outside the set; where those are too few there is no comparison. All of them are measured on pictures that the
dissection has not used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Unpack

import numpy as np

from inscape.dissection.borders import Replaced, replaced
from inscape.dissection.effect_report import EffectReport
from inscape.dissection.insertion import insertion_values
from inscape.dissection.unit_set import UnitSet
from inscape.dissection.variants import BATCH, Looking, Series, Variants, bare_units
from inscape.editing import UnitEdit
from inscape.errors import ConceptError, ValueRangeError
from inscape.models import Generator
from inscape.pictures import to_uint8
from inscape.segmenters.areas import class_areas
from inscape.types import JsonObject

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inscape.segmenters import Segmenter

CURVE_POINTS = 20
STRIP_ROWS = 4
_LEVEL = 0.99


@dataclass(frozen=True)
class _Tally:
    """What is gathered of a batch, and of all, by variant name.

    Attributes:
        areas: `[picture, concept]`.
        left: What took the place of the concept with all units of the set off.
        moved: How many other pixels changed their label.
        other: How many other pixels there are.
        seeds: Of the pictures of the strip.
        strip: `[picture, step, height, width, 3]`.
    """

    areas: dict[str, NDArray[np.float64]]
    left: Replaced
    moved: dict[str, int]
    other: int
    seeds: tuple[int, ...] = ()
    strip: NDArray[np.uint8] | None = None

    @classmethod
    def of(cls, parts: Sequence[_Tally]) -> _Tally:
        """That of all batches; the first has the strip."""
        first = parts[0]
        return cls(
            {name: np.concatenate([part.areas[name] for part in parts]) for name in first.areas},
            reduce(add, [part.left for part in parts]),
            {name: sum(part.moved[name] for part in parts) for name in first.moved},
            sum(part.other for part in parts),
            first.seeds,
            first.strip,
        )


def effect(
    model: Generator,
    units: UnitSet | Sequence[int],
    concept: str | None = None,
    *,
    layer: str | None = None,
    insert: bool = False,
    **looking: Unpack[Looking],
) -> EffectReport:
    """Measure how switching units off everywhere changes the area of a concept.

    Example:
        >>> trees = inscape.dissect(model).units("tree", top=20)
        >>> effect(model, trees, images=500).relative_change
        -0.83

    Args:
        model: The generator; a conditional one draws all classes, or those of `model.with_classes(...)`.
        units: From a report, or channel numbers of `layer`; the curve switches them off in this order.
        concept: The concept to measure. By default the one that the set was chosen for.
        layer: The layer of plain channel numbers. The default layer unless given.
        insert: Also switch the units on everywhere, to their conditional means.
        looking: See `Looking`; 200 images unless it says.

    Raises:
        LayerError, UnitError: The model has no such layer or unit.
        ConceptError: The segmenter knows no such concept, or none was named.
        ValueRangeError: Too few pictures or controls, or the units have no values to be switched on with.
        UnsupportedError: No segmenter fits the generator.
        CancelledError: The person cancelled.
    """
    chosen = units if isinstance(units, UnitSet) else bare_units(model, layer, list(units))
    concept = concept or chosen.concept
    if concept is None:
        raise ConceptError("Units picked by number belong to no concept. Name the concept to measure.")
    series = Series.of(model, chosen.layer, 200, looking)
    if series.controls < 2:
        raise ValueRangeError(
            f"An effect needs at least 2 random sets to compare with, got {series.controls}."
        )
    reader = series.reader
    reader.vocabulary.index(concept)
    bare_units(model, chosen.layer, chosen.units)
    steps = _steps(len(chosen.units))
    off = {f"off {count}": _off(chosen.layer, chosen.units[:count]) for count in steps[1:]}
    sets = series.random_sets(chosen.units)
    off |= {f"random {number}": _off(chosen.layer, picked) for number, picked in enumerate(sets)}
    edits = off | (_on(chosen, sets, series) if insert else {})
    work = _Measured(reader, concept, edits, steps, series.numbers.start)
    parts = list(series.over(work, "Switching units off"))
    return _report(_Tally.of(parts), steps, chosen, concept, series, len(sets))


def _steps(count: int) -> list[int]:
    """How many units are off at each point of the curve."""
    points = min(count, CURVE_POINTS)
    return sorted({round(point * count / points) for point in range(points + 1)})


def _off(layer: str, units: Sequence[int]) -> UnitEdit:
    return UnitEdit(layer, tuple(units), mode="remove")


def _on(chosen: UnitSet, sets: Sequence[Sequence[int]], series: Series) -> dict[str, UnitEdit]:
    """The set switched on, and random sets switched on to their own 99 % level, that of the first batch."""
    values = insertion_values(chosen)
    levels = series.variants(series.numbers[:BATCH]).levels(_LEVEL).cpu().numpy()
    edits = {"on": UnitEdit(chosen.layer, chosen.units, values)}
    for number, picked in enumerate(sets):
        edits[f"random on {number}"] = UnitEdit(chosen.layer, tuple(picked), levels[list(picked)])
    return edits


@dataclass(frozen=True)
class _Measured:
    """Measures a batch of pictures, unchanged and with every edit.

    The strip are a few pictures of the first batch, those with most of the concept, at every point of the
    curve.
    """

    reader: Segmenter
    concept: str
    edits: dict[str, UnitEdit]
    steps: Sequence[int]
    first: int

    def __call__(self, batch: Variants) -> _Tally:
        vocabulary = self.reader.vocabulary
        plane, number = vocabulary.plane_of(self.concept), vocabulary.index(self.concept)
        plain = batch.draw()
        before = self.reader.segment(plain)
        areas = {"": class_areas(before, vocabulary).numpy()}
        rows = np.argsort(-areas[""][:, number - 1], kind="stable")[:STRIP_ROWS].tolist()
        shown = {"": to_uint8(plain[rows])}
        stood = before[:, plane].cpu().numpy()
        inside, moved, left = before[:, plane] == number, {}, replaced(stood, stood, number)
        last = f"off {self.steps[-1]}"
        for name, edit in self.edits.items():
            images = batch.edited(edit)
            after = self.reader.segment(images)
            areas[name] = class_areas(after, vocabulary).numpy()
            shown[name] = to_uint8(images[rows])
            moved[name] = int(((after[:, plane] != before[:, plane]) & ~inside).sum())
            if name == last:
                left = replaced(stood, after[:, plane].cpu().numpy(), number)
        tally = _Tally(areas, left, moved, int((~inside).sum()))
        if batch.seeds[0] != self.first:
            return tally
        strip = np.stack([shown[f"off {count}" if count else ""] for count in self.steps], 1)
        return replace(tally, seeds=tuple(batch.seeds[row] for row in rows), strip=strip)


def relative_change(before: float, after: float) -> float | None:
    """`after / before - 1`; `None` where there was nothing before."""
    return float(after / before - 1) if before > 0 else None


def control_of(changes: Sequence[float | None]) -> JsonObject:
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


def _control(changes: Sequence[float | None]) -> JsonObject | None:
    """`control_of`; None where no random sets could be drawn."""
    return control_of(changes) if changes else None


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
    steps: Sequence[int],
    chosen: UnitSet,
    concept: str,
    series: Series,
    controls: int,
) -> EffectReport:
    assert tally.strip is not None
    vocabulary, last = series.reader.vocabulary, f"off {steps[-1]}"
    column = vocabulary.index(concept) - 1
    means = {variant: areas.mean(0) for variant, areas in tally.areas.items()}
    before, after = means[""], means[last]
    random = [means[f"random {number}"] for number in range(controls)]
    appears, borders = tally.left.shares(vocabulary.names)
    change = relative_change(before[column], after[column])
    curve = [
        (count, relative_change(before[column], means[f"off {count}" if count else ""][column]))
        for count in steps
    ]
    return EffectReport(
        model=series.model.name,
        layer=chosen.layer,
        units=tuple(chosen.units),
        concept=concept,
        images=len(tally.areas[""]),
        seed=series.numbers.start,
        area_before=float(before[column]),
        area_after=float(after[column]),
        relative_change=change,
        interval=bootstrap_interval(tally.areas[""][:, column], tally.areas[last][:, column]),
        control=_control([relative_change(before[column], area[column]) for area in random]),
        curve=curve,
        appears=appears,
        borders=borders,
        elsewhere=_elsewhere(tally, last, controls),
        concepts={
            label: _row(before[index], after[index], [area[index] for area in random])
            for index, label in enumerate(vocabulary.names)
        },
        insertion=_insertion(means, column, last, controls) if "on" in means else None,
        strip=tally.strip,
        strip_seeds=tally.seeds,
        classes=series.model.classes,
    )


def _row(before: float, after: float, random: Sequence[float]) -> dict[str, float | None]:
    control = _control([relative_change(before, area) for area in random])
    return {
        "before": float(before),
        "after": float(after),
        "relative_change": relative_change(before, after),
        "control": None if control is None else control["relative_change"],
    }


def _elsewhere(tally: _Tally, last: str, controls: int) -> dict[str, float | None]:
    if not tally.other:
        return {"units": None, "control": None}
    random = [tally.moved[f"random {number}"] for number in range(controls)]
    control = float(np.mean(random)) / tally.other if random else None
    return {"units": tally.moved[last] / tally.other, "control": control}


def _insertion(means: dict[str, NDArray[np.float64]], column: int, last: str, controls: int) -> JsonObject:
    areas = {name: float(mean[column]) for name, mean in means.items()}
    before = areas[""]

    def causal(switched_on: str, switched_off: str) -> float | None:
        return (areas[switched_on] - areas[switched_off]) / before if before > 0 else None

    control = _control([causal(f"random on {number}", f"random {number}") for number in range(controls)])
    if control is not None:
        control["effect"] = control.pop("relative_change")
    return {
        "area": areas["on"],
        "relative_change": relative_change(before, areas["on"]),
        "effect": causal("on", last),
        "control": control,
    }
