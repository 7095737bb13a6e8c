"""`inscape effect`: what a set of units causes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inscape.cli._units import Choice, ReportFolder, SegmenterName, Units, segmenter_for
from inscape.cli.common import Classes, Device, Json, Layer, ModelName, emit, open_generator, progress

if TYPE_CHECKING:
    from inscape.dissection.effect_report import EffectReport


def effect(
    model: ModelName,
    concept: Annotated[str, typer.Option("--concept", help="What to measure: tree, door, …")],
    units: Units = None,
    top: Annotated[int, typer.Option("--top", min=1, help="How many units, where none are named.")] = 20,
    layer: Layer = None,
    images: Annotated[int, typer.Option("--images", min=2, help="How many pictures.")] = 200,
    insert: Annotated[bool, typer.Option("--insert", help="Also switch the units on everywhere.")] = False,
    controls: Annotated[int, typer.Option("--controls", min=2, help="How many random sets.")] = 20,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the first picture.")] = 1_000_000,
    classes: Classes = None,
    segmenter: SegmenterName = None,
    report: ReportFolder = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the report and its page.")] = None,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Switch units off everywhere and measure what becomes of a concept, beside random units."""
    from inscape.dissection.effects import effect as measure
    from inscape.reports import check_folder

    if out is not None:
        check_folder(out)
    choice = Choice(concept, units, top, layer, report)
    generator = open_generator(model, device, "effect", classes)
    chosen = choice.take(generator, model, values=insert)
    found = measure(
        generator,
        chosen,
        concept,
        images=images,
        insert=insert,
        seed=seed,
        controls=controls,
        segmenter=segmenter_for(generator, segmenter, report),
        progress=progress(),
    )
    if out is not None:
        found.save(out)
    emit(found.to_json(), json, _sentence(found))


def _sentence(found: EffectReport) -> str:
    units, concept = len(found.units), found.concept
    if found.relative_change is None:
        return f"There is no {concept} in these pictures, so {units} units cannot be seen to change it."
    low, high = found.control["interval"]
    change = f"{found.relative_change:+.0%}"
    return f"{units} units off: area of {concept} {change}; random units {low:+.0%} to {high:+.0%}"
