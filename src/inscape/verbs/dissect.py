"""`inscape dissect`: which unit of a layer matches which concept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Ge, Le

from inscape.verbs._generators import open_generator
from inscape.verbs._options import Classes, Device, Layer, ModelName, Out
from inscape.verbs._parameters import Option
from inscape.verbs._reports import Html, check_places, write_report
from inscape.verbs._request import Request

if TYPE_CHECKING:
    from inscape.dissection import DissectionReport
    from inscape.models import Generator
    from inscape.progress import Progress

_PRINTED = ("model", "layer", "images", "seed", "classes", "units", "rankings", "concepts", "seconds")


@dataclass(frozen=True)
class DissectRequest(Request):
    """Find out which unit matches which concept; writes report.json and index.html. Resumes after a kill."""

    model: ModelName
    out: Out
    layer: Layer = None
    images: Annotated[int, Option("Pictures to look at."), Ge(4)] = 1000
    seed: Annotated[int, Option("Seed of the first picture."), Ge(0), Le(2**32 - 1)] = 0
    segmenter: Annotated[str | None, Option("What labels the pictures; the card's own unless given.")] = None
    label_size: Annotated[int | None, Option("Where units and labels are compared."), Ge(4), Le(1024)] = None
    classes: Classes = None
    top: Annotated[int, Option("Top pictures kept per unit."), Ge(1), Le(64)] = 8
    html: Html = None
    device: Device = "auto"


@dataclass(frozen=True)
class DissectResult:
    """What was found.

    Args:
        report: The findings.
        out: The folder that they were written to.
        html: The file of the page alone, where it was asked for.
    """

    report: DissectionReport
    out: Path
    html: Path | None

    def to_json(self) -> dict[str, Any]:
        """The document that `--json` prints: `report.json` without what the page alone needs."""
        whole = self.report.to_json()
        files = [self.out / name for name in ("report.json", "index.html", "values.safetensors")]
        files += [] if self.html is None else [self.html]
        return {**{name: whole[name] for name in _PRINTED}, "files": [str(file) for file in files]}

    def text(self) -> str:
        """What a person reads."""
        report = self.report
        counting = sum(finding.counts for finding in report.findings)
        concepts = sorted(report.concepts.items(), key=lambda row: -row[1])
        listed = ", ".join(f"{name} {count}" for name, count in concepts) or "none"
        return (
            f"{counting} of {len(report.findings)} units of {report.layer} match a concept: {listed}\n"
            f"Open {self.out / 'index.html'}"
        )


def run(request: DissectRequest, progress: Progress) -> DissectResult:
    """Open the model and dissect it.

    Raises:
        ModelNotFoundError, UnsupportedError: There is no such generator.
        LayerError, NotFoundError: It has no such layer or class, or there is no such segmenter.
        StorageError: The folder holds other things.
    """
    check_places(request.out, request.html)
    generator = open_generator(request.model, request.device, "dissect", request.classes)
    return dissect_opened(generator, request, progress)


def dissect_opened(generator: Generator, request: DissectRequest, progress: Progress) -> DissectResult:
    """Dissect a generator that is open already; the report is written to the request's folder.

    Raises:
        LayerError, NotFoundError: It has no such layer, or there is no such segmenter.
    """
    from inscape.dissection import dissect

    report = dissect(
        generator,
        request.layer,
        request.images,
        segmenter=request.segmenter,
        seed=request.seed,
        label_size=request.label_size,
        progress=progress,
        top=request.top,
    )
    write_report(report, request.out, request.html)
    return DissectResult(report, request.out, request.html)
