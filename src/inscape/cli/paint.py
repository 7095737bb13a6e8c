"""`inscape paint`: one picture, painted with units."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inscape.cli._photos import Brush, FitName, Painted, PhotoWork, paint_on_photo, photo_of
from inscape.cli._units import Choice, ReportFolder, SegmenterName, Units, segmenter_for
from inscape.cli.common import Device, Json, Layer, ModelName, Out, emit, open_generator
from inscape.errors import RegionError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from inscape.dissection.insertion import Value
    from inscape.editing import UnitEdit
    from inscape.models import Generator
    from inscape.regions import Region


def paint(
    model: ModelName,
    box: Annotated[
        str, typer.Option("--box", metavar="X,Y,W,H", help="Where, in pixels of the picture or photo.")
    ],
    photo: Annotated[
        Path | None,
        typer.Option("--photo", help="A photo to paint on instead of a picture of the model's own."),
    ] = None,
    inversion: Annotated[
        Path | None,
        typer.Option("--inversion", help="What `inscape invert` wrote for it; found anew unless given."),
    ] = None,
    fit: FitName = "crop",
    seconds: Annotated[
        float, typer.Option("--seconds", min=0.1, help="For inverting a photo that is new.")
    ] = 20.0,
    finish: Annotated[
        float,
        typer.Option("--finish", min=0, help="Seconds for adapting to the edit of a photo afterwards."),
    ] = 0.0,
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
    like: Annotated[
        str | None,
        typer.Option(
            "--like",
            metavar="X,Y,W,H",
            help="Take the appearance of that place of the same picture instead; of all units, unless some "
            "are chosen.",
        ),
    ] = None,
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
    """Paint a concept, or with hand-picked units, inside a box of a picture or of your own photo.

    The PNG of a picture holds its recipe; that of a photo has the photo's size, and its pixels wherever the
    edit changed nothing.
    """
    from inscape.editing import UnitEdit
    from inscape.painting import paint as make
    from inscape.regions import parse_box
    from inscape.storage import write_bytes

    region = parse_box(box)
    copied = None if like is None else parse_box(like)
    if copied is not None and remove:
        raise UsageError("Units are switched off, or take the appearance of a place: --remove or --like.")
    bare = copied is not None and concept is None and units is None
    choice = None if bare else Choice(concept, units, top, layer, report)
    level = _value(value)
    if photo is None and inversion is not None:
        raise UsageError("An inversion belongs to a photo: name that too, with --photo.")
    if photo is not None and class_name is not None:
        raise UsageError("A photo has no class: leave out --class, or --photo.")
    seen = None if photo is None else photo_of(photo, fit, None)
    generator = open_generator(model, device, "paint")
    size = generator.image_size
    if seen is None and not region.mask(size, size, image_size=size).any():
        raise RegionError(f"The box {box} covers no pixel of the picture.", "Make it larger.")
    number = None if class_name is None else generator.card.class_index(class_name)
    values = not remove and copied is None
    chosen = None if choice is None else choice.take(generator, model, values=values)
    place_of = chosen.layer if chosen else generator.layer(layer).name

    def brush(place: Region, under: Callable[[Region, str], NDArray[np.float32]]) -> UnitEdit:
        if copied is None:
            assert chosen is not None
            return make(chosen, place, strength=strength, remove=remove, value=level)
        means = under(copied, place_of)
        numbers = chosen.units if chosen else tuple(range(len(means)))
        return UnitEdit(place_of, numbers, means[list(numbers)], place, strength, concept=concept or "")

    if seen is None:
        painted = _on_own_picture(generator, brush, region, seed, number)
    else:
        work = PhotoWork(generator, seen, place_of, inversion, seconds, finish)
        painted = paint_on_photo(work, brush, region)
    areas = _areas(generator, painted, concept, segmenter_for(generator, segmenter, report))
    path = out if out.suffix.lower() == ".png" else out / painted.name
    write_bytes(path, painted.png)
    document = {"files": [str(path)], "area_before": areas[0], "area_after": areas[1]}
    emit(document, json, _sentence(path, concept, painted.edit, areas))


def _on_own_picture(
    generator: Generator, brush: Brush, region: Region, seed: int, class_index: int | None
) -> Painted:
    from inscape.editing import Recipe
    from inscape.painting import PaintSession

    before = generator.sample(seed, class_index=class_index)
    latent = before.latent
    assert latent is not None
    session = PaintSession(generator)
    edit = brush(region, lambda copied, layer: session.means(latent, copied, layer))
    edit.check(generator)
    after = generator.render(latent, [edit])
    png = after.png(Recipe.of(generator, latent, [edit], seed=seed).to_json())
    return Painted(edit, region, before, after, png, f"{generator.name}-{seed:06d}-painted.png")


def _value(text: str) -> Value:
    if text == "mean":
        return "mean"
    if text == "quantile":
        return "quantile"
    try:
        return float(text)
    except ValueError as error:
        raise UsageError(f"The value is mean, quantile or a level such as 0.995, got {text!r}.") from error


def _areas(
    generator: Generator, painted: Painted, concept: str | None, labeller: str | None
) -> tuple[float | None, float | None]:
    """How much of the region the concept covers before and after; nothing where none was named."""
    if concept is None:
        return None, None
    from inscape.dissection.variants import fitting_segmenter
    from inscape.pictures import to_tensor

    segmenter = fitting_segmenter(generator, labeller)
    labels = segmenter.segment(to_tensor((painted.before, painted.after)).to(generator.device)).cpu()
    plane, number = segmenter.vocabulary.plane_of(concept), segmenter.vocabulary.index(concept)
    weights = painted.region.mask(labels.shape[2], labels.shape[3], image_size=generator.image_size)
    found = ((labels[:, plane] == number) * weights).sum((1, 2)) / weights.sum().clamp_min(1e-12)
    return float(found[0]), float(found[1])


def _sentence(
    path: Path, concept: str | None, edit: UnitEdit, areas: tuple[float | None, float | None]
) -> str:
    if areas[0] is None or areas[1] is None:
        return f"{path}: {len(edit.units)} units of {edit.layer}"
    return f"{path}: {concept} covered {areas[0]:.0%} of the box, now {areas[1]:.0%}"
