"""Paintings out of files that somebody else may have made: nothing in them is trusted."""

from __future__ import annotations

import io
import json
import uuid
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from pydantic import BaseModel, ValidationError

from inscape.errors import RecipeError, UnsupportedError
from inscape.pictures import RECIPE_CHUNK
from inscape.studio.library import Library
from inscape.studio.painter import Painter, Place
from inscape.studio.paintings import Paintings
from inscape.studio.schemas import AddStroke, HideStroke, NewPainting, Operation, Painting, Stroke

if TYPE_CHECKING:
    from inscape.editing import Recipe, StackedEdit

_PNG = b"\x89PNG\r\n\x1a\n"
_MOST_PIXELS = 4096 * 4096
M = TypeVar("M", bound=BaseModel)


class Importer:
    """Reads recipes; runs in the compute thread.

    Args:
        library: The models that a recipe may name.
        painter: Tells whether an edit fits.
        paintings: Where the painting is kept.
    """

    def __init__(self, library: Library, painter: Painter, paintings: Paintings) -> None:
        self._library, self._painter, self._paintings = library, painter, paintings

    def painting(self, data: bytes) -> Painting:
        """Keep what a file holds as a new painting.

        Args:
            data: A recipe as JSON, or a PNG with one inside.

        Raises:
            RecipeError: There is none, it is damaged, or it does not fit the model that it names.
            UnsupportedError: Its picture does not come from a seed, or weights are changed.
        """
        from inscape.editing import Recipe
        from inscape.models.weights import weights_hash

        recipe = Recipe.from_json(_document(data))
        generator = self._library.generator(recipe.model)
        if weights_hash(generator.module) != recipe.model_hash:
            raise RecipeError(
                f"The recipe was made with other weights of {recipe.model!r} than are here.",
                "The command `inscape replay --model` draws it with these all the same.",
            )
        latent = recipe.latent
        place = Place(recipe.model, self._seed(recipe), latent.truncation, latent.class_index)
        operations: list[Operation] = []
        for entry in recipe.edits.entries:
            entry.edit.check(generator)
            operations.extend(_operations(entry))
        request = _fitting(
            NewPainting,
            model=place.model,
            seed=place.seed,
            truncation=place.truncation,
            class_index=place.class_index,
            name="imported",
            operations=operations,
        )
        return self._paintings.create(request)

    def _seed(self, recipe: Recipe) -> int:
        seed, latent = recipe.seed, recipe.latent
        if seed is not None and latent.kind == "z":
            drawn = self._painter.latent(Place(recipe.model, seed, latent.truncation, latent.class_index))
            same_class = drawn.class_index == latent.class_index
            if same_class and np.array_equal(drawn.values, latent.values):
                return seed
        raise UnsupportedError(
            "The picture of this recipe does not come from a seed; the studio opens only those that do.",
            "The command `inscape replay` draws it.",
        )


def _fitting(kind: type[M], **fields: Any) -> M:
    """A message of the page.

    Raises:
        UnsupportedError: A field is larger than the page deals with.
    """
    try:
        return kind(**fields)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise UnsupportedError(
            f"The page Paint cannot hold this recipe: {place}: {first['msg']}.",
            "The command `inscape replay` draws it.",
        ) from error


def _operations(entry: StackedEdit) -> list[Operation]:
    from inscape.editing import UnitEdit

    edit = entry.edit
    if not isinstance(edit, UnitEdit):
        raise UnsupportedError(
            "This recipe changes weights, and the page Paint makes strokes only.",
            "The command `inscape replay` draws it.",
        )
    stroke = _fitting(
        Stroke,
        id=uuid.uuid4().hex[:16],
        layer=edit.layer,
        concept=edit.concept[:120] or None,
        units=list(edit.units),
        top=len(edit.units),
        mode=edit.mode,
        strength=edit.strength,
        values=[] if edit.mode == "remove" else [float(value) for value in np.asarray(edit.values)],
        region=edit.region.to_json(),
    )
    operations: list[Operation] = [AddStroke(stroke=stroke)]
    if entry.hidden:
        operations.append(HideStroke(stroke=stroke.id, hidden=True))
    return operations


def _document(data: bytes) -> Any:
    """The JSON in a file: the file itself, or a chunk of a PNG."""
    if data.startswith(_PNG):
        data = _chunk(data)
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise RecipeError(
            "This is neither a recipe nor a PNG that holds one.", "Choose a file that Inscape exported."
        ) from error


def _chunk(data: bytes) -> bytes:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
            if image.width * image.height > _MOST_PIXELS:
                raise RecipeError(
                    f"A picture has at most {_MOST_PIXELS} pixels, got {image.width} × {image.height}."
                )
            text = getattr(image, "text", {}).get(RECIPE_CHUNK)
    except (OSError, UnidentifiedImageError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise RecipeError(
            f"This PNG cannot be opened: {error}.", "Choose a file that Inscape exported."
        ) from error
    if text is None:
        raise RecipeError(
            "This PNG holds no recipe.", "Only pictures that Inscape painted and exported hold one."
        )
    return str(text).encode()
