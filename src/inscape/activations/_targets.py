"""Find the point of a forward pass that a name means."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from copy import copy
from typing import Any, TypeAlias

from torch import Tensor, nn

from inscape.errors import LayerError, unknown_name
from inscape.models.model import Model
from inscape.models.taps import Tap, tapped

Target: TypeAlias = nn.Module | Model


def tap(target: Target, name: str, function: Tap) -> AbstractContextManager[None]:
    """Call a function with the output of a layer inside a `with` block; see `taps.tapped`.

    Args:
        target: Any `torch.nn.Module`, whose modules go by their dotted names ("" is the module itself), or an
            opened model, whose layers go by their own names.
        name: Such a name.
        function: From what the module was called with and the value to what takes the value's place.

    Raises:
        LayerError: Nothing has the name; the message suggests near names.
    """
    if isinstance(target, Model):
        return target.tapped(name, function)
    known = [known for known, _ in target.named_modules() if known]
    if name and name not in known:
        raise LayerError(*unknown_name("layer", name, known, where=f"in {type(target).__name__}"))
    return tapped(target, name, function)


def mapped(value: Any, function: Callable[[Tensor], object]) -> Any:
    """Apply a function to every tensor in a tensor, tuple, list or dict; keep everything else."""
    if isinstance(value, Tensor):
        return function(value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(mapped(part, function) for part in value))
    if isinstance(value, tuple | list):
        return type(value)(mapped(part, function) for part in value)
    if isinstance(value, dict):
        made = copy(value)  # of its own class: the outputs of transformers are read by attribute
        for key, part in value.items():
            made[key] = mapped(part, function)
        return made
    return value
