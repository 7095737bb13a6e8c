"""`inscape paint`: one picture, painted with units."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inscape.cli._units import Choice, ReportFolder, SegmenterName, Units, segmenter_for
from inscape.cli.common import Device, Json, Layer, ModelName, Out, emit, open_generator

if TYPE_CHECKING:
    from inscape.dissection.insertion import Value
    from inscape.editing import UnitEdit
    from inscape.models import Generator
    from inscape.pictures import Picture
    from inscape.regions import Region


def paint(
    model: ModelName,
    box: Annotated[str, typer.Option("--box", metavar="X,Y,W,H", help="Where, in pixels of the picture.")],
    seed: Annotated[int, typer.Option("--seed", min=0, help="Which picture.")] = 0,
    concept: Annotated[str | None, typer.Option("--concept", help="What to paint: door, tree, …")] = None,
    units: Units = None,
    top: Annotated[int, typer.Option("--top", min=1, help="How many units of the concept.")] = 20,
    layer: Layer = None,
    strength: Annotated[float, typer.Option("--strength", min=0, max=1, help="From 0 to 1.")] = 1.0,
    remove: Annotated[bool, typer.Option("--remove", help="Switch the units off instead.")] = False,
    value: Annotated[
        str, typer.Option("--value", help="What units become: quantile, mean, or a level.")
    ] = "quantile",
    class_name: Annotated[
        str | None,
        typer.Option(
            "--class", help="Of a conditional generator: a number or a name; the seed's own unless given."
        ),
    ] = None,
    segmenter: SegmenterName = None,
    report: ReportFolder = None,
    out: Out = Path("painted.png"),
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Paint a concept, or with hand-picked units, inside a box; the PNG holds the recipe."""
    from inscape.editing import Recipe
    from inscape.painting import paint as make
    from inscape.regions import parse_box

    region = parse_box(box)
    choice = Choice(concept, units, top, layer, report)
    level = _value(value)
    generator = open_generator(model, device, "paint")
    number = None if class_name is None else generator.card.class_index(class_name)
    chosen = choice.take(generator, model, values=not remove)
    edit = make(chosen, region, strength=strength, remove=remove, value=level)
    edit.check(generator)
    before = generator.sample(seed, class_index=number)
    assert before.latent is not None
    after = generator.render(before.latent, [edit])
    labeller = segmenter_for(generator, segmenter, report)
    areas = _areas(generator, (before, after), concept, region, labeller)
    path = out if out.suffix.lower() == ".png" else out / f"{generator.name}-{seed:06d}-painted.png"
    after.save(path, recipe=Recipe.of(generator, before.latent, [edit], seed=seed).to_json())
    document = {"files": [str(path)], "area_before": areas[0], "area_after": areas[1]}
    emit(document, json, _sentence(path, concept, edit, areas))


def _value(text: str) -> Value:
    from inscape.errors import UsageError

    if text == "mean":
        return "mean"
    if text == "quantile":
        return "quantile"
    try:
        return float(text)
    except ValueError as error:
        raise UsageError(f"The value is mean, quantile or a level such as 0.995, got {text!r}.") from error


def _areas(
    generator: Generator,
    pictures: tuple[Picture, Picture],
    concept: str | None,
    region: Region,
    labeller: str | None,
) -> tuple[float | None, float | None]:
    """How much of the region the concept covers before and after; nothing where none was named."""
    if concept is None:
        return None, None
    from inscape.dissection.variants import fitting_segmenter
    from inscape.pictures import to_tensor

    segmenter = fitting_segmenter(generator, labeller)
    labels = segmenter.segment(to_tensor(pictures).to(generator.device)).cpu()
    plane, number = segmenter.vocabulary.plane_of(concept), segmenter.vocabulary.index(concept)
    weights = region.mask(labels.shape[2], labels.shape[3], image_size=generator.image_size)
    found = ((labels[:, plane] == number) * weights).sum((1, 2)) / weights.sum()
    return float(found[0]), float(found[1])


def _sentence(
    path: Path, concept: str | None, edit: UnitEdit, areas: tuple[float | None, float | None]
) -> str:
    if areas[0] is None or areas[1] is None:
        return f"{path}: {len(edit.units)} units of {edit.layer}"
    return f"{path}: {concept} covered {areas[0]:.0%} of the box, now {areas[1]:.0%}"
