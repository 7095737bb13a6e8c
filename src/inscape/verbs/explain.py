"""`inscape explain`: the evidence for what a classifier says, or for what a generator drew."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

from annotated_types import Ge, Le

from inscape.errors import UsageError, unknown_name
from inscape.verbs._options import Device, ModelName
from inscape.verbs._parameters import Argument, Option
from inscape.verbs._photos import check_fit
from inscape.verbs._reports import Folder, Html, ReportResult, check_places, write_report
from inscape.verbs._request import Request

if TYPE_CHECKING:
    from inscape.dissection import DissectionReport
    from inscape.dissection.evidence import Evidence
    from inscape.dissection.explain import ExplainOptions
    from inscape.dissection.readout import Method
    from inscape.models import Model
    from inscape.progress import Progress
    from inscape.sources import Photo

METHODS = ("linear", "gradients", "ablation")


@dataclass(frozen=True)
class ExplainRequest(Request):
    """Show the evidence for an output: which units spoke for it, and where they look.

    Of a classifier it explains the logit of a class on a photo. Of a generator it explains what a region of
    the picture of --seed shows.
    """

    model: ModelName
    picture: Annotated[Path | None, Argument("The photo; none for a generator.", metavar="PHOTO")] = None
    of: Annotated[
        str | None,
        Option(
            "Class to explain, by name or number; of a generator a concept. [default: the first class; the "
            "most frequent concept of the region]",
            flag="--class",
        ),
    ] = None
    seed: Annotated[
        int | None, Option("Of a generator: seed of the picture to explain."), Ge(0), Le(2**32 - 1)
    ] = None
    box: Annotated[
        str | None, Option("Of a generator: region X,Y,W,H in pixels. [default: the whole picture]")
    ] = None
    layer: Annotated[
        str | None,
        Option(
            "Layer whose units are the parts. [default: the pooled features where the head is linear, else "
            "the model's default layer]"
        ),
    ] = None
    report: Annotated[
        Path | None, Option("Folder of a dissection report of the layer, to name its units.")
    ] = None
    way: Annotated[
        str | None,
        Option(
            "linear (exact), gradients (integrated gradients) or ablation (each unit alone off). [default: "
            "linear where the head is, else gradients]",
            flag="--method",
        ),
    ] = None
    off: Annotated[str | None, Option("Units to switch off first, such as 3,17,40-42.")] = None
    top: Annotated[
        int, Option("Number of units that speak for it; half as many against it."), Ge(1), Le(256)
    ] = 10
    out: Folder = None
    html: Html = None
    device: Device = "auto"

    def check(self) -> None:
        """Refuse a photo and a seed together, neither, and what cannot be parsed."""
        if (self.picture is None) == (self.seed is None):
            raise UsageError(
                "Name a photo for a classifier, or --seed for a generator."
                if self.picture is None
                else "A photo and --seed exclude each other."
            )
        if self.box is not None and self.seed is None:
            raise UsageError("--box is a region of a generator's picture. Name the picture with --seed.")
        if self.way is not None and self.way not in METHODS:
            raise UsageError(*unknown_name("method", self.way, METHODS))
        check_fit("crop", self.box)
        self.units_off()

    def units_off(self) -> list[int]:
        """The units that are switched off."""
        from inscape.verbs._generators import parse_numbers

        return [] if self.off is None else parse_numbers(self.off, "Units")


def run(request: ExplainRequest, progress: Progress) -> ReportResult:
    """Open the model and explain one output.

    Raises:
        ModelNotFoundError, UnsupportedError: There is no such model, or it has nothing to explain.
        LayerError, NotFoundError, UnitError: It has no such layer, class or unit.
        FormatError: The photo or the report cannot be read.
        StorageError: The folder cannot be written, or holds other files than a report.
    """
    from inscape.dissection import DissectionReport
    from inscape.models import open_model
    from inscape.sources import read_photo

    check_places(request.out, request.html)
    photo = None if request.picture is None else read_photo(request.picture)
    report = None if request.report is None else DissectionReport.load(request.report)
    model = open_model(request.model, device=request.device, progress=progress)
    with progress.task("Explaining", 1, "pictures") as task:
        found = explain_opened(model, request, photo, report)
        task.advance()
    write_report(found, request.out, request.html)
    return ReportResult(found)


def explain_opened(
    model: Model, request: ExplainRequest, photo: Photo | None, report: DissectionReport | None
) -> Evidence:
    """Explain one output of a model that is open already; errors are those of `run`.

    Args:
        model: The model.
        request: What is asked.
        photo: The photo; None for a generator.
        report: Names the units.
    """
    from inscape.dissection.explain import explain
    from inscape.dissection.explain_drawn import explain_drawn
    from inscape.errors import UnsupportedError
    from inscape.models import Generator
    from inscape.regions import parse_box

    options: ExplainOptions = {
        "of": request.of,
        "layer": request.layer,
        "report": report,
        "method": cast("Method | None", request.way),
        "off": request.units_off(),
        "top": request.top,
    }
    if photo is not None:
        return explain(model, photo, **options)
    if not isinstance(model, Generator):
        raise UnsupportedError(
            f"{model.name!r} is {model.card.noun} and draws no pictures of seeds.", "Name a photo instead."
        )
    assert request.seed is not None
    region = None if request.box is None else parse_box(request.box)
    return explain_drawn(model, request.seed, region=region, **options)
