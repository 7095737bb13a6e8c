"""`inscape sample`: pictures of a generator."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inscape.cli.common import Classes, Device, Json, ModelName, Out, emit, open_generator, progress

if TYPE_CHECKING:
    from inscape.pictures import Picture


def sample(
    model: ModelName,
    seeds: Annotated[str, typer.Option("--seeds", help="Seeds such as 0-63 or 1,5,9-12.")] = "0-15",
    grid: Annotated[bool, typer.Option("--grid", help="One picture of all, side by side.")] = False,
    truncation: Annotated[float, typer.Option("--truncation", min=-2, max=2, help="Truncation psi.")] = 1.0,
    classes: Classes = None,
    out: Out = Path("samples"),
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Draw the pictures of seeds, one PNG each, or one grid."""
    from inscape.pictures import Picture, parse_seeds
    from inscape.pictures import grid as side_by_side

    numbers = parse_seeds(seeds)
    generator = open_generator(model, device, "sample", classes)
    pictures: list[Picture] = []
    files: list[Path] = []
    with progress().task("Drawing", len(numbers), "pictures") as task:
        for seed in numbers:
            picture = generator.sample(seed, truncation=truncation)
            if grid:
                pictures.append(picture)
            else:
                files.append(picture.save(out / f"{_stem(generator.name, picture)}.png"))
            task.advance()
    if grid:
        import numpy as np

        path = out if out.suffix.lower() == ".png" else out / f"{generator.name}-grid.png"
        files = [Picture(np.asarray(side_by_side(pictures))).save(path)]
    emit({"files": [str(file) for file in files]}, json, f"{len(numbers)} pictures in {out}")


def _stem(name: str, picture: Picture) -> str:
    """What a file is called: model, seed, and the class where there is one."""
    assert picture.latent is not None
    number = picture.latent.class_index
    return f"{name}-{picture.seed:06d}" + ("" if number is None else f"-class-{number}")
