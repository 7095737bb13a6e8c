"""Paintings out of files that somebody else may have made: nothing in them is trusted."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from pydantic import BaseModel, ValidationError

import inscape
from inscape import storage
from inscape.errors import RecipeError, UnsupportedError
from inscape.pictures import read_recipe
from inscape.studio.files import called
from inscape.studio.paintings import NewPainting, Painting
from inscape.studio.strokes import AddStroke, HideStroke, Operation, Place, Stroke
from inscape.studio.studio import Studio

if TYPE_CHECKING:
    from inscape.editing import Recipe, StackedEdit

_PNG = b"\x89PNG\r\n\x1a\n"
M = TypeVar("M", bound=BaseModel)


def import_recipe(studio: Studio, data: bytes) -> Painting:
    """Keep what a file holds as a new painting; called in the compute thread.

    Args:
        studio: Offers the models that a recipe may name.
        data: A recipe as JSON, or a PNG with one inside.

    Raises:
        RecipeError: There is none, it is damaged, or it does not fit the model that it names.
        UnsupportedError: Its picture does not come from a seed, or weights are changed.
    """
    from inscape.editing.recipe import Recipe, other_weights
    from inscape.models.weights import weights_hash

    recipe = Recipe.from_json(_document(studio, data))
    generator = studio.library.generator(recipe.model)
    if weights_hash(generator.module) != recipe.model_hash:
        raise RecipeError(
            other_weights(recipe, generator),
            "The command `inscape replay --model` draws it with these weights.",
        )
    latent, seed = recipe.latent, _seed(studio, recipe)
    operations: list[Operation] = []
    for entry in recipe.edits.entries:
        entry.edit.check(generator)
        operations.extend(_operations(entry))
    request = _fitting(
        NewPainting,
        model=recipe.model,
        seed=seed,
        truncation=latent.truncation,
        class_index=latent.class_index,
        name="imported",
        operations=operations,
    )
    return studio.paintings.create(request, recipe.model_hash)


def _seed(studio: Studio, recipe: Recipe) -> int:
    seed, latent = recipe.seed, recipe.latent
    if seed is not None and latent.kind == "z":
        place = Place(recipe.model, seed, latent.truncation, latent.class_index)
        drawn = studio.painter.canvas(place).latent
        if drawn.class_index == latent.class_index and np.array_equal(drawn.values, latent.values):
            return seed
    raise UnsupportedError(
        "The picture of this recipe does not come from a seed; the studio opens only those that do.",
        "The command `inscape replay` draws it.",
    )


def _fitting(message: type[M], **fields: object) -> M:
    """A message of the page.

    Raises:
        UnsupportedError: A field is larger than the page deals with.
    """
    try:
        return message(**fields)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise UnsupportedError(
            f"The page Paint cannot hold this recipe: {place}: {first['msg']}.",
            "The command `inscape replay` draws it.",
        ) from error


def _operations(entry: StackedEdit) -> list[Operation]:

    edit = entry.edit
    if not isinstance(edit, inscape.UnitEdit):
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
        mode="draw" if edit.mode == "add" else edit.mode,
        kind="learned" if edit.mode == "add" else "causal",
        strength=edit.strength,
        values=[] if edit.mode == "remove" else [float(value) for value in np.asarray(edit.values)],
        region=edit.region.to_json(),
    )
    operations: list[Operation] = [AddStroke(stroke=stroke)]
    if entry.hidden:
        operations.append(HideStroke(stroke=stroke.id, hidden=True))
    return operations


def _document(studio: Studio, data: bytes) -> object:
    """The JSON in a file: the file itself, or a chunk of a PNG."""
    try:
        if not data.startswith(_PNG):
            return json.loads(data)
        with storage.scratch_file(studio.exports) as path, called("This PNG", path):
            path.write_bytes(data)
            return read_recipe(path)
    except (ValueError, RecursionError) as error:
        raise RecipeError(
            "This is neither a recipe nor a PNG that holds one.", "Choose a file that Inscape exported."
        ) from error
