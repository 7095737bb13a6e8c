"""Models: cards, what ships, how a model is opened and written, and the networks that they stand on."""

from inscape.models.building import load_model
from inscape.models.card import Card, Layer
from inscape.models.devices import resolve_device
from inscape.models.formats.write_file import write_file as write_model
from inscape.models.generator import Generator
from inscape.models.model import Edit, Model
from inscape.models.opening import open_model
from inscape.models.shipped import card, folder_of, names

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
