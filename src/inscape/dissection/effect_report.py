"""What a set of units was found to cause: the report of an effect."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from inscape import storage
from inscape.dissection._effect_page import page, read_strip, strip_image
from inscape.dissection.effect_findings import EffectFindings
from inscape.errors import FormatError
from inscape.reports import Report, read_report_json

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True, eq=False)
class EffectReport(EffectFindings, Report):
    """What a set of units causes; `EffectFindings` says what it holds."""

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
        storage.write_json(folder / "report.json", self.to_json())
        strip_image(self.strip).save(folder / "strip.png")
        storage.write_text(folder / "index.html", page(self))

    @classmethod
    def load(cls, folder: Path | str) -> Self:
        """Read a report that was saved.

        Raises:
            FormatError: The folder holds no whole report of an effect.
        """
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
