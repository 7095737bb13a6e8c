"""The report of a dissection, as a folder and as a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

import torch
from jaxtyping import Bool
from torch import Tensor

from inscape import storage
from inscape.concepts import Vocabulary
from inscape.dissection._chart import chart
from inscape.dissection._page import FOLDER, page
from inscape.dissection._sprites import read_sprites
from inscape.dissection.causes import Causes
from inscape.dissection.criterion import matching
from inscape.dissection.findings import Comparison, Findings, TopPictures, UnitFinding
from inscape.dissection.unit_values import UnitValues
from inscape.reports import Link, Page, Report
from inscape.reports.report import VALUES
from inscape.types import JsonObject

if TYPE_CHECKING:
    from pandas import DataFrame

_VALUES = ("quantiles", "mean", "conditional_mean", "iou", "iou_best", "chance")
_LATER = ("information", "chance_error", "information_of_place")
"""What reports of earlier versions do not hold."""


@dataclass(frozen=True, eq=False)
class DissectionReport(Findings, Report):
    """The units of a layer and the concepts that they match; see `Findings` for its content."""

    kind: ClassVar[str] = "dissection"

    def heading(self) -> str:
        """Model and layer."""
        return f"{self.model} · {self.layer}"

    def facts(self) -> str:
        """The main figures in one line."""
        counting = sum(finding.counts for finding in self.findings)
        concepts = len(self.concepts)
        last = self.seed + self.images - 1
        seen = f"seeds {self.seed} to {last}" if self.source is None else f"of {self.source}"
        classes = f", classes {', '.join(map(str, self.classes))}" if self.classes else ""
        return (
            f"{counting} of {len(self.findings)} units match one of {concepts} "
            f"concept{'' if concepts == 1 else 's'} · "
            f"{self.images} pictures, {seen}{classes}"
            + (f", in {self.groups} groups" if self.groups else "")
            + (f", {len(self.skipped)} unreadable ones left out" if self.skipped else "")
        )

    def figure(self) -> str:
        """How many units count for each concept, as a bar chart."""
        return chart(self)

    def page(self, link: Link) -> Page:
        """The chart, and every unit with its top pictures."""
        return page(self, self.heading(), self.facts(), link)

    def summary(self) -> DataFrame:
        """The ten units furthest above their chance."""
        units = self.table()
        return units.loc[(units["iou_best"] - units["chance"]).nlargest(10).index]

    def files(self) -> Mapping[str, Callable[[], bytes]]:
        """The strips of pictures."""
        sprites = self.top.sprites
        return {
            f"{FOLDER}/{sprites.file(unit)}": partial(sprites.strip, unit) for unit in range(sprites.units)
        }

    def tensors(self) -> dict[str, Tensor]:
        """Numbers for brushes, and the pictures of the strips."""
        values = {name: getattr(self.values, name) for name in (*_VALUES, *_LATER)}
        return {name: each for name, each in values.items() if each is not None} | {
            "levels": torch.tensor(self.values.levels, dtype=torch.float64),
            "top_seeds": self.top.seeds,
            "top_peaks": self.top.peaks,
        }

    def to_json(self) -> JsonObject:
        """The content of `report.json`."""
        return {
            "schema_version": self.versions[-1],
            "kind": self.kind,
            "model": self.model,
            "layer": self.layer,
            "images": self.images,
            "seed": self.seed,
            **asdict(self.comparison),
            "classes": list(self.classes),
            "segmenter": self.segmenter,
            **({} if self.source is None else {"source": self.source}),
            **({"groups": self.groups} if self.groups else {}),
            **({"skipped": list(self.skipped)} if self.skipped else {}),
            "units": [finding.row() for finding in self.findings],
            "rankings": {
                name: [[unit, round(iou, 6)] for unit, iou in ranking]
                for name, ranking in self.rankings.items()
            },
            "concepts": self.concepts,
            "matches": self.matches,
            **(self.causes or Causes()).to_json(),
            "seconds": {name: round(spent, 3) for name, spent in self.seconds.items()},
            "vocabulary": self.vocabulary.to_json(),
            "top_pictures": self.top.seeds.tolist(),
            "thumbnails": {"folder": FOLDER, **self.top.sprites.to_json()},
        }

    @classmethod
    def read(cls, document: JsonObject, folder: Path) -> Self:
        """The report of a `report.json`, and of the files beside it."""
        tensors, _ = storage.load_tensors(folder / VALUES)
        strips = read_sprites(folder / FOLDER, document["thumbnails"], len(document["units"]))
        asked = {each.name: document.get(each.name, each.default) for each in fields(Comparison)}
        comparison = Comparison(**asked)
        vocabulary = Vocabulary.from_json(document["vocabulary"])
        values = UnitValues(
            levels=tuple(tensors["levels"].tolist()),
            **{name: tensors[name] for name in (*_VALUES, *(each for each in _LATER if each in tensors))},
        )
        found = matching(values, comparison.miniou)
        named, shown = document.get("segmenter"), document.get("source")
        return cls(
            model=str(document["model"]),
            layer=str(document["layer"]),
            images=int(document["images"]),
            seed=int(document["seed"]),
            vocabulary=vocabulary,
            findings=tuple(_finding(row, vocabulary, found) for row in document["units"]),
            values=values,
            top=TopPictures(tensors["top_seeds"], tensors["top_peaks"], strips),
            seconds={str(name): float(spent) for name, spent in document["seconds"].items()},
            classes=tuple(int(number) for number in document.get("classes", ())),
            segmenter=named if isinstance(named, str) else None,
            source=shown if isinstance(shown, str) else None,
            comparison=comparison,
            groups=int(document.get("groups", 0)),
            skipped=tuple(str(name) for name in document.get("skipped", ())),
            causes=Causes.from_json(document),
        )


def _finding(row: JsonObject, vocabulary: Vocabulary, found: Bool[Tensor, "concept unit"]) -> UnitFinding:
    """A row of `units`; whether it counts is decided anew, for earlier versions decided otherwise."""
    kept = {each.name: row[each.name] for each in fields(UnitFinding) if each.name != "counts"}
    named = kept["concept_best"]
    counts = named is not None and bool(found[vocabulary.index(named) - 1, kept["unit"]])
    return UnitFinding(**kept, counts=counts)
