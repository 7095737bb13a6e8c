"""Inscape opens a neural network, shows what its parts do, and lets a person change what it does.

Nothing heavy is imported before it is used: `import inscape` alone reads no file and loads no torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inscape.dissection import DissectionReport, UnitSet
    from inscape.dissection.dissect import dissect
    from inscape.dissection.effects import effect
    from inscape.dissection.explain import explain
    from inscape.dissection.explain_drawn import explain_drawn
    from inscape.editing import EditStack, UnitEdit, WeightEdit, replay
    from inscape.errors import InscapeError
    from inscape.models import Card, Generator, Model
    from inscape.models import open_model as open
    from inscape.painting.paint import paint
    from inscape.photos import Inversion, Photo, PhotoSession, read_photo
    from inscape.photos.invert import invert
    from inscape.pictures import Latent, Picture
    from inscape.regions import Region, box
    from inscape.reports import Report, load_report
    from inscape.rewriting import Erase, Paste, RuleSettings, rewrite
    from inscape.scenes import world
    from inscape.training.train import train

__version__ = "0.1.0"

_PLACES = {
    "Card": "inscape.models",
    "DissectionReport": "inscape.dissection",
    "EditStack": "inscape.editing",
    "Erase": "inscape.rewriting",
    "Generator": "inscape.models",
    "InscapeError": "inscape.errors",
    "Inversion": "inscape.photos",
    "Latent": "inscape.pictures",
    "Model": "inscape.models",
    "Paste": "inscape.rewriting",
    "Photo": "inscape.photos",
    "PhotoSession": "inscape.photos",
    "Picture": "inscape.pictures",
    "Region": "inscape.regions",
    "Report": "inscape.reports",
    "RuleSettings": "inscape.rewriting",
    "UnitEdit": "inscape.editing",
    "UnitSet": "inscape.dissection",
    "WeightEdit": "inscape.editing",
    "box": "inscape.regions",
    "dissect": "inscape.dissection",
    "effect": "inscape.dissection",
    "explain": "inscape.dissection",
    "explain_drawn": "inscape.dissection",
    "invert": "inscape.photos",
    "load_report": "inscape.reports",
    "open": "inscape.models:open_model",
    "paint": "inscape.painting",
    "read_photo": "inscape.photos",
    "replay": "inscape.editing",
    "rewrite": "inscape.rewriting",
    "train": "inscape.training",
    "world": "inscape.scenes",
}

__all__ = [
    "Card",
    "DissectionReport",
    "EditStack",
    "Erase",
    "Generator",
    "InscapeError",
    "Inversion",
    "Latent",
    "Model",
    "Paste",
    "Photo",
    "PhotoSession",
    "Picture",
    "Region",
    "Report",
    "RuleSettings",
    "UnitEdit",
    "UnitSet",
    "WeightEdit",
    "__version__",
    "box",
    "dissect",
    "effect",
    "explain",
    "explain_drawn",
    "invert",
    "load_report",
    "open",
    "paint",
    "read_photo",
    "replay",
    "rewrite",
    "train",
    "world",
]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'inscape' has no attribute {name!r}")
    module, _, attribute = _PLACES[name].partition(":")
    return getattr(importlib.import_module(module), attribute or name)


def __dir__() -> list[str]:
    return __all__
