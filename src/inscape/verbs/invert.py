"""`inscape invert`: a generator that draws one's own photo."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge, Le

from inscape.verbs._generators import open_generator
from inscape.verbs._options import Device, FitName, Layer, Out
from inscape.verbs._parameters import Argument, Option
from inscape.verbs._photos import check_fit, photo_of
from inscape.verbs._request import Document, Request

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from inscape.models import Generator
    from inscape.photos import Inversion, Photo, Snapshot
    from inscape.photos.lost import Lost
    from inscape.progress import Progress


@dataclass(frozen=True)
class InvertRequest(Request):
    """Find the latent and the features that draw a photo.

    Then adapts the generator to the photo. The folder --out gets NAME.inversion.safetensors, for
    `inscape paint --inversion`, and a picture of each stage.
    """

    photo: Annotated[
        Path, Argument("Photo to invert: JPEG, PNG, WebP, AVIF, TIFF and others.", metavar="PHOTO")
    ]
    model: Annotated[str, Option("Generator that draws the photo.")] = "town"
    layer: Layer = None
    fit: FitName = "crop"
    box: Annotated[str | None, Option("Part of the photo to invert, in its pixels.", metavar="X,Y,W,H")] = (
        None
    )
    seconds: Annotated[float, Option("Time for all stages together, in seconds."), Ge(0.1), Le(86_400)] = 20.0
    start: Annotated[
        str, Option("Start the search from the encoder's estimate (encoder) or the average latent (average).")
    ] = "encoder"
    segmenter: Annotated[
        str | None, Option("Segmenter that finds what the inversion lost. [default: the card's]")
    ] = None
    out: Out = Path("inverted")
    device: Device = "auto"

    def check(self) -> None:
        """Refuse a fit or a box that cannot be meant."""
        check_fit(self.fit, self.box)


@dataclass(frozen=True)
class InvertResult:
    """What was found.

    Args:
        inversion: Latent, features and adapted generator.
        lost: What it does not show; None where no segmenter fits.
        files: What was written.
        out: Where.
    """

    inversion: Inversion
    lost: Lost | None
    files: tuple[Path, ...]
    out: Path

    def to_json(self) -> Document:
        """The document that `--json` prints."""
        found, lost = self.inversion, self.lost
        return {
            "psnr": {
                stage: None if value is None else round(value, 3) for stage, value in found.psnr.items()
            },
            "seconds": {stage: round(value, 3) for stage, value in found.seconds.items()},
            "files": [str(file) for file in self.files],
            "layer": found.layer,
            "lost": {} if lost is None else {each.name: round(each.lost, 4) for each in lost.concepts},
        }

    def text(self) -> str:
        """What a person reads."""
        psnr = self.inversion.psnr
        reached = ", ".join(f"{stage} {value:.1f} dB" for stage, value in psnr.items() if value is not None)
        missing = (
            [] if self.lost is None else [f"{each.name} {each.lost:.0%}" for each in self.lost.concepts[:5]]
        )
        unseen = f"; lost without adapting: {', '.join(missing)} of the picture" if missing else ""
        return f"{self.out}: {reached}{unseen}"


def run(request: InvertRequest, progress: Progress) -> InvertResult:
    """Read the photo, open the generator, find what draws it, and write that.

    Raises:
        FormatError: It is not a photo.
        ModelNotFoundError, UnsupportedError, LayerError: There is no such generator, or no such layer.
    """
    from inscape.storage import check_writable

    check_writable(request.out / "inversion")
    photo = photo_of(request.photo, request.fit, request.box)
    generator = open_generator(request.model, request.device, "invert", progress=progress)
    found = invert_opened(generator, photo, request, progress)
    lost = _lost(generator, found, request.segmenter)
    files = _write(found, lost, request.out, request.photo.stem)
    return InvertResult(found, lost, tuple(files), request.out)


def invert_opened(
    generator: Generator,
    photo: Photo,
    request: InvertRequest,
    progress: Progress,
    *,
    watch: Callable[[Snapshot], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Inversion:
    """Find what a generator that is open already needs to draw a photo; nothing is written.

    Args:
        generator: With the layer that the request names.
        photo: In the square that is to be drawn.
        request: Everything else.
        progress: Reports the steps done.
        watch: Called with every better picture.
        stop: Asked between steps whether the best so far will do.
    """
    from inscape.photos import InversionSettings, invert

    return invert(
        generator,
        photo,
        layer=request.layer,
        seconds=request.seconds,
        settings=InversionSettings(start=request.start),  # type: ignore[arg-type]
        progress=progress,
        watch=watch,
        stop=stop,
    )


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
    from inscape.storage import save_or_rescue

    pictures: dict[str, NDArray[np.uint8]] = {"photo": found.target}
    pictures.update((stage, picture) for stage, picture in found.pictures.items())
    if lost is not None:
        pictures["lost"] = lost.picture()
    files = {out / f"{name}.inversion.safetensors": found.save}
    files.update({out / f"{stage}.png": Picture(pixels).save for stage, pixels in pictures.items()})
    save_or_rescue(*files.items())
    return list(files)
