"""The models that ship: their names, folders, cards and weights."""

from __future__ import annotations

from pathlib import Path

from inscape.errors import ModelNotFoundError, unknown_name
from inscape.models.card import Card
from inscape.models.packaged import PACKAGED

ZOO = Path(__file__).parent / "zoo"


def names() -> list[str]:
    """The names of the shipped models."""
    return sorted(folder.parent.name for folder in ZOO.glob("*/card.json"))


def folder_of(name: str) -> Path:
    """The folder of a shipped model: card, weights, report.

    Raises:
        ModelNotFoundError: No shipped model has this name.
    """
    if name not in names():
        raise ModelNotFoundError(*unknown_name("model", name, names()))
    return ZOO / name


def card(name: str) -> Card:
    """The card of a shipped model, without reading its weights."""
    return Card.read(folder_of(name) / "card.json")


def weights_of(name: str) -> Path | None:
    """The file of a shipped model's weights; None where a package carries it that is not installed.

    Raises:
        ModelNotFoundError: No shipped model has this name.
    """
    folder = folder_of(name)
    return PACKAGED[name].path if name in PACKAGED else folder / "weights.safetensors"
