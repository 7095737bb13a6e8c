"""Recipes: the data that draws a painted picture again byte for byte.

A recipe is a JSON document, on its own or inside a PNG that Inscape exported:

    {"schema_version": 1, "model", "model_hash", "seed", "latent": {kind, values, truncation},
     "edits": [{"kind": "units", …, "hidden": false}], "file"}

It names a model and edits, and no code. `file` is the checkpoint that the model was opened from, if it was
one, with the home folder written as `~`. It is opened only if it is there, and used only if it holds the
weights of `model_hash`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from inscape import storage
from inscape.editing.kinds import AnyEdit
from inscape.editing.stack import EditStack
from inscape.errors import InscapeError, RecipeError, UnsupportedError, unknown_name
from inscape.models.weights import weights_hash
from inscape.pictures import Latent, Picture, read_recipe
from inscape.types import JsonMapping, JsonObject

if TYPE_CHECKING:
    from inscape.models import Generator, Model

SCHEMA_VERSION = 1
LARGEST_FILE = 64 * 2**20
LARGEST_STACK = 10_000
_MOST_CELLS = 2**26
_NEEDED = {"schema_version", "model", "model_hash", "latent", "edits"}
_FIELDS = _NEEDED | {"seed", "file"}
_LONGEST_PATH = 4096


@dataclass(frozen=True)
class Recipe:
    """The data that draws a painted picture again.

    Args:
        model: Name of the generator.
        model_hash: Hash of its weights, from `weights_hash`.
        latent: The latent of the picture.
        edits: The stack at the moment of saving, hidden edits too.
        seed: The seed of the latent, for display. The latent decides.
        file: The checkpoint or folder that the generator was opened from; empty for a shipped one.
    """

    model: str
    model_hash: str
    latent: Latent
    edits: EditStack = field(default_factory=EditStack)
    seed: int | None = None
    file: str = ""

    @classmethod
    def of(
        cls,
        model: Generator,
        latent: Latent,
        edits: EditStack | Sequence[AnyEdit] = (),
        *,
        seed: int | None = None,
    ) -> Recipe:
        """The recipe of a picture of `model`."""
        stack = edits if isinstance(edits, EditStack) else EditStack(edits)
        return cls(model.name, weights_hash(model.module), latent, stack, seed, _recorded(model.origin))

    def to_json(self) -> JsonObject:
        """The document that is saved."""
        document: JsonObject = {
            "schema_version": SCHEMA_VERSION,
            "model": self.model,
            "model_hash": self.model_hash,
            "seed": self.seed,
            "latent": self.latent.to_json(),
            "edits": self.edits.to_json(),
        }
        return document | ({"file": self.file} if self.file else {})

    @classmethod
    def from_json(cls, value: object) -> Recipe:
        """Read what `to_json` wrote, validating everything.

        Raises:
            RecipeError: A field is missing, unknown, of the wrong type or too large; the message names it.
        """
        document = _checked(value)
        try:
            latent = Latent.from_json(document["latent"])
        except RecipeError:
            raise
        except (InscapeError, OverflowError) as error:
            raise RecipeError(f"The latent of the recipe cannot be used: {error}") from error
        stack = EditStack.from_json(document["edits"])
        model, seed = document["model"], document.get("seed")
        return cls(model, document["model_hash"], latent, stack, seed, document.get("file", ""))

    def save(self, path: Path | str) -> Path:
        """Write the recipe as JSON atomically.

        Raises:
            StorageError: The folder cannot be written.
        """
        return storage.write_json(path, self.to_json())

    @classmethod
    def load(cls, path: Path | str) -> Recipe:
        """Read a recipe from a JSON document, or out of a PNG that Inscape exported.

        Raises:
            RecipeError: The file is missing, too large, or holds no recipe that can be used.
        """
        path = Path(path)
        try:
            size = path.stat().st_size
            with path.open("rb") as stream:
                start = stream.read(8)
        except OSError as error:
            raise RecipeError(f"{path} cannot be read: {error.strerror or error}.") from error
        if size > LARGEST_FILE:
            raise RecipeError(f"{path} has {size} bytes; a recipe has at most {LARGEST_FILE}.")
        if start.startswith(b"\x89PNG"):
            return cls.from_json(read_recipe(path))
        try:
            value = json.loads(path.read_bytes())
        except (ValueError, RecursionError) as error:
            raise RecipeError(f"{path} is neither a recipe nor a PNG that holds one.") from error
        return cls.from_json(value)


def replay(
    source: Recipe | JsonMapping | Path | str, *, model: Generator | None = None, device: str = "cpu"
) -> Picture:
    """Draw the picture of a recipe again: byte for byte on the same kind of CPU.

    Args:
        source: A recipe, its JSON document, or the path of a JSON or PNG file.
        model: The generator to draw with. It is needed if the recipe's is neither shipped nor at the path
            that the recipe records. Its weights may differ from the recipe's, which moves edits to another
            checkpoint.
        device: Where to open the recipe's model.

    Raises:
        RecipeError: The recipe cannot be used, its model cannot be opened, or the weights differ.
        LayerError, UnitError, RegionError, LatentError: The recipe does not fit the model.
    """
    if isinstance(source, Path | str):
        recipe = Recipe.load(source)
    else:
        recipe = source if isinstance(source, Recipe) else Recipe.from_json(source)
    generator = model or _open(recipe, device)
    picture = generator.render(recipe.latent, recipe.edits.edits)
    return Picture(picture.pixels, recipe.latent, recipe.seed, generator.name)


def _open(recipe: Recipe, device: str) -> Generator:
    from inscape.models import Generator, names, open_model

    place = Path(recipe.file)
    if place.parts[:1] == ("~",):
        place = Path.home().joinpath(*place.parts[1:])
    there = False
    with suppress(OSError):
        there = place.is_absolute() and (place.is_file() or (place / "card.json").is_file())
    if not there and recipe.model not in names():
        if recipe.file:
            raise RecipeError(
                f"The checkpoint of the recipe is not there: {place}.",
                "Name the file where it is now with --model.",
            )
        detail, hint = unknown_name("model", recipe.model, names())
        raise RecipeError(
            f"The model of the recipe cannot be opened: {detail}", f"{hint} Or name one with --model."
        )
    source = str(place) if there else recipe.model
    opened = open_model(source, device=device)
    if not isinstance(opened, Generator):
        raise UnsupportedError(f"{source!r} is not a generator, so it cannot draw the recipe's picture.")
    if weights_hash(opened.module) != recipe.model_hash:
        held = f"that {place} holds" if there else "that are installed"
        raise RecipeError(
            other_weights(recipe, opened, held),
            f"To draw it with these weights, name the model: --model {source}.",
        )
    return opened


def other_weights(recipe: Recipe, opened: Model, held: str = "that are installed") -> str:
    """Says that a recipe was made with other weights, and with which version, where that is known.

    Args:
        recipe: The recipe.
        opened: The model of its name as it is now.
        held: Where its weights are.
    """
    former, now = opened.card.former.get(recipe.model_hash), opened.card.version
    if former is not None:
        return f"The recipe was made with version {former} of {recipe.model!r}; version {now} is installed."
    return f"The recipe was made with other weights of {recipe.model!r} than those {held}."


def _recorded(origin: Path | None) -> str:
    """The path of a checkpoint as a recipe has it: it does not name the person whose home it lies in."""
    if origin is None:
        return ""
    whole, home = origin.resolve(), Path.home()
    return str(Path("~") / whole.relative_to(home)) if whole.is_relative_to(home) else str(whole)


def _checked(value: object) -> JsonMapping:
    """The document, once its fields are of the right kinds and sizes."""
    if not isinstance(value, Mapping):
        raise RecipeError("A recipe is a JSON object.")
    version = value.get("schema_version")
    if version != SCHEMA_VERSION or isinstance(version, bool):
        raise RecipeError(f"A recipe has schema_version {SCHEMA_VERSION}, got {str(version)[:40]!r}.")
    missing = sorted(_NEEDED - set(value))
    unknown = sorted(str(name) for name in set(value) - _FIELDS)
    if missing:
        raise RecipeError(f"A recipe needs the field {missing[0]!r}.")
    if unknown:
        fields = ", ".join(sorted(_FIELDS))
        raise RecipeError(f"A recipe has no field {unknown[0][:100]!r}.", f"Fields: {fields}.")
    for name in ("model", "model_hash"):
        if not isinstance(value[name], str) or not 0 < len(value[name]) <= 200:
            raise RecipeError(f"The field {name!r} of a recipe is a text of 1 to 200 letters.")
    file = value.get("file", "")
    if not isinstance(file, str) or len(file) > _LONGEST_PATH or "\0" in file:
        raise RecipeError(f"The field 'file' of a recipe is a path of at most {_LONGEST_PATH} letters.")
    seed = value.get("seed")
    if seed is not None and (type(seed) is not int or not 0 <= seed < 2**32):
        raise RecipeError("The seed of a recipe is a whole number from 0 to 4294967295, or null.")
    if not isinstance(value["latent"], Mapping):
        raise RecipeError("The latent of a recipe is an object with kind, values and truncation.")
    _check_sizes(value["edits"])
    return value


def _check_sizes(edits: object) -> None:
    if not isinstance(edits, list) or len(edits) > LARGEST_STACK:
        raise RecipeError(f"The edits of a recipe are a list of at most {LARGEST_STACK}.")
    cells = 0
    for edit in edits:
        region = edit.get("region") if isinstance(edit, Mapping) else None
        if isinstance(region, Mapping) and "mask" in region:
            height, width = region.get("height"), region.get("width")
            if not (isinstance(height, int) and isinstance(width, int)) or height < 0 or width < 0:
                raise RecipeError("The height and width of a mask are whole numbers.")
            cells += height * width
    if cells > _MOST_CELLS:
        raise RecipeError(f"The masks of a recipe hold at most {_MOST_CELLS} cells together, got {cells}.")
