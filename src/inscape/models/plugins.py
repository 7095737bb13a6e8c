"""Models, architectures, formats and segmenters that other packages bring, by entry points.

A package that declares

    [project.entry-points."inscape.models"]
    faces = "their_package.models:faces"

    [project.entry-points."inscape.architectures"]
    wide = "their_package.networks.wide:ARCHITECTURE"

    [project.entry-points."inscape.formats"]
    theirs = "their_package.formats.theirs:FORMAT"

    [project.entry-points."inscape.segmenters"]
    mine = "their_package.segmenters.mine:opened"

adds the model `faces`, whose factory returns a `torch.nn.Module` or a `Model`; the architecture `wide`, an
`inscape.models.architectures.architecture.Architecture`; the format `theirs`, an
`inscape.models.formats.Format`, or a module with `recognises` and `read`; and the segmenters `mine` and
`mine:REST`, which `opened(rest, device)` opens. A factory may have a `card`, a
`Card`, by which `inscape models` lists it without calling it. One that cannot be loaded warns, and nothing
else is the worse for it. Inscape's own names come first.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points
from typing import Any

MODELS, ARCHITECTURES, FORMATS = "inscape.models", "inscape.architectures", "inscape.formats"
SEGMENTERS = "inscape.segmenters"


def plugin_names(group: str) -> list[str]:
    """Names of the entry points of a group, without loading any."""
    return sorted({point.name for point in entry_points(group=group)})


def plugins(group: str) -> Iterator[tuple[str, object]]:
    """Everything in a group that can be loaded, by name; a warning for what cannot."""
    for point in entry_points(group=group):
        try:
            yield point.name, point.load()
        except Exception as error:
            _warn(point, error)


def plugin(group: str, name: str) -> Any:
    """The one of that name, or None where it cannot be loaded or there is none."""
    for point in entry_points(group=group, name=name):
        try:
            return point.load()
        except Exception as error:
            _warn(point, error)
    return None


def _warn(point: EntryPoint, error: Exception) -> None:
    warnings.warn(
        f"The plug-in {point.name!r} ({point.value}, {point.group}) cannot be loaded: "
        f"{type(error).__name__}: {error}",
        RuntimeWarning,
        stacklevel=4,
    )
