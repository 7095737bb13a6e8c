"""`inscape sample`: pictures of a generator."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from inscape.cli.common import Device, Json, ModelName, Out, emit, open_generator, progress


def sample(
    model: ModelName,
    seeds: Annotated[str, typer.Option("--seeds", help="Seeds such as 0-63 or 1,5,9-12.")] = "0-15",
    grid: Annotated[bool, typer.Option("--grid", help="One picture of all, side by side.")] = False,
    truncation: Annotated[float, typer.Option("--truncation", min=-2, max=2, help="Truncation psi.")] = 1.0,
    out: Out = Path("samples"),
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Draw the pictures of seeds, one PNG each, or one grid."""
    from inscape.pictures import Picture, parse_seeds
    from inscape.pictures import grid as side_by_side

    numbers = parse_seeds(seeds)
    generator = open_generator(model, device, "sample")
    pictures: list[Picture] = []
    files: list[Path] = []
    with progress().task("Drawing", len(numbers), "pictures") as task:
        for seed in numbers:
            picture = generator.sample(seed, truncation=truncation)
            if grid:
                pictures.append(picture)
            else:
                files.append(picture.save(out / f"{generator.name}-{seed:06d}.png"))
            task.advance()
    if grid:
        import numpy as np

        path = out if out.suffix == ".png" else out / f"{generator.name}-grid.png"
        files = [Picture(np.asarray(side_by_side(pictures))).save(path)]
    emit({"files": [str(file) for file in files]}, json, f"{len(numbers)} pictures in {out}")
