"""`inscape scenes`: scenes of a shipped world."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from inscape.cli.common import Json, Out, emit, progress


def scenes(
    world: Annotated[str, typer.Argument(metavar="WORLD", help="A shipped world: town.")],
    seeds: Annotated[str, typer.Option("--seeds", help="Seeds such as 0-63 or 1,5,9-12.")] = "0-15",
    size: Annotated[int, typer.Option("--size", min=16, max=2048, help="Height and width in pixels.")] = 256,
    grid: Annotated[bool, typer.Option("--grid", help="One picture of all, side by side.")] = False,
    rules: Annotated[
        bool, typer.Option("--rules/--no-rules", help="Whether doors must stand in walls.")
    ] = True,
    out: Out = Path("scenes"),
    json: Json = False,
) -> None:
    """Draw scenes: pictures, label maps (one PNG a plane) and captions."""
    from inscape.pictures import parse_seeds
    from inscape.scenes import world as open_world
    from inscape.scenes.files import write_grid, write_scene

    numbers = parse_seeds(seeds)
    place = open_world(world)
    files: list[Path] = []
    with progress().task("Drawing", len(numbers), "scenes") as task:
        if grid:
            files = write_grid(place, numbers, out, size=size, rules=rules)
            task.advance(len(numbers))
        else:
            for seed in numbers:
                files += write_scene(place, seed, out, size=size, rules=rules)
                task.advance()
    document = {"files": [str(file) for file in files], "concepts": list(place.vocabulary.names)}
    emit(document, json, f"{len(numbers)} scenes in {out}")
