"""`inscape effect`: what a set of units causes, everywhere or in one place after another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge

from inscape.errors import UsageError
from inscape.verbs._generators import open_generator
from inscape.verbs._options import (
    Classes,
    Device,
    FreshSeed,
    Layer,
    ModelName,
    RankName,
    ReportFolder,
    SegmenterName,
    Units,
    UnitValue,
    Workers,
)
from inscape.verbs._parameters import Option
from inscape.verbs._reports import Folder, Html, ReportResult, check_places, write_report
from inscape.verbs._request import Request
from inscape.verbs._units import Choice, parse_value, segmenter_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inscape.dissection import UnitSet
    from inscape.dissection.effect_report import EffectReport
    from inscape.models import Generator
    from inscape.progress import Progress


@dataclass(frozen=True)
class EffectRequest(Request):
    """Measure how units change the area of a concept.

    Switches the units off in every picture, and compares them with random units. With --map, switches them on
    in one cell of a grid at a time, and maps where the concept appears.
    """

    model: ModelName
    concept: Annotated[str, Option("Concept whose area is measured, such as tree or door.")]
    units: Units = None
    top: Annotated[int, Option("Number of the concept's best units, without --units."), Ge(1)] = 20
    rank: RankName = None
    layer: Layer = None
    images: Annotated[int, Option("Number of pictures."), Ge(2)] = 200
    insert: Annotated[bool, Option("Also measure the units switched on everywhere.")] = False
    map: Annotated[
        bool, Option("Instead, switch the units on in each cell of a grid, one cell at a time.")
    ] = False
    grid: Annotated[int, Option("With --map: number of cells along each side of the picture."), Ge(1)] = 8
    value: UnitValue = "quantile"
    controls: Annotated[int, Option("Number of random sets of units to compare with."), Ge(2)] = 20
    seed: FreshSeed = 1_000_000
    classes: Classes = None
    segmenter: SegmenterName = None
    report: ReportFolder = None
    out: Folder = None
    html: Html = None
    workers: Workers = "1"
    device: Device = "auto"

    def check(self) -> None:
        """Refuse units and values that cannot be parsed, and two measurements at once."""
        self.choice()
        parse_value(self.value)
        if self.map and self.insert:
            raise UsageError("--insert and --map exclude each other. Leave one of them out.")

    def choice(self) -> Choice:
        """Which units are meant."""
        return Choice(self.concept, self.units, self.top, self.layer, self.report, self.rank)


class EffectResult(ReportResult):
    """What was measured."""


def run(request: EffectRequest, progress: Progress) -> EffectResult:
    """Open the model, take the units and measure what they cause.

    Raises:
        ModelNotFoundError, UnsupportedError: There is no such generator.
        LayerError, ConceptError, UnitError, NotFoundError: A name or number that the model does not have.
        StorageError: The folder cannot be written, or holds other files than a report.
    """
    from inscape.dissection.placement import placement
    from inscape.parallel import open_executor

    check_places(request.out, request.html)
    generator = open_generator(request.model, request.device, "effect", request.classes, progress=progress)
    units = request.choice().take(generator, request.model, values=request.insert or request.map)
    segmenter = segmenter_for(generator, request.segmenter, request.report)
    if not request.map:
        return EffectResult(measure_opened(generator, units, request, segmenter, progress))
    with open_executor(request.workers) as executor:
        found = placement(
            generator,
            replace(units, concept=request.concept),
            images=request.images,
            grid=request.grid,
            value=parse_value(request.value),
            seed=request.seed,
            controls=request.controls,
            segmenter=segmenter,
            progress=progress,
            executor=executor,
        )
    write_report(found, request.out, request.html)
    return EffectResult(found)


def measure_opened(
    generator: Generator,
    units: UnitSet | Sequence[int],
    request: EffectRequest,
    segmenter: str | None,
    progress: Progress,
) -> EffectReport:
    """Measure what units of a generator that is open already cause.

    Args:
        generator: With the layer that the request names.
        units: Already taken.
        request: Everything else.
        segmenter: The name of what labels the pictures.
        progress: Reports the pictures done.
    """
    from inscape.dissection.effects import effect
    from inscape.parallel import open_executor

    with open_executor(request.workers) as executor:
        found = effect(
            generator,
            units,
            request.concept,
            layer=request.layer,
            images=request.images,
            insert=request.insert,
            seed=request.seed,
            controls=request.controls,
            segmenter=segmenter,
            progress=progress,
            executor=executor,
        )
    write_report(found, request.out, request.html)
    return found
