"""Dissection: which unit of a layer matches which concept.

Bau et al., "Network Dissection" (CVPR 2017), "GAN Dissection" (ICLR 2019) and "Understanding the role of
individual units in a deep neural network" (PNAS 2020). The network runs once over the pictures; its raw
activations are kept on disk, and thresholds, overlaps and chance levels are computed from them.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from inscape.dissection._measure import Measured, measure
from inscape.dissection._pass import BATCH, BATCH_PER_CORE, Kept, Plan, kept_run
from inscape.dissection._top import top_pictures
from inscape.dissection.findings import LEAST_IOU, UnitFinding
from inscape.dissection.report import DissectionReport
from inscape.dissection.sources import GeneratedPictures, Labeller, Source
from inscape.errors import UnsupportedError, UsageError, ValueRangeError
from inscape.progress import Progress, SilentProgress

if TYPE_CHECKING:
    import torch

    from inscape.models import Generator, Model

_LARGEST_SEED = 2**32 - 1


@dataclass(frozen=True)
class Thumbnails:
    """How the top pictures of a unit are kept.

    Attributes:
        count: Pictures per unit.
        size: Height and width of each in pixels; that of the pictures unless given, from 128 to 256.
        quality: Of the WebP, 0 to 100.
    """

    count: int = 8
    size: int | None = None
    quality: int = 82


def dissect(
    model: Generator,
    layer: str | None = None,
    images: int = 1000,
    *,
    segmenter: Labeller | str | None = None,
    seed: int = 0,
    label_size: int | None = None,
    progress: Progress | None = None,
    device: str | torch.device | None = None,
    cache: Path | None = None,
    top: int | Thumbnails = 8,
) -> DissectionReport:
    """Find out which unit of a layer of a generator matches which concept.

    Example:
        >>> report = inscape.dissect(inscape.open("town"), layer="layer16a", images=1000)
        >>> report.units("door", top=20)

    Args:
        model: A generator; a conditional one draws all classes, or those of `model.with_classes(...)`.
        layer: Name of the layer; the model's default unless given.
        images: Pictures to look at, of the seeds `seed` to `seed + images - 1`; at least 4.
        segmenter: Labels the pictures: a segmenter, or its name; the one on the model's card unless given.
        seed: Seed of the first picture.
        label_size: Height and width at which units and labels are compared; the label maps' unless given, at
            most 128.
        progress: Told about pictures and units as they are done.
        device: Where generator and segmenter run; where the model is unless given. The model stays there.
        cache: Where raw activations are kept meanwhile, and taken up again after a kill.
        top: Top pictures kept per unit, or how they are kept.

    Raises:
        LayerError: The model has no such layer.
        ValueRangeError: Too few pictures, or seeds that do not exist.
        UnsupportedError: The model is no generator, or no segmenter fits it.
        StorageError: The activations cannot be kept.
        CancelledError: The person asked to stop; what is done is kept for the next attempt.
    """
    name = model.layer(layer).name
    reports = dissect_layers(
        model,
        [name],
        images,
        segmenter=segmenter,
        seed=seed,
        label_size=label_size,
        progress=progress,
        device=device,
        cache=cache,
        top=top,
    )
    return reports[name]


def dissect_layers(
    model: Generator,
    layers: Sequence[str],
    images: int = 1000,
    *,
    segmenter: Labeller | str | None = None,
    seed: int = 0,
    label_size: int | None = None,
    progress: Progress | None = None,
    device: str | torch.device | None = None,
    cache: Path | None = None,
    top: int | Thumbnails = 8,
) -> dict[str, DissectionReport]:
    """Dissect several layers in one pass over the generator; arguments as for `dissect`.

    Returns:
        A report per layer; `compare_layers` puts them side by side.
    """
    if not hasattr(model, "to_w"):
        raise UnsupportedError(
            f"A dissection by seeds needs a generator, got {model!r}.",
            "For a classifier, pass inscape.dissection.ScenePictures to dissect_source.",
        )
    modules = {model.layer(name).name: model.layer(name).module for name in layers}
    if device is not None:
        from inscape.models import resolve_device

        model.module.to(resolve_device(device))
    source = GeneratedPictures(model, _segmenter_of(model, segmenter))
    reports = dissect_source(
        source, _seeds(seed, images), modules, label_size=label_size, progress=progress, cache=cache, top=top
    )
    named = segmenter if isinstance(segmenter, str) else None if segmenter else model.card.segmenter
    return {name: replace(report, classes=model.classes, segmenter=named) for name, report in reports.items()}


def dissect_source(
    source: Source,
    seeds: range,
    modules: Mapping[str, str],
    *,
    label_size: int | None = None,
    progress: Progress | None = None,
    cache: Path | None = None,
    top: int | Thumbnails = 8,
) -> dict[str, DissectionReport]:
    """Dissect any network over any pictures: what `dissect` and Network Dissection have in common.

    Example:
        >>> source = ScenePictures("resnet", module, inscape.world("town"), size=64)
        >>> dissect_source(source, range(1000), {"layer4": "layer4.1.conv2"})

    Args:
        source: The network, the pictures and their labels.
        seeds: Of the pictures.
        modules: Dotted path of the `torch.nn.Module` by the name of each layer.
        label_size: Height and width at which units and labels are compared.
        progress: Told about pictures and units as they are done.
        cache: Where raw activations are kept meanwhile.
        top: Top pictures kept per unit, or how they are kept.
    """
    started = time.perf_counter()
    told = progress or SilentProgress()
    thumbnails = top if isinstance(top, Thumbnails) else Thumbnails(count=top)
    if thumbnails.count < 1:
        raise ValueRangeError(f"At least one top picture is kept per unit, got {thumbnails.count}.")
    plan = Plan(seeds, modules, label_size, BATCH_PER_CORE if source.side_by_side else BATCH)
    with kept_run(source, plan, progress=told, cache=cache) as kept:
        shared = time.perf_counter() - started
        return {
            name: _report(source, kept, name, told, _sized(thumbnails, kept), shared) for name in plan.modules
        }


def _report(
    source: Source, kept: Kept, layer: str, progress: Progress, thumbnails: Thumbnails, shared: float
) -> DissectionReport:
    began = time.perf_counter()
    measured = measure(kept, layer, len(source.vocabulary), progress)
    counted = time.perf_counter()
    assert thumbnails.size is not None
    top = top_pictures(
        kept,
        layer,
        measured.threshold,
        count=thumbnails.count,
        size=thumbnails.size,
        quality=thumbnails.quality,
        progress=progress,
    )
    drawn = time.perf_counter()
    return DissectionReport(
        model=source.name,
        layer=layer,
        images=len(kept),
        seed=kept.plan.seeds.start,
        vocabulary=source.vocabulary,
        findings=_findings(measured, source),
        values=measured.values,
        top=top,
        seconds={
            "total": shared + drawn - began,
            **kept.seconds,
            "statistics": counted - began,
            "page": drawn - counted,
        },
    )


def _findings(measured: Measured, source: Source) -> tuple[UnitFinding, ...]:
    vocabulary, values = source.vocabulary, measured.values
    rows = []
    for unit in range(len(measured.threshold)):
        top, best, chance = _concepts_of(measured, unit)
        iou, iou_best = float(values.iou[top, unit]), float(values.iou_best[best, unit])
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
                chance=chance,
            )
        )
    return tuple(rows)


def _concepts_of(measured: Measured, unit: int) -> tuple[int, int, float]:
    """The concept of the highest `iou`, the one that the unit is named after, and what chance reaches there.

    That is the same one where the unit matches it better than chance. Otherwise it is the concept of the
    highest `iou_best`, which favours large concepts: half of all pixels overlap any sky well. Then chance is
    what the best of all concepts reaches.
    """
    values = measured.values
    top = int(values.iou[:, unit].argmax())
    reached = float(values.iou_best[top, unit])
    chance = float(values.chance[top, unit])
    if float(values.iou[top, unit]) > LEAST_IOU and reached > max(LEAST_IOU, chance):
        return top, top, chance
    return top, int(values.iou_best[:, unit].argmax()), float(measured.chance[unit])


_WIDEST_STRIP = 16_383
"""Pixels that a WebP file can be wide."""


def _sized(asked: Thumbnails, kept: Kept) -> Thumbnails:
    """With the size that suits the pictures where none was asked for."""
    if asked.size is not None:
        return asked
    size = min(256, max(128, kept.pictures.shape[1]), _WIDEST_STRIP // asked.count)
    return replace(asked, size=max(1, size))


def _seeds(seed: int, images: int) -> range:
    if images < 4:
        raise ValueRangeError(f"A dissection needs at least 4 pictures, got {images}.", "Ask for 1000.")
    if seed < 0 or seed + images - 1 > _LARGEST_SEED:
        raise UsageError(
            f"Seeds are whole numbers from 0 to {_LARGEST_SEED}; {images} from {seed} on are not."
        )
    return range(seed, seed + images)


def _segmenter_of(model: Model, segmenter: Labeller | str | None) -> Labeller:
    if segmenter is not None and not isinstance(segmenter, str):
        return segmenter
    name = segmenter or model.card.segmenter
    if name is None:
        raise UnsupportedError(
            f"The card of {model.name!r} names no segmenter that fits its pictures.",
            "Name one: segmenter=, or --segmenter on the command line (town-segmenter, hf:ORG/NAME).",
        )
    from inscape import segmenters

    opened: Labeller = segmenters.open(name, device=model.device)
    return opened
