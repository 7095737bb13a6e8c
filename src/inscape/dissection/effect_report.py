"""The report of an effect."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from inscape.dissection._curve import curve_chart
from inscape.dissection.variants import no_comparison
from inscape.reports import Link, Page, Report, bars, escape, percent
from inscape.reports.arrays import Pixels
from inscape.types import JsonObject

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pandas import DataFrame
    from PIL.Image import Image

_STRIP = "strip.png"


@dataclass(frozen=True, eq=False)
class EffectReport(Report):
    """The effect of a set of units.

    Areas are means over all pictures, as fractions of the picture. Relative changes are -1 where nothing is
    left and `None` where there was nothing to begin with.

    Attributes:
        model: Name of the model.
        layer: Name of the layer.
        units: The set, in the order in which the curve switches them off.
        concept: What was measured.
        images: Number of pictures.
        seed: Seed of the first; the others follow.
        area_before: Area of the concept in unchanged pictures.
        area_after: Area with all units of the set off.
        relative_change: `area_after / area_before - 1`.
        interval: 95 % interval of that over the choice of pictures (bootstrap).
        control: The same for random sets of units outside the set: `{sets, relative_change, interval, each}`;
            the interval holds 95 % of the sets. None where too few units are outside the set.
        curve: `[units off, relative change]` from 0 units to all.
        appears: What stands where the concept was, as fractions of the pixels that it left.
        borders: The same, counting only pixels that become what bordered the object that they belonged to.
        elsewhere: Fraction of all other pixels whose label changed: `{units, control}`.
        concepts: For every concept of the vocabulary `{before, after, relative_change, control}`.
        insertion: Where asked for, the set switched on everywhere:
            `{area, relative_change, effect, control}`, where `effect` is the average causal effect,
            (area on - area off) / area before.
        strip: Pictures with 0 units off, then more, uint8 `[picture, step, height, width, 3]`.
        strip_seeds: Seeds of the strip's pictures.
        classes: Those of a conditional generator that were drawn; all where there are none.
    """

    kind: ClassVar[str] = "effect"
    beside: ClassVar[frozenset[str]] = frozenset({"strip"})

    model: str
    layer: str
    units: tuple[int, ...]
    concept: str
    images: int
    seed: int
    area_before: float
    area_after: float
    relative_change: float | None
    interval: tuple[float, float] | None
    control: JsonObject | None
    curve: list[tuple[int, float | None]]
    appears: dict[str, float]
    elsewhere: dict[str, float | None]
    concepts: dict[str, dict[str, float | None]]
    insertion: JsonObject | None
    strip: Pixels = field(repr=False)
    strip_seeds: tuple[int, ...] = ()
    classes: tuple[int, ...] = ()
    borders: dict[str, float] = field(default_factory=dict)

    def heading(self) -> str:
        """Units and concept."""
        return f"{len(self.units)} units of {self.layer} and {self.concept!r}"

    def facts(self) -> str:
        """The main figures in one line."""
        classes = f", classes {', '.join(map(str, self.classes))}" if self.classes else ""
        return (
            f"{self.model}, {self.images} pictures from seed {self.seed} on{classes}. "
            f"Units: {', '.join(map(str, self.units))}."
        )

    def sentence(self) -> str:
        """The change of the concept's area, beside that of random units."""
        units, concept = len(self.units), self.concept
        if self.relative_change is None:
            return (
                f"There is no {concept} in these pictures, so the effect of {units} units cannot be measured."
            )
        change = f"{units} units off: area of {concept} {self.relative_change:+.0%}"
        if self.control is None:
            return f"{change}; {no_comparison(units)}"
        low, high = self.control["interval"]
        return f"{change}; random units {low:+.0%} to {high:+.0%}"

    @property
    def _interval(self) -> tuple[float, float] | None:
        """What 95 % of the random sets do."""
        return None if self.control is None else self.control["interval"]

    def table(self) -> DataFrame:
        """A row per concept: its area before and after, the change, and the change for random units."""
        from pandas import DataFrame

        return DataFrame([{"concept": name, **row} for name, row in self.concepts.items()])

    def figure(self) -> str:
        """The curve beside its control."""
        return curve_chart(self.curve, self._interval)

    def page(self, link: Link) -> Page:
        """The figures, the curve beside its control, the strip, and what appears."""
        figure, last = self.figure(), self.curve[-1][0]
        rows = "".join(f"<tr><td>{escape(name)}</td><td>{value}</td></tr>" for name, value in self._rows())
        appears = bars((name, share, percent(share)) for name, share in self.appears.items())
        band = "the band holds 95 % of the random sets with as many units as the last point"
        said = no_comparison(len(self.units)) if self.control is None else band
        body = f"""<table>{rows}</table>
<figure>{figure}<figcaption>Area of {escape(self.concept)} as units are switched off, best first;
{said}.</figcaption></figure>
<figure><img src="{link(_STRIP)}" alt="Pictures with 0 to {last} units off, from left to right">
<figcaption>0 to {last} units off, from left to right.</figcaption></figure>
<h2>Concepts that replace {escape(self.concept)}</h2>{appears}
<p>{percent(sum(self.borders.values()))} of its pixels become what bordered it.</p>"""
        return Page(self.heading(), self.facts(), figure, body)

    def _rows(self) -> list[tuple[str, str]]:
        low, high = self._interval or (None, None)
        random = (
            []
            if self.control is None
            else [
                (f"{self.control['sets']} random sets, mean", percent(self.control["relative_change"])),
                ("random sets, 95 %", f"{percent(low)} to {percent(high)}"),
            ]
        )
        rows = [
            ("area before", percent(self.area_before)),
            ("area with the units off", percent(self.area_after)),
            ("relative change", percent(self.relative_change)),
            *random,
            ("other pixels whose label changes", percent(self.elsewhere["units"])),
        ]
        if self.insertion is not None:
            rows.append(("average causal effect, on minus off", percent(self.insertion["effect"])))
        return rows

    def strip_image(self) -> Image:
        """The strip: a row per picture, a column per step."""
        from PIL import Image as PillowImage

        rows, steps, height, width, _ = self.strip.shape
        joined = self.strip.transpose(0, 2, 1, 3, 4).reshape(rows * height, steps * width, 3)
        return PillowImage.fromarray(joined.copy())

    def strip_file(self, kind: str = "PNG") -> bytes:
        """The strip as the content of a file of a kind that Pillow writes."""
        stream = io.BytesIO()
        self.strip_image().save(stream, kind, quality=85)
        return stream.getvalue()

    def files(self) -> Mapping[str, Callable[[], bytes]]:
        """The strip."""
        return {_STRIP: self.strip_file}

    @classmethod
    def read(cls, document: JsonObject, folder: Path) -> Self:
        """The report of a `report.json`, and of the strip beside it."""
        rows, steps = len(document["strip_seeds"]), len(document["curve"])
        return super().read({**document, "strip": _read_strip(folder / _STRIP, rows, steps)}, folder)


def _read_strip(path: Path, rows: int, steps: int) -> NDArray[np.uint8]:
    """What `strip_image` drew, as uint8 `[picture, step, height, width, 3]`."""
    from PIL import Image as PillowImage

    with PillowImage.open(path) as image:
        array = np.asarray(image.convert("RGB"))
    height, width = array.shape[0] // rows, array.shape[1] // steps
    return array.reshape(rows, height, steps, width, 3).transpose(0, 2, 1, 3, 4).copy()
