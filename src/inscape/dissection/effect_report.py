"""What a set of units was found to cause: the report of an effect."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from inscape import storage
from inscape.errors import FormatError
from inscape.reports import Report, read_report_json

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pandas import DataFrame


@dataclass(frozen=True, eq=False)
class EffectReport(Report):
    """What a set of units causes.

    Areas are means over all pictures, as fractions of the picture. Relative changes are -1 where nothing is
    left and `None` where there was nothing to begin with.

    Attributes:
        model: Name of the model.
        layer: Name of the layer.
        units: The set, in the order in which the curve switches them off.
        concept: What was measured.
        images: Pictures looked at.
        seed: Seed of the first; the others follow.
        area_before: Area of the concept in unchanged pictures.
        area_after: Area with all units of the set off.
        relative_change: `area_after / area_before - 1`.
        interval: 95 % interval of that over the choice of pictures (bootstrap).
        control: The same for random sets: `{sets, relative_change, interval, each}`; the interval holds 95 %
            of the sets.
        curve: `[units off, relative change]` from 0 units to all.
        appears: What stands where the concept was, as fractions of the pixels that it left.
        elsewhere: Fraction of all other pixels whose label changed: `{units, control}`.
        concepts: For every concept of the vocabulary `{before, after, relative_change, control}`.
        insertion: Where asked for, the set switched on everywhere:
            `{area, relative_change, effect, control}`, where `effect` is the average causal effect,
            (area on - area off) / area before.
        strip: Pictures with 0 units off, then more, uint8 `[picture, step, height, width, 3]`.
        strip_seeds: Seeds of the strip's pictures.
        classes: Those of a conditional generator that were drawn; all where there are none.
    """

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
    control: dict[str, Any]
    curve: list[tuple[int, float | None]]
    appears: dict[str, float]
    elsewhere: dict[str, float | None]
    concepts: dict[str, dict[str, float | None]]
    insertion: dict[str, Any] | None
    strip: NDArray[np.uint8] = field(repr=False)
    strip_seeds: tuple[int, ...] = ()
    classes: tuple[int, ...] = ()

    def table(self) -> DataFrame:
        """A row per concept: its area before and after, the change, and the change for random units."""
        from pandas import DataFrame

        return DataFrame([{"concept": name, **row} for name, row in self.concepts.items()])

    def to_json(self) -> dict[str, Any]:
        """The content of `report.json`."""
        plain = {
            name: getattr(self, name)
            for name in self.__dataclass_fields__
            if name not in ("strip", "interval")
        }
        return {
            "schema_version": 1,
            "kind": "effect",
            **plain,
            "units": list(self.units),
            "interval": None if self.interval is None else list(self.interval),
            "curve": [list(point) for point in self.curve],
            "strip_seeds": list(self.strip_seeds),
            "classes": list(self.classes),
        }

    def write(self, folder: Path) -> None:
        """Write `report.json`, `index.html` and `strip.png` into a folder."""
        from inscape.dissection._effect_page import page, strip_image

        storage.write_json(folder / "report.json", self.to_json())
        strip_image(self.strip).save(folder / "strip.png")
        storage.write_text(folder / "index.html", page(self))

    @classmethod
    def load(cls, folder: Path | str) -> Self:
        """Read a report that was saved.

        Raises:
            FormatError: The folder holds no whole report of an effect.
        """
        from inscape.dissection._effect_page import read_strip

        document = read_report_json(folder)
        if document.pop("kind", None) != "effect" or document.pop("schema_version", None) != 1:
            raise FormatError(f"{Path(folder) / 'report.json'} is no report of an effect.")
        try:
            rows, steps = len(document["strip_seeds"]), len(document["curve"])
            document["units"] = tuple(document["units"])
            document["interval"] = None if document["interval"] is None else tuple(document["interval"])
            document["curve"] = [(off, change) for off, change in document["curve"]]
            document["strip_seeds"] = tuple(document["strip_seeds"])
            document["classes"] = tuple(document.get("classes", ()))
            return cls(**document, strip=read_strip(Path(folder) / "strip.png", rows, steps))
        except (KeyError, TypeError, ValueError, OSError) as error:
            raise FormatError(f"The report of an effect in {folder} is damaged: {error}.") from error
