"""`inscape layers`: the layers of one model compared."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge, Le

from inscape.verbs._generators import open_generator
from inscape.verbs._options import Classes, Device, ModelName
from inscape.verbs._parameters import Option
from inscape.verbs._request import Document, Request

if TYPE_CHECKING:
    from inscape.dissection import DissectionReport
    from inscape.models import Generator
    from inscape.progress import Progress


@dataclass(frozen=True)
class LayersRequest(Request):
    """Compare the layers of a generator by their concepts.

    Counts for each layer the units that match a concept better than chance. The generator runs once for all
    layers.
    """

    model: ModelName
    layers: Annotated[
        str | None, Option("Names of layers such as layer8b,layer16a. [default: all layers]")
    ] = None
    images: Annotated[int, Option("Number of pictures."), Ge(4)] = 1000
    seed: Annotated[int, Option("Seed of the first picture."), Ge(0), Le(2**32 - 1)] = 0
    segmenter: Annotated[str | None, Option("Segmenter that labels the pictures. [default: the card's]")] = (
        None
    )
    classes: Classes = None
    out: Annotated[Path | None, Option("Write the report of each layer to a folder of its name in here.")] = (
        None
    )
    device: Device = "auto"


@dataclass(frozen=True)
class LayersResult:
    """What was found.

    Args:
        reports: Of the layers, in the order of the forward pass.
        out: Where they were kept.
    """

    reports: tuple[DissectionReport, ...]
    out: Path | None

    def to_json(self) -> Document:
        """The document that `--json` prints."""
        layers = [
            {
                "layer": report.layer,
                "units": len(report.findings),
                "concepts": report.concepts,
                "above_chance": sum(finding.counts for finding in report.findings),
            }
            for report in self.reports
        ]
        return {"layers": layers}

    def text(self) -> str:
        """What a person reads: a line for each layer, with the concepts that most of its units match."""
        lines = []
        for row in self.to_json()["layers"]:
            most = sorted(row["concepts"].items(), key=lambda pair: -pair[1])[:5]
            named = ", ".join(f"{concept} {count}" for concept, count in most)
            lines.append(f"{row['layer']:12}{row['above_chance']:4} of {row['units']:4} units  {named}")
        kept = [] if self.out is None else [f"Their reports are in {self.out}"]
        return "\n".join(lines + kept)


def run(request: LayersRequest, progress: Progress) -> LayersResult:
    """Open the model and compare its layers.

    Raises:
        ModelNotFoundError, UnsupportedError: There is no such generator.
        LayerError, NotFoundError: It has no such layer or class, or there is no such segmenter.
        StorageError: A folder cannot be written, or holds other files than a report.
    """
    generator = open_generator(
        request.model, request.device, "compare layers of", request.classes, progress=progress
    )
    return compare_opened(generator, request, progress)


def compare_opened(generator: Generator, request: LayersRequest, progress: Progress) -> LayersResult:
    """Compare the layers of a generator that is open already; reports are written where the request says.

    Raises:
        LayerError, NotFoundError: It has no such layer, or there is no such segmenter.
        StorageError: A folder cannot be written, or holds other files than a report.
    """
    from inscape.dissection import dissect_layers
    from inscape.reports import check_folder
    from inscape.storage import save_or_rescue

    asked = [name.strip() for name in (request.layers or ",".join(generator.layers)).split(",")]
    folders = {generator.layer(name).name: request.out and request.out / name for name in asked}
    for folder in filter(None, folders.values()):
        check_folder(folder)
    reports = dissect_layers(
        generator,
        list(folders),
        request.images,
        segmenter=request.segmenter,
        seed=request.seed,
        progress=progress,
    )
    ordered = tuple(reports[name] for name in generator.layers if name in reports)
    places = [(folders[report.layer], report.save) for report in ordered]
    save_or_rescue(*[(place, save) for place, save in places if place is not None])
    return LayersResult(ordered, request.out)
