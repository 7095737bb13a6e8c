"""`inscape dissect`: which unit of a layer matches which concept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

from annotated_types import Ge, Le

from inscape.errors import UsageError
from inscape.verbs._generators import open_generator
from inscape.verbs._options import Classes, Device, Layer, ModelName, Out, Workers
from inscape.verbs._parameters import Option
from inscape.verbs._reports import Html, check_places, write_report
from inscape.verbs._request import Document, Request

if TYPE_CHECKING:
    from inscape.dissection import CauseOptions, DissectionReport
    from inscape.models import Model
    from inscape.progress import Progress
    from inscape.sources import PictureSource
    from inscape.statistics import Border

_PRINTED = (
    *("model", "layer", "images", "seed", "classes", "quantile", "miniou", "border"),
    *("units", "rankings", "effects", "sets", "removals", "concepts", "seconds"),
)


@dataclass(frozen=True)
class DissectRequest(Request):
    """Find which unit of a layer matches which concept.

    The report goes to the folder --out, as report.json and index.html. A run that was killed resumes from its
    cache.
    """

    model: ModelName
    out: Out
    layer: Layer = None
    source: Annotated[
        Path | None,
        Option("Folder of photos to run the model on. [default: a generator draws pictures of seeds]"),
    ] = None
    labels: Annotated[
        Path | None,
        Option("Folder of label maps: PNG files of numbers or colours with the same names as the photos."),
    ] = None
    concepts: Annotated[
        Path | None,
        Option(
            "Text file that names the values of the label maps, one per line, starting at 0, or their "
            "colours, such as '64 0 128 car'. "
            "[default: concepts.txt in the folder of label maps]"
        ),
    ] = None
    groups: Annotated[
        str | None,
        Option(
            "Photos that belong together, as frames of one drive: a glob of their names whose first star is "
            "the group ('*_*'), a regular expression whose first bracket is ('([^_]+)_.*'), '*/*' for the "
            "folder, or the column of a table (drives.csv:drive). Chance is then measured within groups."
        ),
    ] = None
    images: Annotated[int, Option("Number of pictures; a folder with fewer photos is used whole."), Ge(4)] = (
        1000
    )
    seed: Annotated[
        int, Option("Seed of the first picture, or index of the first photo."), Ge(0), Le(2**32 - 1)
    ] = 0
    segmenter: Annotated[
        str | None, Option("Segmenter that labels the pictures. [default: the label maps, else the card's]")
    ] = None
    label_size: Annotated[
        int | None,
        Option(
            "Height and width in pixels at which units and labels are compared. "
            "[default: size of the label maps, at most 128]"
        ),
        Ge(4),
        Le(1024),
    ] = None
    quantile: Annotated[
        float,
        Option("Share of a unit's up-sampled activations that is on where `iou` is measured."),
        Ge(0.0001),
        Le(0.5),
    ] = 0.01
    miniou: Annotated[float, Option("Least IoU at which a unit matches a concept."), Ge(0.0), Le(1.0)] = 0.05
    border: Annotated[
        str,
        Option(
            "Values beyond the border of a map where it is enlarged: repeat the outermost ones, or zeros as "
            "in the published code."
        ),
    ] = "repeat"
    classes: Classes = None
    top: Annotated[int, Option("Number of top pictures kept for each unit."), Ge(1), Le(64)] = 8
    effects: Annotated[
        bool, Option("Also switch off each unit alone, and keep the change of every concept's area.")
    ] = False
    sets: Annotated[
        bool,
        Option(
            "Also optimise the set of units that causes each concept, by gradient through the segmenter: 2 "
            "minutes a concept at most. A stopped run continues where it was."
        ),
    ] = False
    sets_of: Annotated[
        str | None,
        Option("With --sets: concepts such as tree,door. [default: each object that the pictures show]"),
    ] = None
    html: Html = None
    workers: Workers = "1"
    device: Device = "auto"

    def check(self) -> None:
        """Refuse labels without photos, two kinds of labels, and another border."""
        if self.border not in ("repeat", "zeros"):
            raise UsageError(f"--border is repeat or zeros, got {self.border!r}.")
        if self.source is None and (self.labels or self.concepts):
            raise UsageError("Label maps need photos. Name the folder of photos with --source.")
        if self.groups is not None:
            from inscape.sources.groups import check_pattern

            if self.source is None:
                raise UsageError(
                    "--groups says which photos belong together. Name their folder with --source."
                )
            check_pattern(self.groups)
        if self.concepts and not self.labels:
            raise UsageError("--concepts needs label maps. Name their folder with --labels.")
        if self.labels and self.segmenter:
            raise UsageError("--labels and --segmenter exclude each other. Leave one of them out.")
        if self.sets_of is not None and not self.sets:
            raise UsageError("--sets-of names the concepts of --sets. Add --sets, or leave it out.")
        if self.source is not None and (self.effects or self.sets):
            raise UsageError(
                "--effects and --sets are measured on pictures that a generator draws. Leave --source out."
            )


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

    def to_json(self) -> Document:
        """The document that `--json` prints: `report.json` without the data of the page."""
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
        lines = [f"{counting} of {len(report.findings)} units of {report.layer} match a concept: {listed}"]
        if report.skipped:
            lines.append(f"{len(report.skipped)} files could not be read: {', '.join(report.skipped[:5])}")
        lines += [
            f"{removal.units} units of the set of {concept} off: {concept} {removal.relative_change:+.0%}, "
            f"{sum(removal.borders.values()):.0%} of it becomes what bordered it"
            for concept, removal in (report.causes.removals if report.causes else {}).items()
            if removal.relative_change is not None
        ]
        return "\n".join([*lines, f"Open {self.out / 'index.html'}"])


def run(request: DissectRequest, progress: Progress) -> DissectResult:
    """Open the model and dissect it.

    Raises:
        ModelNotFoundError, UnsupportedError: There is no such model, or it does not accept the source.
        LayerError, NotFoundError: It has no such layer or class, or there is no such segmenter, or no photo
            or label map in the folders.
        StorageError: The folder cannot be written, or holds other files than a report.
    """
    from inscape.models import open_model

    check_places(request.out, request.html)
    if request.classes is not None:
        model: Model = open_generator(
            request.model, request.device, "dissect", request.classes, progress=progress
        )
    else:
        model = open_model(request.model, device=request.device, progress=progress)
    return dissect_opened(model, request, progress)


def dissect_opened(model: Model, request: DissectRequest, progress: Progress) -> DissectResult:
    """Dissect a model that is open already; the report is written to the request's folder.

    Raises:
        LayerError, NotFoundError: It has no such layer, or there is no such segmenter.
        UnsupportedError: It does not take what it is shown.
    """
    from inscape.dissection import dissect
    from inscape.parallel import open_executor

    with open_executor(request.workers) as executor:
        report = dissect(
            model,
            request.layer,
            request.images,
            source=_source(model, request),
            segmenter=request.segmenter,
            seed=request.seed,
            label_size=request.label_size,
            quantile=request.quantile,
            miniou=request.miniou,
            border=cast("Border", request.border),
            progress=progress,
            top=request.top,
            executor=executor,
            causes=_causes(request),
        )
    write_report(report, request.out, request.html)
    return DissectResult(report, request.out, request.html)


def _causes(request: DissectRequest) -> CauseOptions | None:
    """What is measured of causes; None where nothing was asked for."""
    if not request.effects and not request.sets:
        return None
    from inscape.dissection import CauseOptions

    named = (request.sets_of or "").split(",")
    concepts = tuple(name.strip() for name in named if name.strip())
    return CauseOptions(effects=request.effects, sets=request.sets, concepts=concepts)


def _source(model: Model, request: DissectRequest) -> PictureSource | None:
    """The folder of photos, at the size that the model takes; None where there is no folder."""
    if request.source is None:
        return None
    from inscape.sources import FolderPictures

    return FolderPictures(
        request.source,
        size=model.card.shown_size,
        labels=request.labels,
        concepts=request.concepts,
        groups=request.groups,
    )
