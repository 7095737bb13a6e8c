"""`inscape artifacts`: units that spoil pictures, and the distance to real ones without them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge

from inscape.errors import NotFoundError
from inscape.verbs._generators import open_generator
from inscape.verbs._options import Classes, Device, FreshSeed, Layer, ModelName, SegmenterName, Workers
from inscape.verbs._parameters import Option
from inscape.verbs._reports import Folder, Html, ReportResult, check_places, write_report
from inscape.verbs._request import Request

if TYPE_CHECKING:
    from torch import Tensor

    from inscape.dissection.artifacts import ArtifactReport
    from inscape.models import Generator
    from inscape.progress import Progress


@dataclass(frozen=True)
class ArtifactsRequest(Request):
    """Find the units that spoil pictures, and switch them off.

    Ranks the units by the distance of their top pictures from real pictures. Then measures the distance of
    the generator without the worst units, and without random ones.
    """

    model: ModelName
    layer: Layer = None
    images: Annotated[
        int, Option("Number of pictures: one half ranks the units, the other measures their effect."), Ge(32)
    ] = 2000
    top: Annotated[int, Option("Number of the worst units that are switched off."), Ge(1)] = 20
    controls: Annotated[int, Option("Number of random sets of units to compare with."), Ge(2)] = 20
    real: Annotated[Path | None, Option("Folder of real pictures. [default: scenes of the card's world]")] = (
        None
    )
    seed: FreshSeed = 1_000_000
    classes: Classes = None
    segmenter: SegmenterName = None
    out: Folder = None
    html: Html = None
    workers: Workers = "1"
    device: Device = "auto"


class ArtifactsResult(ReportResult):
    """What was found; `units` holds every unit with its distance, `off` those that were switched off."""


def run(request: ArtifactsRequest, progress: Progress) -> ArtifactsResult:
    """Open the model, rank its units and switch the worst off.

    Raises:
        ModelNotFoundError, UnsupportedError: There is no such generator, or nothing says what is real.
        LayerError, NotFoundError: It has no such layer, or there are no real pictures.
        ValueRangeError: Too few pictures, or more units than the layer has.
        StorageError: The folder cannot be written, or holds other files than a report.
    """
    check_places(request.out, request.html)
    generator = open_generator(request.model, request.device, "artifacts", request.classes, progress=progress)
    return ArtifactsResult(rank_opened(generator, request, progress))


def rank_opened(generator: Generator, request: ArtifactsRequest, progress: Progress) -> ArtifactReport:
    """Rank the units of a generator that is open already; errors are those of `run`."""
    from inscape.dissection.artifacts import artifact_units
    from inscape.parallel import open_executor

    with open_executor(request.workers) as executor:
        found = artifact_units(
            generator,
            layer=request.layer,
            top=request.top,
            images=request.images,
            seed=request.seed,
            controls=request.controls,
            real=None if request.real is None else _pictures(request.real, generator.image_size),
            segmenter=request.segmenter,
            progress=progress,
            executor=executor,
        )
    write_report(found, request.out, request.html)
    return found


def _pictures(folder: Path, size: int) -> Tensor:
    """The photos of a folder, cropped to squares of the generator's size."""
    import numpy as np

    from inscape.photos import read_photo
    from inscape.pictures import to_tensor

    paths = sorted(path for path in folder.glob("*") if path.is_file())
    if not paths:
        raise NotFoundError(f"There are no pictures in {folder}.", "Check the path of --real.")
    return to_tensor(np.stack([read_photo(path).seen(size) for path in paths]))
