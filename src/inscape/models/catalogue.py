"""The models that open by name: shipped, of plug-ins, and opened before."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from inscape import storage
from inscape.errors import InscapeError
from inscape.models import converted
from inscape.models.card import Card
from inscape.models.opening import open_model
from inscape.models.plugins import MODELS, plugin, plugin_names
from inscape.models.shipped import card, names


@dataclass(frozen=True)
class Listed:
    """A model that can be opened.

    Attributes:
        name: What `inscape.open` and the verbs take: a name, or the path of a checkpoint or folder.
        card: Its description.
        origin: Whether it ships, comes with a plug-in, was opened in the studio, or is a checkpoint whose
            converted form is in the cache.
    """

    name: str
    card: Card
    origin: Literal["shipped", "plug-in", "studio", "cache"]


def catalogue() -> list[Listed]:
    """Every model that can be named: shipped, of plug-ins, of the studio, and cached, in this order.

    A plug-in's factory that has a `card` is listed by it; any other is called, and its module run once. One
    that fails warns, and is left out.
    """
    shipped = [Listed(name, card(name), "shipped") for name in names()]
    opened = [Listed(str(path), known, "cache") for path, known in converted.entries()]
    return [*shipped, *_plugged(), *_of_the_studio(), *opened]


def studio_models(home: Path) -> Path:
    """The folder of the models that were opened in the studio."""
    return home / "studio" / "models"


def _plugged() -> Iterator[Listed]:
    for name in plugin_names(MODELS):
        factory = plugin(MODELS, name)
        if factory is None or name in names():
            continue
        known = getattr(factory, "card", None)
        try:
            yield Listed(name, known if isinstance(known, Card) else open_model(name).card, "plug-in")
        except Exception as error:
            warnings.warn(
                f"The model {name!r} of a plug-in cannot be opened: {type(error).__name__}: {error}",
                RuntimeWarning,
                stacklevel=3,
            )


def _of_the_studio() -> Iterator[Listed]:
    for path in sorted(studio_models(storage.home()).glob("*/card.json")):
        try:
            yield Listed(str(path.parent), Card.read(path), "studio")
        except InscapeError:
            continue
