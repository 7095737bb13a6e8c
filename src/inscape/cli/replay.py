"""`inscape replay`: the picture of a recipe, again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from inscape.cli.common import Json, Out, emit
from inscape.errors import UnsupportedError


def replay(
    recipe: Annotated[Path, typer.Argument(metavar="RECIPE|PNG", help="A recipe, or a PNG that holds one.")],
    model: Annotated[
        str | None,
        typer.Option("--model", help="Draw with this model, whatever its weights; the recipe's otherwise."),
    ] = None,
    out: Out = Path("replayed.png"),
    device: Annotated[
        str, typer.Option("--device", help="cpu, cuda:0, mps; the bytes are those of a CPU.")
    ] = "cpu",
    json: Json = False,
) -> None:
    """Draw a painted picture again, byte for byte on the same kind of CPU."""
    from inscape.editing import Recipe
    from inscape.editing import replay as draw
    from inscape.models import Generator, open_model

    read = Recipe.load(recipe)
    opened = None if model is None else open_model(model, device=device)
    if opened is not None and not isinstance(opened, Generator):
        raise UnsupportedError(f"`inscape replay` needs a generator; {model!r} is {opened.card.noun}.")
    picture = draw(read, model=opened, device=device)
    path = out if out.suffix.lower() == ".png" else out / f"{recipe.stem}.png"
    picture.save(path, recipe=read.to_json())
    emit({"files": [str(path)]}, json, f"{path}")
