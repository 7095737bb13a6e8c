"""`inscape sample`: pictures of a generator."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge, Le

from inscape.verbs._generators import open_generator
from inscape.verbs._options import Classes, Device, Grid, ModelName, Out, Seeds
from inscape.verbs._parameters import Option
from inscape.verbs._request import Document, Request

if TYPE_CHECKING:
    from inscape.pictures import Picture
    from inscape.progress import Progress


@dataclass(frozen=True)
class SampleRequest(Request):
    """Draw one PNG for each seed, or one grid of all seeds."""

    model: ModelName
    seeds: Seeds = "0-15"
    grid: Grid = False
    truncation: Annotated[
        float, Option("Truncation psi: 1 changes nothing, 0 gives the average picture."), Ge(-2), Le(2)
    ] = 1.0
    classes: Classes = None
    out: Out = Path("samples")
    device: Device = "auto"

    def check(self) -> None:
        """Refuse seeds that cannot be parsed."""
        from inscape.pictures import parse_seeds

        parse_seeds(self.seeds)


@dataclass(frozen=True)
class SampleResult:
    """What was drawn.

    Args:
        files: What was written.
        pictures: How many were drawn.
        out: Where.
    """

    files: tuple[Path, ...]
    pictures: int
    out: Path

    def to_json(self) -> Document:
        """The document that `--json` prints."""
        return {"files": [str(file) for file in self.files]}

    def text(self) -> str:
        """What a person reads."""
        return f"{self.pictures} pictures in {self.out}"


def run(request: SampleRequest, progress: Progress) -> SampleResult:
    """Draw them.

    Raises:
        ModelNotFoundError, UnsupportedError: There is no such generator.
        NotFoundError: It has no such class.
    """
    from inscape.pictures import Picture, parse_seeds
    from inscape.pictures import grid as side_by_side

    numbers, out = parse_seeds(request.seeds), request.out
    generator = open_generator(request.model, request.device, "sample", request.classes, progress=progress)
    pictures: list[Picture] = []
    files: list[Path] = []
    with progress.task("Drawing", len(numbers), "pictures") as task:
        for seed in numbers:
            picture = generator.sample(seed, truncation=request.truncation)
            if request.grid:
                pictures.append(picture)
            else:
                files.append(picture.save(out / f"{_stem(generator.name, picture)}.png"))
            task.advance()
    if request.grid:
        import numpy as np

        path = out if out.suffix.lower() == ".png" else out / f"{generator.name}-grid.png"
        files = [Picture(np.asarray(side_by_side(pictures))).save(path)]
    return SampleResult(tuple(files), len(numbers), out)


def _stem(name: str, picture: Picture) -> str:
    """What a file is called: model, seed, and the class where there is one."""
    assert picture.latent is not None
    number = picture.latent.class_index
    return f"{name}-{picture.seed:06d}" + ("" if number is None else f"-class-{number}")
