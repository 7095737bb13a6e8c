"""The report of a dissection: which unit of a layer matches which concept, as a folder and as a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor

from inscape import storage
from inscape.concepts import Vocabulary
from inscape.dissection._page import page, summary
from inscape.dissection._sprites import read_sprites
from inscape.dissection.findings import Findings, TopPictures, UnitFinding, UnitValues
from inscape.errors import FormatError
from inscape.reports import Report, read_report_json

SCHEMA_VERSION = 1


@dataclass(frozen=True, eq=False)
class DissectionReport(Findings, Report):
    """Which unit of a layer matches which concept; `Findings` says what it holds and answers."""

    def to_json(self) -> dict[str, Any]:
        """The content of `report.json`."""
        return {
            "schema_version": SCHEMA_VERSION,
            "kind": "dissection",
            "model": self.model,
            "layer": self.layer,
            "images": self.images,
            "seed": self.seed,
            "classes": list(self.classes),
            "segmenter": self.segmenter,
            **({} if self.source is None else {"source": self.source}),
            "units": [asdict(finding) for finding in self.findings],
            "rankings": {
                name: [[unit, round(iou, 6)] for unit, iou in ranking]
                for name, ranking in self.rankings.items()
            },
            "concepts": self.concepts,
            "matches": self.matches,
            "seconds": {name: round(spent, 3) for name, spent in self.seconds.items()},
            "vocabulary": self.vocabulary.to_json(),
            "top_pictures": self.top.seeds.tolist(),
            "thumbnails": {"folder": "thumbnails", **self.top.sprites.to_json()},
        }

    def write(self, folder: Path) -> None:
        """Write `report.json`, `index.html`, `thumbnails/` and `values.safetensors`."""
        self.top.sprites.write(folder / "thumbnails")
        storage.save_tensors(folder / "values.safetensors", self._tensors())
        storage.write_text(folder / "index.html", page(self))
        storage.write_json(folder / "report.json", self.to_json(), indent=None)

    def _tensors(self) -> dict[str, Tensor]:
        values = self.values
        information = {} if values.information is None else {"information": values.information}
        return information | {
            "levels": torch.tensor(values.levels, dtype=torch.float64),
            "quantiles": values.quantiles,
            "mean": values.mean,
            "conditional_mean": values.conditional_mean,
            "iou": values.iou,
            "iou_best": values.iou_best,
            "chance": values.chance,
            "top_seeds": self.top.seeds,
            "top_peaks": self.top.peaks,
        }

    @classmethod
    def load(cls, folder: Path | str) -> Self:
        """Read a report that was saved.

        Raises:
            FormatError: The folder holds no whole dissection report.
        """
        folder = Path(folder)
        document = read_report_json(folder)
        if document.get("kind") != "dissection" or document.get("schema_version") != SCHEMA_VERSION:
            raise FormatError(
                f"{folder} holds no dissection report of version {SCHEMA_VERSION}.",
                "Dissect the model again.",
            )
        tensors, _ = storage.load_tensors(folder / "values.safetensors")
        try:
            return cls(
                model=str(document["model"]),
                layer=str(document["layer"]),
                images=int(document["images"]),
                seed=int(document["seed"]),
                vocabulary=Vocabulary.from_json(document["vocabulary"]),
                findings=_findings(document["units"]),
                values=_values(tensors),
                top=TopPictures(
                    tensors["top_seeds"],
                    tensors["top_peaks"],
                    read_sprites(folder / "thumbnails", document["thumbnails"], len(document["units"])),
                ),
                seconds={str(name): float(spent) for name, spent in document["seconds"].items()},
                classes=tuple(int(number) for number in document.get("classes", ())),
                segmenter=named if isinstance(named := document.get("segmenter"), str) else None,
                source=shown if isinstance(shown := document.get("source"), str) else None,
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise FormatError(f"The dissection report in {folder} is damaged: {error!r}.") from error

    def _repr_html_(self) -> str:
        return summary(self)


def _findings(rows: Sequence[Mapping[str, Any]]) -> tuple[UnitFinding, ...]:
    names = [each.name for each in fields(UnitFinding)]
    return tuple(UnitFinding(**{name: row[name] for name in names}) for row in rows)


def _values(tensors: Mapping[str, Tensor]) -> UnitValues:
    return UnitValues(
        levels=tuple(tensors["levels"].tolist()),
        quantiles=tensors["quantiles"],
        mean=tensors["mean"],
        conditional_mean=tensors["conditional_mean"],
        iou=tensors["iou"],
        iou_best=tensors["iou_best"],
        chance=tensors["chance"],
        information=tensors.get("information"),
    )
