"""`inscape invert`: a generator that draws one's own photo."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inscape.cli._photos import FitName, PhotoBox, photo_of
from inscape.cli.common import Device, Json, Layer, Out, emit, open_generator, progress

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from inscape.models import Generator
    from inscape.photos import Inversion
    from inscape.photos.lost import Lost


def invert(
    photo: Annotated[Path, typer.Argument(metavar="PHOTO", help="JPEG, PNG, WebP, AVIF, TIFF, ...")],
    model: Annotated[str, typer.Option("--model", help="The generator that is to draw it.")] = "town",
    layer: Layer = None,
    fit: FitName = "crop",
    box: PhotoBox = None,
    seconds: Annotated[
        float, typer.Option("--seconds", min=0.1, max=86_400, help="For everything together.")
    ] = 20.0,
    start: Annotated[
        str, typer.Option("--start", help="encoder, or average where it shall not guess.")
    ] = "encoder",
    segmenter: Annotated[
        str | None, typer.Option("--segmenter", help="What says which things were lost.")
    ] = None,
    out: Out = Path("inverted"),
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Find the latent and the features that draw a photo, and adapt the generator to it.

    Writes NAME.inversion.safetensors, for `inscape paint --photo`, and pictures of every stage.
    """
    from inscape.photos import InversionSettings
    from inscape.photos import invert as find
    from inscape.storage import check_writable

    check_writable(out / "inversion")
    seen = photo_of(photo, fit, box)
    settings = InversionSettings(start=start)  # type: ignore[arg-type]
    generator = open_generator(model, device, "invert")
    found = find(generator, seen, layer=layer, seconds=seconds, settings=settings, progress=progress())
    lost = _lost(generator, found, segmenter)
    files = _write(found, lost, out, photo.stem)
    document: dict[str, Any] = {
        "psnr": {stage: _rounded(value) for stage, value in found.psnr.items()},
        "seconds": {stage: round(value, 3) for stage, value in found.seconds.items()},
        "files": [str(file) for file in files],
        "layer": found.layer,
        "lost": {} if lost is None else {each.name: round(each.lost, 4) for each in lost.concepts},
    }
    emit(document, json, _sentence(found, lost, out))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _lost(generator: Generator, found: Inversion, segmenter: str | None) -> Lost | None:
    """What the inversion does not show, by the segmenter that fits the generator."""
    from inscape.photos import lost
    from inscape.segmenters import open_segmenter

    name = segmenter or generator.card.segmenter
    if name is None:
        return None
    return lost(found.target, found.picture, open_segmenter(name, generator.device))


def _write(found: Inversion, lost: Lost | None, out: Path, name: str) -> list[Path]:
    from inscape.pictures import Picture

    pictures: dict[str, NDArray[np.uint8]] = {"photo": found.target}
    pictures.update((stage, picture) for stage, picture in found.pictures.items())
    if lost is not None:
        pictures["lost"] = lost.picture()
    files = [found.save(out / f"{name}.inversion.safetensors")]
    files += [Picture(pixels).save(out / f"{stage}.png") for stage, pixels in pictures.items()]
    return files


def _sentence(found: Inversion, lost: Lost | None, out: Path) -> str:
    reached = ", ".join(f"{stage} {value:.1f} dB" for stage, value in found.psnr.items() if value is not None)
    missing = [] if lost is None else [f"{each.name} {each.lost:.0%}" for each in lost.concepts[:5]]
    unseen = f"; lost without adapting: {', '.join(missing)} of the picture" if missing else ""
    return f"{out}: {reached}{unseen}"
