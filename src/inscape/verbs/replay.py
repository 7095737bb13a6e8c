"""`inscape replay`: the picture of a recipe, again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge, Le

from inscape.errors import UnsupportedError
from inscape.verbs._options import Out
from inscape.verbs._parameters import Argument, Option
from inscape.verbs._request import Document, Request

if TYPE_CHECKING:
    from inscape.pictures import Picture
    from inscape.progress import Progress

MOST_TIMES = 8
"""A picture is enlarged at most so many times."""


@dataclass(frozen=True)
class ReplayRequest(Request):
    """Draw a painted picture again from its recipe.

    The file is the same byte for byte on the same kind of CPU.
    """

    recipe: Annotated[Path, Argument("Recipe file, or PNG that holds a recipe.", metavar="RECIPE|PNG")]
    model: Annotated[
        str | None, Option("Draw with this model, even if its weights differ. [default: the recipe's model]")
    ] = None
    out: Out = Path("replayed.png")
    device: Annotated[
        str, Option("Where the network runs: cpu, cuda:0 or mps. Only cpu gives the same bytes.")
    ] = "cpu"
    scale: Annotated[
        int | None,
        Option("Enlarge the picture so many times. [default: as the PNG is, 1 for a recipe file]"),
        Ge(1),
        Le(MOST_TIMES),
    ] = None


@dataclass(frozen=True)
class ReplayResult:
    """The picture that was written."""

    path: Path

    def to_json(self) -> Document:
        """The document that `--json` prints."""
        return {"files": [str(self.path)]}

    def text(self) -> str:
        """What a person reads."""
        return str(self.path)


def run(request: ReplayRequest, progress: Progress) -> ReplayResult:
    """Read the recipe, open its model and draw.

    Raises:
        RecipeError: It is not a recipe, or its model cannot be opened.
        ModelNotFoundError, UnsupportedError: The model that was named is none, or no generator.
    """
    from inscape.editing import Recipe, replay
    from inscape.models import Generator, open_model

    read = Recipe.load(request.recipe)
    opened = (
        None if request.model is None else open_model(request.model, device=request.device, progress=progress)
    )
    if opened is not None and not isinstance(opened, Generator):
        raise UnsupportedError(
            f"`inscape replay` needs a generator; {request.model!r} is {opened.card.noun}."
        )
    picture = replay(read, model=opened, device=request.device)
    picture = picture.enlarged(request.scale or _scale_of(request.recipe, picture))
    out = request.out
    path = out if out.suffix.lower() == ".png" else out / f"{request.recipe.stem}.png"
    picture.save(path, recipe=read.to_json())
    return ReplayResult(path)


def _scale_of(source: Path, picture: Picture) -> int:
    """How many times a PNG was enlarged when it was exported; 1 for a recipe file."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(source) as image:
            times, rest = divmod(image.width, picture.pixels.shape[1])
    except (UnidentifiedImageError, OSError):
        return 1
    return times if rest == 0 and 1 <= times <= MOST_TIMES else 1
