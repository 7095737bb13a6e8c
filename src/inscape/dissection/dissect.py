"""Dissection: which unit of a layer matches which concept.

Bau et al., "Network Dissection" (CVPR 2017), "GAN Dissection" (ICLR 2019) and "Understanding the role of
individual units in a deep neural network" (PNAS 2020). The network runs once over the pictures; its raw
activations are kept on disk, and thresholds, overlaps and chance levels are computed from them.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack, cast

import torch

from inscape.dissection._measure import Measured, measure
from inscape.dissection._pass import Kept, Plan, kept_run
from inscape.dissection._top import Thumbnails, top_pictures
from inscape.dissection.causes import CauseOptions, find_causes
from inscape.dissection.criterion import matching
from inscape.dissection.findings import LEAST_IOU, Comparison, UnitFinding
from inscape.dissection.report import DissectionReport
from inscape.dissection.unit_values import UnitValues
from inscape.errors import UnsupportedError, ValueRangeError
from inscape.models import Generator, Model, resolve_device
from inscape.progress import Progress, SilentProgress
from inscape.segmenters import Labeller, Segmenter, fitting_segmenter
from inscape.sources import GeneratedPictures, PictureSource
from inscape.statistics import QUANTILE

if TYPE_CHECKING:
    from jaxtyping import Bool
    from torch import Tensor

    from inscape.concepts import Vocabulary
    from inscape.parallel import Executor
    from inscape.statistics import Border


class DissectOptions(TypedDict, total=False):
    """The options of a dissection.

    Attributes:
        source: The data to run the model on. By default a generator draws pictures of seeds.
        segmenter: A segmenter or its name, which labels the pictures. By default the source's labels, else
            the segmenter of the source or of the card.
        seed: Seed of the first picture, or index of the first photo of a folder. 0 unless given.
        label_size: Height and width at which units and labels are compared; the label maps' unless given, at
            most 128.
        quantile: Share of a unit's up-sampled activations that is on where `iou` is measured. 0.01 unless
            given.
        miniou: Least IoU at which a unit matches a concept. 0.05 unless given.
        border: What activations are up-sampled with beyond the border of a map: "repeat" unless given, or
            "zeros" as in the code of GAN Dissection's authors.
        progress: Reports the pictures and units done.
        device: Where the model runs; where it is unless given. It stays there.
        cache: Folder for raw activations, from which a killed run resumes.
        top: Top pictures kept per unit, 8 unless given, or how they are kept.
        executor: Runs model and segmenter. This process unless given.
        causes: What to measure of causes besides, of a generator. Nothing unless given.
    """

    source: PictureSource | None
    segmenter: Labeller | str | None
    seed: int
    label_size: int | None
    quantile: float
    miniou: float
    border: Border
    progress: Progress | None
    device: str | torch.device | None
    cache: Path | None
    top: int | Thumbnails
    executor: Executor | None
    causes: CauseOptions | None


def dissect(
    model: Model, layer: str | None = None, images: int = 1000, **options: Unpack[DissectOptions]
) -> DissectionReport:
    """Find which unit of a layer matches which concept.

    Example:
        >>> report = inscape.dissect(inscape.open("town"), layer="layer16a", images=1000)
        >>> report.units("door", top=20)
        >>> streets = FolderPictures(Path("streets"), size=224, labels=Path("streets"))
        >>> inscape.dissect(inscape.open("efficientnet-lite0"), source=streets)

    Args:
        model: The model; a conditional generator draws all classes, or those of `model.with_classes(...)`.
        layer: Name of the layer; the model's default unless given.
        images: Number of pictures, at least 4. A source with fewer is used whole.
        options: See `DissectOptions`.

    Raises:
        LayerError: The model has no such layer.
        ValueRangeError: Too few pictures, or an option out of range.
        UsageError: Seeds that do not exist.
        UnsupportedError: The model does not accept the source, the layer's tokens are no square of
            patches, or no segmenter is known.
        StorageError: The activations cannot be kept.
        CancelledError: The person cancelled; what is done is kept for the next attempt.
    """
    name = model.layer(layer).name
    return dissect_layers(model, [name], images, **options)[name]


def dissect_layers(
    model: Model, layers: Sequence[str], images: int = 1000, **options: Unpack[DissectOptions]
) -> dict[str, DissectionReport]:
    """Dissect several layers in one pass over the pictures; arguments as for `dissect`.

    Returns:
        A report per layer; `compare_layers` puts them side by side.
    """
    names = tuple(dict.fromkeys(model.layer(layer).name for layer in layers))
    comparison = Comparison(
        options.get("quantile", QUANTILE), options.get("miniou", LEAST_IOU), options.get("border", "repeat")
    )
    if (device := options.get("device")) is not None:
        model.module.to(resolve_device(device))
    given, top = options.get("source"), options.get("top", 8)
    source = _own_pictures(model) if given is None else given
    numbers = source.numbers(options.get("seed", 0), images)
    if len(numbers) < 4:
        raise ValueRangeError(f"A dissection needs at least 4 pictures, got {len(numbers)}.", "Ask for 1000.")
    if options.get("causes") is not None and (given is not None or not isinstance(model, Generator)):
        raise UnsupportedError(
            "What units cause is measured on the pictures that a generator draws of seeds.",
            "Leave --effects and --sets out, or dissect a generator without --source.",
        )
    thumbnails = top if isinstance(top, Thumbnails) else Thumbnails(count=top)
    labeller, named = _labels(model, source, options.get("segmenter"))
    progress = options.get("progress") or SilentProgress()
    plan = Plan(model, source, labeller, names, numbers, options.get("label_size"))
    started = time.perf_counter()
    cache, executor = options.get("cache"), options.get("executor")
    with kept_run(plan, progress=progress, cache=cache, executor=executor) as kept:
        shared = time.perf_counter() - started
        reports = [_report(kept, name, thumbnails, comparison, progress) for name in names]
        if (causes := options.get("causes")) is not None:
            reports = [_with_causes(report, model, causes, labeller, options) for report in reports]
    classes = model.classes if isinstance(model, Generator) else ()
    shown = None if given is None else source.name
    return {
        report.layer: replace(
            report,
            classes=classes,
            segmenter=named,
            source=shown,
            seconds={**report.seconds, "total": shared + report.seconds["total"]},
        )
        for report in reports
    }


def _with_causes(
    report: DissectionReport,
    model: Model,
    causes: CauseOptions,
    labeller: Labeller | None,
    options: DissectOptions,
) -> DissectionReport:
    """The report with what its units cause; what the dissection kept stays on disk until it is known."""
    assert isinstance(model, Generator)
    found = find_causes(
        model,
        report.layer,
        report.values.conditional_mean,
        causes,
        cache=options.get("cache"),
        segmenter=cast("Segmenter | None", labeller),  # others are refused there
        progress=options.get("progress"),
        executor=options.get("executor"),
    )
    return replace(report, causes=found)


def _own_pictures(model: Model) -> PictureSource:
    if not isinstance(model, Generator):
        raise UnsupportedError(
            f"{model.name!r} is {model.card.noun} and draws no pictures of its own: a source is needed.",
            "Pass source=, from inscape.sources; on the command line, --source FOLDER.",
        )
    return GeneratedPictures(model)


def _labels(
    model: Model, source: PictureSource, asked: Labeller | str | None
) -> tuple[Labeller | None, str | None]:
    """What labels the pictures instead of the source itself, and its name where it was opened by one."""
    if asked is None and source.vocabulary is not None:
        return None, None
    named = asked if asked is not None else source.segmenter or model.card.segmenter
    return fitting_segmenter(model, named), named if isinstance(named, str) else None


def _report(
    kept: Kept, layer: str, thumbnails: Thumbnails, comparison: Comparison, progress: Progress
) -> DissectionReport:
    began, plan = time.perf_counter(), kept.plan
    measured = measure(kept, layer, len(plan.vocabulary), comparison, progress)
    counted = time.perf_counter()
    top = top_pictures(kept, layer, measured.threshold, thumbnails, progress)
    drawn = time.perf_counter()
    return DissectionReport(
        model=plan.model.name,
        layer=layer,
        images=len(kept),
        seed=plan.numbers.start,
        vocabulary=plan.vocabulary,
        findings=_findings(measured, plan.vocabulary, comparison.miniou),
        values=measured.values,
        top=top,
        seconds={
            "total": drawn - began,
            **kept.seconds,
            "statistics": counted - began,
            "page": drawn - counted,
        },
        comparison=comparison,
        groups=len(set(plan.groups or ())),
        skipped=tuple(path.name for path in plan.skipped),
    )


def _findings(measured: Measured, vocabulary: Vocabulary, miniou: float) -> tuple[UnitFinding, ...]:
    values = measured.values
    found = matching(values, miniou)
    rows = []
    for unit in range(len(measured.threshold)):
        top = int(values.iou[:, unit].argmax())
        best = _named_after(values, unit, found[:, unit], miniou)
        iou, iou_best, counts = (
            float(values.iou[top, unit]),
            float(values.iou_best[best, unit]),
            found[best, unit],
        )
        concept = vocabulary.concepts[top] if iou > 0 else None
        rows.append(
            UnitFinding(
                unit=unit,
                concept=concept.name if concept else None,
                plane=concept.plane if concept else None,
                iou=iou,
                threshold=float(measured.threshold[unit]),
                iou_best=iou_best,
                threshold_best=float(measured.threshold_best[unit, best]),
                concept_best=vocabulary.concepts[best].name if iou_best > 0 else None,
                chance=float(values.chance[best, unit] if counts else measured.chance[unit]),
                counts=bool(counts),
            )
        )
    return tuple(rows)


def _named_after(values: UnitValues, unit: int, found: Bool[Tensor, "concept"], miniou: float) -> int:
    """The concept that a unit is named after.

    That of the highest `iou` where the unit matches it. Otherwise that of the highest `iou_best` of those
    that it matches: `iou_best` favours large concepts, for half of all pixels overlap any sky well.
    """
    top = int(values.iou[:, unit].argmax())
    if bool(found[top]) and float(values.iou[top, unit]) > miniou:
        return top
    reached = values.iou_best[:, unit]
    return int((torch.where(found, reached, 0) if bool(found.any()) else reached).argmax())
