"""`inscape brush`: make a brush for a concept, and measure it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge

from inscape.errors import UsageError
from inscape.verbs._brushes import check_kind
from inscape.verbs._generators import open_generator
from inscape.verbs._options import Device, Layer, ModelName, ReportFolder, SegmenterName
from inscape.verbs._parameters import Option
from inscape.verbs._request import Document, Request
from inscape.verbs._units import find_report, segmenter_for

if TYPE_CHECKING:
    from inscape.models import Generator
    from inscape.painting import LearnedBrush
    from inscape.painting.places import PlaceRule
    from inscape.progress import Progress
    from inscape.segmenters import Segmenter


@dataclass(frozen=True)
class BrushRequest(Request):
    """Make a brush for a concept, and measure it at places that it has not seen.

    A causal brush drives the units of a dissection to their usual values. A learned brush adds to units what
    makes the segmenter see the concept. An obedient brush is learned too, and leaves the picture alone where
    the concept cannot stand.
    """

    model: ModelName
    concept: Annotated[str, Option("Concept to paint, such as door or tree.")]
    kind: Annotated[str, Option("Kind of the brush: causal, learned or obedient.")] = "obedient"
    layer: Layer = None
    on: Annotated[
        str | None,
        Option(
            "Concept that the new one stands on, such as wall. [default: learned from the scenes of the "
            "model's world]"
        ),
    ] = None
    cells: Annotated[
        str, Option("With --on: width and height of a stroke, in cells of the layer.", metavar="W,H")
    ] = "2,3"
    top: Annotated[int, Option("Number of units that the brush changes."), Ge(1)] = 40
    steps: Annotated[int, Option("Steps of learning."), Ge(1)] = 150
    places: Annotated[int, Option("Places of each sort that the brush is measured at."), Ge(1)] = 200
    segmenter: SegmenterName = None
    judge: Annotated[
        str | None,
        Option("Segmenter that reads the measured pictures. [default: the one that the brush learned from]"),
    ] = None
    report: ReportFolder = None
    out: Annotated[Path, Option("File to write the brush to. A file that is there keeps its others.")] = Path(
        "brushes.json"
    )
    device: Device = "auto"

    def check(self) -> None:
        """Refuse a kind that there is not, and a size that cannot be parsed."""
        check_kind(self.kind)
        self.box()

    def box(self) -> tuple[int, int]:
        """Rows and columns of a stroke."""
        parts = self.cells.split(",")
        if len(parts) != 2 or not all(part.strip().isdigit() and int(part) > 0 for part in parts):
            raise UsageError(f"--cells takes a width and a height in cells such as 2,3, got {self.cells!r}.")
        return int(parts[1]), int(parts[0])


@dataclass(frozen=True)
class BrushResult:
    """A brush that was written."""

    path: Path
    brush: LearnedBrush

    def to_json(self) -> Document:
        """The document that `--json` prints."""
        brush, score = self.brush, self.brush.score
        return {
            "files": [str(self.path)],
            "concept": brush.concept,
            "kind": brush.kind,
            "layer": brush.layer,
            "units": list(brush.units),
            "score": None if score is None else vars(score),
        }

    def text(self) -> str:
        """What a person reads."""
        brush, score = self.brush, self.brush.score
        assert score is not None
        random = "no random sets" if score.random is None else f"random units {score.random:.0%}"
        lines = [
            f"{self.path}: {brush.kind} brush for {brush.concept}, {len(brush.units)} units of {brush.layer}",
            f"appears in {score.hits:.0%} of {score.legal} places where it may stand ({random})",
        ]
        if score.illegal_hits is not None:
            lines.append(
                f"appears in {score.illegal_hits:.0%} of {score.illegal} places where it cannot, and changes "
                f"them by ΔE {score.change:.1f}"
            )
        return "\n".join([*lines, f"read by {score.judge}"])


def run(request: BrushRequest, progress: Progress) -> BrushResult:
    """Open the model, make the brush, measure it, and write it.

    Raises:
        FormatError: The report, or the file that is there, cannot be read.
        ModelNotFoundError, UnsupportedError: There is no such generator or segmenter.
        LayerError, ConceptError, NotFoundError: A name that the model does not have.
        UsageError: Nothing tells where the concept stands.
        StorageError: The folder cannot be written.
    """
    from inscape.models.weights import weights_hash
    from inscape.painting.learned_brush import BrushSet
    from inscape.painting.scoring import score_brush
    from inscape.segmenters import fitting_segmenter

    generator = open_generator(request.model, request.device, "brush", progress=progress)
    kept = BrushSet(generator.name, weights_hash(generator.module))
    if request.out.is_file():
        found = BrushSet.load(request.out)
        found.check(generator)
        kept = found
    segmenter = fitting_segmenter(generator, segmenter_for(generator, request.segmenter, request.report))
    judge = fitting_segmenter(generator, request.judge) if request.judge else segmenter
    rule = _rule(request, generator, segmenter)
    brush = _made(request, generator, rule, segmenter, progress)
    score = score_brush(generator, brush, rule, places=request.places, segmenter=judge, progress=progress)
    brush = replace(brush, score=score)
    return BrushResult(kept.with_brushes([brush]).save(request.out), brush)


def _rule(request: BrushRequest, generator: Generator, segmenter: Segmenter) -> PlaceRule:
    """Where the concept stands."""
    from inscape.painting.places import StandingOn, learn_rule
    from inscape.scenes import world

    vocabulary = segmenter.vocabulary
    vocabulary.index(request.concept)
    if request.on is not None:
        return StandingOn(request.concept, request.on, request.box(), vocabulary)
    if generator.card.world is None:
        raise UsageError(
            f"Nothing tells where {request.concept!r} may stand in pictures of {request.model!r}.",
            "Name what it stands on, such as --on wall.",
        )
    return learn_rule(
        world(generator.card.world), request.concept, grid=generator.layer(request.layer).size or 1
    )


def _made(
    request: BrushRequest, generator: Generator, rule: PlaceRule, segmenter: Segmenter, progress: Progress
) -> LearnedBrush:
    from inscape.painting.learned_brush import causal_brush
    from inscape.painting.learning import BrushSearch, learn_brush

    if request.kind == "causal":
        report = find_report(generator, request.model, request.layer, request.report)
        return causal_brush(report, request.concept, rule.box, top=request.top)
    return learn_brush(
        generator,
        rule,
        "learned" if request.kind == "learned" else "obedient",
        layer=request.layer,
        search=BrushSearch(steps=request.steps, units=request.top),
        segmenter=segmenter,
        progress=progress,
    )
