"""The formats that are known, by the names that `inscape convert --format` takes."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

from inscape.models.formats import carded, dcgan, gguf, nvidia, progan, rosinality
from inscape.models.formats.format import Format
from inscape.models.plugins import FORMATS, plugins

OWN_FORMATS: dict[str, Format] = {
    "safetensors": carded.FORMAT,
    "nvidia": nvidia.FORMAT,
    "rosinality": rosinality.FORMAT,
    "progan": progan.FORMAT,
    "dcgan": dcgan.FORMAT,
    "gguf": gguf.FORMAT,
    "gguf-f16": gguf.HALF,
}
"""Inscape's own; to read their titles imports no torch."""


def formats() -> dict[str, Format]:
    """Every format by name; those of plug-ins after Inscape's own."""
    return OWN_FORMATS | {name: each for name, each in _plugged() if name not in OWN_FORMATS}


def _plugged() -> Iterator[tuple[str, Format]]:
    for name, found in plugins(FORMATS):
        if isinstance(found, Format):
            yield name, found
        elif hasattr(found, "recognises") and hasattr(found, "read"):
            yield name, Format(f"files of the plug-in {name!r}", found.recognises, found.read)
        else:
            warnings.warn(
                f"The plug-in {name!r} must give a Format, got a {type(found).__name__}.",
                RuntimeWarning,
                stacklevel=3,
            )
