"""`inscape effect`: what a set of units causes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Ge

from inscape.verbs._generators import open_generator
from inscape.verbs._options import Classes, Device, Layer, ModelName, ReportFolder, SegmenterName, Units
from inscape.verbs._parameters import Option
from inscape.verbs._request import Request
from inscape.verbs._units import Choice, segmenter_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inscape.dissection import UnitSet
    from inscape.dissection.effect_report import EffectReport
    from inscape.models import Generator
    from inscape.progress import Progress


@dataclass(frozen=True)
class EffectRequest(Request):
    """Switch units off everywhere and measure what becomes of a concept, beside random units."""

    model: ModelName
    concept: Annotated[str, Option("What to measure: tree, door, …")]
    units: Units = None
    top: Annotated[int, Option("How many units, where none are named."), Ge(1)] = 20
    layer: Layer = None
    images: Annotated[int, Option("How many pictures."), Ge(2)] = 200
    insert: Annotated[bool, Option("Also switch the units on everywhere.")] = False
    controls: Annotated[int, Option("How many random sets."), Ge(2)] = 20
    seed: Annotated[int, Option("Seed of the first picture."), Ge(0)] = 1_000_000
    classes: Classes = None
    segmenter: SegmenterName = None
    report: ReportFolder = None
    out: Annotated[Path | None, Option("Folder for the report and its page.")] = None
    device: Device = "auto"

    def check(self) -> None:
        """Refuse units that cannot be parsed."""
        self.choice()

    def choice(self) -> Choice:
        """Which units are meant."""
        return Choice(self.concept, self.units, self.top, self.layer, self.report)


@dataclass(frozen=True)
class EffectResult:
    """What was measured."""

    report: EffectReport

    def to_json(self) -> dict[str, Any]:
        """The document that `--json` prints."""
        return self.report.to_json()

    def text(self) -> str:
        """What a person reads."""
        units, concept = len(self.report.units), self.report.concept
        if self.report.relative_change is None:
            return f"There is no {concept} in these pictures, so {units} units cannot be seen to change it."
        low, high = self.report.control["interval"]
        change = f"{self.report.relative_change:+.0%}"
        return f"{units} units off: area of {concept} {change}; random units {low:+.0%} to {high:+.0%}"


def run(request: EffectRequest, progress: Progress) -> EffectResult:
    """Open the model, take the units and measure what they cause.

    Raises:
        ModelNotFoundError, UnsupportedError: There is no such generator.
        LayerError, ConceptError, UnitError, NotFoundError: A name or number that the model does not have.
        StorageError: The folder holds other things.
    """
    from inscape.reports import check_folder

    if request.out is not None:
        check_folder(request.out)
    generator = open_generator(request.model, request.device, "effect", request.classes)
    chosen = request.choice().take(generator, request.model, values=request.insert)
    segmenter = segmenter_for(generator, request.segmenter, request.report)
    return measure_opened(generator, chosen, request, segmenter, progress)


def measure_opened(
    generator: Generator,
    units: UnitSet | Sequence[int],
    request: EffectRequest,
    segmenter: str | None,
    progress: Progress,
) -> EffectResult:
    """Measure what units of a generator that is open already cause.

    Args:
        generator: With the layer that the request names.
        units: Already taken.
        request: Everything else.
        segmenter: The name of what labels the pictures.
        progress: Told about pictures as they are done.
    """
    from inscape.dissection.effects import effect

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
    )
    if request.out is not None:
        found.save(request.out)
    return EffectResult(found)
