"""Models: cards, the registry, generators, and the networks that they stand on."""

from inscape.models.card import Card, Layer
from inscape.models.devices import resolve_device
from inscape.models.generator import Generator
from inscape.models.model import Edit, Model
from inscape.models.registry import card, folder_of, load_model, names, open_model, write_model

__all__ = [
    "Card",
    "Edit",
    "Generator",
    "Layer",
    "Model",
    "card",
    "folder_of",
    "load_model",
    "names",
    "open_model",
    "resolve_device",
    "write_model",
]
